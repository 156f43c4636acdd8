"""Pages of long lists: a limit, and an opaque cursor that says where the next page begins.

A cursor is signed and holds for one listing with one set of filters: it cannot be made up, or carried to another.
"""

import base64
import hashlib
import hmac
import json
from collections.abc import Callable, Mapping, Sequence
from typing import Annotated, Any, TypeVar

from fastapi import Query

from puhui.kernel.refusals import declare

CURSOR_UNREADABLE = declare(
    "CURSOR_UNREADABLE",
    422,
    "cursor 无效：请原样使用上一页返回的 next，并保持其他查询条件不变。",
    "The cursor does not hold here: use `next` of the page before as it was given, with the same other parameters.",
)

MOST, USUAL = 200, 50
_TAG_BYTES = 16

Limit = Annotated[int, Query(ge=1, le=MOST, description="每页条数 / how many a page")]
Cursor = Annotated[
    str | None,
    Query(
        max_length=1000,
        pattern="^[A-Za-z0-9_-]+$",
        description="上一页的 next / `next` of the page before",
    ),
]

Item = TypeVar("Item")


class Cursors:
    """Writes and reads cursors under one secret; every process that serves must have the same."""

    def __init__(self, secret: bytes) -> None:
        assert len(secret) >= _TAG_BYTES, "a secret that can be guessed signs nothing"
        self._secret = secret

    def write(self, listing: str, after: Sequence[int | str]) -> str:
        """Return the cursor of the place `after` in a listing."""
        place = json.dumps(list(after), separators=(",", ":")).encode()
        return _text(self._tag(listing, place) + place)

    def read(self, listing: str, cursor: str) -> tuple[Any, ...]:
        """Return the place of a cursor of this listing; refuse CURSOR_UNREADABLE."""
        refusal = CURSOR_UNREADABLE.refuse("cursor")
        try:
            whole = base64.b64decode(cursor + "=" * (-len(cursor) % 4), b"-_", validate=True)
        except ValueError:
            raise refusal from None
        tag, place = whole[:_TAG_BYTES], whole[_TAG_BYTES:]
        if _text(whole) != cursor or not hmac.compare_digest(tag, self._tag(listing, place)):
            raise refusal
        return tuple(json.loads(place))

    def _tag(self, listing: str, place: bytes) -> bytes:
        return hmac.digest(self._secret, listing.encode() + b"\0" + place, hashlib.sha256)[:_TAG_BYTES]


def _text(whole: bytes) -> str:
    return base64.urlsafe_b64encode(whole).rstrip(b"=").decode()


def listing_of(path: str, filters: Mapping[str, str]) -> str:
    """Return the name of a listing: its path and its filters, without the page."""
    kept = sorted((name, value) for name, value in filters.items() if name not in ("cursor", "limit"))
    return json.dumps([path, kept])


def split(
    found: Sequence[Item], limit: int, place: Callable[[Item], Sequence[int | str]]
) -> tuple[Sequence[Item], Sequence[int | str] | None]:
    """Return a page, and the place of its last item if there is more: `found` was asked for with limit + 1."""
    if len(found) <= limit:
        return found, None
    return found[:limit], place(found[limit - 1])


def filled(
    fetch: Callable[[int, int], Sequence[Item]],
    keep: Callable[[Item], bool],
    number: Callable[[Item], int],
    after: int,
    limit: int,
) -> Sequence[Item]:
    """Return up to limit + 1 items that may be shown, beyond number `after`, however many between may not."""
    kept: list[Item] = []
    while True:
        found = fetch(after, limit + 1)
        kept += [item for item in found if keep(item)]
        if len(found) <= limit or len(kept) > limit:
            return kept[: limit + 1]
        after = number(found[-1])
