"""The mixed integer programme behind `credit.profit`, by HiGHS. Floats live here only; whole numbers go in and out.

Columns: the steps of each item, then whether it is taken. Rows: the budget, the ratings' shares, for each item that its
steps are 0 or between its ends, for each firm that one item at most is taken.
"""

from collections.abc import Mapping, Sequence
from math import gcd
from typing import Any, NamedTuple

import highspy
import numpy as np

from puhui.kernel.rates import PPM

# A fen of profit is this many parts: amount x share kept x margin, each in ppm.
PARTS = PPM**3
MOST_TRIES = 5


class Item(NamedTuple):
    """One rate for one firm: for each fen, `value` in PARTS and `use_ppm` of the budget; its ends in steps."""

    firm: int
    rating: str
    value: int
    use_ppm: int
    lowest: int
    most: int


class Problem(NamedTuple):
    """The items under one budget; `share_ppm` of it by rating. Proven to `gap_ppm` of the best within `seconds`."""

    items: tuple[Item, ...]
    budget_minor: int
    step_minor: int
    share_ppm: Mapping[str, int]
    gap_ppm: int
    seconds: int


class Solved(NamedTuple):
    """Steps by item, and a profit in fen that nothing can pass (proven by the solver, to its precision)."""

    steps: tuple[int, ...]
    bound_minor: int


class _QuietSolver(highspy.Highs):
    """HiGHS without its greeting, which would stand before the JSON that a command prints."""

    def enableCallbacks(self) -> None:  # noqa: N802
        self.setOptionValue("output_flag", False)
        super().enableCallbacks()  # type: ignore[no-untyped-call]


def best_steps(problem: Problem) -> Solved | None:
    """Return the steps that earn most; None where none were found in time. Same problem, same answer: one thread.

    The solver keeps to a limit but for a small tolerance. What it gives is held against the limits in whole numbers,
    and solved again under a limit lower by the excess where it is beyond one.
    """
    if not problem.items:
        return Solved((), 0)
    limits = _limits(problem)
    bound_minor: int | None = None
    for _ in range(MOST_TRIES):
        solved = _solved(problem, limits)
        if solved is None:
            return None
        # A bound under a lowered limit says nothing of the limit itself.
        bound_minor = solved.bound_minor if bound_minor is None else bound_minor
        excess = [limit.used(solved.steps) - limit.true_most for limit in limits]
        if max(excess) <= 0:
            return Solved(solved.steps, bound_minor)
        limits = [limit._replace(most=limit.most - max(0, over)) for limit, over in zip(limits, excess, strict=True)]
    return None


class _Limit(NamedTuple):
    """At most so much of the budget, in ppm of steps: `use_ppm` of each of the `places`. All whole numbers."""

    places: tuple[int, ...]
    use_ppm: tuple[int, ...]
    most: int
    true_most: int

    def used(self, steps: Sequence[int]) -> int:
        return sum(steps[place] * use_ppm for place, use_ppm in zip(self.places, self.use_ppm, strict=True))


def _limits(problem: Problem) -> list[_Limit]:
    """Return the budget, and the share of it of each rating that has one."""
    wanted: list[tuple[str | None, int]] = [(None, PPM), *sorted(problem.share_ppm.items())]
    limits = []
    for rating, share_ppm in wanted:
        places = [place for place, item in enumerate(problem.items) if rating in (None, item.rating)]
        uses = [problem.items[place].use_ppm for place in places]
        most = problem.budget_minor * share_ppm // problem.step_minor
        limits.append(_Limit(tuple(places), tuple(uses), most, most))
    return limits


def _solved(problem: Problem, limits: Sequence[_Limit]) -> Solved | None:
    solver = _QuietSolver()  # type: ignore[no-untyped-call]
    for option, value in (
        ("threads", 1),
        ("random_seed", 0),
        ("mip_rel_gap", problem.gap_ppm / PPM),
        ("time_limit", float(problem.seconds)),
    ):
        solver.setOptionValue(option, value)
    solver.passModel(_model(problem, limits))
    solver.run()
    info = solver.getInfo()
    if info.primal_solution_status != highspy.SolutionStatus.kSolutionStatusFeasible:
        return None
    steps = np.rint(np.asarray(solver.getSolution().col_value)[: len(problem.items)]).astype(np.int64)
    # The objective is in yuan and is made small.
    return Solved(tuple(map(int, steps)), int(np.ceil(-info.mip_dual_bound * 100)))


def _model(problem: Problem, limits: Sequence[_Limit]) -> Any:
    items = problem.items
    count = len(items)
    # Profit in yuan of a step: numbers near 1, which the solver likes best.
    scale = problem.step_minor / (PARTS * 100)
    model = highspy.HighsLp()
    model.num_col_ = 2 * count
    model.col_cost_ = np.array([-item.value * scale for item in items] + [0.0] * count)
    model.col_lower_ = np.zeros(2 * count)
    model.col_upper_ = np.array([*(item.most for item in items), *[1] * count], dtype=np.float64)
    model.integrality_ = [highspy.HighsVarType.kInteger] * (2 * count)
    rows = _Rows()
    for limit in limits:
        # Where all uses share a divisor (all is counted that is offered) the row is one of small whole numbers.
        divisor = gcd(*limit.use_ppm) or 1
        most = float(limit.most // divisor) * divisor / PPM
        rows.add(list(limit.places), [use_ppm / PPM for use_ppm in limit.use_ppm], most)
    for place, item in enumerate(items):
        rows.add([place, count + place], [1.0, -float(item.most)], 0.0)
        rows.add([place, count + place], [-1.0, float(item.lowest)], 0.0)
    for places in _by_firm(items):
        if len(places) > 1:
            rows.add([count + place for place in places], [1.0] * len(places), 1.0)
    rows.write(model)
    return model


def _by_firm(items: Sequence[Item]) -> list[list[int]]:
    found: dict[int, list[int]] = {}
    for place, item in enumerate(items):
        found.setdefault(item.firm, []).append(place)
    return list(found.values())


class _Rows:
    """Rows of "at most", gathered for the solver."""

    def __init__(self) -> None:
        self._starts: list[int] = [0]
        self._index: list[int] = []
        self._value: list[float] = []
        self._most: list[float] = []

    def add(self, index: list[int], value: list[float], most: float) -> None:
        self._index += index
        self._value += value
        self._starts.append(len(self._index))
        self._most.append(most)

    def write(self, model: Any) -> None:
        model.num_row_ = len(self._most)
        model.row_lower_ = np.full(len(self._most), -highspy.kHighsInf)
        model.row_upper_ = np.array(self._most)
        model.a_matrix_.format_ = highspy.MatrixFormat.kRowwise
        model.a_matrix_.start_ = np.array(self._starts, dtype=np.int32)
        model.a_matrix_.index_ = np.array(self._index, dtype=np.int32)
        model.a_matrix_.value_ = np.array(self._value)
