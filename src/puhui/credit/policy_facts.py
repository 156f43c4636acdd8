"""What a policy asks, answered from features: each answer one small function; what no feature tells stays missing.

Shares become ppm, amounts whole minor units, rounded half up. Nothing missing becomes a zero.
"""

from collections.abc import Callable, Mapping
from typing import Any, Final, TypeAlias

from puhui.kernel.rates import PPM

Features: TypeAlias = Mapping[str, Any]

SERIOUS_DAYS: Final = 91
# The features that the answers are made from.
READS: Final = (
    "bill_count_12m",
    "bill_late_share_12m",
    "credit_lenders",
    "credit_used",
    "income_history_months",
    "income_mean_12m",
    "inquiry_12m",
    "inquiry_3m",
    "invoice_sold_active_share_12m",
    "invoice_sold_mean_12m",
    "invoice_sold_mean_24m",
    "invoice_sold_red_share_12m",
    "invoice_sold_top_share_12m",
    "invoice_sold_void_share_12m",
    "repayment_count_12m",
    "repayment_late90_24m",
    "repayment_late_most_days_12m",
    "repayment_late_share_12m",
    "repayment_lenders_12m",
    "repayment_mean_3m",
    "repayment_unpaid_12m",
)


def policy_facts(features: Features) -> dict[str, int]:
    """Return what is known of a policy's inputs from features, by the policy's names.

    >>> policy_facts({"inquiry_3m": 2, "income_mean_12m": 523_000.4, "bill_count_12m": None})
    {'monthly_income_minor': 523000, 'inquiries_3m': 2}
    """
    found = {name: answer(features) for name, answer in ANSWERS.items()}
    return {name: value for name, value in found.items() if value is not None}


def overdue_count(features: Features) -> int | None:
    """Return how many instalments of a year were late, as funders ask it; None where nothing is known."""
    return _product("repayment_late_share_12m", "repayment_count_12m")(features)


def _whole(name: str, times: int = 1) -> Callable[[Features], int | None]:
    """Return the answer that is a feature times a number, rounded."""

    def answer(features: Features) -> int | None:
        value = features.get(name)
        return None if value is None else round(value * times)

    return answer


def _product(one: str, other: str) -> Callable[[Features], int | None]:
    def answer(features: Features) -> int | None:
        first, second = features.get(one), features.get(other)
        return None if first is None or second is None else round(first * second)

    return answer


def _worst_days(features: Features) -> int | None:
    """Return the longest delay; of the year before last only that it was serious."""
    worst, serious = features.get("repayment_late_most_days_12m"), features.get("repayment_late90_24m")
    if worst is None:
        return 0 if _owes_nobody(features) else None
    return max(int(worst), SERIOUS_DAYS if serious else 0)


def _overdue_now(features: Features) -> int | None:
    """Return 0 where nothing was found unpaid in a year; what is overdue otherwise no feature tells."""
    return 0 if features.get("repayment_unpaid_12m") == 0 or _owes_nobody(features) else None


def _lenders(features: Features) -> int | None:
    known = [features.get(name) for name in ("credit_lenders", "repayment_lenders_12m")]
    told = [int(each) for each in known if each is not None]
    return max(told) if told else 0 if _owes_nobody(features) else None


def _owes_nobody(features: Features) -> bool:
    """Return whether a credit report was read (then inquiries are known, if only as none) and shows no debt."""
    return features.get("inquiry_12m") is not None and features.get("repayment_count_12m") is None


def _sales_before(features: Features) -> int | None:
    two_years, last = features.get("invoice_sold_mean_24m"), features.get("invoice_sold_mean_12m")
    return None if two_years is None or last is None else max(0, round(two_years * 24 - last * 12))


ANSWERS: Final[Mapping[str, Callable[[Features], int | None]]] = {
    "monthly_income_minor": _whole("income_mean_12m"),
    "monthly_debt_minor": _whole("repayment_mean_3m"),
    "income_months_seen": _whole("income_history_months"),
    "worst_days_late_24m": _worst_days,
    "overdue_now_minor": _overdue_now,
    "inquiries_3m": _whole("inquiry_3m"),
    "lenders_count": _lenders,
    "bills_late_12m": _product("bill_late_share_12m", "bill_count_12m"),
    "active_months_12m": _whole("invoice_sold_active_share_12m", 12),
    "revenue_12m_minor": _whole("invoice_sold_mean_12m", 12),
    "revenue_before_minor": _sales_before,
    "void_share_ppm": _whole("invoice_sold_void_share_12m", PPM),
    "negative_share_ppm": _whole("invoice_sold_red_share_12m", PPM),
    "top_buyer_share_ppm": _whole("invoice_sold_top_share_12m", PPM),
    "debt_minor": _whole("credit_used"),
}
