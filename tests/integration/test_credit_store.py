"""What sources told, decisions and offers on both databases: sealed, append-only, gone with the person's key."""

from dataclasses import replace
from datetime import date, timedelta

import polars as pl
import pytest
from sqlalchemy import select, text
from sqlalchemy.exc import DBAPIError

from people_fixtures import NOW, masters  # noqa: F401
from puhui.credit.events import SCHEMA
from puhui.kernel.refusals import Refusal
from puhui.people.ports import Reading
from puhui.storage import credit_tables
from puhui.storage.books import OpenBooks
from puhui.workflows.decisions import Decision, Offer
from puhui.workflows.dossiers import events_of, take_in
from store_fixtures import database, store_url  # noqa: F401

READING = Reading("officer_1", "test", "request_1", NOW)
PARTY, OTHER = "party_1", "party_2"
DECISION = Decision("decision_1", "application_1", PARTY, "county_bank", "410323", "approve", NOW)
OFFER = Offer(
    *("offer_1", "decision_1", "application_1", PARTY, "county_bank", "410323", "open", date(2026, 12, 1)),
    {"product": "auto_new"},
    {"title": "最低月供"},
)


@pytest.fixture
def books(database, masters):  # noqa: F811
    return OpenBooks(database, masters)


def events(*amounts, party=PARTY, consent="credit"):
    rows = [
        {
            "party": party,
            "kind": "wage",
            "amount_minor": amount,
            "at": NOW - timedelta(days=30 * n),
            "recorded_at": NOW,
            "counterparty": "factory",
            "source": "bank_example",
            "consent": consent,
        }
        for n, amount in enumerate(amounts)
    ]
    return pl.DataFrame(rows, schema={name: SCHEMA[name] for name in rows[0]})


def kept_bytes(books, table):
    with books.read() as open_books:
        rows = open_books.store.connection.execute(select(table)).all()
    return b"".join(bytes(value) if isinstance(value, bytes) else str(value).encode() for row in rows for value in row)


def test_what_sources_told_comes_back_in_order_and_is_sealed(books):
    with books.begin() as unit:
        take_in(unit.store, unit.dossiers, PARTY, events(5_000_00, 4_900_00), "bank_example", NOW)
        take_in(unit.store, unit.dossiers, PARTY, events(77_00), "bank_example", NOW)
        take_in(unit.store, unit.dossiers, OTHER, events(1, party=OTHER), "bank_example", NOW)
    with books.begin() as unit:
        found = events_of(unit.dossiers, PARTY, READING)
        assert found["amount_minor"].to_list() == [5_000_00, 4_900_00, 77_00]
        assert events_of(unit.dossiers, "party_3", READING).height == 0
        facts = unit.store.facts(PARTY)
    assert [(fact.kind, fact.body) for fact in facts] == [
        ("dossier", {"events": 2, "source": "bank_example"}),
        ("dossier", {"events": 1, "source": "bank_example"}),
    ]
    assert facts[0].personal["events"] != facts[1].personal["events"]
    assert b"factory" not in kept_bytes(books, credit_tables.dossiers)


def test_events_of_another_party_and_wrong_events_are_refused(books):
    for frame, code in (
        (events(1, party=OTHER), "DOSSIER_OF_OTHERS"),
        (events(-1), "EVENTS_ROWS_WRONG"),
        (events(1).drop("source"), "EVENTS_COLUMNS_WRONG"),
    ):
        with pytest.raises(Refusal) as raised, books.begin() as unit:
            take_in(unit.store, unit.dossiers, PARTY, frame, "bank_example", NOW)
        assert raised.value.code == code
    with books.read() as unit:
        assert unit.store.facts(PARTY) == []


def test_a_decision_keeps_its_record_sealed_and_says_its_digest(books):
    record = {"features": {"income_minor": 1_234_567}, "reasons": ["收入不足"]}
    with books.begin() as unit:
        digest = unit.decisions.add(DECISION, record)
        again = unit.decisions.add(
            Decision("decision_2", "application_1", PARTY, "county_bank", "410323", "refer", NOW), record
        )
        assert digest != again
    with books.begin() as unit:
        first, second = unit.decisions.of("application_1")
        assert (first.id, first.outcome, second.outcome) == ("decision_1", "approve", "refer")
        assert unit.decisions.record(first, READING) == record
        assert unit.decisions.by_id("decision_1") == first
        with pytest.raises(Refusal, match="no decision decision_9"):
            unit.decisions.by_id("decision_9")
    assert b"1234567" not in kept_bytes(books, credit_tables.decisions)


def test_with_the_persons_key_all_of_it_is_gone(books):
    with books.begin() as unit:
        take_in(unit.store, unit.dossiers, PARTY, events(1), "bank_example", NOW)
        unit.decisions.add(DECISION, {"outcome": "approve"})
    with books.begin() as unit:
        unit.personal.erase(PARTY, READING)
    with books.begin() as unit:
        for read in (
            lambda: events_of(unit.dossiers, PARTY, READING),
            lambda: unit.decisions.record(unit.decisions.by_id("decision_1"), READING),
            lambda: take_in(unit.store, unit.dossiers, PARTY, events(1), "bank_example", NOW),
        ):
            with pytest.raises(Refusal) as raised:
                read()
            assert raised.value.code == "PERSON_ERASED"


@pytest.mark.parametrize("table", ["dossiers", "decisions"])
@pytest.mark.parametrize("verb", ["UPDATE {} SET party = 'x'", "DELETE FROM {}"])
def test_rows_never_change(books, table, verb):
    with books.begin() as unit:
        take_in(unit.store, unit.dossiers, PARTY, events(1), "bank_example", NOW)
        unit.decisions.add(DECISION, {})
    with pytest.raises(DBAPIError, match="append-only"), books.begin() as unit:
        unit.store.connection.execute(text(verb.format(table)))


def test_an_offer_is_accepted_once(books):
    with books.begin() as unit:
        unit.offers.add(OFFER)
    with books.begin() as unit:
        offer = unit.offers.by_id("offer_1", for_update=True)
        assert (offer.agreement, offer.summary, offer.expires_on) == (OFFER.agreement, OFFER.summary, OFFER.expires_on)
        unit.offers.change(replace(offer, status="accepted", loan="loan_1"))
    with books.read() as unit:
        [found] = unit.offers.of("application_1")
        assert (found.status, found.loan) == ("accepted", "loan_1")
        with pytest.raises(Refusal, match="no offer offer_2"):
            unit.offers.by_id("offer_2")
