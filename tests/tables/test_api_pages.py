"""Cursors hold for one listing and cannot be made up; pages end where the list ends. Ids have one pattern."""

import re

import pytest

from puhui.api.fields import id_pattern
from puhui.api.pages import Cursors, filled, listing_of, split
from puhui.kernel.ids import new_id, parse_id
from puhui.kernel.refusals import Refusal

CURSORS = Cursors(b"0123456789abcdef")
LISTING = listing_of("/v1/loans", {"party": "party_1", "limit": "10"})


def refused(listing, cursor, cursors=CURSORS):
    with pytest.raises(Refusal) as refusal:
        cursors.read(listing, cursor)
    return refusal.value.code == "CURSOR_UNREADABLE"


@pytest.mark.parametrize("place", [(1,), (2**53, "loan_1"), ("普惠",), ()])
def test_what_is_written_is_read(place):
    cursor = CURSORS.write(LISTING, place)
    assert CURSORS.read(LISTING, cursor) == place
    assert re.fullmatch("[A-Za-z0-9_-]+", cursor)


def test_another_page_size_is_the_same_listing_and_another_filter_is_not():
    cursor = CURSORS.write(LISTING, (7,))
    assert CURSORS.read(listing_of("/v1/loans", {"party": "party_1", "limit": "50", "cursor": "x"}), cursor) == (7,)
    assert refused(listing_of("/v1/loans", {"party": "party_2"}), cursor)
    assert refused(listing_of("/v1/loans", {}), cursor)
    assert refused(listing_of("/v1/entries", {"party": "party_1"}), cursor)


def test_a_cursor_of_another_secret_or_changed_anywhere_is_refused():
    cursor = CURSORS.write(LISTING, (7, "loan"))
    assert refused(LISTING, Cursors(b"another-secret-0").write(LISTING, (7, "loan")))
    for place in range(len(cursor)):
        other = "A" if cursor[place] != "A" else "B"
        assert refused(LISTING, cursor[:place] + other + cursor[place + 1 :])


@pytest.mark.parametrize("cursor", ["", "A", "AAAA", "A" * 22, "A" * 500, "====", "a b", "é"])
def test_what_is_no_cursor(cursor):
    assert refused(LISTING, cursor)


@pytest.mark.parametrize(("found", "page", "after"), [(0, 0, None), (2, 2, None), (3, 3, None), (4, 3, (2,))])
def test_a_page_of_three(found, page, after):
    items, place = split(list(range(found)), 3, lambda item: (item,))
    assert list(items) == list(range(page))
    assert place == after


@pytest.mark.parametrize(
    ("seen", "after", "expected"),
    [
        (range(0), 0, []),
        (range(1, 4), 0, [1, 2, 3]),  # one more than a page: there is a next
        (range(20, 23), 0, [20, 21, 22]),  # nineteen that may not be shown come first
        ([4, 17, 25, 30], 0, [4, 17, 25]),
        ([4, 17, 25, 30], 17, [25, 30]),
        ([30], 30, []),
    ],
)
def test_a_page_is_filled_however_many_may_not_be_shown(seen, after, expected):
    asked = []

    def fetch(beyond, limit):
        asked.append(beyond)
        return range(beyond + 1, 31)[:limit]

    assert filled(fetch, lambda item: item in seen, lambda item: item, after, 2) == expected
    assert asked == sorted(set(asked)), "nothing is read twice"


def test_the_pattern_of_ids_is_what_parse_id_takes():
    pattern = re.compile(id_pattern("loan"))
    for _ in range(200):
        assert pattern.fullmatch(new_id("loan"))
    whole = new_id("loan")
    for place in range(5, len(whole)):
        for character in "0189aefgprstuvwz":
            changed = whole[:place] + character + whole[place + 1 :]
            try:
                parse_id(changed, "loan")
            except Refusal:
                assert not pattern.fullmatch(changed)
            else:
                assert pattern.fullmatch(changed)
