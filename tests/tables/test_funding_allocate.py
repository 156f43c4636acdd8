"""A day shared out: small days a banker can follow, and every small random day held against trying everything."""

import random
from importlib import import_module
from pathlib import Path

import pytest

from funding_example import JOINT, RATIOS, application, by_id, funder, market, used
from puhui.funding import allocate as module
from puhui.funding.allocate import (
    Allocation,
    Pair,
    Problem,
    allocate,
    cost_a_year_minor,
    exhaustive,
    greedy,
    repaired,
    residual,
)
from puhui.funding.day import day_problem, share_out
from puhui.funding.routing import assess, route
from puhui.funding.solver import Programmed
from puhui.kernel.refusals import Refusal

BENCHMARKS = Path(__file__).resolve().parents[2] / "benchmarks"


def small_day(seed, applications=5, funders=3):
    """Return a random day: quotas of money and of loans by funder, one limit that funders share."""
    chance = random.Random(seed)
    rooms = [chance.randrange(0, 300) for _ in range(funders)] + [chance.randrange(0, 4) for _ in range(funders)]
    rooms.append(chance.randrange(100, 500))
    pairs = []
    for one in range(applications):
        lent = chance.randrange(20, 150)
        for other in range(funders):
            if chance.random() < 0.75:
                uses = ((other, lent), (funders + other, 1), (2 * funders, lent))
                pairs.append(Pair(one, other, lent * chance.randrange(40, 90), uses))
    return Problem(applications, tuple(pairs), tuple(rooms))


@pytest.mark.parametrize("seed", range(40))
def test_a_small_day_is_as_good_as_trying_everything(seed):
    problem = small_day(seed)
    gain, best = allocate(problem), exhaustive(problem)
    assert gain.allocation.rank == best.rank
    assert gain.allocation.proved
    assert gain.most_placed == best.placed
    assert gain.least_cost_minor in (best.cost_minor, best.cost_minor - 1)  # proved to less than a fen
    assert gain.greedy.rank >= best.rank


@pytest.mark.parametrize("seed", range(12))
def test_the_rounded_programme_holds_and_is_never_worse_than_greedy(seed, monkeypatch):
    monkeypatch.setattr(module, "EXACT_PAIRS", 0)
    problem = small_day(seed, applications=40, funders=4)
    gain = allocate(problem)
    held(problem, gain.allocation)
    assert gain.allocation.rank <= greedy(problem).rank
    assert gain.allocation.placed <= gain.most_placed
    assert gain.least_cost_minor <= gain.allocation.cost_minor
    assert gain == allocate(problem)


def test_what_did_not_end_in_time_bounds_nothing():
    assert Programmed([], [], 3, float("inf"), 10.0).least_cost_minor(3) == 0
    # 3 placed at 100 each, less costs of 0.4 of the dearest in all.
    assert Programmed([], [], 3, 299.6, 10.0).least_cost_minor(3) == 3


def held(problem, allocation):
    """Assert that an allocation keeps every limit and places nobody twice."""
    chosen = [problem.pairs[n] for n in allocation.pairs]
    assert len({pair.application for pair in chosen}) == len(chosen) == allocation.placed
    left = list(problem.rooms)
    for pair in chosen:
        for limit, amount in pair.uses:
            left[limit] -= amount
    assert min(left) >= 0
    assert allocation.cost_minor == sum(pair.cost_minor for pair in chosen)


# Two funders with room for one loan of 100 each; the first application would take what the second alone can use.
CROSSED = Problem(
    2,
    (Pair(0, 0, 5, ((0, 100),)), Pair(0, 1, 6, ((1, 100),)), Pair(1, 0, 5, ((0, 100),))),
    (100, 100),
)


def test_greedy_leaves_one_out_where_two_can_be_placed():
    gain = allocate(CROSSED)
    assert (gain.greedy.pairs, gain.greedy.placed) == ((0,), 1)
    assert (gain.allocation.pairs, gain.allocation.placed, gain.allocation.cost_minor) == ((1, 2), 2, 11)
    assert (gain.more_placed, gain.saved_minor) == (1, -1)  # the first pays 1 more, so that the second is placed
    assert gain.as_dict()["more_placed_than_greedy"] == 1


def test_placing_more_comes_before_paying_less():
    rooms = (100,)
    dear = tuple(Pair(n, 0, 10**9, ((0, 50),)) for n in (0, 1))
    cheap = Pair(2, 0, 1, ((0, 100),))
    assert allocate(Problem(3, (*dear, cheap), rooms)).allocation.pairs == (0, 1)


@pytest.mark.parametrize(("room", "placed"), [(10**12, 1), (10**12 - 1, 0)])
def test_the_last_fen_counts_whatever_the_size(room, placed):
    """The solver would let a fen in 10^12 pass; whole numbers do not."""
    answer = allocate(Problem(1, (Pair(0, 0, 1, ((0, 10**12),)),), (room,)))
    assert answer.allocation.placed == placed
    held(Problem(1, (Pair(0, 0, 1, ((0, 10**12),)),), (room,)), answer.allocation)


def test_what_the_solver_proposes_beyond_the_limits_is_taken_back():
    problem = Problem(2, (Pair(0, 0, 5, ((0, 60),)), Pair(1, 0, 4, ((0, 60),))), (100,))
    answer = repaired(problem, [0, 1], proved=True)
    assert (answer.pairs, answer.proved) == ((1,), False)


def test_the_residual_keeps_what_still_fits():
    problem = Problem(2, (Pair(0, 0, 5, ((0, 60),)), Pair(1, 0, 4, ((0, 60),)), Pair(1, 1, 9, ())), (100,))
    rest = residual(problem, [0], [1])
    assert rest.problem == Problem(1, (Pair(0, 1, 9, ()),), (40,))
    assert rest.pairs == (2,)


def test_nobody_and_nothing():
    assert allocate(Problem(0, (), ())).allocation == Allocation((), 0, 0, proved=True)
    assert allocate(Problem(2, (), (1,))).allocation.placed == 0


@pytest.mark.parametrize(("lent", "ppm", "cost"), [(10_000_000, 61_200, 612_000), (1, 499_999, 0), (1, 500_000, 1)])
def test_the_cost_of_a_year(lent, ppm, cost):
    assert cost_a_year_minor(lent, ppm) == cost


@pytest.mark.parametrize(
    "pair", [Pair(1, 0, 1, ()), Pair(0, 0, 1, ((1, 1),)), Pair(0, 0, 1, ((0, -1),)), Pair(0, 0, 1, ((0, 1), (0, 1)))]
)
def test_a_wrong_problem_is_refused(pair):
    with pytest.raises(Refusal) as caught:
        Problem(1, (pair,), (5,))
    assert (caught.value.code, caught.value.fields) == ("ALLOCATION_INVALID", ("pairs.0",))


# --- a day of applications --------------------------------------------------------------------------


def a_day():
    """Return applications of several products and places, funders of several kinds, and their market."""
    chance = random.Random(7)
    asked = []
    for number in range(24):
        product, segment = chance.choice(
            [
                ("auto_new", "wage_earner"),
                ("auto_new", "farmer"),
                ("micro_working_capital", "shopkeeper"),
                ("auto_nev", "farmer"),
            ]
        )
        price = chance.randrange(30_000, 300_000) * 100
        changes = [("id", f"a{number}"), ("product", product), ("segment", segment), ("principal_minor", price)]
        changes += [
            ("instalments", chance.choice([8, 12, 24])),
            ("region", chance.choice(["410323", "110101", "411600"])),
        ]
        changes += [
            ("down_payment_ppm", 0 if product == "micro_working_capital" else chance.choice([150_000, 300_000]))
        ]
        changes += [("applicant.score", chance.randrange(600, 700))]
        asked.append(application(*changes))
    criteria = [{"fact": "applicant.score", "min": 620}, {"fact": "loan.instalment_minor", "max": 1_500_000}]
    lent = ("products", ["auto_new", "micro_working_capital"])
    one = funder("one", lent, ("criteria", criteria), ("quota.day_minor", 30_000_000))
    two = funder("two", *JOINT, lent, ("rate_ppm", 52_000), ("concentration", [{"by": "city", "most_ppm": 10_000}]))
    nev = funder("nev", ("products", ["auto_nev"]), ("rate_ppm", 30_000), ("regions", ["41"]))
    ratios = used(institution=RATIOS)
    return asked, by_id(one, two, nev), market(one, two, nev, one=ratios, two=ratios, nev=used())


def test_the_pairs_of_a_day_are_those_of_routing_at_the_same_cost():
    asked, funders, known = a_day()
    problem, limits = day_problem(asked, funders, known)
    names = list(funders)
    pairs = {(pair.application, names[pair.funder]): pair.cost_minor for pair in problem.pairs}
    routed = {}
    for n, one in enumerate(asked):
        for verdict in route(one, funders, known).order:
            offer = verdict.offer
            routed[n, verdict.funder.id] = cost_a_year_minor(offer.lent_minor, offer.all_in.irr_x12_ppm)
    # Whoever has no room at all for a loan is still a pair: the solver leaves it out.
    assert routed.items() <= pairs.items()
    for n, name in pairs.keys() - routed.keys():
        codes = {reason.code for reason in assess(asked[n], funders[name], funders, known).reasons}
        assert codes <= {"quota_day", "concentration"}
    assert len(routed) > 10
    assert "two:city:4103" in limits


def test_a_day_shared_out_keeps_quotas_and_places_nobody_whom_routing_would_not():
    asked, funders, known = a_day()
    day = share_out(asked, funders, known)
    placed = [one for one in day.placements if one.verdict]
    assert len(placed) == day.gain.allocation.placed > 0
    assert all(one.verdict.eligible for one in placed)
    by_one = sum(one.verdict.offer.lent_minor for one in placed if one.verdict.funder.id == "one")
    assert by_one <= 30_000_000
    assert [one.application.id for one in day.placements] == [one.id for one in asked]
    assert set(day.as_dict()["placements"]) == {one.id for one in asked}


def test_a_pair_that_only_the_rules_forbid_is_taken_out():
    unlawful = funder("unlawful", *JOINT, ("joint.partner_share_ppm", 299_999), ("rate_ppm", 40_000))
    lawful = funder("lawful", ("rate_ppm", 60_000))
    ratios = used(institution=RATIOS)
    day = share_out([application()], by_id(unlawful, lawful), market(unlawful, lawful, unlawful=ratios))
    assert day.placements[0].verdict.funder.id == "lawful"
    assert day.taken_out == 1


def test_a_small_run_of_the_benchmark_is_the_same_twice(monkeypatch):
    monkeypatch.syspath_prepend(str(BENCHMARKS))
    benchmark = import_module("plans")
    problem, gain, _, wrong = benchmark.day(20, 3)
    assert wrong == 0
    held(problem, gain.allocation)
    assert benchmark.day(20, 3)[1] == gain
    assert benchmark.plans(1)[2] == benchmark.plans(1)[2]
