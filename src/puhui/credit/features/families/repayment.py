"""Repayment: how instalments were paid, and how heavy they are."""

from puhui.credit.features.families.bills import late_share
from puhui.credit.features.formulas import history, latest, mean_month, most, partners, total

FORMULAS = {
    "repayment_count_12m": total("repayment", "due_n"),
    "repayment_late_share_3m": late_share("repayment", 3),
    "repayment_late_share_12m": late_share("repayment"),
    "repayment_late_share_24m": late_share("repayment", 24),
    "repayment_late_change_3m": late_share("repayment", 3) - late_share("repayment"),
    "repayment_late30_12m": total("repayment", "late30_n"),
    "repayment_late90_24m": total("repayment", "late90_n", 24),
    "repayment_unpaid_12m": total("repayment", "unpaid_n"),
    "repayment_early_share_12m": total("repayment", "early_n").per(total("repayment", "due_n")),
    "repayment_late_mean_days_12m": total("repayment", "late_sum").per(total("repayment", "due_n")),
    "repayment_late_most_days_12m": most("repayment", "late_max").floor_zero(),
    "repayment_since_late_months": latest("repayment", "late_n"),
    "repayment_history_months": history("repayment"),
    "repayment_lenders_12m": partners("repayment"),
    "repayment_mean_3m": mean_month("repayment", oldest=3),
    "repayment_to_income_3m": total("repayment", oldest=3).per(total("income", oldest=3)),
}
