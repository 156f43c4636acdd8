"""Accounts, sessions, keys and approvals on both databases: counted, ended, used once, also when two come at once."""

import threading
from dataclasses import replace
from datetime import timedelta

import pytest
from sqlalchemy import select

from people_fixtures import CHEAP, EVERYWHERE, NOW, PASSWORD, Crowd
from puhui.kernel.refusals import Refusal
from puhui.people import four_eyes
from puhui.people.access import Actor, Resource
from puhui.people.administration import (
    OPERATOR,
    NewKey,
    add_account,
    add_outside,
    disable,
    make_key,
    new_account,
    revoke_key,
    set_grants,
)
from puhui.people.approval import Asking
from puhui.people.backoff import Attempts
from puhui.people.passwords import Hasher
from puhui.people.permissions import Action
from puhui.people.roles import Grant, grant_of
from puhui.people.sign_in import Door, SignedIn, change_password, key_of, sign_in, sign_out, who_is_in
from puhui.storage import people_tables
from store_fixtures import database, store_url  # noqa: F401

SECOND = timedelta(seconds=1)
ADMIN = ("administrator", *EVERYWHERE)


@pytest.fixture
def crowd(database):  # noqa: F811
    return Crowd(database)


def refused(code, call, *arguments, **named):
    with pytest.raises(Refusal) as raised:
        call(*arguments, **named)
    assert raised.value.code == code
    return raised.value


def test_a_person_signs_in_stays_in_and_goes_out(crowd):
    account = crowd.account("li.lei", ADMIN)
    found = sign_in(crowd.door, " Li.Lei ", PASSWORD, NOW)
    with crowd.read() as people:
        assert who_is_in(people, found.token, NOW)[0] == account
        assert who_is_in(people, found.token[:-1], NOW) is None
        assert who_is_in(people, "", NOW) is None
    with crowd.open() as people:
        sign_out(people, found.token)
        assert who_is_in(people, found.token, NOW) is None
        sign_out(people, found.token)


def test_what_the_database_keeps_is_neither_password_nor_token_nor_key(crowd):
    crowd.account("li.lei", ADMIN)
    token = sign_in(crowd.door, "li.lei", PASSWORD, NOW).token
    _, text = crowd.key(ADMIN, scopes=["session.read"])
    kept = []
    with crowd.database.read() as unit:
        for table in (people_tables.accounts, people_tables.sessions, people_tables.api_keys):
            kept += [str(tuple(row)) for row in unit.connection.execute(select(table))]
    assert len(kept) == 3
    for secret in (PASSWORD, token, text, text[20:]):
        assert all(secret not in row for row in kept)


def test_unknown_wrong_and_disabled_are_answered_alike(crowd):
    crowd.account("li.lei", ADMIN)
    gone = crowd.account("han.mei", ADMIN)
    with crowd.open() as people:
        disable(people, gone, OPERATOR, NOW)
    answers = {
        str(refused("SIGN_IN_REFUSED", sign_in, crowd.door, name, password, NOW).as_dict())
        for name, password in (("li.lei", "wrong password"), ("nobody", PASSWORD), ("han.mei", PASSWORD), ("", ""))
    }
    assert len(answers) == 1


@pytest.mark.parametrize("name", ["li.lei", "nobody"])
def test_after_five_attempts_one_waits_known_or_not(crowd, name):
    crowd.account("li.lei", ADMIN)
    for _ in range(5):
        refused("SIGN_IN_REFUSED", sign_in, crowd.door, name, "wrong password", NOW)
    wait = refused("SIGN_IN_WAIT", sign_in, crowd.door, name, PASSWORD, NOW)
    assert wait.details["retry_after_seconds"] == 4
    refused("SIGN_IN_WAIT", sign_in, crowd.door, name, PASSWORD, NOW + 3 * SECOND)
    late = NOW + 4 * SECOND
    if name == "nobody":
        refused("SIGN_IN_REFUSED", sign_in, crowd.door, name, PASSWORD, late)
        wait = refused("SIGN_IN_WAIT", sign_in, crowd.door, name, PASSWORD, late)
        assert wait.details["retry_after_seconds"] == 8
    else:
        sign_in(crowd.door, name, PASSWORD, late)
        for _ in range(5):  # the count begins anew
            refused("SIGN_IN_REFUSED", sign_in, crowd.door, name, "wrong password", late)


def test_one_name_does_not_make_another_wait(crowd):
    crowd.account("li.lei", ADMIN)
    for _ in range(6):
        with pytest.raises(Refusal):
            sign_in(crowd.door, "nobody", "wrong password", NOW)
    sign_in(crowd.door, "li.lei", PASSWORD, NOW)


def test_a_crowd_of_guesses_at_once_is_no_more_than_the_wait_allows(crowd):
    crowd.account("li.lei", ADMIN)
    looked_at = []

    class Counting(Hasher):
        def fits(self, kept, password):
            looked_at.append(password)
            return super().fits(kept, password)

    door = Door(crowd.open, Counting(memory_kib=8, passes=1, lanes=1))
    start = threading.Barrier(12)

    def guess(number):
        start.wait()
        with pytest.raises(Refusal):
            sign_in(door, "li.lei", f"wrong password {number}", NOW)

    threads = [threading.Thread(target=guess, args=(number,)) for number in range(12)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert 1 <= len(looked_at) <= 5


def test_an_attempt_is_counted_only_on_what_was_read(crowd):
    name, first, second = b"name", Attempts(1, NOW), Attempts(2, NOW + SECOND)
    with crowd.open() as people:
        count = people.accounts.count_attempt
        assert count(name, None, first)
        assert not count(name, None, first)
        assert count(name, first, second)
        assert not count(name, first, second)
        assert not count(name, Attempts(2, NOW), second)
        assert people.accounts.attempts(name) == second


def test_old_attempts_are_cleared_away(crowd):
    crowd.account("li.lei", ADMIN)
    refused("SIGN_IN_REFUSED", sign_in, crowd.door, "nobody", PASSWORD, NOW)
    refused("SIGN_IN_REFUSED", sign_in, crowd.door, "somebody", PASSWORD, NOW + timedelta(hours=2))
    sign_in(crowd.door, "li.lei", PASSWORD, NOW + timedelta(hours=25))
    with crowd.database.read() as unit:
        assert len(unit.connection.execute(select(people_tables.sign_in_attempts)).all()) == 1


def test_a_session_runs_out_and_use_prolongs_it(crowd):
    crowd.account("li.lei", ADMIN)
    token = sign_in(crowd.door, "li.lei", PASSWORD, NOW).token
    half = timedelta(minutes=30)
    with crowd.open() as people:
        assert who_is_in(people, token, NOW + half) is None
        people.sessions.note_use(who_is_in(people, token, NOW)[1].digest, NOW + half - SECOND)
        assert who_is_in(people, token, NOW + half)
        assert who_is_in(people, token, NOW + 2 * half - SECOND) is None
    sign_in(crowd.door, "li.lei", PASSWORD, NOW + timedelta(hours=12) + SECOND)
    with crowd.database.read() as unit:
        assert len(unit.connection.execute(select(people_tables.sessions)).all()) == 1


def test_disabled_is_out_at_once(crowd):
    account = crowd.account("li.lei", ADMIN)
    token = sign_in(crowd.door, "li.lei", PASSWORD, NOW).token
    with crowd.open() as people:
        disable(people, account, OPERATOR, NOW)
        assert who_is_in(people, token, NOW) is None
        assert people.accounts.by_id(account.id).disabled_at == NOW


def test_another_password_ends_the_other_sessions(crowd):
    crowd.account("li.lei", ADMIN)
    here, there = (sign_in(crowd.door, "li.lei", PASSWORD, NOW) for _ in range(2))
    refused("SIGN_IN_REFUSED", change_password, crowd.door, here, "wrong password", "another horse battery", NOW)
    refused("PASSWORD_WEAK", change_password, crowd.door, here, PASSWORD, "short", NOW)
    change_password(crowd.door, here, PASSWORD, "another horse battery", NOW)
    with crowd.read() as people:
        assert who_is_in(people, here.token, NOW)
        assert who_is_in(people, there.token, NOW) is None
    refused("SIGN_IN_REFUSED", sign_in, crowd.door, "li.lei", PASSWORD, NOW)
    sign_in(crowd.door, "li.lei", "another horse battery", NOW)
    assert [fact.kind for fact in crowd.facts(here.account.id)] == ["account_created", "password_changed"]


def test_guesses_of_the_old_password_in_an_open_session_wait_too(crowd):
    crowd.account("li.lei", ADMIN)
    here = sign_in(crowd.door, "li.lei", PASSWORD, NOW)
    for _ in range(5):
        refused("SIGN_IN_REFUSED", change_password, crowd.door, here, "wrong password", "another horse battery", NOW)
    refused("SIGN_IN_WAIT", change_password, crowd.door, here, PASSWORD, "another horse battery", NOW)


def test_a_hash_of_older_parameters_is_made_anew_at_the_next_sign_in(crowd):
    crowd.account("li.lei", ADMIN)
    door = Door(crowd.open, Hasher(memory_kib=16, passes=1, lanes=1))
    kept = sign_in(door, "li.lei", PASSWORD, NOW).account
    assert "m=8," in kept.password
    with crowd.read() as people:
        assert "m=16," in people.accounts.by_id(kept.id).password
    sign_in(door, "li.lei", PASSWORD, NOW)


def test_a_name_is_taken_once(crowd):
    crowd.account("li.lei", ADMIN)
    refused("ACCOUNT_EXISTS", crowd.account, "LI.LEI", ADMIN)
    wanted = new_account("li.lei", [grant_of(*ADMIN)], NOW)

    def at_the_same_time():
        with crowd.open() as people:
            people.accounts.add(wanted)

    refused("ACCOUNT_EXISTS", at_the_same_time)


def test_people_from_abroad_follow_their_claims_and_have_no_password(crowd):
    crowd.account("li.lei", ADMIN)
    officer, auditor = (Grant("officer", "a", "410000"),), (Grant("auditor", "a", "*"),)
    with crowd.open() as people:
        made = add_outside(people, "https://id x", "li.lei", officer, NOW)
    with crowd.open() as people:
        again = add_outside(people, "https://id x", "renamed", auditor, NOW)
        third = add_outside(people, "https://id x", "renamed", auditor, NOW)
    assert (again.id, again.grants, third) == (made.id, auditor, again)
    assert [fact.kind for fact in crowd.facts(made.id)] == ["account_created", "grants_changed"]
    assert sign_in(crowd.door, "li.lei", PASSWORD, NOW).account.id != made.id
    refused("PASSWORD_OUTSIDE", change_password, crowd.door, SignedIn("t", again), "", "another horse battery", NOW)


# --- who may grant --------------------------------------------------------------------------------------


def administrator(institution, region):
    return Actor("account_a", (Grant("administrator", institution, region),), person="account_a", is_person=True)


REACH = [
    (("county_bank", "*"), ("officer", "county_bank", "410323"), True),
    (("county_bank", "*"), ("officer", "county_bank", "*"), True),
    (("county_bank", "*"), ("officer", "city_bank", "410323"), False),
    (("county_bank", "*"), ("officer", "*", "410323"), False),
    (("*", "410000"), ("officer", "county_bank", "410323"), True),
    (("*", "410000"), ("officer", "county_bank", "*"), False),
    (("*", "410000"), ("officer", "county_bank", "370000"), False),
    (("county_bank", "410323"), ("officer", "county_bank", "410000"), False),
    (("*", "*"), ("administrator", "*", "*"), True),
]


@pytest.mark.parametrize(("mine", "given", "good"), REACH)
def test_nobody_grants_beyond_his_reach(crowd, mine, given, good):
    by = administrator(*mine)
    if good:
        crowd.account("li.lei", given, by=by)
        crowd.key(given, scopes=["session.read"], by=by)
    else:
        refused("OUT_OF_REACH", crowd.account, "li.lei", given, by=by)
        refused("OUT_OF_REACH", crowd.key, given, scopes=["session.read"], by=by)


def test_only_an_administrator_grants_or_takes_away(crowd):
    account = crowd.account("li.lei", ("officer", "county_bank", "*"))
    with crowd.open() as people:
        for role in ("operations", "auditor"):
            by = Actor("account_o", (Grant(role, "*", "*"),), person="account_o", is_person=True)
            refused("OUT_OF_REACH", set_grants, people, account, (), by, NOW)
            refused("OUT_OF_REACH", disable, people, account, by, NOW)
        refused("OUT_OF_REACH", set_grants, people, account, (), administrator("city_bank", "*"), NOW)
        set_grants(people, account, (Grant("auditor", "county_bank", "*"),), administrator("county_bank", "*"), NOW)
        assert people.accounts.by_id(account.id).grants == (Grant("auditor", "county_bank", "*"),)


def test_borrowers_and_partners_need_a_party_of_their_own(crowd):
    refused("PARTY_NEEDED", crowd.account, "li.lei", ("borrower", *EVERYWHERE))
    refused("PARTY_NEEDED", crowd.key, ("partner", *EVERYWHERE), scopes=["session.read"])
    assert crowd.account("li.lei", ("borrower", *EVERYWHERE), party="party_1").actor().party == "party_1"


def test_the_account_of_a_weak_password_is_not_made(crowd):
    wanted = new_account("li.lei", [grant_of(*ADMIN)], NOW)
    with crowd.open() as people:
        refused("PASSWORD_WEAK", add_account, people, CHEAP, wanted, "password1234", OPERATOR)
        assert people.accounts.all() == []


# --- keys -----------------------------------------------------------------------------------------------


def test_a_key_opens_until_it_is_revoked_or_runs_out(crowd):
    key, text = crowd.key(ADMIN, scopes=["session.read"], expires_at=NOW + timedelta(days=1))
    with crowd.open() as people:
        assert key_of(people, text, NOW) == key
        assert key_of(people, text, NOW + timedelta(days=1)) is None
        wrong = text[:-1] + ("0" if text[-1] != "0" else "1")
        assert key_of(people, wrong, NOW) is None
        assert key_of(people, "pk_test_" + text[8:], NOW) is None
        revoke_key(people, people.keys.by_id(key.id), OPERATOR, NOW)
        revoke_key(people, people.keys.by_id(key.id), OPERATOR, NOW + SECOND)
        assert key_of(people, text, NOW) is None
        assert people.keys.by_id(key.id).revoked_at == NOW
        refused("NOT_FOUND", revoke_key, people, None, OPERATOR, NOW)
    assert [fact.kind for fact in crowd.facts(key.id)] == ["key_created", "key_revoked"]
    assert text[20:] not in str(crowd.facts(key.id))


@pytest.mark.parametrize("scope", ["loans.burn", "session.end", ""])
def test_a_key_is_not_promised_what_it_could_never_do(crowd, scope):
    refused("SCOPE_UNKNOWN", crowd.key, ADMIN, scopes=[scope])


def test_a_key_that_has_run_out_is_not_made(crowd):
    refused("EXPIRY_PAST", crowd.key, ADMIN, scopes=["session.read"], expires_at=NOW)
    wanted = NewKey("x", (grant_of(*ADMIN),), frozenset({"session.read"}), False, NOW + SECOND)
    with crowd.open() as people:
        key, text = make_key(people, wanted, OPERATOR, NOW)
    assert text.startswith("pk_test_")
    with crowd.open() as people:
        people.keys.note_use(key.id, NOW)
        assert [(each.id, each.used_at, each.is_live) for each in people.keys.all()] == [(key.id, NOW, False)]


# --- approvals ------------------------------------------------------------------------------------------


@pytest.fixture
def write_off(monkeypatch):
    from puhui.kernel.language import Text
    from puhui.people import approval

    action = Action("x.off", Text("核销", "write off"), frozenset({"operations"}), approvers=frozenset({"auditor"}))
    monkeypatch.setattr(approval, "action_of", {action.name: action}.__getitem__)
    return Asking(action, "loan_1", Resource("county_bank", "410323"), '{"分":5}'.encode())


def person(name, role):
    return Actor(name, (Grant(role, "county_bank", "*"),), person=name, is_person=True)


ASKER, SECOND_PERSON = person("account_ask", "operations"), person("account_two", "auditor")


def test_an_approval_is_kept_decided_used_and_told_as_facts(crowd, write_off):
    with crowd.open() as people:
        asked = four_eyes.require(people, ASKER, write_off, None, NOW).approval
        assert people.approvals.by_id(asked.id) == asked
        assert people.approvals.waiting(NOW) == [asked]
        assert people.approvals.waiting(asked.expires_at) == []
    with crowd.open() as people:
        decided = four_eyes.decide(people, SECOND_PERSON, asked.id, NOW + SECOND, approve=True)
        assert people.approvals.by_id(asked.id) == decided
        assert people.approvals.waiting(NOW) == []
    with crowd.open() as people:
        granted = four_eyes.require(people, ASKER, write_off, asked.id, NOW + 2 * SECOND)
        assert granted.approved_by == "account_two"
    told = [(fact.kind, fact.actor) for fact in crowd.facts(asked.id)]
    assert told == [
        ("approval_asked", "account_ask"),
        ("approval_approved", "account_two"),
        ("approval_used", "account_ask"),
    ]


def test_an_approval_changes_only_from_the_state_that_was_read(crowd, write_off):
    with crowd.open() as people:
        asked = four_eyes.require(people, ASKER, write_off, None, NOW).approval
        assert people.approvals.change(asked, replace(asked, state="approved"))
        assert not people.approvals.change(asked, replace(asked, state="refused"))
        assert people.approvals.by_id(asked.id).state == "approved"


def test_what_was_approved_is_done_once_though_sent_twice_at_once(crowd, write_off):
    with crowd.open() as people:
        number = four_eyes.require(people, ASKER, write_off, None, NOW).approval.id
        four_eyes.decide(people, SECOND_PERSON, number, NOW, approve=True)
    start, done = threading.Barrier(4), []

    def send():
        start.wait()
        try:
            with crowd.open() as people:
                done.append(four_eyes.require(people, ASKER, write_off, number, NOW).approved_by)
        except Refusal as refusal:
            done.append(refusal.code)

    threads = [threading.Thread(target=send) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert sorted(done) == ["APPROVAL_CLOSED"] * 3 + ["account_two"]
    assert len(crowd.facts(number)) == 3


def test_an_approval_used_in_a_transaction_that_fails_is_still_good(crowd, write_off):
    with crowd.open() as people:
        number = four_eyes.require(people, ASKER, write_off, None, NOW).approval.id
        four_eyes.decide(people, SECOND_PERSON, number, NOW, approve=True)

    def breaks():
        with crowd.open() as people:
            four_eyes.require(people, ASKER, write_off, number, NOW)
            raise ZeroDivisionError

    with pytest.raises(ZeroDivisionError):
        breaks()
    with crowd.open() as people:
        assert four_eyes.require(people, ASKER, write_off, number, NOW).approved_by == "account_two"
