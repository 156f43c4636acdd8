"""From events to features: the same code for a whole population and for one party.

    features_of(events, as_of)              a frame, one row a party
    features_of_party(events, party, as_of) one row as a dict: the online use, on the party's slice

Every measure is a sum, count or extreme of whole numbers, so that the answer for a party is the same in both, to the
last bit (a test says so).
"""

from collections.abc import Iterable, Mapping
from typing import Any, Final, Literal

import polars as pl

from puhui.credit.events import tidy
from puhui.credit.features.catalogue import chosen
from puhui.credit.features.feature import Feature
from puhui.credit.features.formulas import Measure
from puhui.credit.features.known import AsOf, known, moments
from puhui.credit.features.streams import STREAMS, TABLES, Table

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
    events: pl.LazyFrame | pl.DataFrame, party: str, as_of: AsOf, names: Iterable[str] | None = None
) -> dict[str, Any]:
    """Return the features of one party by name; all null where nothing of it is known."""
    found = features_of(events.lazy().filter(pl.col("party") == party), as_of, names)
    if found.is_empty():
        return dict.fromkeys(chosen(names))
    row = found.row(0, named=True)
    del row["party"]
    return row


def _measured(seen: pl.DataFrame, parties: pl.DataFrame, features: Mapping[str, Feature]) -> pl.DataFrame:
    wanted = {key: each for feature in features.values() for key, each in feature.formula.measures.items()}
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
        .select(feature.formula.value.cast(feature.dtype).alias(feature.name) for feature in family)
        for family in families.values()
    ]


def _by_table(measures: Mapping[str, Measure]) -> dict[tuple[str, Table], dict[str, Measure]]:
    grouped: dict[tuple[str, Table], dict[str, Measure]] = {}
    for key, each in measures.items():
        grouped.setdefault((each.stream, each.table), {})[key] = each
    return grouped


def _plan(rows: pl.LazyFrame, stream: str, table: Table, measures: Mapping[str, Measure]) -> pl.LazyFrame:
    small = TABLES[table](rows, STREAMS[stream])
    return small.group_by("party").agg(each.value.alias(key) for key, each in measures.items())
