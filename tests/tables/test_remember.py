"""What is remembered of a record is remembered of it alone: what was loaded anew gives its own answers."""

from datetime import date

from product_example import example
from puhui.kernel.remember import remember
from puhui.products.definition import resolve
from puhui.rulebook.book import Rulebook
from puhui.rulebook.check import check
from puhui.rulebook.loader import default_rulebook
from puhui.rulebook.subject import Subject


def test_equal_records_are_asked_apart_and_the_same_one_once():
    asked = []

    @remember(2)
    def first_of(record, place):
        asked.append(place)
        return record[place]

    one, other = [1], [True]
    assert (first_of(one, 0), first_of(other, 0), first_of(one, 0)) == (1, True, 1)
    assert first_of(other, 0) is True
    assert asked == [0, 0]


def test_the_oldest_answer_goes_when_there_are_too_many():
    asked = []

    @remember(2)
    def doubled(record, number):
        asked.append(number)
        return 2 * number

    record = object()
    for number in (1, 2, 3, 3, 1):
        assert doubled(record, number) == 2 * number
    assert asked == [1, 2, 3, 1]


def test_a_product_published_anew_under_the_same_id_and_version_is_resolved_anew():
    before = example(("ranges.amount_minor.max", 5_000_000))
    after = example(("ranges.amount_minor.max", 6_000_000))
    assert (before.id, before.version) == (after.id, after.version)
    found = [resolve(one, "410323", "farmer").ranges.amount_minor.max for one in (before, after, before)]
    assert found == [5_000_000, 6_000_000, 5_000_000]


def test_another_rulebook_gives_its_own_findings():
    whole, day = default_rulebook(), date(2026, 11, 24)
    empty = Rulebook(whole.rules, whole.subjects, whole.series, dict.fromkeys(whole.by_moment, ()))
    subject = Subject("bank", ("personal_consumer",), "410323")
    counts = [len(check(subject, {}, day, rulebook=book).findings) for book in (whole, empty, whole)]
    assert counts[0] > 0
    assert counts == [counts[0], 0, counts[0]]


def test_what_a_lender_made_hard_is_hard_for_that_lender_alone():
    subject, day = Subject("bank", ("personal_consumer",), "410323"), date(2026, 11, 24)
    rule = next(one.rule_id for one in check(subject, {}, day).findings if one.parts)
    switched = [
        next(one.overridden for one in check(subject, {}, day, hard=hard).findings if one.rule_id == rule)
        for hard in ((), (rule,), ())
    ]
    assert switched == [False, True, False]
