"""A draft of a mapping by looking at a table: what each column seems to be, and why. A person reads and mends it.

The draft is careful: what looks like an id, a constant, a date, free text, a protected attribute or something known
only after the outcome is left out of the features, each with its reason.
"""

import json
import re
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import polars as pl

from puhui.credit.data.chunk import ROW
from puhui.credit.data.mapping import RESERVED, Mapping, mapping_of
from puhui.credit.data.power import CERTAIN_AUC, NOTABLE_AUC, SUSPECT_AUC, alone_auc, names_the_bad, sounds_afterwards
from puhui.credit.features.forbidden import FORBIDDEN, forbidden_group, forbidden_values
from puhui.kernel.language import Text
from puhui.kernel.refusals import declare

LABEL_MISSING = declare(
    "LABEL_MISSING",
    422,
    "表中没有标签列 {label}。有：{found}。",
    "The table has no column {label} to be the label. It has: {found}.",
)
LABEL_NOT_TWO = declare(
    "LABEL_NOT_TWO",
    422,
    "标签列 {label} 应有好、坏两类值，现有 {found}。请在映射中写明 bad 与 good。",
    "The label {label} must have two values, good and bad; it has {found}. Write bad and good in a mapping.",
)
NOTHING_TO_LEARN = declare(
    "NOTHING_TO_LEARN",
    422,
    "起草后没有可用特征：各列均为编号、常数、日期或自由文字。请写映射。",
    "No column is left to be a feature: all are ids, constants, dates or free text. Write a mapping.",
)

SAMPLE_ROWS = 1 << 18
MISSING_WORDS = (
    "NA",
    "N/A",
    "NaN",
    "nan",
    "NULL",
    "null",
    "None",
    "none",
    "-",
    "--",
    "?",
    "#N/A",
    "无",
    "不详",
    "缺失",
    "未知",
    "空",
)
# Codes that stand for missing where every other value is far from them.
MISSING_NUMBERS = (-1, -9, -99, -999, -9999, -99999, -9998, -9997, 999, 9999, 99999, 999999, 9999999, 99999999, 365243)
ID_WORDS = re.compile(
    r"(?i:(^|[_\W])(id|no|nr|key|index|uuid|guid|code|number)$|^id([_\W]|$))|[a-z](ID|Id|No|Key|Number)$|编号|代号|单号|号码|证号"
)
PERSONAL_WORDS = re.compile(
    r"(^|_)(name|phone|mobile|email|address|id_?card|passport)$|姓名|名称|手机|电话|身份证|住址|邮箱", re.I
)
LABEL_WORDS = re.compile(
    r"^(label|target|class|y|bad|default|isdefault|is_default|flag_bad|badflag|good_bad|outcome|status)$"
    r"|dlqin|default|违约|是否逾期|坏",
    re.I,
)
TIME_WORDS = re.compile(r"apply|applied|application|issue|orig|request|申请|进件|放款|发放", re.I)
BAD_WORDS = (
    "bad",
    "1",
    "1.0",
    "yes",
    "y",
    "true",
    "default",
    "defaulted",
    "charged off",
    "late",
    "是",
    "坏",
    "违约",
    "逾期",
)
GOOD_WORDS = ("good", "0", "0.0", "no", "n", "false", "paid", "fully paid", "current", "否", "好", "正常", "未违约")
DATE_FORMATS = (
    "%Y-%m-%d",
    "%Y/%m/%d",
    "%m/%d/%Y",
    "%d/%m/%Y",
    "%Y%m%d",
    "%d.%m.%Y",
    "%Y年%m月%d日",
    "%Y-%m-%d %H:%M:%S",
)
MOST_LEVELS = 1000
# Distinct values from which a column can say who somebody is.
MOST_TOLD = 20


@dataclass(frozen=True, slots=True)
class Draft:
    """A drafted mapping, and what was noticed on the way."""

    mapping: Mapping
    notes: tuple[Text, ...]
    yaml: str


def draft(frame: pl.DataFrame, name: str, *, label: str = "", files: Sequence[str] = ("*",)) -> Draft:
    """Return a mapping drafted from rows of a table (raw: ROW first, text or typed columns).

    `label` names the column to predict; without it one is looked for. Refuses LABEL_MISSING, LABEL_NOT_TWO,
    NOTHING_TO_LEARN.
    """
    raw = frame.drop(ROW, strict=False).head(SAMPLE_ROWS)
    texts = raw.select(_as_text(column, dtype) for column, dtype in raw.schema.items())
    missing = _words_of_missing(texts)
    texts = texts.select(
        pl.when(pl.col(each).is_in(missing)).then(None).otherwise(pl.col(each)).alias(each) for each in texts.columns
    )
    if label and label not in texts.columns:
        raise LABEL_MISSING.refuse("label", label=label, found=", ".join(texts.columns[:40]))
    chosen = label or _label_of(texts)
    target, outcome = _label(texts[chosen], chosen, asked=bool(label)) if chosen else (None, None)
    looks = {each: _look(texts[each], each, outcome) for each in texts.columns if each != chosen}
    table: dict[str, Any] = {"files": [*files]}
    ids = [each for each, look in looks.items() if look.is_id]
    if ids:
        table["application"] = ids[0]
    times = [
        each
        for each, look in looks.items()
        if look.column["type"] == "date" and TIME_WORDS.search(each) and not texts[each].null_count()
    ]
    if times:
        table["applied_on"] = {"column": times[0], "format": looks[times[0]].column["format"]}
    if target:
        table["label"] = target
    table["missing"] = ["", *missing]
    table["columns"] = {each: look.column for each, look in looks.items() if each not in (*ids[:1], *times[:1])}
    if not any(column.get("role", "feature") == "feature" for column in table["columns"].values()):
        raise NOTHING_TO_LEARN.refuse("columns")
    data = {"name": _plain(name), "title": {"zh": f"{name}（草稿）", "en": f"{name} (draft)"}, "applications": table}
    mapping = mapping_of(data, name)
    notes = tuple(Text(f"{each}：{look.why.zh}", f"{each}: {look.why.en}") for each, look in looks.items() if look.why)
    return Draft(mapping, notes, as_yaml(data, {each: look.why.say() for each, look in looks.items() if look.why}))


def _as_text(name: str, dtype: pl.DataType) -> pl.Expr:
    raw = pl.col(name)
    if dtype == pl.String:
        return raw.str.strip_chars().replace("", None)
    if dtype.is_float():
        return raw.fill_nan(None).cast(pl.String).str.replace(r"\.0$", "")
    if dtype.is_temporal():
        return raw.cast(pl.Datetime("us")).dt.strftime("%Y-%m-%d")
    return raw.cast(pl.String, strict=False)


def _words_of_missing(texts: pl.DataFrame) -> list[str]:
    """Return the words of missing that appear anywhere in the table."""
    there = texts.select(pl.all().is_in([*MISSING_WORDS]).any())
    columns = [name for name in there.columns if there[name][0]]
    if not columns:
        return []
    found = {value for name in columns for value in texts[name].unique().to_list()}
    return [word for word in MISSING_WORDS if word in found]


# --- the label -----------------------------------------------------------------------------------------


def _label_of(texts: pl.DataFrame) -> str:
    """Return the column that looks most like a label: by its name, and two values; "" when none does."""
    found = [name for name in texts.columns if LABEL_WORDS.search(name) and texts[name].drop_nulls().n_unique() == 2]
    return found[0] if found else ""


def _label(values: pl.Series, name: str, asked: bool) -> tuple[dict[str, Any] | None, pl.Series | None]:
    """Return the label's entry of the mapping, and 1/0 for each row of the sample."""
    counts = values.drop_nulls().value_counts(sort=True)
    levels = counts[name].to_list()
    if len(levels) != 2:
        if not asked:
            return None, None
        found = ", ".join(levels[:6]) + (" ..." if len(levels) > 6 else "")
        raise LABEL_NOT_TWO.refuse("label", label=name, found=f"{len(levels)}: {found}")
    bad = next((each for each in levels if each.lower() in BAD_WORDS), None)
    good = next((each for each in levels if each.lower() in GOOD_WORDS and each != bad), None)
    if good is not None and bad is None:
        bad = next(each for each in levels if each != good)
    if bad is None or (bad == "1" and good is None):
        # 1 and 2, A and B: nobody says which is bad. The rarer one is, nearly always.
        bad = levels[1]
    good = next(each for each in levels if each != bad)
    return {"column": name, "bad": [bad], "good": [good]}, (values == bad).cast(pl.Int8)


# --- one column ----------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class _Look:
    column: dict[str, Any]
    why: Text | None = None
    is_id: bool = False


def _look(values: pl.Series, name: str, outcome: pl.Series | None) -> _Look:
    """Return what a column seems to be."""
    known = values.drop_nulls()
    column = _typed(known)
    if name in RESERVED:
        column["as"] = f"{name}_given"
    left_out = _not_a_feature(known, name, column, sparse=0 < known.len() < values.len())
    if left_out is not None:
        return left_out
    if outcome is None:
        return _Look(column)
    numbers = values.cast(pl.Float64, strict=False) if column["type"] == "number" else values
    power = alone_auc(numbers, outcome)
    if names_the_bad(values, outcome):
        return _Look(
            {**column, "role": "leak"}, Text("有的值只有坏样本才有，等于标签", "has values that only the bad have")
        )
    if power >= CERTAIN_AUC or (power >= SUSPECT_AUC and sounds_afterwards(name)):
        why = Text(
            f"单独即可判定标签（AUC {power:.3f}），像是事后才知",
            f"tells the label alone (AUC {power:.3f}): known only afterwards?",
        )
        return _Look({**column, "role": "leak"}, why)
    if power >= SUSPECT_AUC or (power >= NOTABLE_AUC and sounds_afterwards(name)):
        why = Text(
            f"请确认决策时已知（单列 AUC {power:.3f}）",
            f"make sure it is known at the decision (AUC alone {power:.3f})",
        )
        return _Look(column, why)
    return _Look(column, _code_note(column))


def _code_note(column: dict[str, Any]) -> Text | None:
    codes = ", ".join(map(str, column.get("missing", ())))
    return Text(f"把 {codes} 当作缺失", f"takes {codes} for missing") if codes else None


def _not_a_feature(known: pl.Series, name: str, column: dict[str, Any], *, sparse: bool) -> _Look | None:
    """Return why a column is no feature, None when it may be one; a single value tells where others are missing."""
    levels = known.n_unique()
    group = forbidden_group(name) or (forbidden_values(known.unique().to_list()) if levels <= MOST_TOLD else None)
    if group:
        told = FORBIDDEN[group].name
        return _Look(
            {**column, "role": "protected"}, Text(f"涉及{told.zh}，绝不作特征", f"tells of {told.en}: never a feature")
        )
    if PERSONAL_WORDS.search(name) and levels > MOST_TOLD:
        return _Look({**column, "role": "personal"}, Text("个人身份信息", "says who the person is"))
    if levels <= 1 and not sparse:
        return _Look({**column, "role": "left_out"}, Text("常数或全空", "constant or empty"))
    if column["type"] == "date":
        return _Look({**column, "role": "left_out"}, Text("日期本身不作特征", "a date is no feature by itself"))
    unique = levels == known.len() and levels > 20
    named = bool(ID_WORDS.search(name)) and levels > MOST_TOLD and 2 * levels > known.len()
    if named or (unique and _is_sequence(known)):
        return _Look({**column, "type": "category", "role": "left_out"}, Text("编号", "an id"), is_id=unique)
    if column["type"] == "category" and (unique or levels > MOST_LEVELS):
        return _Look({**column, "role": "left_out"}, Text(f"{levels:,} 个不同文字值", f"{levels:,} different texts"))
    return None


def _is_sequence(known: pl.Series) -> bool:
    """Return whether whole numbers go up row by row with hardly a gap: a row number by any name."""
    numbers = known.cast(pl.Int64, strict=False)
    if numbers.null_count() or numbers.len() < 20:
        return False
    steps = numbers.diff().drop_nulls()
    return bool((steps > 0).all()) and float(steps.median() or 0) <= 2  # type: ignore[arg-type]


def _typed(known: pl.Series) -> dict[str, Any]:
    """Return the type, with codes of missing that are numbers or rare words."""
    sample = known.head(20_000)
    for pattern in DATE_FORMATS:
        if sample.len() and _are_dates(sample, pattern):
            return {"type": "date", "format": pattern}
    numbers = known.cast(pl.Float64, strict=False)
    finite = numbers.is_finite().fill_null(False)
    strange = known.filter(~finite)
    if not known.len() or (strange.len() * 50 <= known.len() and strange.n_unique() <= 5):
        codes = [*strange.unique().sort().to_list(), *_numeric_codes(numbers.filter(finite))]
        return {"type": "number", **({"missing": codes} if codes else {})}
    shares = (
        known.str.ends_with("%").all()
        and known.str.strip_chars_end("%").cast(pl.Float64, strict=False).null_count() == 0
    )
    if shares:
        return {"type": "number", "unit": "%", "strip": ["%"]}
    return {"type": "category"}


def _are_dates(sample: pl.Series, pattern: str) -> bool:
    if pattern == "%Y%m%d" and not sample.str.contains(r"^(19|20)\d{6}$").all():
        return False
    made = (
        sample.str.to_datetime(pattern, strict=False) if "%H" in pattern else sample.str.to_date(pattern, strict=False)
    )
    return made.null_count() == 0


def _numeric_codes(numbers: pl.Series) -> list[int]:
    """Return the codes of missing among numbers: far beyond all others, or the only one below zero."""
    found = []
    for code in MISSING_NUMBERS:
        others = numbers.filter(numbers != code)
        if others.len() == numbers.len() or not others.len():
            continue
        least, most = float(others.min()), float(others.max())  # type: ignore[arg-type]
        alone_below = code < 0 <= least
        far_above = code > 0 and code >= 900 and code > 4 * max(abs(most), 1) and others.len() >= 20
        if alone_below or far_above:
            found.append(code)
    return found


# --- YAML ----------------------------------------------------------------------------------------------


def as_yaml(data: dict[str, Any], why: dict[str, str]) -> str:
    """Return a mapping as YAML, a line for each column, with what was noticed as comments."""
    table = data["applications"]
    lines = [f"name: {data['name']}", f"title: {_flow(data['title'])}", "applications:"]
    lines += [f"  {key}: {_flow(value)}" for key, value in table.items() if key != "columns"]
    lines.append("  columns:")
    for name, column in table["columns"].items():
        if name in why:
            lines.append(f"    # {' '.join(why[name].split())}")
        lines.append(f"    {_flow(name)}: {_flow(column)}")
    return "\n".join(lines) + "\n"


def _flow(value: Any) -> str:
    """Return JSON, which is YAML too."""
    return json.dumps(value, ensure_ascii=False)


def _plain(name: str) -> str:
    plain = re.sub(r"[^a-z0-9]+", "_", name.lower()).strip("_")
    return plain[:60] or "table"
