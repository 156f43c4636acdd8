"""The lives of lending_lives.yaml, to the fen; and each folded anew from its facts."""

from pathlib import Path

import pytest
import yaml

from loan_example import Life, day
from puhui.kernel.dates import to_date
from puhui.kernel.refusals import Refusal
from puhui.lending.arrears import arrears_of
from puhui.lending.balances import due_minor, owed_minor, penalty_receivable_minor, running_interest_minor
from puhui.lending.facts import FACT_KINDS
from puhui.lending.payoff import payoff_of

CASES = yaml.safe_load(Path(__file__).with_name("lending_lives.yaml").read_text(encoding="utf-8"))
TERMS = {
    "principal_minor": 12_000_000,
    "annual_rate_ppm": 120_000,
    "method": "equal_principal",
    "day_count": "30/360",
    "instalments": 12,
    "disbursed_on": "2024-01-15",
}
NUMBERS = {
    "due": lambda life: due_minor(life.position),
    "owed": lambda life: owed_minor(life.position),
    "running": lambda life: running_interest_minor(life.position),
    "penalty": lambda life: penalty_receivable_minor(life.position),
    "days": lambda life: arrears_of(life.position).past_due_days,
    "instalments_late": lambda life: arrears_of(life.position).instalments,
    "oldest_principal": lambda life: life.position.dues[0].principal_minor,
    "rows": lambda life: len(life.position.rows),
    "last_on": lambda life: to_date(life.position.rows[-1].due_on),
    "next": lambda life: [to_date(life.position.rows[0].due_on), *life.position.rows[0][2:4]],
    "prepaid": lambda life: life.allocation.prepaid_minor,
    "to": lambda life: parts(life.allocation, ("penalty", "fee", "interest", "principal", "suspense")),
    "payoff": lambda life: parts(payoff_of(life.position, life.agreement), PAYOFF),
    "restructured_on": lambda life: to_date(life.position.restructured_on),
}
PAYOFF = ("principal", "interest", "fee", "penalty", "prepayment_fee")


def parts(amounts, names):
    found = {name: getattr(amounts, f"{name}_minor") for name in names}
    return {name: amount for name, amount in found.items() if amount}


def on_time(life, when):
    """Pay what falls due on its day, through the date."""
    while life.position.rows and life.position.rows[0].due_on <= day(when):
        due_on = to_date(life.position.rows[0].due_on)
        life.at(due_on)
        if due_minor(life.position):
            life.on(due_on, "repayment", amount_minor=due_minor(life.position))
    life.at(when)


def step(life, when, what, body, expected):
    if "refused" in expected:
        with pytest.raises(Refusal) as refusal:
            life.on(when, what, **body)
        assert refusal.value.code == expected["refused"]
        assert refusal.value.fields
        return
    if what == "on_time":
        on_time(life, when)
    elif what == "look":
        life.at(when)
    else:
        life.on(when, what, **body)
    found = {name: number(life, name) for name in expected}
    assert found == expected, f"{when} {what}"


def number(life, name):
    return NUMBERS[name](life) if name in NUMBERS else getattr(life.position, name)


def begun(case):
    others = {"floating": case["floating"]} if "floating" in case else {}
    servicing = {"overdue_multiplier_ppm": 1_500_000, **case.get("servicing", {})}
    life = Life(TERMS | case.get("terms", {}), servicing, **others)
    first = case.get("first_draw", life.agreement.financed_minor)
    if first:
        life.on(TERMS["disbursed_on"], "disbursement", amount_minor=first)
    return life


@pytest.mark.parametrize("case", CASES, ids=lambda case: case["case"])
def test_life(case):
    life = begun(case)
    for when, what, body, expected in case["steps"]:
        step(life, when, what, body, expected)
    assert life.folded() == life.position


def test_every_kind_of_fact_has_a_life():
    told = {what for case in CASES for _, what, *_ in case["steps"]}
    assert FACT_KINDS.keys() - told == {"agreement", "allocation", "reversal", "collateral"}
