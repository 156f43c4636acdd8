"""Where the platform may call out to: only public addresses, resolved once and held to, unless allowed by name.

A partner chooses the URL of its webhooks. Without this it could point us at our own machines, at the one beside us,
or at a cloud's metadata service, and read what they answer.
"""

import socket
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from ipaddress import IPv4Address, IPv4Network, IPv6Address, IPv6Network, ip_address, ip_network
from urllib.parse import urlsplit

from puhui.kernel.language import Text
from puhui.kernel.refusals import INPUT_INVALID, declare

WEBHOOK_ADDRESS = declare(
    "WEBHOOK_ADDRESS",
    422,
    "{field} 不能用作回调地址：{problem}。",
    "{field} cannot be called back: {problem}.",
)

Address = IPv4Address | IPv6Address
Network = IPv4Network | IPv6Network
Resolve = Callable[[str, int], Sequence[str]]

_LONGEST_URL = 2000
_HTTP, _HTTPS = 80, 443
# One cloud's metadata service is here; Pythons differ on whether the block is global.
_ASSIGNMENTS = IPv4Network("192.0.0.0/24")
_UNICAST = IPv6Network("2000::/3")
# IPv6 addresses whose end is an IPv4 address that a gateway passes them on to.
_NAT64 = (IPv6Network("64:ff9b::/96"), IPv6Network("64:ff9b:1::/48"))
_LAST_32_BITS = (1 << 32) - 1


@dataclass(frozen=True)
class Target:
    """A URL taken apart, and the one address that it will be called at."""

    tls: bool
    host: str
    port: int
    path: str
    address: str

    @property
    def host_header(self) -> str:
        """The Host header: the port only where it is not the usual one."""
        shown = f"[{self.host}]" if ":" in self.host else self.host
        return shown if self.port == (_HTTPS if self.tls else _HTTP) else f"{shown}:{self.port}"


def read_networks(text: str) -> tuple[Network, ...]:
    """Return the networks of a list with commas ("127.0.0.0/8, fd00::/8"); refuse INPUT_INVALID."""
    try:
        return tuple(ip_network(part.strip()) for part in text.split(",") if part.strip())
    except ValueError as error:
        raise INPUT_INVALID.refuse("networks", problem=str(error)) from None


def is_public(address: Address) -> bool:
    """Return whether an address is reachable by all and belongs to nobody in particular.

    Not so: loopback, private, link-local (the metadata services are there), shared, multicast, reserved; nor an
    IPv6 address that carries such an IPv4 address.
    """
    if isinstance(address, IPv4Address):
        return address.is_global and not address.is_multicast and address not in _ASSIGNMENTS
    carried = list(_carried(address))
    unicast = address.is_global and address in _UNICAST
    return (unicast or bool(carried)) and all(map(is_public, carried))


def _carried(address: IPv6Address) -> Iterable[IPv4Address]:
    if address.ipv4_mapped is not None:
        yield address.ipv4_mapped
    if address.sixtofour is not None:
        yield address.sixtofour
    if address.teredo is not None:
        yield from address.teredo
    if any(address in network for network in _NAT64):
        yield IPv4Address(int(address) & _LAST_32_BITS)


def resolve(host: str, port: int) -> list[str]:
    """Return the addresses of a name, as the machine's resolver gives them; empty when it knows none."""
    try:
        return [str(found[4][0]) for found in socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)]
    except (OSError, UnicodeError):
        return []


def target_of(url: str, allowed: Sequence[Network] = (), resolver: Resolve = resolve, field: str = "url") -> Target:
    """Return where `url` leads; refuse WEBHOOK_ADDRESS.

    Every address of the name must be public or in an `allowed` network: a name with one of each is refused, since
    whoever answers for it could choose. Plain http is for allowed networks only.
    """
    tls, host, port, path = _parts(url, field)
    addresses = [ip_address(text.partition("%")[0]) for text in resolver(host, port)]
    if not addresses:
        raise WEBHOOK_ADDRESS.refuse(field, problem=Text(f"{host} 无法解析", f"{host} does not resolve"))
    inside = [_within(address, allowed) for address in addresses]
    if not all(known or is_public(address) for known, address in zip(inside, addresses, strict=True)):
        raise WEBHOOK_ADDRESS.refuse(field, problem=_NOT_PUBLIC)
    if not tls and not all(inside):
        raise WEBHOOK_ADDRESS.refuse(field, problem=_TLS_ONLY)
    return Target(tls, host, port, path, str(addresses[0]))


def _within(address: Address, networks: Sequence[Network]) -> bool:
    return any(address in network for network in networks if network.version == address.version)


def _parts(url: str, field: str) -> tuple[bool, str, int, str]:
    try:
        split = urlsplit(url)
        tls = {"https": True, "http": False}[split.scheme]
        port = split.port or (_HTTPS if tls else _HTTP)
    except (ValueError, KeyError):
        raise WEBHOOK_ADDRESS.refuse(field, problem=_NOT_A_URL) from None
    printable = url.isascii() and url.isprintable() and " " not in url
    if not printable or len(url) > _LONGEST_URL or not split.hostname or "@" in split.netloc or split.fragment:
        raise WEBHOOK_ADDRESS.refuse(field, problem=_NOT_A_URL)
    path = (split.path or "/") + (f"?{split.query}" if split.query else "")
    return tls, split.hostname, port, path


_NOT_A_URL = Text(
    "须为 https:// 开头的完整网址，不含账号、空格和 #", "it must be a whole https:// URL without account, space or #"
)
_NOT_PUBLIC = Text(
    "指向内部地址；如确需内部回调，由管理员在 PUHUI_WEBHOOK_NETWORKS 中放行",
    "it leads to an address that is not public; an administrator may allow its network in PUHUI_WEBHOOK_NETWORKS",
)
_TLS_ONLY = Text("须用 https", "it must be https")
