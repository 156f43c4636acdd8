"""What a body may say, what an agreement may say, and which facts a loan refuses."""

import pytest

from loan_example import Life, agreement_body, day, fact, facts_of
from puhui.kernel.refusals import Refusal
from puhui.lending.accrual import accrued, late_rate_ppm, penalty
from puhui.lending.agreement import agreement_of
from puhui.lending.facts import FACT_KINDS, read_body
from puhui.lending.fold import EFFECTS, REVERSING, WITHOUT_EFFECT, apply, begin, fold, in_order
from puhui.lending.plan_ahead import METHODS
from puhui.products.kinds import KINDS

TERMS = {
    "principal_minor": 12_000_000,
    "annual_rate_ppm": 120_000,
    "method": "annuity",
    "day_count": "30/360",
    "instalments": 12,
    "disbursed_on": "2024-01-15",
}

# kind, body, code, field
WRONG = [
    ("repayment", {}, "INPUT_INVALID", "amount_minor"),
    ("repayment", {"amount_minor": 0}, "INPUT_INVALID", "amount_minor"),
    ("repayment", {"amount_minor": -1}, "INPUT_INVALID", "amount_minor"),
    ("repayment", {"amount_minor": 1.5}, "INPUT_INVALID", "amount_minor"),
    ("repayment", {"amount_minor": 1, "colour": "red"}, "INPUT_INVALID", "colour"),
    ("disbursement", {"amount_minor": 1, "to": "entrusted"}, "INPUT_INVALID", "payee"),
    ("disbursement", {"amount_minor": 1, "payee": "party_7"}, "INPUT_INVALID", "payee"),
    ("prepayment", {}, "INPUT_INVALID", "amount_minor"),
    ("prepayment", {"mode": "shorter_term"}, "INPUT_INVALID", "amount_minor"),
    ("prepayment", {"amount_minor": 1, "mode": "sooner"}, "INPUT_INVALID", "mode"),
    ("waiver", {"component": "principal", "amount_minor": 1}, "INPUT_INVALID", "component"),
    ("rate_reset", {"annual_rate_ppm": 1, "series": "lpr_1y"}, "INPUT_INVALID", "series"),
    ("rate_reset", {"annual_rate_ppm": 1, "value_ppm": 1, "spread_ppm": 0}, "INPUT_INVALID", "series"),
    (
        "rate_reset",
        {"annual_rate_ppm": 3, "series": "lpr_1y", "value_ppm": 1, "spread_ppm": 1},
        "INPUT_INVALID",
        "annual_rate_ppm",
    ),
    ("due_day_change", {"due_day": 32}, "INPUT_INVALID", "due_day"),
    ("skip", {"instalments": 0}, "INPUT_INVALID", "instalments"),
    ("restructure", {"how": "extend"}, "INPUT_INVALID", "instalments"),
    ("restructure", {"how": "re_age", "instalment_minor": 1}, "INPUT_INVALID", "instalment_minor"),
    ("assignment", {"funder": "fund_1", "share_ppm": 1_000_001}, "INPUT_INVALID", "share_ppm"),
    ("classification", {"category": "SUB", "stage": 4, "accruing": True}, "INPUT_INVALID", "stage"),
    ("refund", {"amount_minor": 0}, "INPUT_INVALID", "amount_minor"),
    ("settlement", {"counterparty": "borrower", "amount_minor": 1}, "INPUT_INVALID", "counterparty"),
    ("settlement", {"counterparty": "funder", "amount_minor": 0}, "INPUT_INVALID", "amount_minor"),
    ("reversal", {}, "INPUT_INVALID", "fact"),
    ("collateral", {"action": "value", "id": "c1"}, "INPUT_INVALID", "valuation"),
    ("gift", {"amount_minor": 1}, "FACT_UNKNOWN", "kind"),
]


@pytest.mark.parametrize(("kind", "body", "code", "field"), WRONG)
def test_a_wrong_body(kind, body, code, field):
    with pytest.raises(Refusal) as refusal:
        read_body(kind, body)
    assert (refusal.value.code, refusal.value.fields) == (code, (field,))


RIGHT = [
    ("prepayment", {"mode": "payoff"}),
    ("rate_reset", {"annual_rate_ppm": 2, "series": "lpr_1y", "value_ppm": 1, "spread_ppm": 1}),
    ("rate_reset", {"annual_rate_ppm": 2}),
    ("due_day_change", {"due_day": 31, "first_due_on": "2024-03-31"}),
    ("restructure", {"how": "re_amortise", "instalments": 3, "instalment_minor": 1}),
    ("disbursement", {"amount_minor": 10**12, "to": "entrusted", "payee": "party_7"}),
]


@pytest.mark.parametrize(("kind", "body"), RIGHT)
def test_a_right_body(kind, body):
    read = read_body(kind, body)
    assert read.model_dump(mode="json", exclude_unset=True) == body


# servicing, other fields of the agreement, code, field
DISAGREEMENTS = [
    ({"allocation": {"performing": {"order": ["fee"]}}}, {}, "servicing.allocation.order"),
    (
        {"allocation": {"performing": {"order": ["fee", "fee", "interest", "principal"]}}},
        {},
        "servicing.allocation.order",
    ),
    ({"allocation": {"performing": {"sequence": ["overdue"]}}}, {}, "servicing.allocation.sequence"),
    ({"early": "prepay", "prepayment": {"allowed": False}}, {}, "servicing.early"),
    ({}, {"agreed_on": "2024-01-16"}, "agreed_on"),
    ({}, {"funder": "fund_1"}, "funder_share_ppm"),
    ({}, {"funder_share_ppm": 1}, "funder_share_ppm"),
]


@pytest.mark.parametrize(("servicing", "others", "field"), DISAGREEMENTS)
def test_an_agreement_that_does_not_hold(servicing, others, field):
    with pytest.raises(Refusal) as refusal:
        agreement_of(agreement_body(TERMS, servicing, **others))
    assert (refusal.value.code, refusal.value.fields) == ("AGREEMENT_INVALID", (field,))


def test_an_agreement_may_precede_the_money():
    assert agreement_of(agreement_body(TERMS, agreed_on="2024-01-15")).agreed_on.day == 15
    assert begin(agreement_of(agreement_body(TERMS, agreed_on="2023-12-01"))).as_of == day("2023-12-01")


def test_an_agreement_of_an_unknown_method():
    with pytest.raises(Refusal) as refusal:
        agreement_of(agreement_body({**TERMS, "method": "magic"}))
    assert refusal.value.code == "METHOD_UNKNOWN"


def test_every_kind_of_fact_has_an_effect_or_says_that_it_has_none():
    assert FACT_KINDS.keys() == {*EFFECTS, *WITHOUT_EFFECT, *REVERSING, "agreement"}


def test_the_rest_of_every_repayment_method_can_be_planned():
    assert METHODS.keys() == KINDS.keys()


def test_a_second_agreement_is_refused():
    life = Life(TERMS)
    with pytest.raises(Refusal) as refusal:
        life.on("2024-01-15", "agreement", **life.body)
    assert refusal.value.code == "LOAN_STATUS"


LENT = {"amount_minor": 12_000_000, "to": "entrusted", "payee": "party_7"}
STATES = {
    "agreed": [],
    "active": [("2024-01-15", "disbursement", LENT)],
    "closed": [
        ("2024-01-15", "disbursement", LENT),
        ("2024-01-15", "prepayment", {"mode": "payoff"}),
    ],
    "written_off": [("2024-01-15", "disbursement", LENT), ("2024-01-15", "write_off", {})],
}
# kind, body, the states in which it can happen
POSSIBLE = [
    ("disbursement", {"amount_minor": 1}, {"agreed"}),
    ("repayment", {"amount_minor": 1}, {"active"}),
    ("prepayment", {"mode": "payoff"}, {"active"}),
    ("fee", {"name": "f", "amount_minor": 1}, {"active"}),
    ("penalty", {"name": "f", "amount_minor": 1}, {"active"}),
    ("due_day_change", {"due_day": 20}, {"active"}),
    ("skip", {}, {"active"}),
    ("restructure", {"how": "re_amortise", "instalments": 3}, {"active"}),
    ("compensation", {"amount_minor": 1, "guarantor": "g"}, {"active"}),
    ("assignment", {"funder": "f", "share_ppm": 1}, {"agreed", "active"}),
    ("write_off", {}, {"active"}),
    ("recovery", {"amount_minor": 1}, {"written_off"}),
    ("settlement", {"counterparty": "payee", "amount_minor": 1}, {"active", "closed", "written_off"}),
    ("classification", {"category": "SM", "stage": 2, "accruing": True}, {"agreed", "active", "closed", "written_off"}),
    ("collateral", {"action": "take", "item": {"type": "deposit", "id": "d", "amount_minor": 1}}, set(STATES)),
    ("allocation", {"of": "fact_2", "amount_minor": 1}, set(STATES)),
]


@pytest.mark.parametrize("state", STATES)
@pytest.mark.parametrize(("kind", "body", "possible"), POSSIBLE, ids=lambda value: value if type(value) is str else "")
def test_what_can_happen_in_which_state(state, kind, body, possible):
    life = Life(TERMS)
    for when, what, said in STATES[state]:
        life.on(when, what, **said)
    assert life.position.status == state
    if state in possible:
        life.on("2024-01-20", kind, **body)
    else:
        with pytest.raises(Refusal) as refusal:
            life.on("2024-01-20", kind, **body)
        assert refusal.value.code in ("LOAN_STATUS", "AMOUNT_TOO_LARGE")


def reversal(sequence, of, on="2024-03-01"):
    return fact(sequence, "reversal", on, {"fact": of})


DRAWN = [("2024-01-15", "disbursement", {"amount_minor": 12_000_000}), ("2024-02-15", "repayment", {"amount_minor": 5})]


def test_a_reversal_takes_the_fact_back_from_its_day():
    facts = facts_of(agreement_body(TERMS), DRAWN)
    assert fold([*facts, reversal(4, "fact_3")], day("2024-03-20")) == fold(facts[:2], day("2024-03-20"))
    # A reversal counts from when it is recorded, not from the day it names.
    late = reversal(4, "fact_3", on="2030-01-01")
    assert fold([*facts, late], day("2024-03-20")) == fold(facts[:2], day("2024-03-20"))


@pytest.mark.parametrize("of", ["fact_9", "fact_1", "fact_4"])
def test_a_reversal_of_nothing(of):
    facts = [*facts_of(agreement_body(TERMS), DRAWN), reversal(4, of)]
    with pytest.raises(Refusal) as refusal:
        fold(facts, day("2024-03-20"))
    assert (refusal.value.code, refusal.value.fields) == ("FACT_NOT_HERE", ("fact",))


def test_a_fact_is_reversed_once():
    facts = [*facts_of(agreement_body(TERMS), DRAWN), reversal(4, "fact_3"), reversal(5, "fact_3")]
    with pytest.raises(Refusal) as refusal:
        fold(facts, day("2024-03-20"))
    assert refusal.value.code == "FACT_NOT_HERE"


def test_a_fact_can_be_reversed_again_after_its_reversal_was():
    facts = [*facts_of(agreement_body(TERMS), DRAWN), reversal(4, "fact_3"), reversal(5, "fact_4")]
    assert fold(facts, day("2024-03-20")) == fold(facts[:3], day("2024-03-20"))
    assert fold([*facts, reversal(6, "fact_3")], day("2024-03-20")) == fold(facts[:2], day("2024-03-20"))


def test_facts_of_one_day_apply_as_they_were_recorded():
    first = [
        ("2024-01-15", "disbursement", {"amount_minor": 12_000_000}),
        ("2024-02-15", "fee", {"name": "f", "amount_minor": 7}),
    ]
    then = [("2024-02-15", "repayment", {"amount_minor": 7})]
    facts = facts_of(agreement_body(TERMS), [*first, *then])
    position = fold(list(reversed(facts[1:])) and [facts[0], facts[3], facts[2], facts[1]], day("2024-02-15"))
    assert position == fold(facts, day("2024-02-15"))


def test_facts_to_come_do_not_count_yet():
    facts = facts_of(agreement_body(TERMS), DRAWN)
    assert fold(facts, day("2024-02-14")).principal_paid_total_minor == 0
    assert fold(facts, day("2024-02-15")).interest_paid_total_minor == 5


def test_only_what_is_in_order_is_applied():
    life = Life(TERMS)
    life.on("2024-01-15", "disbursement", amount_minor=12_000_000)
    life.at("2024-02-01")
    late, today = (
        fact(9, "repayment", "2024-01-31", {"amount_minor": 1}),
        fact(9, "repayment", "2024-02-01", {"amount_minor": 1}),
    )
    assert (in_order(life.position, late), in_order(life.position, today)) == (False, True)
    assert not in_order(life.position, reversal(9, "fact_2"))
    with pytest.raises(AssertionError, match="fold"):
        apply(life.position, late, life.agreement)


# base, amount, start, end, day, interest so far
SPANS = [
    (0, 4932, 0, 30, 0, 0),
    (0, 4932, 0, 30, 26, 4274),
    (0, 4932, 0, 30, 30, 4932),
    (0, 4932, 0, 30, 31, 4932),
    (0, 4932, 10, 30, 5, 0),
    (0, 1, 0, 2, 1, 1),
    (0, 1, 0, 3, 1, 0),
    (0, 3, 0, 2, 1, 2),
    (100, 101, 0, 2, 1, 101),
    (100, 100, 0, 2, 1, 100),
    (0, 0, 0, 0, 5, 0),
    (7, 9, 4, 4, 4, 7),
    (0, 10**13, 0, 366, 365, 9_972_677_595_628),
]


@pytest.mark.parametrize(("base", "amount", "start", "end", "on", "expected"), SPANS)
def test_interest_so_far(base, amount, start, end, on, expected):
    assert accrued(base, amount, start, end, on) == expected


# numerator, base of days, penalty: an exact half goes up.
PENALTIES = [(0, 360, 0), (179_999_999, 360, 0), (180_000_000, 360, 1), (540_000_000, 360, 2), (182_500_000, 365, 1)]


@pytest.mark.parametrize(("numerator", "base", "expected"), PENALTIES)
def test_penalty_so_far(numerator, base, expected):
    assert penalty(numerator, base) == expected


# contract rate, multiplier, whether the contract rate runs on, late rate
LATE_RATES = [
    (180_000, 1_500_000, False, 270_000),
    (180_000, 1_500_000, True, 90_000),
    (100_001, 1_300_000, False, 130_001),
    (3, 1_499_999, False, 4),
    (0, 1_500_000, False, 0),
    (180_000, 1_000_000, True, 0),
]


@pytest.mark.parametrize(("rate", "multiplier", "bears", "expected"), LATE_RATES)
def test_late_rate(rate, multiplier, bears, expected):
    assert late_rate_ppm(rate, multiplier, bears) == expected


@pytest.mark.parametrize(
    ("day_count", "base"),
    [("30/360", 360), ("act/360", 360), ("act/365", 365), ("act/act", 365), ("act/364", 360), ("period/12", 360)],
)
def test_days_of_a_penalty_year(day_count, base):
    assert begin(agreement_of(agreement_body({**TERMS, "day_count": day_count}))).late_day_base == base
