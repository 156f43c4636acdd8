"""Ids: a prefix that says what it names, a UUIDv7 that sorts by time, one text for one id."""

from datetime import UTC, date, datetime, timedelta
from itertools import pairwise
from uuid import UUID

import pytest

from puhui.kernel import clock, ids
from puhui.kernel.refusals import Refusal

# The example of RFC 9562, appendix A.6: made 2022-02-22 19:22:22 UTC.
EXAMPLE = UUID("017f22e2-79b0-7cc3-98c4-dc0c0c07398f")
EXAMPLE_ID = "loan_01fwhe4ydgfk1shh6w1g60eecf"


def test_the_text_of_the_standards_example():
    assert ids.format_id("loan", EXAMPLE) == EXAMPLE_ID
    assert ids.parse_id(EXAMPLE_ID, "loan") == EXAMPLE


def test_an_id_holds_the_millisecond_of_the_clock():
    with clock.set_to(datetime(2022, 2, 22, 19, 22, 22, 999, tzinfo=UTC)):
        assert ids.new_uuid().int >> 80 == EXAMPLE.int >> 80
    with clock.set_to(datetime(2022, 2, 22, 19, 22, 22, 1000, tzinfo=UTC)):
        assert ids.new_uuid().int >> 80 == (EXAMPLE.int >> 80) + 1
    with clock.set_to(datetime(1970, 1, 1, tzinfo=UTC)):
        assert ids.new_uuid().int >> 80 == 0


def test_a_new_id_is_a_version_7_of_the_standards_variant():
    made = [ids.new_uuid() for _ in range(50)]
    assert {uuid.version for uuid in made} == {7}
    assert {uuid.variant for uuid in made} == {"specified in RFC 4122"}
    assert len({uuid.int & (1 << 62) - 1 for uuid in made}) == 50


@pytest.mark.parametrize("prefix", ["loan", "journal_entry", "a"])
def test_a_new_id_reads_back(prefix):
    made = ids.new_id(prefix)
    assert made.startswith(f"{prefix}_")
    assert len(made) == len(prefix) + 1 + 26
    assert made == made.lower()
    assert ids.format_id(prefix, ids.parse_id(made, prefix)) == made


def test_ids_of_one_millisecond_are_in_order_and_all_different():
    with clock.set_to(date(2026, 3, 2)):
        made = [ids.new_id("loan") for _ in range(5_000)]
    assert made == sorted(set(made))
    assert len({text[:15] for text in made}) == 1


def test_ids_of_later_instants_sort_later():
    start = datetime(2026, 3, 2, tzinfo=UTC)
    made = []
    for step in range(200):
        with clock.set_to(start + timedelta(milliseconds=step)):
            made.append(ids.new_id("loan"))
    assert made == sorted(made)


def test_a_clock_set_back_makes_ids_of_that_time():
    with clock.set_to(date(2026, 3, 2)):
        late = ids.new_id("loan")
    with clock.set_to(date(2024, 2, 29)):
        early = ids.new_id("loan")
    assert early < late


def test_neighbours_are_a_random_step_apart():
    with clock.set_to(date(2026, 3, 2)):
        tails = [ids.new_uuid().int & (1 << 62) - 1 for _ in range(20)]
    steps = [(right - left) % (1 << 62) for left, right in pairwise(tails)]
    assert len(set(steps)) == len(steps)
    assert max(steps) > 1 << 40


BODY = EXAMPLE_ID.removeprefix("loan_")


@pytest.mark.parametrize(
    "text",
    [
        "",
        "loan_",
        BODY,
        f"lend_{BODY}",
        f"loan{BODY}",
        f"loan__{BODY}",
        f"LOAN_{BODY}",
        f"loan_{BODY.upper()}",
        f"loan_{BODY[:-1]}",  # 25 characters
        f"loan_{BODY}0",  # 27
        f" loan_{BODY}",
        f"loan_{BODY}\n",
        f"loan_{BODY[:-1]}u",  # not in the alphabet
        f"loan_{BODY[:-1]}l",
        f"loan_{BODY[:-1]}-",
        f"loan_{BODY[:-1]}１",
        f"loan_8{BODY[1:]}",  # 129 bits
        f"loan_z{BODY[1:]}",
        "loan_" + "0" * 26,  # no version
        ids.format_id("loan", UUID(int=EXAMPLE.int ^ 3 << 76)),  # version 4
        ids.format_id("loan", UUID(int=EXAMPLE.int ^ 1 << 63)),  # another variant
        ids.format_id("loan", UUID(int=EXAMPLE.int ^ 1 << 62)),
        str(EXAMPLE),
        None,
        7,
        EXAMPLE,
    ],
)
def test_what_is_not_an_id_is_refused_and_named(text):
    with pytest.raises(Refusal) as caught:
        ids.parse_id(text, "loan", field="loan_id")
    assert (caught.value.code, caught.value.fields) == ("ID_UNREADABLE", ("loan_id",))


@pytest.mark.parametrize("prefix", ["", "Loan", "loan_", "_loan", "loan1", "a__b", "a b"])
def test_a_bad_prefix_is_a_bug(prefix):
    with pytest.raises(AssertionError):
        ids.new_id(prefix)


def test_a_time_before_1970_is_a_bug():
    with clock.set_to(date(1969, 12, 31)), pytest.raises(AssertionError):
        ids.new_uuid()
