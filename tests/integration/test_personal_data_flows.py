"""A person goes through the whole server, rightly and wrongly put; afterwards the person's numbers are nowhere.

Looked through: every line of log, every byte of the database's files (the log of writes too), every refusal, the
figures, the events, the facts. Only an answer to who asked for the value, for a purpose, may hold it.
"""

import json
from pathlib import Path

import pytest

from api_world import INSTITUTION, REGION, world
from puhui.kernel import clock

PERSON = {
    "name": "诸葛孔明",
    "id_number": "11010519491231002X",
    "phone": "13800138000",
    "bank_account": "6222020200112233445",
    "address": "河南省洛阳市新安县卧龙岗九号",
}
LATER = {"phone": "13912345678", "address": "河南省洛阳市新安县凤凰台七号"}
# Wrong, and as personal as the right ones.
WRONG = {"id_number": "110105194912310021", "phone": "138001380001", "bank_account": "62220202001122x"}
CAR = {"vin": "1M8GDM9AXKP042788", "plate": "豫C1A2B3"}
VAN = {"vin": "1M8GDM9A8LP042788", "plate": "豫C9Z8Y7"}
WRONG_VIN = "1M8GDM9A9LP042788"
VALUES = [WRONG_VIN, *CAR.values(), *VAN.values(), *PERSON.values(), *LATER.values(), *WRONG.values()]


@pytest.fixture(scope="module")
def here(tmp_path_factory):
    patch = pytest.MonkeyPatch()
    folder = tmp_path_factory.mktemp("home")
    with world(folder, patch) as made:
        made.folder = folder
        made.answers = []
        yield made
    patch.undo()


def ask(here, client, method, path, **options):
    """Send a request; a refusal is kept to be looked through."""
    response = client.request(method, path, **options)
    if response.status_code >= 400:
        here.answers.append(response)
    return response


@pytest.fixture(scope="module")
def party(here):
    """Take a person up, and go all the ways that there are with the data."""
    made = here.party(PERSON)
    car = {"type": "vehicle", "id": "car", **CAR, "price_minor": 9_000_000}
    loan = here.lent(borrower=made, collateral=[car])
    other = {**car, "id": "van", **VAN}
    wrong = {"action": "take", "item": {**other, "vin": WRONG_VIN}}
    refused = ask(here, here.operations, "POST", f"/v1/loans/{loan}/collateral", json=wrong, headers=here.key())
    assert refused.status_code == 422
    here.act(loan, "collateral", action="take", item=other)
    here.act(loan, "repayments", amount_minor=100)
    opened = here.operations.post(
        f"/v1/parties/{made}/personal", json={"fields": list(PERSON), "purpose": "servicing", "masked": False}
    )
    assert opened.json()["personal"] == PERSON
    masked = here.operations.post(f"/v1/parties/{made}/personal", json={"fields": list(PERSON), "purpose": "servicing"})
    assert masked.status_code == 200
    here.answers.append(masked)
    for field in ("id_number", "phone", "bank_account"):
        found = here.operations.post(
            "/v1/party-searches", json={"field": field, "value": PERSON[field], "purpose": "complaint"}
        )
        assert [each["id"] for each in found.json()["items"]] == [made]
        here.answers.append(found)
    assert here.operations.patch(f"/v1/parties/{made}/personal", json=LATER).status_code == 200
    vans = here.operations.post(
        f"/v1/parties/{made}/personal",
        json={"fields": ["vin", "plate"], "purpose": "servicing", "masked": False},
    )
    assert vans.json()["personal"] == {
        f"{name}.{loan}.{item}": value
        for item, values in (("car", CAR), ("van", VAN))
        for name, value in values.items()
    }
    return made


def test_wrong_values_are_refused_without_being_repeated(here, party):
    body = {"kind": "person", "institution": INSTITUTION, "region": REGION}
    for field, value in WRONG.items():
        for path, method, sent in (
            ("/v1/parties", "POST", {**body, "personal": {field: value}}),
            (f"/v1/parties/{party}/personal", "PATCH", {field: value}),
            ("/v1/party-searches", "POST", {"field": field, "value": value, "purpose": "audit"}),
        ):
            assert ask(here, here.operations, method, path, json=sent).status_code == 422


@pytest.mark.parametrize("field", PERSON)
def test_right_values_in_wrong_places_are_refused_without_being_repeated(here, party, field):
    value = PERSON[field]
    body = {"kind": "person", "institution": INSTITUTION, "region": REGION, "personal": {field: value}}
    for sent in (
        {**body, "kind": value},
        {**body, "region": value},
        {**body, "institution": f"{value} {value}"},
        {**body, "personal": {field: [value]}},
        {**body, "personal": {field: {"value": value}}},
        {**body, "personal": {field: value * 40}},
        {**body, "personal": value},
        {**body, "extra": value},
        value,
        [value],
    ):
        assert ask(here, here.operations, "POST", "/v1/parties", json=sent).status_code in (404, 422)
    search = {"field": field, "value": value, "purpose": "audit"}
    for sent in ({**search, "field": value}, {**search, "purpose": value}):
        assert ask(here, here.operations, "POST", "/v1/party-searches", json=sent).status_code == 422
    kind = {"Content-Type": "application/json"}
    for content in (f'{{"name": "{value}"', f'{{"kind": {value}}}', value):
        response = ask(here, here.operations, "POST", "/v1/parties", content=content.encode(), headers=kind)
        assert response.status_code in (400, 422)
    for query in ("party", "cursor", "limit"):
        assert ask(here, here.operations, "GET", f"/v1/loans?{query}={value}").status_code == 422
    sign_in = {"name": value, "password": value}
    assert ask(here, here.stranger, "POST", "/v1/sessions", json=sign_in).status_code in (401, 429)
    # Not X-Request-Id and Idempotency-Key: those are names that callers choose, and are kept as they are.
    headers = {"User-Agent": value.encode(), "Puhui-Approval": value.encode(), **here.key()}
    loan = here.lent(borrower=party)
    ask(here, here.operations, "POST", f"/v1/loans/{loan}/restructures", json={"how": value}, headers=headers)
    ask(here, here.operations, "GET", "/v1/loans", headers={"Authorization": f"Bearer {value}".encode()})


@pytest.mark.parametrize("field", PERSON)
def test_a_value_in_place_of_a_name_is_told_to_its_sender_at_most(here, party, field):
    """A problem may name the address or the field that was sent; the logs and the files may not."""
    value = PERSON[field]
    body = {"kind": "person", "institution": INSTITUTION, "region": REGION}
    for sent in ({**body, value: "x"}, {**body, "personal": {value: "x"}}):
        assert here.operations.post("/v1/parties", json=sent).status_code == 422
    paths = (f"/v1/parties/{value}", f"/v1/{value}", f"/v1/loans?{value}=1", f"/v1/loans/{value}/position")
    for path in (*paths, f"/problems/{value}"):
        assert here.operations.get(path).status_code in (404, 422)
    twice = f'{{"{value}": 1, "{value}": 2}}'.encode()
    refused = here.operations.post("/v1/parties", content=twice, headers={"Content-Type": "application/json"})
    assert refused.status_code == 400


def test_a_bug_that_holds_a_value_is_logged_without_it(here, party, monkeypatch):
    raw = here.client("operations", raises=False)

    def broken(values, today):
        raise ValueError(f"cannot keep {values} at {today}")

    monkeypatch.setattr("puhui.storage.people_personal.read_values", broken)
    numbers = {name: PERSON[name] for name in ("id_number", "phone", "bank_account")}
    assert ask(here, raw, "PATCH", f"/v1/parties/{party}/personal", json=numbers).status_code == 500
    assert "cannot keep" in here.logged()


def test_after_all_that_nothing_is_found(here, party):
    here.sign()
    with here.database.read() as unit:
        facts = json.dumps([[fact.kind, dict(fact.body)] for fact in unit.facts(party)], ensure_ascii=False)
    texts = {
        "log": here.logged(),
        "facts": facts,
        "figures": here.stranger.get("/metrics").text,
        "events": here.operations.get("/v1/events?limit=200").text,
        "party": here.operations.get(f"/v1/parties/{party}").text,
    }
    for number, answer in enumerate(here.answers):
        name = f"answer {number} {answer.request.method} {answer.request.url.path[:30]} {answer.json().get('code')}"
        texts[name] = answer.text + str(answer.headers)
    found = [(place, value) for place, text in texts.items() for value in VALUES if value in text]
    assert not found, "\n".join(map(str, found))
    assert len(here.answers) > 100
    assert here.logged().count('"event": "request"') > 100


def test_no_byte_of_the_files_has_a_value(here, party):
    files = [path for path in Path(here.folder).rglob("*") if path.is_file()]
    assert {"puhui.db", "puhui.db-wal"} <= {path.name for path in files}
    for path in files:
        content = path.read_bytes()
        for value in VALUES:
            for written in (
                value.encode(),
                value.encode("utf-16-le"),
                value.encode("gb18030"),
                value.encode().hex().encode(),
            ):
                assert written not in content, (path.name, value)
    assert any(party.encode() in path.read_bytes() for path in files)


def test_every_time_that_a_value_was_shown_or_sought_is_written_down(here, party):
    with here.database.read() as unit:
        rows = unit.connection.exec_driver_sql(
            "SELECT fields, purpose, request_id, read_at FROM personal_reads WHERE party = ? ORDER BY seq", (party,)
        ).fetchall()
    everything = json.dumps(sorted(PERSON))
    told = [(fields, purpose) for fields, purpose, _, _ in rows[:5]]
    assert told == [
        (everything, "servicing"),
        (everything, "servicing"),
        ('["find:id_number"]', "complaint"),
        ('["find:phone"]', "complaint"),
        ('["find:bank_account"]', "complaint"),
    ]
    assert all(request.startswith("req_") for _, _, request, _ in rows)
    assert {at for *_, at in rows} == {int(clock.now().timestamp()) * 1_000_000}
