"""A decision is asked for: what is said beyond the application itself, and the case that both make."""

import re
from collections.abc import Collection
from dataclasses import replace
from datetime import datetime
from typing import Annotated, Any, Final, Protocol

from pydantic import AfterValidator, Field, WithJsonSchema
from pydantic_core import PydanticCustomError

from puhui.kernel.inputs import Record, one_of, parse
from puhui.kernel.language import Text
from puhui.kernel.rates import PPM
from puhui.kernel.refusals import INPUT_INVALID, declare
from puhui.products.definition import PRODUCT_UNKNOWN
from puhui.products.definition_fields import Definition, PurposeCode, SegmentCode
from puhui.products.terms import LARGEST_PRINCIPAL_MINOR, Amount
from puhui.workflows import apply
from puhui.workflows.applications import Application
from puhui.workflows.apply import Decided, decide_application
from puhui.workflows.case import Case, Kit, Line
from puhui.workflows.uses import Uses, with_uses

APPLICATION_CLOSED = declare(
    "APPLICATION_CLOSED",
    409,
    "申请 {application} 已有接受的报价，不能再审批。请提交新的申请。",
    "An offer on the application {application} was accepted, so it is not decided again. Make a new application.",
)

# The policies that may judge a product line, the usual one first: a shop may be its keeper.
POLICIES: Final[dict[str, tuple[Line, ...]]] = {
    "auto": ("auto",),
    "personal": ("personal",),
    "supply_chain": ("small_firm", "personal"),
}
# What the platform works out itself: a check that said it would go around the work.
WORKED_OUT: Final = frozenset(
    {
        "amount_minor",
        "instalment_minor",
        "instalments",
        "monthly_debt_minor",
        "monthly_income_minor",
        "pd_ppm",
        "purpose",
    }
)
LONGEST_MONTHS: Final = 360

LINE_PATTERN: Final = r"^[^\x00-\x1f\x7f]{0,100}$"


def _looked(value: object) -> object:
    """Return what was looked up: a yes or no, a whole number, a short line of text."""
    if isinstance(value, bool):
        return value
    if type(value) is int and abs(value) <= LARGEST_PRINCIPAL_MINOR:
        return value
    if isinstance(value, str) and re.fullmatch(LINE_PATTERN, value):
        return value
    raise PydanticCustomError("looked", "true or false, a whole number or a short text")


# One type, so that what is wrong has one name: of a union, pydantic says what is wrong for each member.
Looked = Annotated[
    Any,
    AfterValidator(_looked),
    WithJsonSchema(
        {
            "anyOf": [
                {"type": "boolean"},
                {"type": "integer", "minimum": -LARGEST_PRINCIPAL_MINOR, "maximum": LARGEST_PRINCIPAL_MINOR},
                {"type": "string", "pattern": LINE_PATTERN},
            ]
        }
    ),
]


class Request(Record):
    """What is said beyond the application. What is not known is left out: missing is never a no and never a yes.

    purpose: the catalogue's word; may be left out where the wish says it or the product has one only. line: the policy
    that judges, where it is not that of the product's line. cash_minor: in hand. exposure_minor: owed to us already.
    checks: what was looked up (age_years, identity_verified, driving_licence ...), by the names of the policy's inputs.
    """

    segment: SegmentCode
    purpose: PurposeCode | None = None
    line: Line | None = None
    cash_minor: Amount
    stated_income_minor: Amount | None = None
    stated_debt_minor: Amount | None = None
    exposure_minor: Amount | None = None
    dependants: Annotated[int, Field(ge=0, le=20)] | None = None
    dealer: Annotated[str, Field(pattern=LINE_PATTERN)] = ""
    checks: dict[str, Looked] = Field(default_factory=dict, max_length=100)


class Desk(apply.Desk, Protocol):
    """What a decision needs of the books, in one unit of work."""

    @property
    def uses(self) -> Uses:
        """What funders have lent."""
        ...


def decide(desk: Desk, application_id: str, request: Request, kit: Kit, actor: str, at: datetime) -> Decided:
    """Decide an application with what funders have used by now; offers of an earlier decision are withdrawn.

    Refuses APPLICATION_UNKNOWN, APPLICATION_CLOSED, INPUT_INVALID, PRODUCT_UNKNOWN and what `decide_application` does.
    """
    application = desk.applications.by_id(application_id, for_update=True)
    if application.status == "accepted":
        raise APPLICATION_CLOSED.refuse("application", application=application.id)
    case = case_of(application, request, kit, at)
    for offer in desk.offers.of(application.id):
        if offer.status == "open":
            desk.offers.change(replace(offer, status="withdrawn"))
    return decide_application(desk, case, with_uses(kit, desk.uses, case), actor)


def case_of(application: Application, request: Request, kit: Kit, at: datetime) -> Case:
    """Return the case of an application and a request as of an instant.

    The wish: `amount_minor` is the price of what is bought or the money needed; of the price `down_payment_ppm`,
    rounded up, is paid down. Refuses PRODUCT_UNKNOWN, INPUT_INVALID: a wish in a currency that nothing is lent in, a
    purpose that the product is not for, a check that no policy reads or that the platform works out itself.
    """
    definition = kit.products.get(application.product)
    if definition is None:
        known = ", ".join(kit.products)
        raise PRODUCT_UNKNOWN.refuse("product", product=application.product, known=known)
    wish = application.wish
    one_of("wish.currency", wish.get("currency", "CNY"), ("CNY",))
    line = request.line or POLICIES[definition.line][0]
    one_of("line", line, POLICIES[definition.line])
    _check_names(request.checks, kit, line)
    said: dict[str, Any] = request.model_dump(exclude={"purpose", "line"})
    return parse(
        Case,
        {
            **said,
            "application": application.id,
            "party": application.party,
            "at": at.isoformat(),
            "institution": application.institution,
            "region": application.region,
            "line": line,
            "purpose": _purpose(request.purpose, wish.get("purpose"), definition),
            "amount_minor": wish["amount_minor"],
            "down_minor": -(-wish["amount_minor"] * wish.get("down_payment_ppm", 0) // PPM),
            "most_months": min(wish["instalments"], LONGEST_MONTHS),
            "products": [definition.id],
        },
    )


def _purpose(named: str | None, wished: str | None, definition: Definition) -> str:
    """Return what the money is for: as named, else as wished if the product is for that, else the only one there is."""
    if named is None and wished in definition.purposes:
        named = wished
    if named is None and len(definition.purposes) == 1:
        [named] = definition.purposes
    one_of("purpose", named or "", definition.purposes)
    assert named is not None
    return named


def _check_names(checks: Collection[str], kit: Kit, line: Line) -> None:
    """Refuse INPUT_INVALID for the first check that the policy does not read, or that is worked out here."""
    readable = sorted({*kit.engine.graph(line).inputs, *BESIDE_POLICY} - WORKED_OUT)
    for name in checks:
        if name not in readable:
            known = ", ".join(readable)
            field = f"checks.{name[:64]}"
            zh, en = (
                f"{field} 不是可以查得的事项；可用：{known}",
                f"{field} is nothing that is looked up; known: {known}",
            )
            raise INPUT_INVALID.refuse(field, problem=Text(zh, en))


# What funders ask about the applicant, whether or not the policy does.
BESIDE_POLICY: Final = ("age_years", "firm_age_months")
