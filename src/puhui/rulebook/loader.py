"""From YAML to a checked, compiled rulebook. A rule without source or dates, or with an unknown word, is refused."""

import calendar
from collections.abc import Iterable, Mapping
from datetime import date
from functools import lru_cache
from pathlib import Path
from typing import Any, NamedTuple

from puhui.kernel.inputs import parse
from puhui.kernel.language import Text
from puhui.kernel.refusals import Refusal, declare
from puhui.rulebook.book import Comparison, CompiledRule, Demand, Rulebook
from puhui.rulebook.files import read_yaml
from puhui.rulebook.limits import (
    DatedLimit,
    FactLimit,
    SeriesLimit,
    SeriesMultiple,
    StepsLimit,
    kind_of,
    resolver,
)
from puhui.rulebook.metrics import Metric, metrics
from puhui.rulebook.operators import OPERATORS
from puhui.rulebook.rule import Check, Condition, Heading, Rule
from puhui.rulebook.series import Series, SeriesFile, compile_series
from puhui.rulebook.vocabulary import GROUPS, ISSUERS, LENDERS, MOMENTS, PRODUCTS, expand_lenders

RULES_FOLDER = Path(__file__).parent / "rules"
SERIES_FILE = Path(__file__).parent / "series.yaml"

RULE_INVALID = declare("RULE_INVALID", 422, "规则 {rule} 有误：{problem}。", "Rule {rule} is wrong: {problem}.")
RULE_WITHOUT_SOURCE = declare(
    "RULE_WITHOUT_SOURCE",
    422,
    "规则 {rule} 没有出处：请写明 {lacks}。",
    "Rule {rule} has no source: give {lacks}.",
)
RULE_WITHOUT_DATES = declare(
    "RULE_WITHOUT_DATES",
    422,
    "规则 {rule} 没有生效日期：请写 effective_from，确实不知则写 dates_unknown 及原因。",
    "Rule {rule} has no dates: give effective_from or, where truly unknown, dates_unknown with the reason.",
)


@lru_cache(maxsize=1)
def default_rulebook() -> Rulebook:
    """Return the rulebook that comes with the program, read once."""
    return load_rulebook()


def load_rulebook(folder: Path = RULES_FOLDER, series_file: Path = SERIES_FILE) -> Rulebook:
    """Return the rulebook of a folder of `*.yaml`, one subject a file; refuse what is wrong, naming the rule."""
    series = _load_series(series_file)
    headings = [_read_file(path) for path in sorted(folder.glob("*.yaml"))]
    headings.sort(key=lambda heading: heading.order)
    rules: dict[str, CompiledRule] = {}
    for heading in headings:
        for item in heading.items:
            rule = compile_rule(item, heading.subject, series)
            if rule.id in rules:
                raise _invalid(rule.id, "id", "编号重复", "used twice")
            rules[rule.id] = rule
    _check_supersedes(rules)
    subjects = {heading.subject: heading.title for heading in headings}
    return Rulebook(rules, subjects, series, {moment: _of_moment(moment, rules) for moment in MOMENTS})


class _File(NamedTuple):
    subject: str
    order: int
    title: Text
    items: list[Any]


def _read_file(path: Path) -> _File:
    data = read_yaml(path)
    if not isinstance(data, dict) or not isinstance(data.get("rules"), list):
        problem = Text("缺少 rules 列表", "it has no list of rules")
        raise RULE_INVALID.refuse(path.name, rule=path.name, problem=problem)
    items = data.pop("rules")
    heading = parse(Heading, data, path.name)
    if heading.subject != path.stem:
        raise _invalid(path.name, "subject", f"应为 {path.stem}", f"must be {path.stem}, as the file")
    return _File(heading.subject, heading.order, Text(heading.title.zh, heading.title.en), items)


def _of_moment(moment: str, rules: Mapping[str, CompiledRule]) -> tuple[CompiledRule, ...]:
    return tuple(rule for rule in rules.values() if moment in rule.record.moments)


def _load_series(path: Path) -> dict[str, Series]:
    file = parse(SeriesFile, read_yaml(path), path.name)
    for code, record in file.series.items():
        _known((record.issuer,), ISSUERS, code, "issuer")
        days = [value.since for value in record.values]
        if sorted(set(days)) != days:
            raise _invalid(code, "values", "日期必须逐个递增", "its days must increase")
    return {code: compile_series(code, record) for code, record in file.series.items()}


def _check_supersedes(rules: Mapping[str, CompiledRule]) -> None:
    for rule in rules.values():
        _known(rule.supersedes, rules, rule.id, "supersedes")
        if rule.id in rule.supersedes:
            raise _invalid(rule.id, "supersedes", "不能替代自己", "it supersedes itself")


def _invalid(rule: str, field: str, zh: str, en: str) -> Refusal:
    return RULE_INVALID.refuse(f"{rule}.{field}", rule=rule, problem=Text(f"{field} {zh}", f"{field}: {en}"))


def _known(codes: Iterable[str], known: Iterable[str], rule: str, field: str) -> None:
    for code in sorted(set(codes) - set(known)):
        raise _invalid(rule, field, f"中 {code} 不在词表里", f"{code} is not in the vocabulary")


def compile_rule(data: object, subject: str, series: Mapping[str, Series]) -> CompiledRule:
    """Return one rule of parsed YAML, checked and compiled; refuse what is wrong, naming the rule."""
    raw: Mapping[str, Any] = data if isinstance(data, Mapping) else {}
    name = str(raw.get("id") or f"{subject}.?")
    if not raw.get("source"):
        raise RULE_WITHOUT_SOURCE.refuse(f"{name}.source", rule=name, lacks="source")
    if not raw.get("effective_from") and not raw.get("dates_unknown"):
        raise RULE_WITHOUT_DATES.refuse(f"{name}.effective_from", rule=name)
    record = parse(Rule, data, name)
    if record.confidence != "memory-unverified" and not record.source.urls:
        raise RULE_WITHOUT_SOURCE.refuse(f"{name}.source.urls", rule=name, lacks="source.urls")
    _check_words(record)
    starts_on, ends_on = _period(record)
    return CompiledRule(
        id=name,
        subject=subject,
        record=record,
        starts_on=starts_on,
        ends_on=ends_on,
        lenders=expand_lenders(record.lenders),
        products=tuple(frozenset(_tags(alternative)) for alternative in record.products),
        except_products=frozenset(record.except_products),
        regions=tuple(_prefix(region) for region in record.regions),
        supersedes=frozenset(record.supersedes),
        severity=record.severity,
        confidence=record.confidence,
        demands=tuple(_demand(name, check, series) for check in record.checks),
    )


def _tags(alternative: str) -> list[str]:
    return [tag.strip() for tag in alternative.split("+")]


def _prefix(region: str) -> str:
    """A province's or city's code covers the codes that begin with its significant digits."""
    return region[:2] if region.endswith("0000") else region[:4] if region.endswith("00") else region


def _check_words(record: Rule) -> None:
    _known(record.moments, MOMENTS, record.id, "moments")
    _known(record.lenders, LENDERS.keys() | GROUPS.keys(), record.id, "lenders")
    _known((tag for item in record.products for tag in _tags(item)), PRODUCTS, record.id, "products")
    _known(record.except_products, PRODUCTS, record.id, "except_products")
    _known(record.source.issuers, ISSUERS, record.id, "source.issuers")
    for region in record.regions:
        if not (region.isascii() and region.isdigit() and len(region) == 6):
            raise _invalid(record.id, "regions", f"{region} 不是六位区划代码", f"{region} is not a six-digit code")


def _period(record: Rule) -> tuple[date, date]:
    """First and last day; a date given as month or year is taken whole."""
    if record.effective_from is None:
        if record.severity == "hard":
            raise _invalid(record.id, "severity", "日期不明的规则不得为 hard", "a rule without dates is never hard")
        return date.min, date.max
    if record.dates_unknown is not None:
        raise _invalid(record.id, "dates_unknown", "与 effective_from 矛盾", "contradicts effective_from")
    starts_on = _day(record.id, "effective_from", record.effective_from, last=False)
    ends_on = date.max
    if record.effective_to is not None:
        ends_on = _day(record.id, "effective_to", record.effective_to, last=True)
    if ends_on < starts_on:
        raise _invalid(record.id, "effective_to", "早于 effective_from", "is before effective_from")
    return starts_on, ends_on


def _day(rule: str, field: str, text: str, *, last: bool) -> date:
    year, month, day = (*(int(part) for part in text.split("-")), 0, 0)[:3]
    try:
        month = month or (12 if last else 1)
        return date(year, month, day or (calendar.monthrange(year, month)[1] if last else 1))
    except ValueError:
        raise _invalid(rule, field, f"{text} 不是有效日期", f"{text} is not a real date") from None


def _demand(rule: str, check: Check, series: Mapping[str, Series]) -> Demand:
    main = _comparison(rule, check, series)
    metric = metrics()[check.metric]
    composite = metric.figures or (check.metric,)
    figures = tuple(check.figures or composite)
    _known(figures, composite, rule, "figures")
    when = tuple(_comparison(rule, condition, series) for condition in check.when)
    unless = tuple(_comparison(rule, condition, series) for condition in check.unless)
    reads = {*figures, *main.limit.reads}
    reads.update(name for condition in (*when, *unless) for name in condition.reads)
    return Demand(
        metric=check.metric,
        figures=figures,
        op=check.op,
        holds=main.holds,
        limit=main.limit,
        series=main.limit if isinstance(main.limit, SeriesMultiple) else None,
        when=when,
        unless=unless,
        soft=check.severity == "soft",
        reads=tuple(sorted(reads)),
    )


def _comparison(rule: str, condition: Condition, series: Mapping[str, Series]) -> Comparison:
    known = metrics()
    _known((condition.metric,), known, rule, "metric")
    _known((condition.op,), OPERATORS, rule, "op")
    _check_limit(rule, condition, series, known)
    limit = resolver(condition.limit, condition.op, series)
    _known(limit.reads, known, rule, "limit")
    if condition.metric in limit.reads:
        raise _invalid(rule, "limit", "与被检查的事实相同", "is the figure itself")
    return Comparison(condition.metric, condition.op, OPERATORS[condition.op].holds, limit)


def _check_limit(rule: str, condition: Condition, series: Mapping[str, Series], known: Mapping[str, Metric]) -> None:
    operator, metric, limit = OPERATORS[condition.op], known[condition.metric], condition.limit
    if metric.type not in operator.types:
        raise _invalid(
            rule, "op", f"{condition.op} 不适用于 {metric.code}", f"{condition.op} does not fit {metric.code}"
        )
    if isinstance(limit, SeriesLimit):
        _known((limit.series,), series, rule, "series")
    if isinstance(limit, FactLimit) and limit.share_ppm and condition.op not in ("<=", ">="):
        raise _invalid(rule, "share_ppm", "只能与 <= 或 >= 合用", "goes with <= or >= only")
    if isinstance(limit, DatedLimit):
        _increasing(rule, [item.since for item in limit.dated])
    if isinstance(limit, StepsLimit):
        _increasing(rule, [step.above for step in limit.steps])
    if kind_of(limit) == "plain":
        words = limit if isinstance(limit, list) else [limit]
        foreign = bool(metric.values) and not set(words) <= set(metric.values)
        if not operator.fits(limit) or foreign or (metric.type == "bool") != isinstance(limit, bool):
            raise _invalid(rule, "limit", f"{limit} 不合 {condition.op}", f"{limit} does not fit {condition.op}")


def _increasing(rule: str, keys: list[Any]) -> None:
    if sorted(set(keys)) != keys:
        raise _invalid(rule, "limit", "必须逐个递增", "must increase")
