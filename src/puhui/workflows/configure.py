"""Changes of configuration that need two people: a product is published, a limit is overridden. Each is a fact.

Their subject is `configuration`, so that one proof bundle shows all of them. Accounts, grants, keys, approvals and
webhooks record theirs under their own ids, where they are changed (`people.administration`, `people.four_eyes`,
`api.routes.webhooks`).
"""

from collections.abc import Mapping
from datetime import date, datetime
from typing import Annotated, Any

from pydantic import Field

from puhui.kernel.clock import business_date
from puhui.kernel.facts import Fact
from puhui.kernel.ids import new_id
from puhui.kernel.inputs import Record, parse
from puhui.kernel.refusals import declare
from puhui.products.definition import catalogue, read_product
from puhui.products.definition_fields import Definition
from puhui.products.product_check import FAILS, check_product
from puhui.workflows.record import APPROVAL_NEEDED
from puhui.workflows.store import Changes, Store

SUBJECT = "configuration"

PRODUCT_UNLAWFUL = declare(
    "PRODUCT_UNLAWFUL",
    422,
    "产品 {product} 违反规则 {rules}，不能发布。请先运行 puhui products check 并修正。",
    "Product {product} breaks {rules} and cannot be published. Run puhui products check and correct it first.",
)
PRODUCT_VERSION = declare(
    "PRODUCT_VERSION",
    409,
    "产品 {product} 现行版本为 {version}，发布的版本须更高。请提高 version。",
    "Version {version} of product {product} is in force: what is published must have a higher one. Raise version.",
)
LIMIT_ENDED = declare(
    "LIMIT_ENDED",
    422,
    "{field} 早于营业日 {today}。请填写当天或以后的日期。",
    "{field} is before the business day {today}. Give that day or a later one.",
)


class LimitChange(Record):
    """A limit is another, through `until_on`: which limit, what it is, why."""

    limit: Annotated[str, Field(pattern=r"^[a-z][a-z0-9_.]{0,59}$")]
    amount_minor: Annotated[int, Field(ge=0, le=10**15)]
    until_on: date
    reason: Annotated[str, Field(min_length=1, max_length=200)]


class LimitOverride(LimitChange):
    """A limit of one party is another."""

    party: Annotated[str, Field(min_length=1, max_length=100)]


def checked_product(data: object, on: date) -> Definition:
    """Return a definition that may be published on a day.

    Refuses PRODUCT_INVALID, PRODUCT_VERSION (not higher than the one in force), PRODUCT_UNLAWFUL (an offer within its
    ranges would be illegal on its first day).
    """
    definition = read_product(data)
    known = catalogue().get(definition.id)
    if known is not None and definition.version <= known.version and definition != known:
        raise PRODUCT_VERSION.refuse("version", product=definition.id, version=known.version)
    report = check_product(definition, max(on, definition.effective_from))
    if not report.ok:
        broken = sorted({rule.as_dict()["rule"] for rule in report.rules if rule.outcome in FAILS})
        raise PRODUCT_UNLAWFUL.refuse("definition", product=definition.id, rules=", ".join(broken))
    return definition


def publish_product(store: Store, definition: Definition, actor: str, approved_by: str, at: datetime) -> Fact:
    """Record that a product, of `checked_product`, is published; refuse APPROVAL_NEEDED.

    The edge then puts it into the catalogue: `products.definition.write_published`.
    """
    body = {
        "product": definition.id,
        "version": definition.version,
        "definition": definition.model_dump(mode="json", exclude_unset=True),
    }
    return _recorded(store, "product_published", body, (actor, approved_by), at)


def override_limit(store: Store, data: Mapping[str, Any], actor: str, approved_by: str, at: datetime) -> Fact:
    """Record that a limit is overridden; refuse INPUT_INVALID, LIMIT_ENDED, APPROVAL_NEEDED."""
    override = parse(LimitOverride, data)
    today = business_date(at)
    if override.until_on < today:
        raise LIMIT_ENDED.refuse("until_on", today=today)
    return _recorded(store, "limit_overridden", override.model_dump(mode="json"), (actor, approved_by), at)


def limit_overrides(store: Store, party: str, on: date) -> dict[str, int]:
    """Return the limits of a party that are overridden on a day, minor units; of each the last word holds."""
    found: dict[str, int] = {}
    for fact in store.facts(SUBJECT):
        if fact.kind in _LIMITS and fact.body["party"] == party and fact.effective_on <= on:
            found.pop(fact.body["limit"], None)
            if on <= date.fromisoformat(fact.body["until_on"]):
                found[fact.body["limit"]] = fact.body["amount_minor"]
    return found


_LIMITS = frozenset({"limit_overridden"})


def _recorded(store: Store, kind: str, body: Mapping[str, Any], people: tuple[str, str], at: datetime) -> Fact:
    actor, approved_by = people
    if approved_by in ("", actor):
        raise APPROVAL_NEEDED.refuse("approved_by", kind=kind)
    earlier = store.facts(SUBJECT)
    sequence = earlier[-1].sequence + 1 if earlier else 1
    day = business_date(at)
    fact = Fact(new_id("fact"), SUBJECT, sequence, kind, day, at, body, actor=actor, approved_by=approved_by)
    store.record(Changes(facts=[fact]))
    return fact
