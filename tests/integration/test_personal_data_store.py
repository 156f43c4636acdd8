"""Personal data on both databases: sealed, found, logged, rewrapped, erased for good; and what an attacker then has."""

import sqlite3
import stat
from datetime import timedelta
from pathlib import Path

import pytest
from sqlalchemy import delete, select, update
from sqlalchemy.exc import DBAPIError

from people_fixtures import NOW, Crowd, masters  # noqa: F401
from puhui.kernel.refusals import Refusal
from puhui.people.erase import erase_person, reading_of
from puhui.people.identity import check_character
from puhui.people.personal import key_id_of, read_keys, seal, unseal, unwrap, wrapped_by
from puhui.proof.leaf import commitment
from puhui.storage.fact_rows import micros
from puhui.storage.people_master import FILE_VARIABLE, VARIABLE, Masters, add_key, drop_old_keys, key_file
from puhui.storage.people_personal import ring_key, scrub
from puhui.storage.people_store import rewrap_all
from puhui.storage.people_tables import key_ring, person_keys, personal_fields, personal_index, personal_reads
from store_fixtures import database, store_url  # noqa: F401

ZHANG = {
    "name": "张三丰",
    "id_number": "11010519491231002X",
    "phone": "13800138000",
    "bank_account": "6222020000000000123",
    "address": "河南省洛阳市新安县一村",
}
PARTY = "party_01"
READING = reading_of("account_1", "servicing", "req_1", NOW)


@pytest.fixture
def crowd(database, masters):  # noqa: F811
    return Crowd(database, masters)


def refused(code, call, *arguments, **named):
    with pytest.raises(Refusal) as raised:
        call(*arguments, **named)
    assert raised.value.code == code
    return raised.value


def put(crowd, party=PARTY, values=ZHANG, at=NOW):
    with crowd.open() as people:
        return people.personal.put(party, values, at)


def rows(crowd, table):
    with crowd.database.read() as unit:
        return [tuple(row) for row in unit.connection.execute(select(table))]


def test_what_is_put_is_read_by_whoever_has_the_key_and_nothing_of_it_is_in_the_tables(crowd):
    put(crowd)
    with crowd.open() as people:
        assert people.personal.read(PARTY, list(ZHANG), READING) == ZHANG
        assert people.personal.read(PARTY, ["phone"], READING) == {"phone": ZHANG["phone"]}
        assert people.personal.read("party_02", ["phone"], READING) == {}
        refused("PERSONAL_UNKNOWN", people.personal.read, PARTY, ["password"], READING)
    for table in (person_keys, personal_fields, personal_index, personal_reads, key_ring):
        kept = b"".join(
            value if isinstance(value, bytes) else str(value).encode() for row in rows(crowd, table) for value in row
        )
        for value in ZHANG.values():
            assert value.encode() not in kept
            assert value.encode().hex().encode() not in kept


def test_the_digests_are_what_the_facts_hold_and_open_with_their_salts(crowd):
    digests = put(crowd)
    with crowd.open() as people:
        opened = people.personal.open(PARTY, list(ZHANG), READING)
    assert digests == {field: commitment(opened[field].salt, ZHANG[field]) for field in ZHANG}
    assert len({opening.salt for opening in opened.values()}) == len(ZHANG)


def test_the_same_value_keeps_its_digest_and_another_has_another(crowd):
    first = put(crowd)
    assert put(crowd, values={"phone": "138 0013 8000"})["phone"] == first["phone"]
    assert put(crowd, values={"phone": "13900139000"})["phone"] != first["phone"]
    assert put(crowd, values={"phone": ZHANG["phone"]})["phone"] != first["phone"]
    versions = [row[2] for row in rows(crowd, personal_fields) if row[1] == "phone"]
    assert sorted(versions) == [1, 2, 3]


def test_one_is_found_by_todays_exact_number_only(crowd):
    put(crowd)
    put(
        crowd,
        "party_02",
        {"phone": ZHANG["phone"], "id_number": "41032319900307123" + check_character("41032319900307123")},
    )
    with crowd.open() as people:
        find = people.personal.find
        assert find("phone", "+86 138-0013-8000", READING) == [PARTY, "party_02"]
        assert find("id_number", ZHANG["id_number"].lower(), READING) == [PARTY]
        assert find("bank_account", ZHANG["phone"], READING) == []
        assert find("phone", "13800138001", READING) == []
        refused("SEARCH_UNKNOWN", find, "name", ZHANG["name"], READING)
        refused("PERSONAL_INVALID", find, "phone", "138", READING)
    put(crowd, values={"phone": "13900139000"})
    with crowd.open() as people:
        assert people.personal.find("phone", ZHANG["phone"], READING) == ["party_02"]
        assert people.personal.find("phone", "13900139000", READING) == [PARTY]


def test_every_read_leaves_a_line_that_says_who_why_and_what_but_not_the_value(crowd):
    put(crowd)
    with crowd.open() as people:
        people.personal.read(PARTY, ["phone", "name"], READING)
        people.personal.find("phone", ZHANG["phone"], READING)
        people.personal.find("phone", "13900139000", READING)
        people.personal.read("party_09", ["name"], READING)
    at = micros(NOW)
    assert [row[1:] for row in rows(crowd, personal_reads)] == [
        (at, "account_1", PARTY, '["name", "phone"]', "servicing", "req_1"),
        (at, "account_1", PARTY, '["find:phone"]', "servicing", "req_1"),
        (at, "account_1", "", '["find:phone"]', "servicing", "req_1"),
        (at, "account_1", "party_09", '["name"]', "servicing", "req_1"),
    ]
    refused("INPUT_INVALID", reading_of, "account_1", "curiosity", "req_1", NOW)


@pytest.mark.parametrize("statement", [update(personal_reads).values(actor="x"), delete(personal_reads)])
def test_the_log_of_reads_is_never_changed(crowd, statement):
    put(crowd)
    with crowd.open() as people:
        people.personal.read(PARTY, ["phone"], READING)
    with pytest.raises(DBAPIError, match="append-only"), crowd.database.begin() as unit:
        unit.connection.execute(statement)
    assert len(rows(crowd, personal_reads)) == 1


def test_a_read_that_is_not_logged_is_not_given(crowd, monkeypatch):
    put(crowd)
    with crowd.open() as people:
        monkeypatch.setattr(people.personal, "_log", lambda *_: 1 // 0)
        with pytest.raises(ZeroDivisionError):
            people.personal.read(PARTY, ["phone"], READING)


def test_what_is_sealed_does_not_open_for_another_person_or_field(crowd):
    put(crowd)
    put(crowd, "party_02", {"phone": "13900139000"})
    here = (personal_fields.c.party == PARTY) & (personal_fields.c.field == "phone")
    stolen = next(row for row in rows(crowd, personal_fields) if row[0] == "party_02")
    with crowd.database.begin() as unit:
        unit.connection.execute(update(personal_fields).where(here).values(sealed=stolen[3]))
    with crowd.open() as people:
        refused("SEAL_BROKEN", people.personal.read, PARTY, ["phone"], READING)


# --- master keys ----------------------------------------------------------------------------------------


def test_the_key_file_is_its_owners_only(crowd, monkeypatch):
    path = key_file()
    assert stat.S_IMODE(path.stat().st_mode) == 0o600
    assert stat.S_IMODE(path.parent.stat().st_mode) == 0o700
    path.chmod(0o640)
    refused("MASTER_KEY_EXPOSED", Masters().keys)
    path.chmod(0o600)
    path.write_text("nonsense")
    refused("MASTER_KEY_UNREADABLE", Masters().keys)
    path.unlink()
    refused("MASTER_KEY_MISSING", Masters().keys)
    monkeypatch.setenv(VARIABLE, "")
    refused("MASTER_KEY_UNREADABLE", Masters().keys)


def test_without_the_master_key_there_is_no_personal_data(crowd):
    put(crowd)
    key_file().unlink()
    add_key()
    with crowd.open() as people:
        refused("MASTER_KEY_WRONG", people.personal.read, PARTY, ["phone"], READING)
        refused("MASTER_KEY_WRONG", people.personal.find, "phone", ZHANG["phone"], READING)


def test_a_rotation_wraps_every_key_anew_and_what_was_sealed_stays(crowd, masters):  # noqa: F811
    put(crowd)
    put(crowd, "party_02", {"phone": "13900139000"})
    with crowd.open() as people:
        erase_person(people, "party_02", READING)
    before = rows(crowd, personal_fields)
    old = masters.keys().current
    new = add_key()
    with crowd.open() as people:
        assert people.personal.read(PARTY, ["phone"], READING) == {"phone": ZHANG["phone"]}
    assert rewrap_all(crowd.database) == 2  # the person's and the index's; the erased has none
    assert rewrap_all(crowd.database) == 0
    assert drop_old_keys().keys == (new.current,)
    assert read_keys(key_file().read_text()).keys == (new.current,)
    wrapped = [row[1] for row in (*rows(crowd, person_keys), *rows(crowd, key_ring)) if row[1] is not None]
    assert {wrapped_by(each) for each in wrapped} == {key_id_of(new.current)} != {key_id_of(old)}
    assert rows(crowd, personal_fields) == before
    with crowd.open() as people:
        assert people.personal.read(PARTY, ["phone"], READING) == {"phone": ZHANG["phone"]}
        assert people.personal.find("phone", ZHANG["phone"], READING) == [PARTY]


@pytest.mark.parametrize("limit", [1, 2, 3, 5, 6])
def test_a_rotation_in_batches_leaves_none_out(crowd, limit):
    for number in range(5):
        put(crowd, f"party_{number}", {"name": f"张{number}"})
    new = add_key()
    assert rewrap_all(crowd.database, limit) == 5
    assert {wrapped_by(row[1]) for row in rows(crowd, person_keys)} == {key_id_of(new.current)}


def test_a_rotation_that_stops_half_way_leaves_everything_open(crowd):
    for number in range(4):
        put(crowd, f"party_{number}", {"name": f"张{number}"})
    add_key()
    with crowd.open() as people:
        assert people.personal.rewrap("", 2) == (2, "party_1")
    assert len({wrapped_by(row[1]) for row in rows(crowd, person_keys)}) == 2
    with crowd.open() as people:
        for number in range(4):
            assert people.personal.read(f"party_{number}", ["name"], READING) == {"name": f"张{number}"}
    assert rewrap_all(crowd.database) == 2


def test_a_program_that_runs_follows_the_file(masters):  # noqa: F811
    first = masters.keys().current
    second = add_key().current
    assert masters.keys().keys == (second, first)


def test_a_key_from_the_environment_is_not_written_over(crowd, monkeypatch):
    monkeypatch.setenv(VARIABLE, key_file().read_text())
    for call in (add_key, drop_old_keys):
        refused("MASTER_KEY_GIVEN", call)
    put(crowd)


def test_a_torn_write_of_the_key_file_leaves_the_old_one(masters, monkeypatch):  # noqa: F811
    before = key_file().read_text()
    monkeypatch.setattr(Path, "replace", lambda *_: 1 // 0)
    with pytest.raises(ZeroDivisionError):
        add_key()
    assert key_file().read_text() == before
    monkeypatch.undo()


def test_a_key_of_the_installation_is_made_once(crowd, masters):  # noqa: F811
    with crowd.database.begin() as unit:
        one = ring_key(unit.connection, masters.keys(), "webhooks")
        assert ring_key(unit.connection, masters.keys(), "webhooks") == one
        assert ring_key(unit.connection, masters.keys(), "other") != one


# --- erasure --------------------------------------------------------------------------------------------


def test_the_erased_are_gone_and_history_stands(crowd):
    digests = put(crowd)
    put(crowd, "party_02", {"phone": ZHANG["phone"]})
    with crowd.open() as people:
        erase_person(people, PARTY, reading_of("account_1", "subject_request", "req_9", NOW))
    with crowd.open() as people:
        refused("PERSON_ERASED", people.personal.read, PARTY, ["phone"], READING)
        refused("PERSON_ERASED", people.personal.put, PARTY, {"phone": ZHANG["phone"]}, NOW)
        refused("PERSON_ERASED", people.personal.erase, PARTY, READING)
        assert people.personal.find("phone", ZHANG["phone"], READING) == ["party_02"]
        assert people.personal.read("party_02", ["phone"], READING) == {"phone": ZHANG["phone"]}
        assert people.personal.erased_at(PARTY) == NOW
        assert people.personal.erased_at("party_02") is None
    facts = crowd.facts(PARTY)
    assert [(fact.kind, dict(fact.body), fact.actor) for fact in facts] == [
        ("person_erased", {"purpose": "subject_request"}, "account_1")
    ]
    assert [row for row in rows(crowd, personal_fields) if row[0] == PARTY] == []
    assert len(digests) == 5


def test_ciphertext_kept_by_someone_else_is_useless_after_the_erasure(crowd, masters):  # noqa: F811
    put(crowd)
    copies = [row for row in rows(crowd, personal_fields) if row[0] == PARTY]
    with crowd.open() as people:
        erase_person(people, PARTY, READING)
    keys = [row[1] for row in (*rows(crowd, person_keys), *rows(crowd, key_ring)) if row[1] is not None]
    owners = [row[0] for row in rows(crowd, key_ring)]
    assert len(keys) == len(owners) == 1
    for copy in copies:
        for wrapped, owner in zip(keys, owners, strict=True):
            refused("SEAL_BROKEN", unseal, unwrap(masters.keys(), wrapped, owner), PARTY, copy[1], copy[3])
        refused("SEAL_BROKEN", unseal, masters.keys().current, PARTY, copy[1], copy[3])


def test_on_sqlite_no_byte_of_the_destroyed_key_is_left_in_the_files(crowd):
    if not crowd.database.sqlite:
        pytest.skip("PostgreSQL clears old rows by its own vacuum")
    for number in range(20):
        put(crowd, f"party_{number}", {"name": f"张{number}", "phone": f"138001380{number:02}"})
    wrapped = dict(row[:2] for row in rows(crowd, person_keys))["party_7"]
    sealed = [row[3] for row in rows(crowd, personal_fields) if row[0] == "party_7"]
    with crowd.database.connection() as connection:
        scrub(connection)
    assert any(wrapped in content for content in files(crowd))
    with crowd.database.connection() as connection:  # some builds of SQLite overwrite always, others never
        connection.exec_driver_sql("PRAGMA secure_delete = OFF")
    with crowd.open() as people:
        erase_person(people, "party_7", READING)
    with crowd.database.connection() as connection:
        scrub(connection)
    for lost in (wrapped, *sealed):
        assert not any(lost in content for content in files(crowd))


def files(crowd):
    path = Path(crowd.database.name)
    return [each.read_bytes() for each in path.parent.glob(f"{path.name}*")]


def test_nothing_is_sealed_under_a_key_that_is_being_destroyed(crowd):
    put(crowd)
    with crowd.open() as people:
        people.personal.erase(PARTY, READING)
        refused("PERSON_ERASED", people.personal.put, PARTY, {"name": "张三"}, NOW)


def test_someone_unknown_can_be_erased_before_anything_is_known(crowd):
    with crowd.open() as people:
        erase_person(people, "party_77", READING)
    refused("PERSON_ERASED", put, crowd, "party_77", {"name": "张三"})


def test_seals_are_fresh_each_time(crowd):
    put(crowd)
    put(crowd, values={"name": "李四"}, at=NOW + timedelta(days=1))
    put(crowd, values={"name": "张三丰"}, at=NOW + timedelta(days=2))
    sealed = [row[3] for row in rows(crowd, personal_fields) if row[1] == "name"]
    assert len(set(sealed)) == 3
    assert seal(b"k" * 32, PARTY, "name", b"x") != seal(b"k" * 32, PARTY, "name", b"x")


def test_an_own_connection_sees_no_value_either(crowd):
    """What a copy of the file shows to any SQLite program."""
    if not crowd.database.sqlite:
        pytest.skip("a file is SQLite's")
    put(crowd)
    with sqlite3.connect(crowd.database.name) as copy:
        text = "\n".join(copy.iterdump())
    assert "party_01" in text
    for value in ZHANG.values():
        assert value not in text
        assert value.encode().hex().upper() not in text.upper()


def test_the_variable_names_another_file(tmp_path, monkeypatch):
    monkeypatch.delenv(VARIABLE, raising=False)
    monkeypatch.setenv(FILE_VARIABLE, str(tmp_path / "elsewhere.key"))
    made = add_key()
    assert Masters().keys() == made
    assert (tmp_path / "elsewhere.key").exists()
