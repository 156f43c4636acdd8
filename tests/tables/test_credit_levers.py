"""What would change a decision: the nearest step on levers, believed only when the decision, run again, says yes."""

import pytest

from puhui.credit.features.catalogue import FEATURES
from puhui.credit.levers import Lever, levers, what_would_change
from puhui.workflows.case import Case


def lever(name, sets, **fields):
    given = {
        "unit": "count",
        "more": False,
        "step": 10,
        "steps": 10,
        "zh": "{before}→{after}",
        "en": "{before} {after}",
    }
    return Lever(name=name, sets=sets, **{**given, **fields})


def share(name, sets, **fields):
    return lever(name, sets, step=None, **fields)


DEBT = lever("debt", ("debt",), least=0)
INCOME = lever("income", ("income",), more=True, step=5)


def against(**wanted):
    """Return a decision that says no for each fact that is not as wanted."""
    return lambda facts: frozenset(name for name, fits in wanted.items() if not fits(facts[name]))


LOW_DEBT = against(debt=lambda debt: debt <= 100)


@pytest.mark.parametrize(
    ("debt", "after"),
    [(100, None), (101, 91), (120, 100), (200, 100)],
)
def test_the_nearest_step_on_one_lever(debt, after):
    found = what_would_change({"debt": debt, "income": 50}, (DEBT, INCOME), LOW_DEBT)
    assert [(step.before, step.after) for step in found.steps] == [(debt, after)] if after else found is None


def test_the_smaller_effort_wins_over_the_earlier_lever():
    def stands(facts):
        return frozenset() if facts["debt"] <= 100 or facts["income"] >= 55 else frozenset({"NO"})

    found = what_would_change({"debt": 130, "income": 50}, (DEBT, INCOME), stands)
    assert [(step.lever.name, step.after) for step in found.steps] == [("income", 55)]
    assert found.effort_ppm == 100_000


def test_two_levers_when_one_is_not_enough_each_no_farther_than_needed():
    decide = against(debt=lambda debt: debt <= 150, income=lambda income: income >= 60)
    found = what_would_change({"debt": 170, "income": 50}, (DEBT, INCOME), decide)
    assert [(step.lever.name, step.before, step.after) for step in found.steps] == [
        ("debt", 170, 150),
        ("income", 50, 60),
    ]
    assert found.effort_ppm == 400_000
    assert found.text.zh == "如果170→150，并且50→60，本次申请可以获批。"


def test_two_levers_that_help_only_together():
    def stands(facts):
        return frozenset() if facts["income"] - facts["debt"] >= 100 else frozenset({"NO"})

    found = what_would_change({"debt": 130, "income": 100}, (DEBT, INCOME), stands)
    assert {step.lever.name for step in found.steps} == {"debt", "income"}
    after = {step.lever.name: step.after for step in found.steps}
    assert after["income"] - after["debt"] == 100


@pytest.mark.parametrize(
    ("facts", "lever"),
    [
        ({"debt": 201}, DEBT),
        ({"debt": None}, DEBT),
        ({}, DEBT),
        ({"debt": 130}, lever("debt", ("debt",), least=110)),
        ({"debt": 130}, lever("debt", ("debt",), steps=2)),
    ],
)
def test_beyond_reach_or_not_known_is_none(facts, lever):
    decide = lambda known: frozenset() if (known.get("debt") or 999) <= 100 else frozenset({"NO"})  # noqa: E731
    assert what_would_change(facts, (lever,), decide) is None


def test_a_decision_that_is_not_monotone_is_run_not_guessed():
    def stands(facts):
        return frozenset() if facts["debt"] in (70, 60) else frozenset({"HIGH" if facts["debt"] > 70 else "LOW"})

    found = what_would_change({"debt": 100}, (DEBT,), stands)
    assert found.steps[0].after == 70


def test_runs_are_bounded_and_none_is_made_twice():
    seen = []

    def stands(facts):
        seen.append((facts["debt"], facts["income"]))
        return frozenset({f"NO{len(seen)}"})

    assert what_would_change({"debt": 500, "income": 50}, (DEBT, INCOME), stands, most_runs=17) is None
    assert len(seen) == len(set(seen)) == 17


@pytest.mark.parametrize(
    ("facts", "one", "values"),
    [
        ({"debt": 25}, DEBT, [15, 5, 0]),
        ({"debt": 0}, DEBT, []),
        ({"share": 0.4}, share("late", ("share",), step_ppm=500_000, steps=2), [0.2, 0.0]),
        ({"d": 0, "price": 1_000}, share("down", ("d",), more=True, step_ppm=50_000, of="price", steps=2), [50, 100]),
        ({"d": 0}, share("down", ("d",), more=True, step_ppm=50_000, of="price", steps=2), []),
        ({"amount": 999}, share("amount", ("amount",), step_ppm=100_000, steps=1, round=100), [900]),
        ({"open": False}, lever("open", ("open",), more=True, step=1, steps=1, most=1), [True]),
        ({"open": True}, lever("open", ("open",), more=True, step=1, steps=1, most=1), []),
    ],
)  # fmt: skip
def test_the_values_within_reach(facts, one, values):
    assert one.values(facts) == pytest.approx(values)


def test_facts_that_move_together_never_get_worse():
    both = lever("debts", ("stated", "seen", "third"))
    facts = {"stated": 10, "seen": 50, "third": None}
    assert both.now(facts) == 50
    assert both.changed(facts, 30) == {"stated": 10, "seen": 30, "third": None}


@pytest.mark.parametrize("one", levers(), ids=lambda one: one.name)
def test_each_lever_of_the_file_moves_facts_that_exist_and_that_a_person_can_influence(one):
    for path in one.sets:
        kind, _, name = path.partition(".")
        if kind == "features":
            assert FEATURES[name].influence, path
            assert FEATURES[name].direction in ("unknown", "safer" if one.more else "riskier"), path
        else:
            assert kind == "case"
            assert name.split(".")[0] in Case.model_fields
    assert (one.step is None) != (one.step_ppm is None)
    assert one.zh.format(before="1", after="2")
    assert one.en.format(before="1", after="2")
