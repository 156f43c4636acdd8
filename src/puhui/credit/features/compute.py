"""From events to features: one definition, for a whole population and for one party.

    features_of(events, as_of)              a frame, one row a party, by Polars
    features_of_party(events, party, as_of) one row as a dict, on the party's slice: the same formulas, by `plan`

Every measure is a sum, count or extreme of whole numbers, so that the answer for a party is the same in both, to the
last bit (a test says so).
"""

from collections.abc import Iterable, Mapping
from functools import lru_cache
from pathlib import Path
from typing import Any, Final, Literal, NamedTuple, cast

import polars as pl

from puhui.credit.events import SCHEMA, tidy
from puhui.credit.features.catalogue import chosen
from puhui.credit.features.feature import Feature
from puhui.credit.features.formulas import Measure
from puhui.credit.features.known import AsOf, Moment, known, known_rows, moments, rows_of
from puhui.credit.features.plan import Plan
from puhui.credit.features.rows import Rows
from puhui.credit.features.streams import STREAMS, TABLES, Table
from puhui.kernel.home import home

# What formulas read of an event; below so many rows starting the streaming engine costs more than it gains.
_READ: Final = (
    *("party", "kind", "amount_minor", "at", "recorded_at", "counterparty", "status", "late_days", "area_m2"),
    *("age_days", "month"),
)
SMALL: Final = 50_000
# Made once: a literal of a type costs more than to work out most formulas of one party.
_NULLS: Final[Mapping[pl.DataType, pl.Expr]] = {
    dtype: pl.lit(None, dtype=dtype) for dtype in (pl.Int64(), pl.Float64())
}


class _Online(NamedTuple):
    """By the kinds of a stream its tables, each with the keys of its measures; then the formulas, and their names."""

    plans: Mapping[frozenset[str], list[tuple[list[str], Plan]]]
    formulas: Plan
    names: list[str]


def features_of(
    events: pl.LazyFrame | pl.DataFrame, as_of: AsOf, names: Iterable[str] | None = None, purpose: str = "credit"
) -> pl.DataFrame:
    """Return the features of every party, sorted by party, as known at `as_of`.

    Parties are those with an event known then; with a frame of instants, those of the frame. What is not known is
    null. names: which features, all by default. Refuses EVENTS_COLUMNS_WRONG and INPUT_INVALID.
    """
    features = chosen(names)
    seen = known(tidy(events.lazy()), as_of, purpose).select(_READ).collect(engine="streaming")
    parties = (seen if not isinstance(as_of, pl.DataFrame) else moments(as_of)).select(pl.col("party").unique().sort())
    return _measured(seen, parties, features)


def features_of_party(
    events: pl.LazyFrame | pl.DataFrame, party: str, as_of: Moment, names: Iterable[str] | None = None
) -> dict[str, Any]:
    """Return the features of one party by name, as `features_of` has them; all null where nothing of it is known.

    It takes a millisecond or two for thirty features of two hundred events.
    """
    plans, formulas, wanted = _online(None if names is None else tuple(names), home())
    whole = events.collect() if isinstance(events, pl.LazyFrame) else events
    rows = rows_of(whole if whole.schema == SCHEMA else tidy(whole.lazy()).collect())
    seen = known_rows(rows.where([each == party for each in rows["party"]]), as_of)
    measured: dict[str, Any] = {}
    there = set(seen["kind"])
    for kinds, tables in plans.items():
        if kinds.isdisjoint(there):
            continue
        told = seen.where([kind in kinds for kind in seen["kind"]])
        for keys, plan in tables:
            found = plan.of(told)
            if found.height:
                measured.update({key: found[key][0] for key in keys})
    row = formulas.of(Rows(1, lambda key: [measured.get(key)]))
    return {name: row[name][0] for name in wanted}


@lru_cache(maxsize=64)
def _online(names: tuple[str, ...] | None, _folder: Path) -> _Online:
    """Return how features are worked out for one party; the folder of the user's own tiers is what plans hang on."""
    features = chosen(names)
    plans: dict[frozenset[str], list[tuple[list[str], Plan]]] = {}
    for (stream, table), measures in _by_table(_measures(features)).items():
        plan = cast(Plan, _plan(cast(pl.LazyFrame, Plan()), stream, table, measures))
        plans.setdefault(frozenset(STREAMS[stream].kinds), []).append((list(measures), plan))
    return _Online(plans, Plan().select(_column(feature) for feature in features.values()), list(features))


def _measured(seen: pl.DataFrame, parties: pl.DataFrame, features: Mapping[str, Feature]) -> pl.DataFrame:
    wanted = _measures(features)
    parts = seen.partition_by("kind", as_dict=True, include_key=False)
    by_kind = {str(kind): part for (kind,), part in parts.items()}
    engine: Literal["in-memory", "streaming"] = "streaming" if seen.height > SMALL else "in-memory"
    del seen, parts
    plans, absent = [], set[str]()
    for (stream, table), measures in _by_table(wanted).items():
        rows = [by_kind[kind] for kind in STREAMS[stream].kinds if kind in by_kind]
        if rows:
            plans.append(_plan(pl.concat(rows).lazy(), stream, table, measures))
        else:
            absent.update(measures)
    whole = parties.lazy()
    for frame in pl.collect_all(plans, engine=engine):
        whole = whole.join(frame.lazy(), on="party", how="left", maintain_order="left")
    measured = whole.with_columns(_NULLS[pl.Int64()].alias(key) for key in absent).collect()
    # A formula on nothing is null (a test says so), so that it is not worked out.
    worked = {name: each for name, each in features.items() if not each.formula.measures.keys() <= absent}
    columns = [measured.select("party"), *pl.collect_all(_by_family(measured, worked), engine="in-memory")]
    return pl.concat(columns, how="horizontal").select(
        "party",
        *(pl.col(name) if name in worked else _NULLS[each.dtype].alias(name) for name, each in features.items()),
    )


def _by_family(measured: pl.DataFrame, features: Mapping[str, Feature]) -> list[pl.LazyFrame]:
    """Return the features a family at a time, each on the few columns it needs: planning costs by width."""
    families: dict[str, list[Feature]] = {}
    for feature in features.values():
        families.setdefault(feature.family, []).append(feature)
    return [
        measured.select(sorted({key for feature in family for key in feature.formula.measures}))
        .lazy()
        .select(_column(feature) for feature in family)
        for family in families.values()
    ]


def _column(feature: Feature) -> pl.Expr:
    return feature.formula.value.cast(feature.dtype).alias(feature.name)


def _measures(features: Mapping[str, Feature]) -> dict[str, Measure]:
    return {key: each for feature in features.values() for key, each in feature.formula.measures.items()}


def _by_table(measures: Mapping[str, Measure]) -> dict[tuple[str, Table], dict[str, Measure]]:
    grouped: dict[tuple[str, Table], dict[str, Measure]] = {}
    for key, each in measures.items():
        grouped.setdefault((each.stream, each.table), {})[key] = each
    return grouped


def _plan(rows: pl.LazyFrame, stream: str, table: Table, measures: Mapping[str, Measure]) -> pl.LazyFrame:
    small = TABLES[table](rows, STREAMS[stream])
    return small.group_by("party").agg(each.value.alias(key) for key, each in measures.items())
