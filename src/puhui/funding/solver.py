"""HiGHS for the allocation: as many placed as possible, then the least cost. Floats inside, pair numbers out.

Nothing here is money: amounts are scaled for the solver, and what it answers is checked in whole numbers by
`allocate.repaired`. One thread and a fixed seed: the same problem has the same answer.
"""

from __future__ import annotations

from typing import Any, NamedTuple

import highspy
import numpy as np
from numpy.typing import NDArray

from puhui.funding.allocate import Problem

Floats = NDArray[np.float64]

# In the linear programme one more placed is worth so many times the dearest pair.
PLACED_WORTH = 100.0
# A share this near 0 or 1 is whole.
WHOLE = 1e-6
# The bound needs no corner, so the interior point stops short of one; what is rounded needs one, and the simplex ends
# there. Branch and bound is ended by a count of nodes before the time, so that the answer does not hang on the machine.
WAYS: dict[str, dict[str, Any]] = {
    "bound": {"solver": "ipm", "run_crossover": "off"},
    "corner": {"solver": "simplex"},
    "whole": {"mip_rel_gap": 0.0, "mip_abs_gap": 0.5, "mip_max_nodes": 200, "mip_heuristic_effort": 0.0},
}
# How far the interior point may be from the optimum it bounds.
SLACK = 1e-4


class _Model(NamedTuple):
    """The columns are pairs; the rows are applications (at most one), then limits, then perhaps the count."""

    lp: Any
    costs: Floats


class Searched(NamedTuple):
    """What branch and bound found: the pairs, the most that can be placed, the least that so many can cost, proof."""

    pairs: list[int]
    most: int
    least_cost_minor: int
    proved: bool


class Programmed(NamedTuple):
    """What the linear programme says: pairs taken whole, applications left open, the most placed, and its objective.

    The objective is in units of `dearest`, the dearest pair.
    """

    whole: list[int]
    free: list[int]
    most: int
    objective: float
    dearest: float

    def least_cost_minor(self, placed: int) -> int:
        """Return what so many placed cost at the least: no allocation has a better objective than the programme.

        0 where the programme did not end in time. Loose where it places a part of one more than can be placed whole.
        """
        if not np.isfinite(self.objective):
            return 0
        return max(0, int(np.floor(self.dearest * (PLACED_WORTH * placed - self.objective))))


def mip_answer(problem: Problem, seconds: int) -> Searched:
    """Return the pairs chosen by branch and bound: as many as can be placed, then at the least cost."""
    if not problem.pairs:
        return Searched([], 0, 0, proved=True)
    model = _model(problem, counted=True)
    shares, bound, proved = _solve(model, np.ones(len(problem.pairs)), seconds, way="whole")
    most = int(np.floor(bound + WHOLE))
    _at_least(model, round(float(shares.sum())))
    cheap, least, cheapest = _solve(model, model.costs, seconds, way="whole", most=False)
    # Out of nodes, the second solve may have nothing to show for it: the first is still an answer.
    shares = cheap if cheap.size else shares
    least_cost_minor = max(0, int(np.floor(least))) if np.isfinite(least) else 0
    return Searched([int(n) for n in np.flatnonzero(shares > 0.5)], most, least_cost_minor, proved and cheapest)


def lp_answer(problem: Problem, seconds: int) -> Programmed:
    """Return what the linear programme takes whole and leaves open; its bounds hold for every allocation."""
    model = _model(problem, counted=False)
    _, bound, proved = _solve(model, np.ones(len(problem.pairs)), seconds, way="bound")
    most = int(np.floor(bound + SLACK)) if proved else problem.applications
    dearest = max(1.0, float(model.costs.max()))
    shares, objective, solved = _solve(model, PLACED_WORTH - model.costs / dearest, seconds, way="corner")
    taken = [int(n) for n in np.flatnonzero(shares > 1 - WHOLE)]
    placed = {problem.pairs[n].application for n in taken}
    free = [one for one in range(problem.applications) if one not in placed]
    return Programmed(taken, free, most, objective if solved else float(np.inf), dearest)


def _model(problem: Problem, *, counted: bool) -> _Model:
    pairs, rows = len(problem.pairs), problem.applications + len(problem.rooms)
    scale = _scales(problem)
    starts, index, values = [0], [], []
    for pair in problem.pairs:
        index.append(pair.application)
        values.append(1.0)
        for limit, amount in pair.uses:
            index.append(problem.applications + limit)
            values.append(amount / scale[limit])
        if counted:
            index.append(rows)
            values.append(1.0)
        starts.append(len(index))
    lp = highspy.HighsLp()
    lp.num_col_, lp.num_row_ = pairs, rows + counted
    lp.col_cost_, lp.col_lower_, lp.col_upper_ = np.zeros(pairs), np.zeros(pairs), np.ones(pairs)
    rooms = [room / scale[limit] for limit, room in enumerate(problem.rooms)]
    lp.row_upper_ = np.array([1.0] * problem.applications + rooms + [highspy.kHighsInf] * counted)
    lp.row_lower_ = np.array([-highspy.kHighsInf] * rows + [0.0] * counted)
    lp.a_matrix_.format_ = highspy.MatrixFormat.kColwise
    lp.a_matrix_.start_ = np.array(starts, dtype=np.int32)
    lp.a_matrix_.index_ = np.array(index, dtype=np.int32)
    lp.a_matrix_.value_ = np.array(values)
    return _Model(lp, np.array([float(pair.cost_minor) for pair in problem.pairs]))


def _scales(problem: Problem) -> list[float]:
    """Return what each limit is counted in: its largest use, so that the solver sees figures about one."""
    largest = [1] * len(problem.rooms)
    for pair in problem.pairs:
        for limit, amount in pair.uses:
            largest[limit] = max(largest[limit], amount)
    return [float(amount) for amount in largest]


def _at_least(model: _Model, placed: int) -> None:
    """Demand that so many are placed; the count is the last row."""
    lower = np.array(model.lp.row_lower_)
    lower[-1] = placed
    model.lp.row_lower_ = lower


class _Quiet(highspy.Highs):
    """HiGHS without its banner, which it prints while it is made."""

    def __init__(self) -> None:
        super().__init__()  # type: ignore[no-untyped-call]

    def enableCallbacks(self) -> None:  # noqa: N802
        """Turn output off instead: no callback is used here."""
        self.silent()


def _solve(model: _Model, worth: Floats, seconds: int, *, way: str, most: bool = True) -> tuple[Floats, float, bool]:
    """Return the shares of the pairs (none where nothing was found), a bound on the objective, and whether it is best.

    `way`: one of WAYS.
    """
    lp, options = model.lp, WAYS[way]
    lp.col_cost_ = worth
    lp.sense_ = highspy.ObjSense.kMaximize if most else highspy.ObjSense.kMinimize
    whole = way == "whole"
    lp.integrality_ = [highspy.HighsVarType.kInteger] * lp.num_col_ if whole else []
    solver = _Quiet()
    for option, value in {"threads": 1, "random_seed": 0, "time_limit": float(seconds), **options}.items():
        solver.setOptionValue(option, value)
    solver.passModel(lp)
    solver.run()
    info, optimal = solver.getInfo(), solver.getModelStatus() == highspy.HighsModelStatus.kOptimal
    solution = solver.getSolution()
    shares = np.array(solution.col_value) if solution.value_valid else np.zeros(0)
    bound = float(info.mip_dual_bound if whole else info.objective_function_value)
    return shares, bound, optimal
