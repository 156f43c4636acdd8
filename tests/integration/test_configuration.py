"""Changes of configuration: two people each, a fact each, and what they do."""

from datetime import date

import pytest
import yaml

import api_world
from puhui.kernel import clock
from puhui.kernel.ids import new_id
from puhui.kernel.refusals import Refusal
from puhui.products.definition import CATALOGUE, catalogue, load_product
from puhui.workflows.configure import SUBJECT, limit_overrides, override_limit

here = api_world.here
PRODUCT = "receivable_finance"
OVERRIDE = {"limit": "exposure.single", "amount_minor": 50_000_000, "until_on": "2027-06-30", "reason": "核心企业担保"}


@pytest.fixture(autouse=True)
def in_2026():
    with clock.set_to(date(2026, 11, 24)):
        yield


def definition(**changes):
    data = yaml.safe_load(CATALOGUE.joinpath(f"{PRODUCT}.yaml").read_text(encoding="utf-8"))
    plain = load_product(CATALOGUE / f"{PRODUCT}.yaml").model_dump(mode="json", exclude_unset=True)
    assert plain["id"] == data["id"]
    return {**plain, **changes}


def configuration(here):
    return here.auditor.get("/v1/configuration?limit=200").json()["items"]


def asked_and_approved(here, client, path, body):
    """Ask, have another approve, and send the same again; return its answer."""
    asked = client.post(path, json=body)
    assert asked.status_code == 202, asked.text
    waiting = asked.json()["id"]
    second = here.person("analyst")
    decided = second.post(f"/v1/approvals/{waiting}/decision", json={"decision": "approve"})
    assert decided.json()["state"] == "approved"
    return client.post(path, json=body, headers={"Puhui-Approval": waiting})


def test_a_product_is_published_by_two_and_sold_from_then_on(here):
    before = len(configuration(here))
    chief = here.person("product")
    body = {"definition": definition(version=2)}
    done = asked_and_approved(here, chief, "/v1/product-publications", body)
    assert done.status_code == 201, done.text
    fact = done.json()
    assert (fact["subject"], fact["kind"], fact["effective_on"]) == (SUBJECT, "product_published", "2026-11-24")
    assert (fact["body"]["product"], fact["body"]["version"]) == (PRODUCT, 2)
    assert fact["approved_by"] not in ("", fact["actor"])
    assert fact["body"]["definition"] == body["definition"]
    assert configuration(here)[before:] == [fact]
    assert catalogue()[PRODUCT].version == 2
    assert len(catalogue()) == len(list(CATALOGUE.glob("*.yaml")))
    # A lower version is refused, and another product under the same one; the same may be published once more.
    lower = {"definition": definition(version=1)}
    assert chief.post("/v1/product-publications", json=lower).json()["code"] == "PRODUCT_VERSION"
    other = {"definition": definition(version=2, effective_from="2026-12-01")}
    assert chief.post("/v1/product-publications", json=other).json()["code"] == "PRODUCT_VERSION"
    assert chief.post("/v1/product-publications", json=body).status_code == 202
    # The proof of it is a leaf like any other.
    here.sign()
    proof = here.app.state.platform.proof.inclusion(fact["id"])
    assert proof["index"] < proof["size"]


def test_a_product_that_is_wrong_or_unlawful_is_not_asked_for(here):
    chief = here.person("product")
    wrong = chief.post("/v1/product-publications", json={"definition": {"id": PRODUCT}})
    assert (wrong.status_code, wrong.json()["code"]) == (422, "PRODUCT_INVALID")
    silent = definition(version=9, practices={**definition()["practices"], "apr_displayed": False})
    unlawful = chief.post("/v1/product-publications", json={"definition": silent})
    assert (unlawful.status_code, unlawful.json()["code"]) == (422, "PRODUCT_UNLAWFUL"), unlawful.text
    assert "COST.APR.DISCLOSE" in unlawful.json()["detail"]


def test_a_limit_is_overridden_by_two_until_a_day(here):
    party = here.party()
    officer = here.person("officer")
    done = asked_and_approved(here, officer, f"/v1/parties/{party}/limit-overrides", OVERRIDE)
    assert done.status_code == 201, done.text
    assert (done.json()["kind"], done.json()["body"]) == ("limit_overridden", {"party": party, **OVERRIDE})
    with here.database.read() as store:
        found = [
            limit_overrides(store, party, day)
            for day in (date(2026, 11, 23), date(2026, 11, 24), date(2027, 6, 30), date(2027, 7, 1))
        ]
        assert limit_overrides(store, "party_other", date(2026, 11, 24)) == {}
    assert found == [{}, {"exposure.single": 50_000_000}, {"exposure.single": 50_000_000}, {}]
    nobody = new_id("party")
    assert officer.post(f"/v1/parties/{nobody}/limit-overrides", json=OVERRIDE).status_code == 404


def test_the_last_word_on_a_limit_holds(here):
    party = here.party()
    with here.database.begin() as store:
        for amount, until in ((5, "2027-12-31"), (7, "2026-12-31")):
            said = {"party": party, **OVERRIDE, "amount_minor": amount, "until_on": until}
            override_limit(store, said, "one", "two", clock.now())
    with here.database.read() as store:
        assert limit_overrides(store, party, date(2026, 12, 31)) == {"exposure.single": 7}
        assert limit_overrides(store, party, date(2027, 1, 1)) == {}


@pytest.mark.parametrize(
    ("changes", "second", "code"),
    [
        ({}, "", "APPROVAL_NEEDED"),
        ({}, "one", "APPROVAL_NEEDED"),
        ({"until_on": "2026-11-23"}, "two", "LIMIT_ENDED"),
        ({"amount_minor": -1}, "two", "INPUT_INVALID"),
        ({"reason": ""}, "two", "INPUT_INVALID"),
    ],
)
def test_an_override_that_is_not_recorded(here, changes, second, code):
    with here.database.begin() as store:
        before = len(store.facts(SUBJECT))
        with pytest.raises(Refusal) as refusal:
            override_limit(store, {"party": "party_1", **OVERRIDE, **changes}, "one", second, clock.now())
        assert refusal.value.code == code
        assert len(store.facts(SUBJECT)) == before
        override_limit(store, {"party": "party_1", **OVERRIDE, "until_on": "2026-11-24"}, "one", "two", clock.now())
        assert len(store.facts(SUBJECT)) == before + 1
