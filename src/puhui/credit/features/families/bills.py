"""Bills of daily life: paid on time, late or not at all."""

from puhui.credit.features.formulas import YEAR, Formula, history, latest, mean_month, most, partners, total


def late_share(stream: str, oldest: int = YEAR) -> Formula:
    """Return the share of what fell due that was paid late or not."""
    return total(stream, "late_n", oldest).per(total(stream, "due_n", oldest))


FORMULAS = {
    "bill_count_12m": total("bill", "due_n"),
    "bill_late_share_3m": late_share("bill", 3),
    "bill_late_share_12m": late_share("bill"),
    "bill_late_change_3m": late_share("bill", 3) - late_share("bill"),
    "bill_late_count_6m": total("bill", "late_n", 6),
    "bill_unpaid_12m": total("bill", "unpaid_n"),
    "bill_early_share_12m": total("bill", "early_n").per(total("bill", "due_n")),
    "bill_late_mean_days_12m": total("bill", "late_sum").per(total("bill", "due_n")),
    "bill_late_most_days_12m": most("bill", "late_max").floor_zero(),
    "bill_since_late_months": latest("bill", "late_n"),
    "bill_history_months": history("bill"),
    "bill_billers_12m": partners("bill"),
    "bill_mean_12m": mean_month("bill"),
    "bill_to_income_12m": total("bill").per(total("income")),
}
