"""Days on columns beside the fold, for loans that a bank has: the differences of every loan every third day of 120.

The property in test_night_columns goes everywhere, mostly to small loans; here are the plain ones, amounts large enough
that a day too many is seen in the interest.
"""

from datetime import date

import pytest

from loan_example import Life
from night_example import Shard

LENT, BEGUN, DAYS = "2026-01-15", date(2026, 1, 20), 120
TERMS = {
    "method": "annuity",
    "instalments": 12,
    "day_count": "30/360",
    "principal_minor": 60_000_000,
    "annual_rate_ppm": 72_000,
    "disbursed_on": LENT,
}
LATE = {"overdue_multiplier_ppm": 1_500_000}
PAST = {
    "never paid": [],
    "paid for once": [("repayment", {"amount_minor": 5_300_000})],
    "paid a little": [("repayment", {"amount_minor": 100_000})],
    "paid early": [("prepayment", {"amount_minor": 7_000_000, "mode": "smaller_instalment"})],
    "charged": [("fee", {"name": "papers", "amount_minor": 12_345})],
}
SERVICINGS = {
    "at once": {},
    "grace": {"grace_days": 3},
    "compounds": {"compounds": True},
    "grace and compounds": {"grace_days": 5, "compounds": True},
    "follows the balance": {"interest_basis": "actual"},
}
METHODS = {
    "annuity": {},
    "equal principal": {"method": "equal_principal", "day_count": "act/365"},
    "interest only": {"method": "interest_only", "day_count": "act/360", "instalments": 4},
    "short": {"instalments": 3},
}


def life(method, servicing, past):
    made = Life({**TERMS, **METHODS[method]}, {**LATE, **SERVICINGS[servicing]})
    made.on(date(2026, 1, 15), "disbursement", amount_minor=TERMS["principal_minor"])
    for kind, body in PAST[past]:
        made.on(BEGUN, kind, **body)
    made.at(BEGUN)
    return made


@pytest.mark.parametrize("method", METHODS)
def test_each_day_of_each_loan(method):
    names = [(servicing, past) for servicing in SERVICINGS for past in PAST]
    shard = Shard([life(method, *name) for name in names], life(method, *names[0]).position.as_of)
    for passed in range(1, DAYS + 1):
        shard.next_day()
        if passed % 3 == 0:
            assert [(names[place], *rest) for place, *rest in shard.differences()] == [], shard.day
    # Nearly all of it was done by columns.
    assert shard.alone * 4 < len(names) * DAYS
