"""Who may do what: rows of the rule itself, on both sides of each boundary. The whole table is walked elsewhere."""

from dataclasses import replace

import pytest

from puhui.kernel.language import Text
from puhui.kernel.refusals import Refusal, declare
from puhui.people.access import NOBODY, Actor, Resource, Span, allowed, check, may, spans
from puhui.people.permissions import Action, action_of, actions
from puhui.people.roles import ROLES, Grant, grant_of, grants_text, read_grants

READ = Action("x.read", Text("读", "read"), frozenset({"officer", "borrower", "partner"}))
PAY = replace(READ, name="x.pay", moves_money=True)
OPEN = replace(READ, name="x.open", anyone=True, roles=frozenset(), reach="none")
MINE = replace(READ, name="x.mine", any_role=True, roles=frozenset(), reach="none")
BY_HAND = replace(READ, name="x.hand", person_only=True)

LOAN = Resource("county_bank", "410323", party="party_a", partner="dealer_1")
OFFICER = Actor("account_1", (Grant("officer", "county_bank", "410323"),), person="account_1", is_person=True)


def officer(institution, region):
    return replace(OFFICER, grants=(Grant("officer", institution, region),))


REACH = [
    ("same institution, same county", officer("county_bank", "410323"), "allowed"),
    ("its city", officer("county_bank", "410300"), "allowed"),
    ("its province", officer("county_bank", "410000"), "allowed"),
    ("everywhere", officer("*", "*"), "allowed"),
    ("everywhere in the institution", officer("county_bank", "*"), "allowed"),
    ("the county, any institution", officer("*", "410323"), "allowed"),
    ("the county next to it", officer("county_bank", "410324"), "hidden"),
    ("another province", officer("county_bank", "370000"), "hidden"),
    ("another institution", officer("city_bank", "410323"), "hidden"),
    ("an institution whose name begins alike", officer("county_bank2", "410323"), "hidden"),
    (
        "institution of one grant, region of another",
        replace(OFFICER, grants=(Grant("officer", "county_bank", "370000"), Grant("officer", "city_bank", "410323"))),
        "hidden",
    ),
    (
        "place of a role that may not",
        replace(OFFICER, grants=(Grant("officer", "county_bank", "370000"), Grant("auditor", "*", "*"))),
        "hidden",
    ),
    ("only a role that may not", replace(OFFICER, grants=(Grant("auditor", "*", "*"),)), "forbidden"),
    ("no grant", replace(OFFICER, grants=()), "forbidden"),
    ("nobody", NOBODY, "unauthenticated"),
    ("nobody with grants", replace(OFFICER, id=""), "unauthenticated"),
]


@pytest.mark.parametrize(("who", "actor", "verdict"), REACH, ids=[row[0] for row in REACH])
def test_a_loan_is_reached_by_institution_and_region(who, actor, verdict):
    assert allowed(actor, READ, LOAN) == verdict


def borrower(party, **changes):
    return Actor(
        "account_2", (Grant("borrower", "*", "*"),), person="account_2", party=party, is_person=True, **changes
    )


def partner(party):
    return Actor("key_3", (Grant("partner", "county_bank", "*"),), party=party, scopes=frozenset({"x.read"}))


OWN = [
    (borrower("party_a"), LOAN, "allowed"),
    (borrower("party_b"), LOAN, "hidden"),
    (borrower(""), LOAN, "hidden"),
    (borrower(""), replace(LOAN, party=""), "hidden"),
    (borrower("dealer_1"), LOAN, "hidden"),
    (partner("dealer_1"), LOAN, "allowed"),
    (partner("dealer_2"), LOAN, "hidden"),
    (partner(""), replace(LOAN, partner=""), "hidden"),
    (partner("party_a"), LOAN, "hidden"),
    (partner("dealer_1"), replace(LOAN, institution="city_bank"), "hidden"),
]


@pytest.mark.parametrize(("actor", "loan", "verdict"), OWN)
def test_a_borrower_and_a_partner_reach_only_their_own(actor, loan, verdict):
    assert allowed(actor, READ, loan) == verdict


@pytest.mark.parametrize(
    ("region", "granted", "covers"),
    [
        ("", "*", True),
        ("", "410000", False),
        ("410323", "410323", True),
        ("410300", "410323", False),
        ("999999", "410000", False),
        ("999999", "*", True),
        ("41", "410000", True),
    ],
)
def test_a_thing_of_no_or_an_unknown_region_is_reached_only_from_everywhere(region, granted, covers):
    assert Span("*", granted).covers(Resource("county_bank", region)) is covers


def test_a_thing_of_no_institution_is_reached_only_by_a_grant_for_all():
    assert not Span("county_bank", "*").covers(Resource("", "410323"))
    assert Span("*", "*").covers(Resource("", "410323"))


KEYS = [
    ("live key", True, True, "allowed"),
    ("test key in a live system", False, True, "test_key"),
    ("test key in a test system", False, False, "allowed"),
    ("live key in a test system", True, False, "allowed"),
]


@pytest.mark.parametrize(("what", "is_live", "live_system", "verdict"), KEYS, ids=[row[0] for row in KEYS])
def test_a_test_key_moves_no_money_in_a_live_system(what, is_live, live_system, verdict):
    key = Actor("key_1", OFFICER.grants, scopes=frozenset({"x.pay"}), is_live=is_live)
    assert allowed(key, PAY, LOAN, live_system=live_system) == verdict


def test_a_key_does_no_more_than_its_scopes_and_no_more_than_its_roles():
    key = Actor("key_1", OFFICER.grants, scopes=frozenset({"x.read"}))
    assert may(key, READ) == "allowed"
    assert may(key, PAY) == "forbidden"
    assert may(replace(key, scopes=frozenset()), READ) == "forbidden"
    assert may(replace(key, grants=(Grant("auditor", "*", "*"),)), READ) == "forbidden"
    assert may(replace(key, scopes=frozenset({"x.hand"})), BY_HAND) == "person_needed"
    assert may(OFFICER, BY_HAND) == "allowed"


def test_open_actions_are_for_anyone_and_others_for_the_signed_in():
    assert [may(actor, OPEN) for actor in (NOBODY, OFFICER)] == ["allowed", "allowed"]
    assert [may(actor, MINE) for actor in (NOBODY, replace(OFFICER, grants=()))] == ["unauthenticated", "allowed"]


def test_an_action_on_a_thing_is_never_decided_without_the_thing():
    with pytest.raises(AssertionError, match="held against a thing"):
        allowed(OFFICER, READ, None)
    assert allowed(OFFICER, replace(READ, reach="none")) == "allowed"


def test_spans_are_those_of_the_grants_that_may():
    actor = Actor(
        "account_9",
        (
            Grant("officer", "county_bank", "410323"),
            Grant("borrower", "*", "*"),
            Grant("auditor", "*", "*"),
        ),
        party="party_a",
    )
    assert spans(actor, READ) == (Span("county_bank", "410323"), Span("*", "*", party="party_a"))
    assert spans(replace(actor, party=""), READ) == (Span("county_bank", "410323"),)
    assert spans(NOBODY, READ) == ()


GONE = declare("TEST_LOAN_GONE", 404, "没有", "none")


@pytest.mark.parametrize(
    ("verdict", "status", "code"),
    [
        ("unauthenticated", 401, "UNAUTHENTICATED"),
        ("forbidden", 403, "FORBIDDEN"),
        ("test_key", 403, "TEST_KEY"),
        ("person_needed", 403, "PERSON_NEEDED"),
        ("hidden", 404, "TEST_LOAN_GONE"),
    ],
)
def test_each_no_has_its_status(verdict, status, code):
    with pytest.raises(Refusal) as refused:
        check(verdict, READ, GONE.refuse("loan"))
    assert (refused.value.status, refused.value.code) == (status, code)
    check("allowed", READ)


def test_what_is_out_of_reach_reads_as_not_there_also_without_a_refusal_of_its_own():
    with pytest.raises(Refusal) as refused:
        check("hidden", READ)
    assert refused.value.code == "NOT_FOUND"


@pytest.mark.parametrize(
    ("role", "institution", "region", "code"),
    [
        ("boss", "a", "*", "ROLE_UNKNOWN"),
        ("officer", "", "*", "INSTITUTION_UNREADABLE"),
        ("officer", "a b", "*", "INSTITUTION_UNREADABLE"),
        ("officer", "a/b", "*", "INSTITUTION_UNREADABLE"),
        ("officer", "**", "*", "INSTITUTION_UNREADABLE"),
        ("officer", "a" * 41, "*", "INSTITUTION_UNREADABLE"),
        ("officer", "a", "", "PLACE_UNKNOWN"),
        ("officer", "a", "999999", "PLACE_UNKNOWN"),
        ("officer", "a", "4103 23", "PLACE_UNKNOWN"),
    ],
)
def test_a_grant_that_cannot_be_meant_is_refused(role, institution, region, code):
    with pytest.raises(Refusal) as refused:
        grant_of(role, institution, region)
    assert refused.value.code == code


def test_grants_read_back_as_they_were_written():
    grants = (
        grant_of("officer", "a" * 40, "41"),
        grant_of("auditor", "*", "*"),
        grant_of("partner", "a.b-c_d", "410323"),
    )
    assert set(read_grants(grants_text(grants))) == set(grants)
    assert grants[0].region == "410000"
    assert read_grants("") == ()


def test_the_table_names_known_roles_and_both_languages():
    for name, action in actions().items():
        assert action.roles <= ROLES.keys()
        assert action.approvers <= ROLES.keys()
        assert action.about.zh
        assert action.about.en
        assert action.roles or action.anyone or action.any_role, f"{name} is for nobody"
        assert not (action.moves_money and action.anyone), f"{name} moves money for anyone"
    with pytest.raises(AssertionError, match="no row"):
        action_of("loans.burn")


def test_what_is_of_the_whole_installation_needs_a_grant_for_all_of_it():
    whole = replace(READ, reach="everywhere")
    assert may(officer("*", "*"), whole) == allowed(officer("*", "*"), whole) == "allowed"
    for institution, region in (("county_bank", "*"), ("*", "410000"), ("county_bank", "410323")):
        assert may(officer(institution, region), whole) == "forbidden"
    mixed = replace(OFFICER, grants=(Grant("officer", "a", "*"), Grant("auditor", "*", "*")))
    assert may(mixed, whole) == "forbidden"


def test_whoever_may_decide_on_an_approval_is_let_in_to_do_so_and_no_administrator_is():
    second = {role for action in actions().values() for role in action.approvers}
    assert second == action_of("approvals.decide").roles
    assert "administrator" not in second
    needed = {"loans.write_off", "loans.restructure", "limits.override", "products.publish"}
    assert needed == {name for name, action in actions().items() if action.approvers}
