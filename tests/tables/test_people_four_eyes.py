"""Approvals: who decides, on exactly what, for how long, how often; and grants from an identity provider."""

import hashlib
from contextlib import contextmanager
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from types import SimpleNamespace

import pytest

from puhui.kernel.language import Text
from puhui.kernel.refusals import Refusal
from puhui.people import approval as approvals
from puhui.people import four_eyes
from puhui.people.access import Actor, Resource
from puhui.people.approval import VALID, Asking
from puhui.people.four_eyes import Asked, Granted
from puhui.people.permissions import Action
from puhui.people.provider import Provider, grants_from, name_from, outside_of, provider
from puhui.people.roles import Grant

NOW = datetime(2026, 11, 24, 4, tzinfo=UTC)
WRITE_OFF = Action(
    "loans.write_off", Text("核销", "write off"), frozenset({"operations"}), approvers=frozenset({"auditor"})
)
PLAIN = replace(WRITE_OFF, approvers=frozenset())
PLACE = Resource("county_bank", "410323")


@pytest.fixture(autouse=True)
def _table(monkeypatch):
    monkeypatch.setattr(approvals, "action_of", {WRITE_OFF.name: WRITE_OFF}.__getitem__)


def person(name, role="auditor", institution="county_bank", region="*"):
    return Actor(name, (Grant(role, institution, region),), person=name, is_person=True)


ASKER = person("account_ask", "operations")
SECOND = person("account_two")
KEY = replace(ASKER, id="key_1", person="account_ask", is_person=False)
ASKING = Asking(WRITE_OFF, "loan_1", PLACE, b'{"amount_minor":5}')


def refused(code, call, *arguments, **named):
    with pytest.raises(Refusal) as raised:
        call(*arguments, **named)
    assert raised.value.code == code


class Memory:
    """Approvals and facts in memory, as the ports ask for them."""

    def __init__(self):
        self.rows, self.facts = {}, []
        self.approvals = SimpleNamespace(add=self._add, by_id=self.rows.get, change=self._change)

    def _add(self, approval):
        self.rows[approval.id] = approval

    def _change(self, before, after):
        if self.rows[before.id].state != before.state:
            return False
        self.rows[after.id] = after
        return True

    def next_sequence(self, subject):
        return 1 + sum(fact.subject == subject for fact in self.facts)

    def record(self, fact):
        self.facts.append(fact)


def test_asked_approved_done_once_and_each_step_is_a_fact():
    people = Memory()
    asked = four_eyes.require(people, ASKER, ASKING, None, NOW)
    assert isinstance(asked, Asked)
    number = asked.approval.id
    refused("APPROVAL_WAITS", four_eyes.require, people, ASKER, ASKING, number, NOW)
    four_eyes.decide(people, SECOND, number, NOW, approve=True)
    assert four_eyes.require(people, ASKER, ASKING, number, NOW) == Granted("account_two")
    refused("APPROVAL_CLOSED", four_eyes.require, people, ASKER, ASKING, number, NOW)
    refused("APPROVAL_CLOSED", four_eyes.decide, people, SECOND, number, NOW, approve=False)
    told = [(fact.kind, fact.sequence, fact.actor) for fact in people.facts]
    assert told == [
        ("approval_asked", 1, "account_ask"),
        ("approval_approved", 2, "account_two"),
        ("approval_used", 3, "account_ask"),
    ]
    assert {fact.body["input_sha256"] for fact in people.facts} == {ASKING.digest().hex()}


def test_one_person_is_enough_where_the_table_says_so():
    people = Memory()
    assert four_eyes.require(people, ASKER, replace(ASKING, action=PLAIN), None, NOW) == Granted("")
    assert people.facts == []
    with pytest.raises(AssertionError, match="no second person"):
        approvals.ask(ASKER, replace(ASKING, action=PLAIN), NOW)


def test_a_refusal_is_final():
    people = Memory()
    number = four_eyes.require(people, ASKER, ASKING, None, NOW).approval.id
    assert four_eyes.decide(people, SECOND, number, NOW, approve=False).state == "refused"
    refused("APPROVAL_CLOSED", four_eyes.require, people, ASKER, ASKING, number, NOW)
    refused("APPROVAL_CLOSED", four_eyes.decide, people, SECOND, number, NOW, approve=True)


DECIDERS = [
    ("the asker", ASKER, "APPROVAL_OWN"),
    ("the asker with the right role", replace(ASKER, grants=SECOND.grants), "APPROVAL_OWN"),
    ("the asker's key", replace(KEY, grants=SECOND.grants), "APPROVAL_OWN"),
    ("a key of someone else", replace(KEY, id="key_2", person="account_two", grants=SECOND.grants), "APPROVER_UNFIT"),
    ("another role", person("account_3", "operations"), "APPROVER_UNFIT"),
    ("another institution", person("account_3", institution="city_bank"), "APPROVER_UNFIT"),
    ("another region", person("account_3", region="370000"), "APPROVER_UNFIT"),
    ("the county next to it", person("account_3", region="410324"), "APPROVER_UNFIT"),
    ("the county", person("account_3", region="410323"), None),
    ("everywhere", person("account_3", institution="*"), None),
]


@pytest.mark.parametrize(("who", "actor", "code"), DECIDERS, ids=[row[0] for row in DECIDERS])
def test_who_decides(who, actor, code):
    asked = approvals.ask(ASKER, ASKING, NOW)
    if code:
        refused(code, approvals.decide, asked, actor, NOW, approve=True)
    else:
        assert approvals.decide(asked, actor, NOW, approve=True).decided_by == "account_3"


def test_a_person_does_not_approve_what_his_key_asked_for():
    asked = approvals.ask(KEY, ASKING, NOW)
    refused("APPROVAL_OWN", approvals.decide, asked, replace(ASKER, grants=SECOND.grants), NOW, approve=True)
    assert approvals.decide(asked, SECOND, NOW, approve=True).state == "approved"


@pytest.mark.parametrize("bare", ["", "account_x"])
def test_keys_without_a_person_are_not_one_person(bare):
    asked = approvals.ask(replace(KEY, person=bare), ASKING, NOW)
    assert approvals.decide(asked, SECOND, NOW, approve=True).state == "approved"


OTHER_INPUTS = [
    replace(ASKING, input=b'{"amount_minor":6}'),
    replace(ASKING, subject="loan_2"),
    replace(ASKING, action=replace(WRITE_OFF, name="loans.restructure")),
    replace(ASKING, subject="loan_", input=b'1{"amount_minor":5}'),
]


@pytest.mark.parametrize("other", OTHER_INPUTS)
def test_an_approval_is_for_one_exact_input(other):
    approved = approvals.decide(approvals.ask(ASKER, ASKING, NOW), SECOND, NOW, approve=True)
    refused("APPROVAL_UNFIT", approvals.use, approved, ASKER, other, NOW)
    refused("APPROVAL_UNFIT", approvals.use, approved, SECOND, ASKING, NOW)
    assert approvals.use(approved, ASKER, ASKING, NOW).state == "used"


def test_an_approval_runs_out_to_the_instant():
    asked = approvals.ask(ASKER, ASKING, NOW)
    approved = approvals.decide(asked, SECOND, NOW + VALID - timedelta(microseconds=1), approve=True)
    assert approvals.use(approved, ASKER, ASKING, NOW + VALID - timedelta(microseconds=1)).state == "used"
    refused("APPROVAL_CLOSED", approvals.decide, asked, SECOND, NOW + VALID, approve=True)
    refused("APPROVAL_CLOSED", approvals.use, approved, ASKER, ASKING, NOW + VALID)
    assert approved.state_at(NOW + VALID) == "expired"
    assert replace(approved, state="used").state_at(NOW + VALID) == "used"


def test_an_approval_that_is_not_there_or_none_of_ones_business_is_not_found():
    people = Memory()
    refused("NOT_FOUND", four_eyes.require, people, ASKER, ASKING, "approval_x", NOW)
    number = four_eyes.require(people, ASKER, ASKING, None, NOW).approval.id
    refused("NOT_FOUND", four_eyes.decide, people, person("account_3", "officer"), number, NOW, approve=True)
    refused("NOT_FOUND", four_eyes.visible, people, Actor(), number)
    assert four_eyes.visible(people, ASKER, number).id == number
    assert four_eyes.visible(people, SECOND, number).id == number


def test_of_two_who_decide_at_once_one_is_late():
    people = Memory()
    number = four_eyes.require(people, ASKER, ASKING, None, NOW).approval.id
    stale = people.rows[number]
    four_eyes.decide(people, SECOND, number, NOW, approve=True)
    people.approvals.by_id = lambda _: stale
    refused("APPROVAL_CLOSED", four_eyes.decide, people, person("account_3"), number, NOW, approve=False)
    assert people.rows[number].state == "approved"


# --- claims -----------------------------------------------------------------------------------------

CONFIGURED = """
issuer: https://id.example.cn
client_id: puhui
redirect_uri: https://loans.example.cn/oidc/callback
claim: realm.groups
grants:
  - {value: credit, role: officer, institution: county_bank, region: "4103"}
  - {value: credit, role: analyst, institution: county_bank, region: "*"}
  - {value: audit, role: auditor, institution: "*", region: "*"}
"""


@contextmanager
def configured(folder, text):
    folder.joinpath("oidc.yaml").write_text(text, encoding="utf-8")
    yield folder


def test_no_file_no_provider(tmp_path):
    assert provider(tmp_path) is None


@pytest.mark.parametrize(
    ("claims", "roles"),
    [
        ({"realm": {"groups": ["credit"]}}, ["officer", "analyst"]),
        ({"realm": {"groups": "audit"}}, ["auditor"]),
        ({"realm": {"groups": ["other", "audit"]}}, ["auditor"]),
        ({"realm": {"groups": []}}, []),
        ({"realm": {"groups": {"credit": True}}}, []),
        ({"realm": {"groups": [["credit"]]}}, []),
        ({"realm": "credit"}, []),
        ({"groups": ["credit"]}, []),
        ({"realm.groups": ["credit"]}, []),
        ({}, []),
    ],
)
def test_claims_become_grants(tmp_path, claims, roles):
    with configured(tmp_path, CONFIGURED) as folder:
        assert [grant.role for grant in grants_from(claims, provider(folder))] == roles


@pytest.mark.parametrize(
    ("old", "new", "code"),
    [
        ("https://", "http://", "OIDC_INSECURE"),
        ("https://id.example.cn", "http://127.0.0.1.evil.cn", "OIDC_INSECURE"),
        ("https://id.example.cn", "file:///etc/passwd", "OIDC_INSECURE"),
        ("role: officer", "role: boss", "ROLE_UNKNOWN"),
        ("4103", "9999", "PLACE_UNKNOWN"),
        ("client_id: puhui", "client: puhui", "INPUT_INVALID"),
        ("client_id: puhui", "client_id: puhui\nhome_path: //evil.cn", "INPUT_INVALID"),
        ("client_id: puhui", "client_id: puhui\nhome_path: /\\evil.cn", "INPUT_INVALID"),
        ("client_id: puhui", "client_id: puhui\nhome_path: https://evil.cn", "INPUT_INVALID"),
        ("https://loans", "http://loans", "OIDC_INSECURE"),
    ],
)
def test_a_configuration_that_cannot_be_meant_is_refused(tmp_path, old, new, code):
    with configured(tmp_path, CONFIGURED.replace(old, new)) as folder:
        refused(code, provider, folder)


@pytest.mark.parametrize("path", ["/", "/home", "/a/b?c=d"])
def test_one_lands_on_a_page_of_ours(tmp_path, path):
    with configured(tmp_path, f"{CONFIGURED}home_path: {path}\n") as folder:
        assert provider(folder).home_path == path


@pytest.mark.parametrize(
    ("claims", "name"),
    [
        ({"preferred_username": "Li.Lei"}, "li.lei"),
        ({"preferred_username": "11010519491231002X"}, None),
        ({"preferred_username": "李雷"}, None),
        ({"preferred_username": ["li.lei"]}, None),
        ({}, None),
    ],
)
def test_an_account_is_called_by_its_claim_where_that_can_be_a_name(tmp_path, claims, name):
    with configured(tmp_path, CONFIGURED) as folder:
        found = name_from({"iss": "a", "sub": "b", **claims}, provider(folder))
    assert found == (name or "outside-" + hashlib.sha256(b"a b").hexdigest()[:12])


def test_plain_http_is_for_this_machine_only(tmp_path):
    with configured(tmp_path, CONFIGURED.replace("https://id.example.cn", "http://127.0.0.1:9")) as folder:
        assert isinstance(provider(folder), Provider)


def test_a_person_abroad_is_issuer_and_subject():
    assert outside_of({"iss": "https://a", "sub": "b"}) == "https://a b"
