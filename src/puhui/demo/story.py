"""What the demonstration plays: the sizes, the days, who the institution is. Nothing else decides it."""

from dataclasses import dataclass
from datetime import date, timedelta
from typing import Final

from puhui.credit.county import CountySetting
from puhui.kernel.refusals import declare

INSTITUTION: Final = "sim_bank"
OFFICER, ANALYST, RISK_HEAD = "sim_officer", "sim_analyst", "sim_risk_head"
# Everything about the county is known up to here; the applications of the month before are new.
UNTIL_ON: Final = date(2026, 9, 1)
# Loans are followed through the day before the business day, but no longer than this; and for a month at least.
LEAST_THROUGH_ON, MOST_THROUGH_ON = date(2026, 9, 30), date(2027, 2, 28)

DEMO_TOO_EARLY = declare(
    "DEMO_TOO_EARLY",
    422,
    "演示从 {first} 讲起，营业日 {today} 太早。请不设或调后 PUHUI_TODAY。",
    "The demonstration begins in {first}; the business day {today} is too early. Unset PUHUI_TODAY, or set it later.",
)


@dataclass(frozen=True, slots=True)
class Story:
    """people: in the county, beside farms, shops and suppliers. applications: how many are decided. through_on: the
    last night that is closed.
    """

    through_on: date
    people: int = 6_000
    applications: int = 400
    seed: int = 0

    @property
    def county(self) -> CountySetting:
        """The setting of the county."""
        return CountySetting(seed=self.seed, people=self.people, until_on=UNTIL_ON)


def story_on(today: date, **asked: int) -> Story:
    """Return the story as it can be told on a business day, of sizes `asked` for; refuse DEMO_TOO_EARLY."""
    through_on = min(today - timedelta(days=1), MOST_THROUGH_ON)
    if through_on < LEAST_THROUGH_ON:
        raise DEMO_TOO_EARLY.refuse("today", first=UNTIL_ON.isoformat(), today=today.isoformat())
    return Story(through_on, **asked)


# What the models may look at: a shortlist that an analyst would make of the catalogue, each of which a borrower would
# understand; and what was asked for and stated.
FEATURES: Final = (
    "income_mean_12m",
    "income_variation_12m",
    "income_trend_12m",
    "income_sources_12m",
    "income_history_months",
    "spending_to_income_6m",
    "spending_growth_3m",
    "balance_mean_3m",
    "balance_least_12m",
    "balance_buffer_months",
    "bill_late_share_12m",
    "bill_late_share_3m",
    "bill_late_count_6m",
    "bill_since_late_months",
    "repayment_late_share_12m",
    "repayment_late_most_days_12m",
    "repayment_late_mean_days_12m",
    "repayment_lenders_12m",
    "credit_used",
    "inquiry_3m",
    "order_count_12m",
    "asked_minor",
    "asked_months",
    "stated_income_minor",
    "stated_debt_minor",
)
