"""Whether an actor may do an action to a thing: pure, deny by default.

Three noes. Nobody has said who he is: UNAUTHENTICATED (401). The role may not do this at all: FORBIDDEN (403); that an
action exists is no secret. The role may, but the thing lies in another institution, another region, or belongs to
someone else: hidden, answered exactly as if it did not exist (404), because that it exists is itself news.
"""

from dataclasses import dataclass
from typing import Literal

from puhui.kernel.places import within
from puhui.kernel.refusals import Refusal, declare
from puhui.people.permissions import Action
from puhui.people.roles import EVERYWHERE, ROLES, Grant

UNAUTHENTICATED = declare(
    "UNAUTHENTICATED",
    401,
    "请先登录，或在 Authorization 头中附上有效的 API 密钥。",
    "Sign in first, or send a valid API key in the Authorization header.",
)
FORBIDDEN = declare(
    "FORBIDDEN",
    403,
    "您的角色不能进行此操作：{action}。请联系管理员授权。",
    "Your role may not do this: {action}. Ask an administrator for the right.",
)
OUT_OF_REACH = declare(
    "OUT_OF_REACH",
    403,
    "{field} 不在您的机构、地区或名下。请只填写您获授权的范围。",
    "{field} is outside your institution, your region or what is yours. Name only what you are granted.",
)
TEST_KEY = declare(
    "TEST_KEY",
    403,
    "测试密钥不能在正式环境动用资金。请改用正式密钥，或在测试环境操作。",
    "A test key never moves money in a live system. Use a live key, or a test system.",
)
PERSON_NEEDED = declare(
    "PERSON_NEEDED",
    403,
    "此操作须由本人登录后进行，不接受 API 密钥。",
    "A person must sign in for this; API keys are not accepted.",
)
NOT_FOUND = declare("NOT_FOUND", 404, "找不到 {field}。请核对编号。", "There is no such {field}. Check the id.")

Verdict = Literal["allowed", "unauthenticated", "forbidden", "test_key", "person_needed", "hidden"]


@dataclass(frozen=True, slots=True)
class Actor:
    """Who asks. `id`: the account or the key, "" for nobody; `person`: the account behind it ("" behind a bare key).

    `party`: the borrower's party, or the partner's own id. `scopes`: the only actions a key may do, None for all.
    `is_live`: not a test key. `is_person`: signed in, not a key.
    """

    id: str = ""
    grants: tuple[Grant, ...] = ()
    person: str = ""
    party: str = ""
    scopes: frozenset[str] | None = None
    is_live: bool = True
    is_person: bool = False


NOBODY = Actor()


@dataclass(frozen=True, slots=True)
class Resource:
    """Where a thing is and whose it is. Empty text is not known, and known to no grant but one for all."""

    institution: str = ""
    region: str = ""
    party: str = ""
    partner: str = ""


@dataclass(frozen=True, slots=True)
class Span:
    """One way to reach things: all in an institution and a region (`*`: any), of a party, of a partner ("": any)."""

    institution: str
    region: str
    party: str = ""
    partner: str = ""

    def covers(self, resource: Resource) -> bool:
        """Return whether the thing lies in the span."""
        return (
            self.institution in (EVERYWHERE, resource.institution)
            and _covers_region(self.region, resource.region)
            and self.party in ("", resource.party)
            and self.partner in ("", resource.partner)
        )


def may(actor: Actor, action: Action, *, live_system: bool = True) -> Verdict:
    """Return whether the actor may do the action to anything at all, before it is known to what.

    `live_system`: the books are real, so that test keys move no money.
    """
    if action.anyone:
        return "allowed"
    if not actor.id:
        return "unauthenticated"
    if action.person_only and not actor.is_person:
        return "person_needed"
    if actor.scopes is not None and action.name not in actor.scopes:
        return "forbidden"
    if not action.any_role and not any(_counts(grant, action) for grant in actor.grants):
        return "forbidden"
    if action.moves_money and live_system and not actor.is_live:
        return "test_key"
    return "allowed"


def _counts(grant: Grant, action: Action) -> bool:
    everywhere = grant.institution == grant.region == EVERYWHERE
    return grant.role in action.roles and (everywhere or action.reach != "everywhere")


def spans(actor: Actor, action: Action) -> tuple[Span, ...]:
    """Return all ways in which the actor reaches things for the action; none where he may not do it."""
    found = (_span(actor, grant) for grant in actor.grants if grant.role in action.roles)
    return tuple(span for span in found if span is not None)


def _span(actor: Actor, grant: Grant) -> Span | None:
    """Return what a grant reaches. A borrower or partner without a party of his own reaches nothing."""
    tie = ROLES[grant.role].tie
    if tie == "place":
        return Span(grant.institution, grant.region)
    if not actor.party:
        return None
    if tie == "party":
        return Span(grant.institution, grant.region, party=actor.party)
    return Span(grant.institution, grant.region, partner=actor.party)


def allowed(actor: Actor, action: Action, resource: Resource | None = None, *, live_system: bool = True) -> Verdict:
    """Return whether the actor may do the action to the thing; None only where the action is held against nothing."""
    verdict = may(actor, action, live_system=live_system)
    if verdict != "allowed" or action.reach != "place":
        return verdict
    assert resource is not None, f"{action.name} is held against a thing"
    return "allowed" if any(span.covers(resource) for span in spans(actor, action)) else "hidden"


def check(verdict: Verdict, action: Action, hidden: Refusal | None = None) -> None:
    """Raise the refusal of a verdict other than allowed; `hidden` is what a thing that does not exist would get."""
    if verdict == "allowed":
        return
    refusals = {
        "unauthenticated": UNAUTHENTICATED.refuse(),
        "forbidden": FORBIDDEN.refuse(action=action.about),
        "test_key": TEST_KEY.refuse(),
        "person_needed": PERSON_NEEDED.refuse(),
        "hidden": hidden or NOT_FOUND.refuse("id"),
    }
    raise refusals[verdict]


def _covers_region(granted: str, region: str) -> bool:
    if granted == EVERYWHERE:
        return True
    try:
        return bool(region) and within(region, granted)
    except Refusal:
        return False  # a code that no list of places knows is reached by grants for all places only
