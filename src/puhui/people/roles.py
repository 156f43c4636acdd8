"""Roles, and grants: a role, in an institution, in a region. What is not granted is denied."""

import re
from collections.abc import Iterable
from dataclasses import dataclass
from typing import Literal, NamedTuple

from puhui.kernel.language import Text
from puhui.kernel.places import place
from puhui.kernel.refusals import declare

Tie = Literal["place", "party", "partner"]
EVERYWHERE = "*"

ROLE_UNKNOWN = declare(
    "ROLE_UNKNOWN",
    422,
    "{field} 不是已知的角色：{value}。可用：{known}。",
    "{field} is not a known role: {value}. Use one of: {known}.",
)
INSTITUTION_UNREADABLE = declare(
    "INSTITUTION_UNREADABLE",
    422,
    "{field} 不是机构编号：{value}。请写字母、数字、“.”“_”“-”，至多 40 个；全部机构写 *。",
    "{field} is not an institution: {value}. Write letters, digits, '.', '_', '-', at most 40; * for all of them.",
)

_INSTITUTION = re.compile(r"[A-Za-z0-9][A-Za-z0-9._-]{0,39}")


class Role(NamedTuple):
    """A role: its name for people, and what ties it to a loan: its place, its borrower or its partner."""

    name: Text
    tie: Tie


ROLES = {
    "borrower": Role(Text("借款人", "borrower"), "party"),
    "partner": Role(Text("合作方", "partner"), "partner"),
    "officer": Role(Text("信贷员", "officer"), "place"),
    "analyst": Role(Text("分析员", "analyst"), "place"),
    "product": Role(Text("产品经理", "product manager"), "place"),
    "operations": Role(Text("运营", "operations"), "place"),
    "auditor": Role(Text("审计", "auditor"), "place"),
    "administrator": Role(Text("管理员", "administrator"), "place"),
}


@dataclass(frozen=True, slots=True)
class Grant:
    """A role where it holds. `institution` and `region` (GB/T 2260 code): one of them, or `*` for all."""

    role: str
    institution: str
    region: str

    def __str__(self) -> str:
        return f"{self.role}@{self.institution}/{self.region}"


def grant_of(role: str, institution: str, region: str) -> Grant:
    """Return a checked grant; refuse ROLE_UNKNOWN, INSTITUTION_UNREADABLE, PLACE_UNKNOWN.

    A region is written with six digits, so that one place has one text.

    >>> str(grant_of("officer", "county_bank", "4103"))
    'officer@county_bank/410300'
    """
    if role not in ROLES:
        raise ROLE_UNKNOWN.refuse("role", value=repr(role)[:40], known=", ".join(ROLES))
    if institution != EVERYWHERE and not _INSTITUTION.fullmatch(institution):
        raise INSTITUTION_UNREADABLE.refuse("institution", value=repr(institution)[:50])
    return Grant(role, institution, region if region == EVERYWHERE else place(region, "region").code)


def grants_text(grants: Iterable[Grant]) -> str:
    """Return grants as one line of text, as they are stored and shown.

    >>> grants_text([Grant("officer", "county_bank", "410323"), Grant("auditor", "*", "*")])
    'auditor@*/* officer@county_bank/410323'
    """
    return " ".join(sorted({str(grant) for grant in grants}))


def read_grants(text: str) -> tuple[Grant, ...]:
    """Return the grants of a line made by `grants_text`."""
    grants = []
    for part in text.split():
        role, _, where = part.partition("@")
        institution, _, region = where.partition("/")
        grants.append(Grant(role, institution, region))
    return tuple(grants)
