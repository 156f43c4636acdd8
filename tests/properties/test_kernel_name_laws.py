"""Laws of ids and places."""

from datetime import UTC, datetime, timedelta
from uuid import UUID

from hypothesis import given
from hypothesis import strategies as st

from puhui.kernel import clock, ids, places
from puhui.kernel.refusals import Refusal

EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
uuids = st.integers(0, 2**128 - 1).map(lambda value: UUID(int=value & ~(15 << 76) & ~(3 << 62) | 7 << 76 | 2 << 62))
prefixes = st.from_regex("[a-z]{1,8}(_[a-z]{1,8})?", fullmatch=True)
instants = st.integers(0, 230 * 365 * 86_400 * 1_000_000).map(lambda since: EPOCH + timedelta(microseconds=since))
codes = st.sampled_from(places.codes())


@given(uuids, prefixes)
def test_an_id_reads_back(uuid, prefix):
    assert ids.parse_id(ids.format_id(prefix, uuid), prefix) == uuid


@given(uuids, uuids)
def test_ids_sort_as_their_numbers_do(one, other):
    texts = ids.format_id("loan", one), ids.format_id("loan", other)
    assert (texts[0] < texts[1]) == (one.int < other.int)


@given(st.text(alphabet=ids.ALPHABET + "ilouA_ ", min_size=20, max_size=32))
def test_a_text_is_one_id_or_none(body):
    try:
        uuid = ids.parse_id(f"loan_{body}", "loan")
    except Refusal:
        return
    assert ids.format_id("loan", uuid) == f"loan_{body}"


@given(st.lists(instants, min_size=2, max_size=8, unique=True))
def test_new_ids_sort_as_their_instants_do(moments):
    made = []
    for moment in sorted(moments):
        with clock.set_to(moment):
            made.append(ids.new_id("loan"))
            assert clock.today() == clock.business_date(moment)
    assert made == sorted(made)
    assert len(set(made)) == len(made)


@given(codes, codes)
def test_a_place_lies_in_another_only_if_that_is_above_it(code, other):
    above = {place.code for place in places.ancestors(code)} | {code}
    assert places.within(code, other) == (other in above)


@given(codes)
def test_a_place_is_found_by_its_own_full_name(code):
    name = places.place(code).name
    assert code in [place.code for place in places.find(name)]
    assert places.full_name(code).endswith(name)


@given(st.text(max_size=8) | st.integers() | st.none())
def test_anything_but_a_code_is_refused(value):
    try:
        place = places.place(value)
    except Refusal:
        return
    assert place.code.startswith(value)
