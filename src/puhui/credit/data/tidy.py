"""From a raw chunk to typed rows: each row is either in the tidy table or set aside with its reasons."""

from collections.abc import Iterable
from dataclasses import dataclass, field, replace
from datetime import date

import polars as pl

from puhui.credit.data.chunk import BAD_SCHEMA, ROW, RawChunk
from puhui.credit.data.mapping import Applications, Column, Events, Label, When
from puhui.credit.data.seen import Seen
from puhui.credit.data.types import LAST_DAY, Cell, Typed, clean, in_minor_units, typed
from puhui.credit.events import SCHEMA, as_instants, row_rules
from puhui.credit.features.forbidden import refuse_forbidden
from puhui.kernel.refusals import declare

COLUMNS_MISSING = declare(
    "COLUMNS_MISSING",
    422,
    "文件 {file} 缺少映射所写的列：{missing}。文件有：{found}。请改映射或换文件。",
    "The file {file} lacks columns that the mapping names: {missing}. It has: {found}. Mend the mapping or the file.",
)
# Roles whose columns stay beside the features in the tidy table; the others are left out.
KEPT = ("feature", "group", "protected")
# So many rows, with so few distinct values, are looked at for what a column tells of a person.
TELLING_ROWS = 10_000
MOST_TELLING = 60


@dataclass(frozen=True, slots=True)
class Tidy:
    """Typed rows, and the rows set aside: ROW, code, column, value; a row may have several reasons."""

    frame: pl.DataFrame
    bad: pl.DataFrame


@dataclass(frozen=True, slots=True)
class Plan:
    """What one table of one file becomes: typed columns by tidy name, and the raw column each comes from."""

    columns: dict[str, Typed]
    origins: dict[str, str]
    # The tidy column that must be there and be there once, or "".
    unique: str = ""
    # Rules on the row as a whole: code -> where it is broken.
    rules: dict[str, pl.Expr] = field(default_factory=dict)


def plan_of(table: Applications | Events, chunk: RawChunk, latest_on: date = LAST_DAY) -> Plan:
    """Return how chunks like this one become tidy; refuse COLUMNS_MISSING."""
    schema = {name: dtype for name, dtype in chunk.frame.schema.items() if name != ROW}
    source = _Source(chunk.file, chunk.frame, schema, _codes(table.missing), latest_on)
    return _events_plan(table, source) if isinstance(table, Events) else _applications_plan(table, source)


def tidy(chunk: RawChunk, plan: Plan, seen: Seen) -> Tidy:
    """Return the chunk typed, and what was set aside. Rows in are rows out and rows set aside.

    `seen` holds the ids of earlier chunks: a row whose id was there before is set aside.
    """
    made = _staged(chunk.frame.lazy(), plan).select(ROW, _wrong(plan), *_values(plan)).collect()
    reasons: list[pl.DataFrame] = []
    if made["__wrong"].any():
        # Reasons are told apart only for the rows that fail.
        reasons = _reasons(_staged(chunk.frame.filter(made["__wrong"]).lazy(), plan).collect(), plan)
    frame = made.filter(~pl.col("__wrong")).drop("__wrong")
    for code, broken in plan.rules.items():
        failing = frame.filter(broken.fill_null(value=True))
        if failing.height:
            reasons.append(_as_bad(failing[ROW], code, "", pl.Series([""] * failing.height)))
            frame = frame.filter(~broken.fill_null(value=True))
    if plan.unique and frame.height:
        again = seen.again(frame[plan.unique])
        if again.any():
            twice = frame.filter(again)
            reasons.append(_as_bad(twice[ROW], "id_twice", plan.origins[plan.unique], twice[plan.unique]))
            frame = frame.filter(~again)
    return Tidy(frame, pl.concat([chunk.bad, *reasons]) if reasons else chunk.bad)


def _staged(rows: pl.LazyFrame, plan: Plan) -> pl.LazyFrame:
    """Return raw rows with the texts, the numbers, then the values of the planned columns beside them."""
    columns = plan.columns.items()
    return (
        rows.with_columns(made.text.alias(f"t:{name}") for name, made in columns if made.text is not None)
        .with_columns(made.number.alias(f"n:{name}") for name, made in columns if made.number is not None)
        .with_columns(made.value.alias(f"v:{name}") for name, made in columns)
    )


def _wrong(plan: Plan) -> pl.Expr:
    failing = []
    for made in plan.columns.values():
        failing += [made.wrong] if made.wrong is not None else [expr for _, expr in made.checks]
    if not failing:
        return pl.lit(value=False).alias("__wrong")
    return pl.any_horizontal(
        expr.fill_null(value=False).alias(f"w:{place}") for place, expr in enumerate(failing)
    ).alias("__wrong")


def _values(plan: Plan) -> Iterable[pl.Expr]:
    return (pl.col(f"v:{name}").alias(name) for name in plan.columns)


def _reasons(rows: pl.DataFrame, plan: Plan) -> list[pl.DataFrame]:
    found = []
    for name, made in plan.columns.items():
        origin = plan.origins[name]
        for code, expr in made.checks:
            failing = rows.filter(expr.fill_null(value=False))
            if failing.height:
                value = failing[origin] if origin in failing.columns else pl.Series([""] * failing.height)
                found.append(_as_bad(failing[ROW], code, origin, value))
    assert sum(frame.height for frame in found) >= rows.height, "a row is set aside without a reason"
    return found


def _as_bad(rows: pl.Series, code: str, column: str, value: pl.Series) -> pl.DataFrame:
    frame = pl.DataFrame({ROW: rows.cast(pl.Int64), "value": value.cast(pl.String).str.slice(0, 80)})
    return frame.select(
        ROW, pl.lit(code).alias("code"), pl.lit(column).alias("column"), pl.col("value").fill_null("")
    ).cast(BAD_SCHEMA)


# --- what a table becomes ------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class _Source:
    file: str
    frame: pl.DataFrame
    schema: dict[str, pl.DataType]
    missing: tuple[str, ...]
    latest_on: date

    def cell(self, name: str, out: str) -> Cell:
        return Cell(name, out, self.schema[name], self.missing, self.latest_on)

    def require(self, names: Iterable[str]) -> None:
        missing = [name for name in names if name not in self.schema]
        if missing:
            found = ", ".join([*self.schema][:40])
            raise COLUMNS_MISSING.refuse(*missing[:20], file=self.file, missing=", ".join(missing[:20]), found=found)


def _codes(missing: Iterable[str | int]) -> tuple[str, ...]:
    return tuple(map(str, missing))


def columns_needed(table: Applications | Events) -> list[str]:
    """Return the names of the file's columns that a table reads, those it must have first."""
    if isinstance(table, Events):
        named = [table.party, table.amount, table.at.column, table.kind_column, table.status_column]
        named += [table.counterparty, table.recorded_at.column if table.recorded_at else None]
        return list(dict.fromkeys(name for name in named if name is not None))
    named = [table.application, table.party, table.applied_on.column if table.applied_on else None]
    kept = [name for name, column in table.columns.items() if column.role in KEPT]
    label = [table.label.column] if table.label else []
    return list(dict.fromkeys([*(name for name in named if name is not None), *kept, *label]))


def _applications_plan(table: Applications, source: _Source) -> Plan:
    labelled = table.label is not None and table.label.column in source.schema
    needed = columns_needed(table)
    source.require(name for name in needed if labelled or table.label is None or name != table.label.column)
    _refuse_telling(table, source)
    columns: dict[str, Typed] = {}
    origins: dict[str, str] = {}
    columns["application"], origins["application"] = _application(source, table), table.application or ROW
    if table.party:
        columns["party"], origins["party"] = _id(source, table.party, "party"), table.party
    else:
        columns["party"], origins["party"] = own_party(columns["application"], table), origins["application"]
    if table.applied_on is not None:
        when = Column(type="date", format=table.applied_on.format, required=True)
        columns["applied_on"] = typed(source.cell(table.applied_on.column, "applied_on"), when)
        origins["applied_on"] = table.applied_on.column
    if table.label is not None:
        origins["label"] = table.label.column
        columns["label"] = _label(source, table.label) if labelled else Typed(pl.lit(None, dtype=pl.Int8))
    for name, column in table.columns.items():
        if column.role in KEPT:
            tidy_name = column.name or name
            columns[tidy_name], origins[tidy_name] = typed(source.cell(name, tidy_name), column), name
    return Plan(columns, origins, "application" if table.application else "")


def _refuse_telling(table: Applications, source: _Source) -> None:
    """Refuse FEATURE_FORBIDDEN for a feature whose values tell of sex, ethnicity or belief, whatever its name."""
    for name, column in table.columns.items():
        if column.role == "feature" and column.type == "category":
            values = source.frame[name].head(TELLING_ROWS).unique()
            if values.len() <= MOST_TELLING:
                refuse_forbidden([name], {name: values.to_list()})


def _application(source: _Source, table: Applications) -> Typed:
    if table.application is None:
        # Of several files each row is told apart by its file's name.
        return Typed(pl.format("{}#{}", pl.lit(source.file), pl.col(ROW)))
    return _id(source, table.application, "application")


def own_party(application: Typed, table: Applications) -> Typed:
    """Return the party of an application that is its own party."""
    return Typed(pl.col("t:application") if table.application else application.value)


def _id(source: _Source, name: str, out: str) -> Typed:
    cell = source.cell(name, out)
    return typed(cell, Column(type="category")).with_check("id_missing", cell.text.is_null())


def _label(source: _Source, label: Label) -> Typed:
    cell = source.cell(label.column, "label")
    if label.number:
        made = typed(cell, Column())
    elif label.bad_above is not None:
        made = replace(typed(cell, Column()), value=(cell.number > label.bad_above).cast(pl.Int8))
    else:
        # Values that are not `bad` are good only where `good` says so: what is unknown is neither.
        yes, no = cell.text.is_in([*map(str, label.bad)]), cell.text.is_in([*map(str, label.good)])
        value = pl.when(yes).then(1).when(no).then(0).otherwise(None).cast(pl.Int8)
        unknown = cell.text.is_not_null() & cell.value.is_null()
        made = Typed(value, (("label", unknown),), text=clean(cell, Column()))
    if not label.required:
        return made
    return made.with_check("label_missing", (cell.value if made.text is None else cell.text).is_null())


def _events_plan(table: Events, source: _Source) -> Plan:
    """Return how rows become events, by the columns and the rules of `credit.events`."""
    source.require(columns_needed(table))
    amount = source.cell(table.amount, "amount_minor")
    amounts = typed(amount, Column(required=True))
    signed = (-100 if table.unit == "yuan" else -1) if table.outgoing else (100 if table.unit == "yuan" else 1)
    at = _instant(source, table.at, "at")
    known = (
        _instant(source, table.recorded_at, "recorded_at") if table.recorded_at else Typed(as_instants(pl.col("n:at")))
    )
    columns = {
        "party": _id(source, table.party, "party"),
        "kind": _kind(source, table),
        "amount_minor": in_minor_units(amount, amounts, signed),
        "at": at,
        "recorded_at": known,
        "counterparty": _text(source, table.counterparty),
        "source": Typed(pl.lit(table.source)),
        "consent": Typed(pl.lit(table.consent)),
        "status": _status(source, table),
        "late_days": Typed(pl.lit(None, dtype=pl.Int32)),
        "area_m2": Typed(pl.lit(None, dtype=pl.Int64)),
    }
    assert tuple(columns) == tuple(SCHEMA)
    origins = {
        "party": table.party,
        "kind": table.kind_column or "",
        "amount_minor": table.amount,
        "at": table.at.column,
        "recorded_at": table.recorded_at.column if table.recorded_at else "",
        "counterparty": table.counterparty or "",
        "status": table.status_column or "",
    }
    rules = {f"event_{name}": broken for name, (broken, _) in row_rules().items()}
    return Plan(columns, {name: origins.get(name, "") for name in columns}, rules=rules)


def _instant(source: _Source, when: When, out: str) -> Typed:
    cell = source.cell(when.column, out)
    day = typed(cell, Column(type="date", format=when.format, required=True))
    return replace(day, value=as_instants(day.value))


def _status(source: _Source, table: Events) -> Typed:
    if table.status_column is None:
        return Typed(pl.lit(None, dtype=pl.String))
    cell = source.cell(table.status_column, "status")
    value = cell.text.replace_strict(table.statuses, default=None, return_dtype=pl.String)
    unknown = cell.text.is_not_null() & ~cell.text.is_in([*table.statuses])
    return replace(typed(cell, Column(type="category")), value=value).with_check("not_known_kind", unknown)


def _kind(source: _Source, table: Events) -> Typed:
    if table.kind_column is None:
        return Typed(pl.lit(table.kind))
    cell = source.cell(table.kind_column, "kind")
    value = cell.text.replace_strict(table.kinds, default=None, return_dtype=pl.String)
    unknown = cell.text.is_not_null() & cell.value.is_null()
    text = typed(cell, Column(type="category", required=True))
    return replace(text, value=value).with_check("not_known_kind", unknown)


def _text(source: _Source, name: str | None) -> Typed:
    if name is None:
        return Typed(pl.lit(None, dtype=pl.String))
    return typed(source.cell(name, "counterparty"), Column(type="category"))
