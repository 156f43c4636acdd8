"""A day's applications shared out among funders: as many placed as possible, then at the least cost to borrowers.

The problem is whole numbers: pairs (an application and a funder that may take it) with what the pair costs the borrower
a year, and what it uses of each limit (a quota of the day, in all, of a dealer, of a city). The solver works in
floats; what it proposes is taken only as far as it holds in whole numbers, and never worse than greedy.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from itertools import product
from typing import Any, NamedTuple

from puhui.kernel.language import Text
from puhui.kernel.rates import PPM
from puhui.kernel.refusals import declare

ALLOCATION_INVALID = declare(
    "ALLOCATION_INVALID",
    422,
    "分配问题有误：{field} {problem}。",
    "The allocation is wrong: {field} {problem}.",
)

# Up to so many pairs branch and bound looks for the best; beyond, it mends a rounded linear programme.
EXACT_PAIRS = 400


class Pair(NamedTuple):
    """An application that a funder may take. `cost_minor`: what the borrower pays a year, all in.

    `uses`: (limit, amount) for each limit that the pair uses up, none twice.
    """

    application: int
    funder: int
    cost_minor: int
    uses: tuple[tuple[int, int], ...]


@dataclass(frozen=True, slots=True)
class Problem:
    """`applications` are numbered from 0; `rooms` is what is left of each limit, whole numbers."""

    applications: int
    pairs: tuple[Pair, ...]
    rooms: tuple[int, ...]

    def __post_init__(self) -> None:
        for n, pair in enumerate(self.pairs):
            known = [0 <= limit < len(self.rooms) and amount >= 0 for limit, amount in pair.uses]
            once = len({limit for limit, _ in pair.uses}) == len(pair.uses)
            if not (0 <= pair.application < self.applications and all(known) and once and pair.cost_minor >= 0):
                raise ALLOCATION_INVALID.refuse(f"pairs.{n}", problem=_BAD_PAIR)

    def by_application(self) -> list[list[int]]:
        """Return the pairs of each application, the cheapest first, ties by funder."""
        found: list[list[int]] = [[] for _ in range(self.applications)]
        for n, pair in enumerate(self.pairs):
            found[pair.application].append(n)
        for pairs in found:
            pairs.sort(key=lambda n: (self.pairs[n].cost_minor, self.pairs[n].funder))
        return found


@dataclass(frozen=True, slots=True)
class Allocation:
    """Who gets what: `pairs` are the numbers of the pairs chosen, at most one an application.

    `placed` applications at `cost_minor` a year in all. `proved`: no other allocation places more, or as many for less.
    """

    pairs: tuple[int, ...]
    placed: int
    cost_minor: int
    proved: bool

    @property
    def rank(self) -> tuple[int, int]:
        """Less is better: more placed first, then the cost."""
        return -self.placed, self.cost_minor


@dataclass(frozen=True, slots=True)
class Gain:
    """An allocation beside greedy, and the bounds that none can pass.

    At most `most_placed` can be placed at all, and as many as are placed cost at least `least_cost_minor` (0: not
    known). `saved_minor`: what the borrowers whom both place pay less a year in all.
    """

    allocation: Allocation
    greedy: Allocation
    most_placed: int
    least_cost_minor: int
    saved_minor: int

    @property
    def more_placed(self) -> int:
        """How many more are placed than by greedy."""
        return self.allocation.placed - self.greedy.placed

    def as_dict(self) -> dict[str, Any]:
        """Return the gain for JSON."""
        return {
            "placed": self.allocation.placed,
            "most_that_can_be_placed": self.most_placed,
            "cost_a_year_minor": self.allocation.cost_minor,
            "least_cost_a_year_minor": self.least_cost_minor,
            "proved_best": self.allocation.proved,
            "greedy": {"placed": self.greedy.placed, "cost_a_year_minor": self.greedy.cost_minor},
            "more_placed_than_greedy": self.more_placed,
            "saved_a_year_minor": self.saved_minor,
        }


def cost_a_year_minor(lent_minor: int, annual_cost_ppm: int) -> int:
    """Return what a loan costs in a year: lent x annual cost, rounded half up. 100,000.00 at 6.12 %: 6,120.00."""
    return (lent_minor * annual_cost_ppm + PPM // 2) // PPM


def allocate(problem: Problem, *, seconds: int = 120) -> Gain:
    """Return the best allocation found, beside greedy; `seconds` bounds each solve.

    Up to EXACT_PAIRS pairs it is proved best, unless the nodes of the search run out. Same problem, same answer.
    """
    from puhui.funding.solver import lp_answer, mip_answer

    first = greedy(problem)
    if len(problem.pairs) <= EXACT_PAIRS:
        found = mip_answer(problem, seconds)
        best, most = repaired(problem, found.pairs, proved=found.proved), found.most
        least_minor = found.least_cost_minor if best.placed == len(found.pairs) else 0
    else:
        programme = lp_answer(problem, seconds)
        rest = residual(problem, programme.whole, programme.free)
        found = mip_answer(rest.problem, seconds)
        best = repaired(problem, [*programme.whole, *(rest.pairs[n] for n in found.pairs)], proved=False)
        most, least_minor = programme.most, programme.least_cost_minor(best.placed)
    if first.rank < best.rank:
        best, least_minor = first, least_minor if first.placed == best.placed else 0
    least_minor = min(least_minor, best.cost_minor)
    return Gain(best, first, max(most, best.placed), least_minor, _saved_minor(problem, best, first))


def _saved_minor(problem: Problem, best: Allocation, first: Allocation) -> int:
    """Return what the borrowers whom both place pay less in the better one."""
    ours = {problem.pairs[n].application: problem.pairs[n].cost_minor for n in best.pairs}
    theirs = {problem.pairs[n].application: problem.pairs[n].cost_minor for n in first.pairs}
    return sum(theirs[one] - ours[one] for one in ours.keys() & theirs.keys())


# --- in whole numbers -------------------------------------------------------------------------------


def greedy(problem: Problem) -> Allocation:
    """Return what routing one by one gives: each application, as it comes, to the cheapest funder with room."""
    rooms, chosen = list(problem.rooms), []
    for pairs in problem.by_application():
        for n in pairs:
            if _take(problem.pairs[n], rooms):
                chosen.append(n)
                break
    return _allocation(problem, chosen, proved=False)


def repaired(problem: Problem, proposed: Sequence[int], *, proved: bool) -> Allocation:
    """Return the proposed pairs as far as they hold in whole numbers, and whoever else still finds room.

    One pair an application; those that cost least first, so that what has to go is what costs most.
    """
    rooms, chosen, placed = list(problem.rooms), [], set()
    for n in sorted(proposed, key=lambda n: (problem.pairs[n].cost_minor, n)):
        pair = problem.pairs[n]
        if pair.application not in placed and _take(pair, rooms):
            chosen.append(n)
            placed.add(pair.application)
    holds = len(chosen) == len(proposed)
    for application, pairs in enumerate(problem.by_application()):
        if application not in placed:
            added = next((n for n in pairs if _take(problem.pairs[n], rooms)), None)
            if added is not None:
                chosen.append(added)
    return _allocation(problem, sorted(chosen), proved=proved and holds and len(chosen) == len(proposed))


def exhaustive(problem: Problem) -> Allocation:
    """Return the best of all allocations, tried one by one: for small problems, to check the others against."""
    choices: list[list[int | None]] = [[None, *pairs] for pairs in problem.by_application()]
    best: Allocation | None = None
    for tried in product(*choices):
        chosen = [n for n in tried if n is not None]
        rooms = list(problem.rooms)
        if all(_take(problem.pairs[n], rooms) for n in chosen):
            found = _allocation(problem, chosen, proved=True)
            if best is None or found.rank < best.rank:
                best = found
    assert best is not None, "placing nobody is always an allocation"
    return best


def _take(pair: Pair, rooms: list[int]) -> bool:
    """Use up the rooms of a pair if all of them have it."""
    if any(rooms[limit] < amount for limit, amount in pair.uses):
        return False
    for limit, amount in pair.uses:
        rooms[limit] -= amount
    return True


def _allocation(problem: Problem, chosen: Iterable[int], *, proved: bool) -> Allocation:
    pairs = tuple(chosen)
    return Allocation(pairs, len(pairs), sum(problem.pairs[n].cost_minor for n in pairs), proved)


class Residual(NamedTuple):
    """What is left to decide: a smaller problem, and the number in the whole one of each of its pairs."""

    problem: Problem
    pairs: tuple[int, ...]


def residual(problem: Problem, whole: Sequence[int], free: Sequence[int]) -> Residual:
    """Return the problem of the applications still `free` when the pairs of `whole` are taken."""
    rooms = list(problem.rooms)
    for n in whole:
        for limit, amount in problem.pairs[n].uses:
            rooms[limit] -= amount
    rooms = [max(0, room) for room in rooms]
    number = {application: k for k, application in enumerate(free)}
    kept = [n for n, pair in enumerate(problem.pairs) if pair.application in number and _fits(pair, rooms)]
    pairs = tuple(problem.pairs[n]._replace(application=number[problem.pairs[n].application]) for n in kept)
    return Residual(Problem(len(number), pairs, tuple(rooms)), tuple(kept))


def _fits(pair: Pair, rooms: Sequence[int]) -> bool:
    return all(rooms[limit] >= amount for limit, amount in pair.uses)


_BAD_PAIR = Text(
    "须指向已有的申请和额度，每项额度一次，金额不为负",
    "must name an application and limits that exist, each once, nothing below 0",
)
