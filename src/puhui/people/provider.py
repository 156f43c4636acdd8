"""An identity provider by configuration: which one, and which of its claims give which grants here.

    issuer: https://id.example.cn
    client_id: puhui
    redirect_uri: https://loans.example.cn/oidc/callback
    claim: groups                 # a claim with a text or a list of texts; a.b for one within another
    grants:
      - {value: credit-officers, role: officer, institution: county_bank, region: "410323"}

Off unless `oidc.yaml` lies in the home folder. Someone whose claims give nothing does not get in.
"""

import hashlib
from collections.abc import Mapping
from pathlib import Path
from typing import Annotated, Any
from urllib.parse import urlsplit

from pydantic import Field

from puhui.kernel.home import home
from puhui.kernel.inputs import Record, parse
from puhui.kernel.refusals import Refusal, declare
from puhui.people.account import read_name
from puhui.people.roles import Grant, grant_of
from puhui.rulebook.files import read_yaml

FILE = "oidc.yaml"
SECRET_VARIABLE = "PUHUI_OIDC_SECRET"  # noqa: S105 - the name of a variable
_LOOPBACK = ("127.0.0.1", "::1", "localhost")

OIDC_INSECURE = declare(
    "OIDC_INSECURE",
    422,
    "身份提供方地址须为 https：{url}。",
    "The identity provider must be reached by https: {url}.",
)


class GrantRule(Record):
    """A value of the claim, and the grant that it gives."""

    value: str
    role: str
    institution: str
    region: str

    def grant(self) -> Grant:
        """Return the grant; refuse ROLE_UNKNOWN, INSTITUTION_UNREADABLE, PLACE_UNKNOWN."""
        return grant_of(self.role, self.institution, self.region)


class Provider(Record):
    """The configuration. `redirect_uri`: /oidc/callback as browsers reach it; `name_claim`: what the account is called.

    A secret, where the provider wants one, comes from PUHUI_OIDC_SECRET. `home_path`: where one lands after signing in.
    """

    issuer: str
    client_id: str
    redirect_uri: str
    claim: str
    grants: tuple[GrantRule, ...]
    scope: str = "openid profile"
    name_claim: str = "preferred_username"
    home_path: Annotated[str, Field(pattern=r"^/([!-.0-\[\]-~][!-\[\]-~]*)?$")] = "/"


def provider(folder: Path | None = None) -> Provider | None:
    """Return the configured provider, None without one.

    Refuses INPUT_UNREADABLE, INPUT_INVALID, OIDC_INSECURE, and what its grants refuse.
    """
    path = (folder or home()).joinpath(FILE)
    if not path.exists():
        return None
    found = parse(Provider, read_yaml(path), FILE)
    for url in (found.issuer, found.redirect_uri):
        check_secure(url)
    for rule in found.grants:
        rule.grant()
    return found


def check_secure(url: str) -> None:
    """Refuse OIDC_INSECURE unless the address is https, or http on this very machine."""
    try:
        parts = urlsplit(url)
    except ValueError:
        raise OIDC_INSECURE.refuse("issuer", url=url[:200]) from None
    if parts.scheme != "https" and not (parts.scheme == "http" and parts.hostname in _LOOPBACK):
        raise OIDC_INSECURE.refuse("issuer", url=url[:200])


def grants_from(claims: Mapping[str, Any], configured: Provider) -> tuple[Grant, ...]:
    """Return the grants that someone's claims give; none when the claim is absent or of another form."""
    found: Any = claims
    for part in configured.claim.split("."):
        found = found.get(part) if isinstance(found, Mapping) else None
    values = [found] if isinstance(found, str) else found if isinstance(found, list) else []
    return tuple(rule.grant() for rule in configured.grants if rule.value in values)


def name_from(claims: Mapping[str, Any], configured: Provider) -> str:
    """Return what an account from abroad is called: the claim where it can be a sign-in name, else a short hash."""
    try:
        return read_name(str(claims.get(configured.name_claim, "")))
    except Refusal:
        return f"outside-{hashlib.sha256(outside_of(claims).encode()).hexdigest()[:12]}"


def outside_of(claims: Mapping[str, Any]) -> str:
    """Return issuer and subject, which together name one person for ever."""
    return f"{claims['iss']} {claims['sub']}"
