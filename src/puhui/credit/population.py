"""Score and policy for a whole population, as columns; each row is what the online way answers for that applicant.

Online: `score_of` one applicant, then `PolicyEngine.decide` on the facts and the PD. Here: the same model and the
same graph over columns, a slice after the other, so that memory does not grow with the population.
"""

from typing import Final

import numpy as np
import polars as pl

from puhui.credit.models import Model
from puhui.credit.policy.columns import PolicyColumns
from puhui.kernel.rates import PPM

# Rows at a time: the columns of a slice stay near the processor.
SLICE: Final = 100_000
_SPOKE: Final = ("outcome", "hit_bits", "open_bits", "no_answer")


def decide_population(people: pl.DataFrame, model: Model, policy: PolicyColumns) -> pl.DataFrame:
    """Return one row an applicant, in their order: `outcome`, `pd_ppm`, `points`, `reasons`, what rules said, values.

    people: the model's features and what the policy reads besides `pd_ppm`, which comes from the model. points: null
    where the model has none. reasons: codes, those that decided. hit_bits, open_bits and the values (grade, shares)
    are those of `PolicyColumns.decide`. Refuses TABLE_LACKS, POLICY_INPUT.
    """
    return pl.concat(
        _decide(part, model, policy) for part in (people.iter_slices(SLICE) if people.height else [people])
    )


def _decide(people: pl.DataFrame, model: Model, policy: PolicyColumns) -> pl.DataFrame:
    scored = people.with_columns(pl.Series("pd_ppm", np.rint(model.pd(people) * PPM).astype(np.int64)))
    answers = policy.decide(scored)
    points = getattr(model, "points", None)
    return answers.select(
        "outcome",
        scored["pd_ppm"],
        pl.lit(None if points is None else pl.Series(points(people)), dtype=pl.Int64).alias("points"),
        _reasons(scored, answers, policy),
        "hit_bits",
        "open_bits",
        *(name for name in policy.graph.values if name != "pd_ppm"),
    )


def _reasons(people: pl.DataFrame, answers: pl.DataFrame, policy: PolicyColumns) -> pl.Series:
    """Return the codes that decided: whole decisions for one applicant of each way the rules spoke, for all alike."""
    first = answers.select(_SPOKE).with_row_index("row").unique(_SPOKE, keep="first", maintain_order=True)
    decisions = policy.decisions(people[first["row"]], answers[first["row"]])
    said = pl.Series("reasons", [list(each.reasons) for each in decisions], dtype=pl.List(pl.String))
    return answers.join(first.with_columns(said), on=_SPOKE, how="left", maintain_order="left")["reasons"]
