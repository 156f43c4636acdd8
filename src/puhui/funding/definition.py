"""Funder definitions: read from YAML and checked; the house's own in place of the shipped examples."""

from collections.abc import Iterator, Mapping
from functools import lru_cache
from pathlib import Path
from typing import Any

from puhui.funding.definition_fields import Criterion, Funder
from puhui.funding.facts import is_known
from puhui.kernel.home import Stamp, home, stamp_of
from puhui.kernel.inputs import parse
from puhui.kernel.language import Text
from puhui.kernel.places import place
from puhui.kernel.rates import PPM
from puhui.kernel.refusals import INPUT_INVALID, INPUT_UNREADABLE, Refusal, declare
from puhui.products.definition import catalogue
from puhui.products.definition_fields import Definition
from puhui.products.facts import COMPUTED
from puhui.rulebook.files import read_yaml
from puhui.rulebook.metrics import check_fact, metrics

CATALOGUE = Path(__file__).parent / "catalogue"
FOLDER = "funders"

FUNDER_INVALID = declare(
    "FUNDER_INVALID",
    422,
    "资金方文件 {file} 有误：{problem}。请按所指字段更正。",
    "Funder file {file} is wrong: {problem}. Correct the field named.",
)
FUNDER_UNKNOWN = declare(
    "FUNDER_UNKNOWN", 404, "没有资金方 {funder}。可选：{known}。", "There is no funder {funder}. Known: {known}."
)


def read_funder(data: object, file: str = "-", products: Mapping[str, Definition] | None = None) -> Funder:
    """Return the Funder of parsed YAML; refuse FUNDER_INVALID naming the file and the field.

    `products`: those it may lend for; without them the catalogue's.
    """
    try:
        funder = parse(Funder, data)
        _must_hold(funder, catalogue() if products is None else products)
    except Refusal as refusal:
        said = refusal.details["problem"] if refusal.kind is INPUT_INVALID else None
        problem = said if isinstance(said, Text) else Text(refusal.message("zh"), refusal.message("en"))
        raise FUNDER_INVALID.refuse(*refusal.fields, file=file, problem=problem) from None
    return funder


def load_funder(path: Path, products: Mapping[str, Definition] | None = None) -> Funder:
    """Return the Funder in a YAML file; refuse INPUT_UNREADABLE, FUNDER_INVALID."""
    return read_funder(read_yaml(path), path.name, products)


def load_funders(folder: Path, products: Mapping[str, Definition] | None = None) -> dict[str, Funder]:
    """Return the funders of a folder's `*.yaml` by id; refuse a folder without any, and an id used twice."""
    paths = sorted(folder.glob("*.yaml"))
    if not paths:
        raise INPUT_UNREADABLE.refuse(name=str(folder), problem=_NO_FILES)
    funders: dict[str, Funder] = {}
    for path in paths:
        funder = load_funder(path, products)
        if funder.id in funders:
            raise FUNDER_INVALID.refuse("id", file=path.name, problem=Text("id 已被使用", "its id is used twice"))
        funders[funder.id] = funder
    return funders


def own_funders(products: Mapping[str, Definition] | None = None) -> dict[str, Funder]:
    """Return the funders of this house by id: those in the home folder's `funders`, none where there are none."""
    own = home().joinpath(FOLDER)
    if products is not None:
        return _own(own, products)
    return dict(_own_read(own, stamp_of(own)))


def _own(folder: Path, products: Mapping[str, Definition]) -> dict[str, Funder]:
    return load_funders(folder, products) if any(folder.glob("*.yaml")) else {}


@lru_cache(maxsize=4)
def _own_read(folder: Path, stamp: Stamp) -> Mapping[str, Funder]:
    """Return the funders of a folder, read again when a file of it changes."""
    return _own(folder, catalogue()) if stamp else {}


def funders_here(products: Mapping[str, Definition] | None = None) -> dict[str, Funder]:
    """Return the funders of this house, or the shipped examples where it has none: to look at, not to decide with."""
    return own_funders(products) or load_funders(CATALOGUE, products)


def funder_of(funder: str, funders: Mapping[str, Funder]) -> Funder:
    """Return a funder by id; refuse FUNDER_UNKNOWN."""
    found = funders.get(funder)
    if found is None:
        raise FUNDER_UNKNOWN.refuse("funder", funder=funder, known=", ".join(funders))
    return found


def funder_schema() -> dict[str, Any]:
    """Return the JSON Schema of a funder definition, for editors."""
    return Funder.model_json_schema()


# --- what must hold beyond the fields ---------------------------------------------------------------


def _must_hold(funder: Funder, products: Mapping[str, Definition]) -> None:
    for code in funder.regions:
        place(code, "regions")
    for name, value in funder.practices.items():
        if name in metrics() and name not in COMPUTED:
            check_fact(metrics()[name], value)
    for field, holds, problem in _conditions(funder, products):
        if not holds:
            raise INPUT_INVALID.refuse(field, problem=Text(f"{field} {problem.zh}", f"{field} {problem.en}"))


def _conditions(funder: Funder, products: Mapping[str, Definition]) -> Iterator[tuple[str, bool, Text]]:
    yield "products", bool(funder.products), _EMPTY
    for n, name in enumerate(funder.products):
        yield f"products.{n}", name in products, _NO_PRODUCT
        if name in products:
            yield f"products.{n}", _lends(funder, products[name]), _NOT_THIS_LENDER
            yield "rate_ppm", _priced(funder, products[name]), _RATE_OUTSIDE
    yield "rates_ppm", set(funder.rates_ppm) <= set(funder.products), _NOT_LISTED
    ends_on = funder.effective_to
    yield "effective_to", ends_on is None or ends_on >= funder.effective_from, _ENDS_FIRST
    for n, criterion in enumerate(funder.criteria):
        yield from ((f"criteria.{n}.{field}", holds, said) for field, holds, said in _criterion(criterion))
    if funder.whitelist is not None:
        yield "whitelist.fact", is_known(funder.whitelist.fact), _NO_FACT
        yield "whitelist.members", bool(funder.whitelist.members), _EMPTY
    for n, fee in enumerate(funder.guarantee.fees if funder.guarantee else ()):
        yield f"guarantee.fees.{n}.payee", fee.payee in ("guarantor", "insurer"), _TO_GUARANTOR
    for name in funder.practices:
        yield f"practices.{name}", name in metrics() and name not in COMPUTED, _NOT_A_PRACTICE
    for name, value in funder.ratios.items():
        yield f"ratios.{name}", name in metrics() and value >= 0, _NOT_A_RATIO
    yield "quota.day_minor", funder.quota.day_minor <= funder.quota.total_minor, _DAY_WITHIN
    kinds = [limit.by for limit in funder.concentration]
    yield "concentration", len(kinds) == len(set(kinds)), _TWICE
    if funder.joint is not None:
        yield "joint.partner", funder.joint.partner != funder.id, _ITSELF
        yield "joint.partner_share_ppm", 0 < funder.joint.partner_share_ppm < PPM, _EMPTY


def _lends(funder: Funder, product: Definition) -> bool:
    changed = [override.set.lenders for override in product.overrides if override.set.lenders]
    return any(funder.lender in lenders for lenders in (product.lenders, *changed))


def _priced(funder: Funder, product: Definition) -> bool:
    """Return whether the rate lies within what the product allows in some place."""
    ends = product.ranges.annual_rate_ppm
    changes = [o.set.ranges.annual_rate_ppm for o in product.overrides if o.set.ranges and o.set.ranges.annual_rate_ppm]
    least = min([ends.min, *(change.min for change in changes if change.min is not None)])
    most = max([ends.max, *(change.max for change in changes if change.max is not None)])
    return least <= funder.rate_of(product.id) <= most


def _criterion(criterion: Criterion) -> Iterator[tuple[str, bool, Text]]:
    ranged = criterion.min is not None or criterion.max is not None
    yield "fact", is_known(criterion.fact), _NO_FACT
    yield "among", ranged != bool(criterion.among), _ONE_WAY
    both = criterion.min is not None and criterion.max is not None
    yield "min", not both or (criterion.min or 0) <= (criterion.max or 0), _TURNED


_NO_FILES = Text("文件夹不存在或没有 .yaml 文件", "no such folder, or no .yaml file in it")
_EMPTY = Text("至少一项", "needs at least one")
_NO_PRODUCT = Text("不是已知产品", "is not a known product")
_NOT_THIS_LENDER = Text("不由这类机构发放", "is not lent by this kind of lender")
_RATE_OUTSIDE = Text("不在产品的利率范围内", "is outside the rates of a product it lends for")
_NOT_LISTED = Text("只能填 products 里的产品", "may only name its products")
_ENDS_FIRST = Text("不得早于 effective_from", "must not be before effective_from")
_NO_FACT = Text("不是贷款或产品的已知事实", "is not a known fact of the loan or the product")
_ONE_WAY = Text("与 min、max 须且只须填一种", "or min and max: give one of the two")
_TURNED = Text("不得大于 max", "must not be more than max")
_TO_GUARANTOR = Text("须为 guarantor 或 insurer", "must be guarantor or insurer")
_NOT_A_PRACTICE = Text("不是资金方可以声明的事实", "is not a fact that a funder can declare")
_NOT_A_RATIO = Text("不是规则所问的比率，或小于 0", "is no ratio that rules ask for, or is below 0")
_DAY_WITHIN = Text("不得大于 total_minor", "must not be more than total_minor")
_TWICE = Text("每种只能一条", "has one line for each kind")
_ITSELF = Text("不能是自己", "cannot be the funder itself")
