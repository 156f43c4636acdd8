"""Product definitions: read from YAML and checked, changed by place and segment, made into the terms of one loan."""

import json
from collections.abc import Iterator, Mapping
from datetime import date
from functools import lru_cache
from pathlib import Path
from typing import TYPE_CHECKING, Any, NamedTuple

from pydantic import ValidationError

from puhui.kernel.home import Stamp, home, stamp_of
from puhui.kernel.inputs import parse
from puhui.kernel.language import Text
from puhui.kernel.money import format_minor
from puhui.kernel.places import place
from puhui.kernel.rates import format_rate
from puhui.kernel.refusals import INPUT_INVALID, INPUT_UNREADABLE, Refusal, declare
from puhui.kernel.remember import remember
from puhui.products.calculation import down_payment_minor
from puhui.products.definition_fields import Definition, Override, When
from puhui.products.facts import COMPUTED
from puhui.products.kinds import KINDS, kind_of
from puhui.products.terms import Terms
from puhui.rulebook.files import read_yaml
from puhui.rulebook.metrics import check_fact, metrics

if TYPE_CHECKING:
    from puhui.rulebook.diff import Item

CATALOGUE = Path(__file__).parent / "catalogue"
PUBLISHED = "products"

PRODUCT_INVALID = declare(
    "PRODUCT_INVALID", 422, "产品文件 {file} 有误：{problem}", "Product file {file} is wrong: {problem}"
)
PRODUCT_UNKNOWN = declare(
    "PRODUCT_UNKNOWN", 404, "没有产品 {product}。可选：{known}。", "There is no product {product}. Known: {known}."
)
PRODUCT_OUT_OF_RANGE = declare(
    "PRODUCT_OUT_OF_RANGE",
    422,
    "{field} 超出产品 {product} 的范围：{value}，应为 {range}。",
    "{field} is outside product {product}: {value}; it must be {range}.",
)
PRODUCT_NOT_OFFERED = declare(
    "PRODUCT_NOT_OFFERED",
    422,
    "产品 {product} 不能这样提供：{field} {problem}。",
    "Product {product} is not offered so: {field} {problem}.",
)
PRODUCT_TERM_FIXED = declare(
    "PRODUCT_TERM_FIXED",
    422,
    "{field} 由产品 {product} 固定，不能逐笔约定。可逐笔约定的：{known}。",
    "{field} is fixed by product {product}. What is agreed loan by loan: {known}.",
)


class Wish(NamedTuple):
    """What is chosen for one loan within the ranges; `principal_minor` is the price, the down payment included."""

    principal_minor: int
    instalments: int
    annual_rate_ppm: int
    disbursed_on: date
    down_payment_ppm: int = 0


# --- reading ----------------------------------------------------------------------------------------


def read_product(data: object, file: str = "-") -> Definition:
    """Return the Definition of parsed YAML; refuse PRODUCT_INVALID naming the file and the field.

    The product must hold as it is, and with each of its overrides alone.
    """
    try:
        definition = parse(Definition, data)
        must_hold(definition)
    except Refusal as refusal:
        raise _invalid(refusal, file) from None
    for n, override in enumerate(definition.overrides):
        where = f"overrides.{n}."
        try:
            _check_when(definition, override.when)
            changed = _changed(definition, (override,))
            where += "set."
            must_hold(changed)
        except Refusal as refusal:
            raise _invalid(refusal, file, where) from None
    return definition


def _invalid(refusal: Refusal, file: str, where: str = "") -> Refusal:
    said = refusal.details["problem"] if refusal.kind is INPUT_INVALID else None
    problem = said if isinstance(said, Text) else Text(refusal.message("zh"), refusal.message("en"))
    placed = Text(f"{where}{problem.zh}", f"{where}{problem.en}")
    return PRODUCT_INVALID.refuse(*(f"{where}{field}" for field in refusal.fields), file=file, problem=placed)


def load_product(path: Path) -> Definition:
    """Return the Definition in a YAML file; refuse INPUT_UNREADABLE, PRODUCT_INVALID."""
    return read_product(read_yaml(path), path.name)


def load_products(folder: Path = CATALOGUE) -> dict[str, Definition]:
    """Return the products of a folder's `*.yaml` by id; refuse a folder without any, and an id used twice."""
    paths = sorted(folder.glob("*.yaml"))
    if not paths:
        raise INPUT_UNREADABLE.refuse(name=str(folder), problem=_NO_FILES)
    products: dict[str, Definition] = {}
    for path in paths:
        definition = load_product(path)
        if definition.id in products:
            raise PRODUCT_INVALID.refuse("id", file=path.name, problem=Text("id 已被使用", "its id is used twice"))
        products[definition.id] = definition
    return products


def catalogue() -> Mapping[str, Definition]:
    """Return the products by id: those that come with the program, and in their place those published here.

    What is published lies in `products` of the home folder; it is read again when that changes.
    """
    folder = home().joinpath(PUBLISHED)
    return _catalogue(folder, stamp_of(folder))


@lru_cache(maxsize=4)
def _catalogue(folder: Path, stamp: Stamp) -> Mapping[str, Definition]:
    published = load_products(folder) if stamp and any(folder.glob("*.yaml")) else {}
    return {**load_products(), **published}


def write_published(definition: Definition) -> None:
    """Put a product into the catalogue of this installation, whole or not at all."""
    folder = home().joinpath(PUBLISHED)
    folder.mkdir(parents=True, exist_ok=True)
    beside = folder.joinpath(f".{definition.id}.new")
    text = json.dumps(definition.model_dump(mode="json", exclude_unset=True), ensure_ascii=False, indent=1)
    beside.write_text(text + "\n", encoding="utf-8")
    beside.replace(folder.joinpath(f"{definition.id}.yaml"))


def product_of(product: str) -> Definition:
    """Return a product of the catalogue; refuse PRODUCT_UNKNOWN."""
    found = catalogue().get(product)
    if found is None:
        raise PRODUCT_UNKNOWN.refuse("product", product=product, known=", ".join(catalogue()))
    return found


def product_schema() -> dict[str, Any]:
    """Return the JSON Schema of a product definition, for editors and for `puhui schema product`."""
    return Definition.model_json_schema()


def offers_of_folder(folder: Path, as_of: date) -> "Iterator[Item]":
    """Yield the corner offers of every product in a folder, as the rulebook's diff reads them."""
    from puhui.products.corners import items_of

    for definition in load_products(Path(folder)).values():
        yield from items_of(definition, as_of)


# --- what must hold beyond the fields ---------------------------------------------------------------


def must_hold(definition: Definition) -> None:
    """Refuse what no single field shows: turned ranges, unknown places and facts, terms that the kind refuses."""
    for field, holds, problem in _conditions(definition):
        if not holds:
            raise _wrong(field, problem)
    for code in definition.regions:
        place(code, "regions")
    for name, value in definition.practices.items():
        if name not in metrics():
            raise _wrong(f"practices.{name}", _NOT_A_FACT)
        if name in COMPUTED:
            raise _wrong(f"practices.{name}", _COMPUTED)
        try:
            check_fact(metrics()[name], value)
        except Refusal as refusal:
            raise _within("practices", refusal) from None
    try:
        for wish in _extremes(definition):
            kind_of(build_terms(definition, wish, example_of_agreed(definition)))
    except Refusal as refusal:
        raise _within("terms", refusal) from None


def _extremes(definition: Definition) -> Iterator[Wish]:
    ranges = definition.ranges
    for instalments in (ranges.instalments.min, ranges.instalments.max):
        for amount_minor in (ranges.amount_minor.min, ranges.amount_minor.max):
            yield Wish(amount_minor, instalments, ranges.annual_rate_ppm.max, definition.effective_from)


def _within(group: str, refusal: Refusal) -> Refusal:
    """Return a refusal of a part, put under the group of fields that it comes from."""
    problem = Text(f"{group}：{refusal.message('zh')}", f"{group}: {refusal.message('en')}")
    return INPUT_INVALID.refuse(*(f"{group}.{field}" for field in refusal.fields), problem=problem)


def _conditions(definition: Definition) -> Iterator[tuple[str, bool, Text]]:
    ranges, count = definition.ranges, definition.ranges.instalments
    for field in type(ranges).model_fields:
        ends = getattr(ranges, field)
        yield f"ranges.{field}.min", ends.min <= ends.max, _TURNED
    yield "ranges.instalments.step", (count.max - count.min) % count.step == 0, _OFF_STEP
    for field in ("tags", "lenders", "purposes", "required_data"):
        yield field, bool(getattr(definition, field)), _EMPTY
    ends_on = definition.effective_to
    yield "effective_to", ends_on is None or ends_on >= definition.effective_from, _ENDS_FIRST
    movable = "movements" in KINDS[definition.kind].fields
    yield "loan_terms", movable or "movements" not in definition.loan_terms, _NO_MOVEMENTS


def _check_when(definition: Definition, when: When) -> None:
    """Refuse a condition that says nothing, or that never holds where the product is offered."""
    for code in when.regions:
        place(code, "when.regions")
    if not (when.regions or when.tiers or when.segments):
        raise _wrong("when", _SAYS_NOTHING)
    served = frozenset(definition.segments)
    if served and when.segments and served.isdisjoint(when.segments):
        raise _wrong("when.segments", _NEVER)
    if definition.tiers and when.tiers and set(definition.tiers).isdisjoint(when.tiers):
        raise _wrong("when.tiers", _NEVER)
    if definition.regions and when.regions and not _meet(definition.regions, when.regions):
        raise _wrong("when.regions", _NEVER)


def _meet(regions: tuple[str, ...], others: tuple[str, ...]) -> bool:
    ours, theirs = _stems(regions), _stems(others)
    return any(stem.startswith(theirs) for stem in ours) or any(stem.startswith(ours) for stem in theirs)


def _wrong(field: str, problem: Text) -> Refusal:
    return INPUT_INVALID.refuse(field, problem=Text(f"{field} {problem.zh}", f"{field} {problem.en}"))


# --- by place and segment ---------------------------------------------------------------------------


def holds_for(when: When, region: str | None, segment: str | None) -> bool:
    """Return whether a condition holds for a place and a person; what is not known holds for none."""
    return _holds_there(when, region, _tier(region)) and _holds_of(when, segment)


def _tier(region: str | None) -> int | None:
    return None if region is None else place(region, "region").tier


def _holds_there(when: When | Definition, region: str | None, tier: int | None) -> bool:
    there = not when.regions or (region is not None and region.startswith(_stems(when.regions)))
    return there and (not when.tiers or tier in when.tiers)


def _holds_of(when: When | Definition, segment: str | None) -> bool:
    return not when.segments or segment in when.segments


@lru_cache(maxsize=1024)
def _stems(regions: tuple[str, ...]) -> tuple[str, ...]:
    """Return the digits that the codes of all places within the regions begin with."""
    digits = {"province": 2, "city": 4, "county": 6}
    return tuple(found.code[: digits[found.level]] for found in map(place, regions))


def resolve(definition: Definition, region: str | None = None, segment: str | None = None) -> Definition:
    """Return the product as it is for a place and a segment: overrides applied in order, none left.

    Refuses PLACE_UNKNOWN, and PRODUCT_NOT_OFFERED where the product is not offered, or offered only to some
    and it is not said to whom.
    """
    tier = _tier(region)
    for field, holds, said in (
        ("region", _holds_there(definition, region, tier), region),
        ("segment", _holds_of(definition, segment), segment),
    ):
        if not holds:
            problem = _SAY_WHICH if said is None else Text(f"{said} 不在其内", f"{said} is not among those served")
            raise PRODUCT_NOT_OFFERED.refuse(field, product=definition.id, problem=problem)
    whens = [override.when for override in definition.overrides]
    held = (n for n, when in enumerate(whens) if _holds_there(when, region, tier) and _holds_of(when, segment))
    return _resolved(definition, tuple(held))


@remember(512)
def _resolved(definition: Definition, held: tuple[int, ...]) -> Definition:
    return _changed(definition, tuple(definition.overrides[n] for n in held))


def _changed(definition: Definition, overrides: tuple[Override, ...]) -> Definition:
    if not overrides:
        return definition.model_copy(update={"overrides": ()})
    data = definition.model_dump(exclude_unset=True, exclude={"overrides"})
    for override in overrides:
        data = _merged(data, override.set.model_dump(exclude_unset=True))
    return parse(Definition, data, "set")


def _merged(data: Mapping[str, Any], changes: Mapping[str, Any]) -> dict[str, Any]:
    """Return `data` with the changes: mappings key by key, everything else replaced."""
    merged = dict(data)
    for key, value in changes.items():
        before = merged.get(key)
        merged[key] = _merged(before, value) if isinstance(before, dict) and isinstance(value, dict) else value
    return merged


# --- the terms of one loan --------------------------------------------------------------------------


def terms_for(
    definition: Definition,
    *,
    principal_minor: int,
    instalments: int,
    annual_rate_ppm: int,
    disbursed_on: date,
    down_payment_ppm: int = 0,
    region: str | None = None,
    segment: str | None = None,
    **agreed: object,
) -> Terms:
    """Return the terms of one loan under the product, for a place and a segment.

    `principal_minor` is the price, the down payment included; the product's range of amounts is about what is lent.
    `agreed`: the fields that the product leaves to each loan (`loan_terms`). Refuses PRODUCT_OUT_OF_RANGE naming
    the field, PRODUCT_NOT_OFFERED, PRODUCT_TERM_FIXED, PLACE_UNKNOWN, and what `Terms` refuses.
    """
    ends_on = definition.effective_to
    if disbursed_on < definition.effective_from or (ends_on is not None and disbursed_on > ends_on):
        raise PRODUCT_NOT_OFFERED.refuse("disbursed_on", product=definition.id, problem=_NOT_ON_SALE)
    resolved = resolve(definition, region, segment)
    fixed = sorted(set(agreed) - set(definition.loan_terms))
    if fixed:
        known = ", ".join(definition.loan_terms) or "-"
        raise PRODUCT_TERM_FIXED.refuse(*fixed, product=definition.id, known=known)
    wish = Wish(principal_minor, instalments, annual_rate_ppm, disbursed_on, down_payment_ppm)
    terms = build_terms(resolved, wish, agreed)
    _check_ranges(resolved, terms)
    kind_of(terms)
    return terms


def build_terms(definition: Definition, wish: Wish, agreed: Mapping[str, object]) -> Terms:
    """Return the terms of a wish under a product without overrides, its ranges not looked at."""
    data = {**_fixed(definition), **wish._asdict(), **agreed}
    try:
        return Terms.model_validate(data)
    except ValidationError:
        return parse(Terms, data)  # refuses, and says what is wrong


@remember(512)
def _fixed(definition: Definition) -> Mapping[str, Any]:
    fees = tuple(fee.model_dump(exclude_unset=True) for fee in definition.fees)
    return {**definition.terms.model_dump(exclude_unset=True), "method": definition.kind, "fees": fees}


def example_of_agreed(definition: Definition) -> dict[str, object]:
    """Return an example of what the product leaves to each loan, where its terms need one: a due day."""
    open_day = "due_day" in definition.loan_terms and definition.terms.due_day is None
    return {"due_day": 15} if open_day else {}


def lent_minor(terms: Terms) -> int:
    """Return what is lent: the price less the down payment, rounded as the plan rounds it."""
    down_minor = down_payment_minor(terms, terms.principal_minor, terms.down_payment_ppm)
    return terms.principal_minor - int(down_minor)


def _check_ranges(definition: Definition, terms: Terms) -> None:
    ranges, count = definition.ranges, definition.ranges.instalments
    most_minor = lent = lent_minor(terms)
    for movement in sorted(terms.movements, key=lambda movement: movement.moved_on):
        lent += movement.amount_minor
        most_minor = max(most_minor, lent)
    for field, value, ends, show in (
        ("principal_minor", lent_minor(terms), ranges.amount_minor, format_minor),
        ("movements", most_minor, ranges.amount_minor, format_minor),
        ("instalments", terms.instalments, count, str),
        ("annual_rate_ppm", terms.annual_rate_ppm, ranges.annual_rate_ppm, format_rate),
        ("down_payment_ppm", terms.down_payment_ppm, ranges.down_payment_ppm, format_rate),
    ):
        if not ends.min <= value <= ends.max:
            said = Text(f"贷出 {show(value)}", f"{show(value)} lent") if show is format_minor else show(value)
            allowed = f"{show(ends.min)} – {show(ends.max)}"
            raise PRODUCT_OUT_OF_RANGE.refuse(field, product=definition.id, value=said, range=allowed)
    if (terms.instalments - count.min) % count.step:
        steps = f"{count.min}, {count.min + count.step} … {count.max}"
        raise PRODUCT_OUT_OF_RANGE.refuse("instalments", product=definition.id, value=terms.instalments, range=steps)


_NO_FILES = Text("文件夹不存在或没有 .yaml 文件", "no such folder, or no .yaml file in it")
_EMPTY = Text("至少一项", "needs at least one")
_TURNED = Text("不得大于 max", "must not be more than max")
_OFF_STEP = Text("须能从 min 走到 max", "must lead from min to max")
_ENDS_FIRST = Text("不得早于 effective_from", "must not be before effective_from")
_NO_MOVEMENTS = Text("此还款方式没有 movements", "this kind of repayment has no movements")
_NOT_A_FACT = Text("不是规则所用的事实", "is not a fact that rules read")
_COMPUTED = Text("由程序算出，不能声明", "is worked out from the plan; it cannot be declared")
_SAYS_NOTHING = Text("须写明 regions、tiers 或 segments", "must give regions, tiers or segments")
_NEVER = Text("与产品的提供范围没有交集，永不生效", "is outside where the product is offered; it would never apply")
_SAY_WHICH = Text("未知；此产品只对部分地区或客群提供，请说明", "is not said, and the product is offered only to some")
_NOT_ON_SALE = Text("不在产品有效期内", "is outside the days the product is offered")
