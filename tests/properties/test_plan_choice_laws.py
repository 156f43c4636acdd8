"""Laws of choosing among plans: few are drawn up, and they are the ones that drawing up all of them would give."""

from hypothesis import given, settings
from hypothesis import strategies as st

from plan_design_example import need
from product_example import example
from puhui.products.definition import catalogue
from puhui.products.design.candidates import Family, families, in_order, options
from puhui.products.design.choose import GOALS, Judge, best_of_each, keeping
from puhui.products.design.fit import income_of
from puhui.products.design.offered import Offered, offered_to
from puhui.products.kinds import KINDS
from puhui.products.terms import read_terms
from puhui.rulebook.loader import default_rulebook

FIGURES = ("cash_minor", "cost_minor", "dearest_minor", "burden_ppm", "months")
OF_KIND = {
    "balloon": {"amortisation_instalments": 240},
    "seasonal": {"income_months": list(range(1, 13))},
    "custom": {},
    "revolving": {"day_count": "act/360"},
}
PPM = st.integers(0, 300_000) | st.integers(0, 3_000_000)
FEES = st.lists(
    st.one_of(
        st.fixed_dictionaries({"amount_minor": st.integers(0, 30_000)}),
        st.fixed_dictionaries(
            {"rate_ppm": st.integers(0, 20_000), "base": st.sampled_from(["principal", "outstanding"])}
        ),
    ),
    max_size=2,
)


@st.composite
def terms(draw, kind):
    count = draw(st.integers(1, 72))
    more = dict(OF_KIND.get(kind, {}))
    if kind == "custom":
        more["weights"] = [*draw(st.lists(st.integers(0, 9), min_size=count - 1, max_size=count - 1)), 1]
    if kind == "step":
        more |= {"step_ppm": draw(st.integers(-200_000, 200_000)), "step_every": draw(st.integers(1, 12))}
    if kind in ("annuity", "flat", "step", "balloon"):
        more["instalment_multiple_minor"] = draw(st.sampled_from([None, 10, 100]))
    if kind == "annuity":
        more["smooth_last"] = draw(st.booleans())
    rate_ppm = draw(PPM)
    if rate_ppm and draw(st.booleans()):
        cap = draw(st.none() | st.integers(0, 10**6))
        more["subsidy"] = {"rate_ppm": draw(st.integers(1, rate_ppm)), "cap_minor": cap}
    collects = st.sampled_from(["at_disbursement", "each_instalment"])
    fees = [{"name": str(n), "collect": draw(collects), **fee} for n, fee in enumerate(draw(FEES))]
    data = {
        "principal_minor": 10**6,
        "annual_rate_ppm": rate_ppm,
        "method": kind,
        "instalments": count,
        "disbursed_on": "2026-11-24",
        "day_count": "30/360",
        "fees": fees,
        **more,
    }
    return read_terms({name: value for name, value in data.items() if value is not None})


@settings(max_examples=150, deadline=None)
@given(st.sampled_from(list(KINDS)).flatmap(terms), st.integers(1, 5 * 10**7), st.booleans())
def test_no_plan_comes_to_less_than_it_was_said_to_at_least(made, amount_minor, pays_down):
    down = [("ranges.down_payment_ppm", {"min": 100_000, "max": 600_000})] if pays_down else []
    whole = ("ranges.amount_minor", {"min": 1, "max": 10**8})
    wish = need(amount_minor=amount_minor, income_minor=[0, *[500_000] * 11])
    family = Family(Offered(example(whole, *down), made.annual_rate_ppm), made, income_of(wish))
    for option in options(wish, [family])[::4]:
        drawn = option.draw()
        if drawn is None:
            continue
        for name in FIGURES:
            assert getattr(option, name) <= getattr(drawn, name), name
        assert all(least <= exact for least, exact in zip(option.peaks_minor, drawn.peaks_minor, strict=True))
        assert family.least_months <= drawn.months
        assert drawn.own_minor + drawn.lent_minor == amount_minor


@st.composite
def wishes(draw):
    amount = draw(st.integers(300_000, 30_000_000))
    flat = draw(st.integers(100_000, 4_000_000))
    return need(
        amount_minor=amount,
        region=draw(st.sampled_from(["410323", "110101"])),
        segment=draw(st.sampled_from(["wage_earner", "farmer", "shopkeeper"])),
        income_minor=draw(st.just(flat) | st.just([flat] * 8 + [5 * flat] * 2 + [flat] * 2)),
        cash_minor=draw(st.integers(0, amount)),
        purpose=None,
        most_months=draw(st.none() | st.integers(3, 60)),
    )


@settings(max_examples=8, deadline=None)
@given(wishes())
def test_the_plans_proposed_are_the_best_of_all_that_can_be_drawn_up(wish):
    offered, _ = offered_to(wish, catalogue())
    found = options(wish, families(wish, offered))
    judge, keeps = Judge(wish, default_rulebook()), keeping(wish)
    everyone = [drawn for option in found if (drawn := option.draw()) is not None and keeps(drawn)]
    best = {}
    for name, goal in GOALS.items():
        if wish.is_seasonal or not goal.seasonal:
            first = next((one for one in sorted(everyone, key=goal.key) if judge.lawful(one)), None)
            if first is not None:
                best[name] = first.plan
    anew = best_of_each(wish, options(wish, families(wish, offered)), Judge(wish, default_rulebook()))
    assert {goal: proposal.plan for proposal in anew for goal in proposal.goals} == best


@settings(max_examples=8, deadline=None)
@given(wishes(), st.sampled_from(sorted(GOALS)))
def test_plans_come_in_the_order_of_all_of_them(wish, goal):
    offered, _ = offered_to(wish, catalogue())
    found, key, keeps = options(wish, families(wish, offered)), GOALS[goal].key, keeping(wish, ("cash",))
    came = list(in_order(found, key, keeps))
    drawn = [one for option in found if (one := option.draw()) is not None and keeps(one)]
    assert came == sorted(drawn, key=key)


def test_a_cap_that_only_larger_loans_reach_does_not_make_a_smaller_one_dearer():
    subsidy = {"rate_ppm": 60_000, "cap_minor": 100_000}
    wish = need(amount_minor=1_000_000, income_minor=500_000)
    product = example(("ranges.amount_minor", {"min": 1, "max": 10**8}), ("terms.subsidy", subsidy))
    made = families(wish, [Offered(product, 60_000)])
    drawn = [(option, option.draw()) for option in options(wish, made)]
    assert {candidate.cost_minor for _, candidate in drawn} == {0}
    assert all(option.cost_minor <= 0 for option, _ in drawn)


def test_a_family_draws_up_each_amount_for_itself():
    wish = need(amount_minor=2_000_000)
    made = families(wish, [Offered(example(), 60_000)])
    for amount_minor in (2_000_000, 3_000_000):
        for option in options(wish.model_copy(update={"amount_minor": amount_minor}), made):
            assert option.draw().plan.terms.principal_minor == option.lent_minor
