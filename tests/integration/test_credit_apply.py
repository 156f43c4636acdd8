"""From a wish to a loan on both databases: decided, kept under seal, accepted once."""

import json
from datetime import timedelta

import pytest
from sqlalchemy import update

from county_example import kit
from decision_example import OFFICER, decided, one_of, reading
from people_fixtures import masters  # noqa: F401
from puhui.kernel.clock import business_date
from puhui.kernel.refusals import Refusal
from puhui.storage.books import OpenBooks
from puhui.storage.credit_tables import offers
from puhui.workflows.apply import decide_application
from puhui.workflows.offers import accept
from store_fixtures import database, store_url  # noqa: F401


@pytest.fixture
def books(database, masters):  # noqa: F811
    return OpenBooks(database, masters)


def refused(code, call, *arguments):
    with pytest.raises(Refusal) as raised:
        call(*arguments)
    assert raised.value.code == code


@pytest.mark.parametrize(
    ("outcome", "status"), [("approve", "approved"), ("refer", "referred"), ("decline", "declined")]
)
def test_a_decision_is_kept_with_its_reasons_and_offers(books, outcome, status):
    case = one_of(outcome)
    made = decided(books, case)
    with books.begin() as desk:
        assert desk.applications.by_id(case.application).status == status
        [decision] = desk.decisions.of(case.application)
        assert (decision.outcome, decision.party) == (outcome, case.party)
        record = desk.decisions.record(decision, reading(case))
        assert [reason["code"] for reason in record["reasons"]] == list(made.judgement.reasons)
        assert record["score"]["pd_ppm"] == made.judgement.draft.score.pd_ppm
        offers = desk.offers.of(case.application)
        assert [offer.id for offer in offers] == [offer.id for offer in made.offers]
        assert bool(offers) == (outcome == "approve")
        first, fact = desk.store.facts(case.application)
    assert (first.kind, fact.kind, fact.body["outcome"]) == ("application", "decision", outcome)
    assert fact.body["versions"]["model"]
    assert set(fact.personal) == {"record"}


def test_an_offer_becomes_a_loan_once(books):
    case = one_of("approve")
    offers = decided(books, case).offers
    with books.begin() as desk:
        _, loan = accept(desk, offers[0].id, case.party, case.at + timedelta(days=2))
        terms = loan.agreement["terms"]
        assert (terms["disbursed_on"], loan.party) == (
            (business_date(case.at) + timedelta(days=2)).isoformat(),
            case.party,
        )
        assert terms["principal_minor"] == offers[0].agreement["terms"]["principal_minor"]
    with books.begin() as desk:
        found = desk.offers.of(case.application)
        assert [each.status for each in found] == ["accepted", *["withdrawn"] * (len(found) - 1)]
        assert found[0].loan == loan.id
        assert desk.applications.by_id(case.application).status == "accepted"
        assert [fact.kind for fact in desk.store.facts(case.application)] == ["application", "decision", "acceptance"]
        for each in found:
            refused("OFFER_CLOSED", accept, desk, each.id, case.party, case.at)
        refused("OFFER_UNKNOWN", accept, desk, "offer_none", case.party, case.at)


def test_an_offer_ends_after_its_last_day(books):
    case = one_of("approve")
    offer = decided(books, case).offers[0]
    with books.begin() as desk:
        refused("OFFER_EXPIRED", accept, desk, offer.id, case.party, case.at + timedelta(days=8))
        accept(desk, offer.id, case.party, case.at + timedelta(days=7))


def test_of_an_erased_person_nothing_is_decided_or_read(books):
    case = one_of("refer")
    made = decided(books, case)
    with books.begin() as desk:
        desk.personal.erase(case.party, reading(case))
    with books.begin() as desk:
        refused("PERSON_ERASED", decide_application, desk, case, kit(), OFFICER)
        refused("PERSON_ERASED", desk.decisions.record, made.decision, reading(case))


def test_without_its_application_nothing_is_decided(books):
    case = replace_application(one_of("approve"))
    with books.begin() as desk:
        refused("APPLICATION_UNKNOWN", decide_application, desk, case, kit(), OFFICER)


def replace_application(case):
    return case.model_copy(update={"application": "application_none"})


def test_an_offer_that_was_changed_in_the_database_becomes_no_loan(books):
    case = one_of("approve")
    offer = decided(books, case).offers[0]
    cheaper = {**offer.agreement, "terms": {**offer.agreement["terms"], "annual_rate_ppm": 1}}
    with books.begin() as desk:
        text = json.dumps(cheaper)
        desk.store.connection.execute(update(offers).where(offers.c.id == offer.id).values(agreement=text))
    with books.begin() as desk:
        refused("OFFER_TAMPERED", accept, desk, offer.id, case.party, case.at)
