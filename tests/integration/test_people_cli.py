"""`puhui user | key | person | keys`: what is printed, what is asked for, and what never stands on a command line."""

import io
import json

import pytest
import typer

from people_fixtures import CHEAP
from puhui.cli import people as commands
from puhui.kernel import clock
from puhui.kernel.refusals import Refusal
from puhui.people import passwords
from puhui.people.sign_in import Door, sign_in
from puhui.storage.database import connect
from puhui.storage.desk import StoredParties
from puhui.storage.people_master import FILE_VARIABLE, VARIABLE, Masters, key_file
from puhui.storage.people_store import PeopleStore, opener
from puhui.workflows.parties import Party

PASSWORD = "correct horse battery"
PARTY = "party_01hm5mddg0edxr2ybyavyy23ks"
PHONE = "13800138000"


@pytest.fixture
def puhui(tmp_path, monkeypatch, capsys):
    """Run one command, with a line on standard input; return exit code, output, errors."""
    monkeypatch.setenv("PUHUI_HOME", str(tmp_path))
    monkeypatch.setenv("PUHUI_TODAY", "2026-11-24")
    monkeypatch.setenv("USER", "anna")
    monkeypatch.setenv("COLUMNS", "200")
    for name in ("PUHUI_DATABASE_URL", VARIABLE, FILE_VARIABLE):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setattr(passwords, "Hasher", lambda: CHEAP)
    app = typer.Typer(pretty_exceptions_enable=False)
    commands.add_to(app)

    def call(*arguments, stdin=""):
        monkeypatch.setattr("sys.stdin", io.StringIO(stdin))
        try:
            app(list(arguments), standalone_mode=False)
            code = 0
        except Refusal as refusal:
            code = refusal.code
        except typer.Abort:
            code = "aborted"
        printed = capsys.readouterr()
        return code, printed.out, printed.err

    return call


def first_administrator(puhui):
    return puhui("user", "add", "Li.Lei", "--role", "administrator", stdin=f"{PASSWORD}\n")


def door():
    return Door(opener(connect()), CHEAP)


def test_the_first_administrator_signs_in_with_the_password_that_was_read(puhui):
    code, out, _ = first_administrator(puhui)
    assert code == 0
    assert "li.lei" in out
    assert PASSWORD not in out
    found = sign_in(door(), "li.lei", PASSWORD, clock.now())
    assert str(found.account.grants[0]) == "administrator@*/*"
    with connect().read() as unit:
        [fact] = unit.facts(found.account.id)
    assert (fact.kind, fact.actor) == ("account_created", "cli:anna")
    assert first_administrator(puhui)[0] == "ACCOUNT_EXISTS"


@pytest.mark.parametrize("stdin", ["", "\n", "short\n", "password1234\n"])
def test_a_weak_or_missing_password_is_refused(puhui, stdin):
    assert puhui("user", "add", "li.lei", "--role", "administrator", stdin=stdin)[0] == "PASSWORD_WEAK"


@pytest.mark.parametrize("command", [("user", "add"), ("user", "password")])
def test_no_command_takes_a_password_as_an_argument(puhui, command):
    with pytest.raises(typer.TyperException, match="No such option"):
        puhui(*command, "li.lei", "--password", PASSWORD)


def test_a_person_is_asked_twice_and_does_not_see_what_he_types(puhui, monkeypatch):
    asked = []
    monkeypatch.setattr(commands.sys, "stdin", type("Tty", (), {"isatty": staticmethod(lambda: True)}))
    monkeypatch.setattr(commands.typer, "prompt", lambda text, **how: asked.append((text, how)) or "x")
    assert commands._secret(commands.Text("密码", "Password"), confirmed=True) == "x"
    assert asked == [("密码", {"hide_input": True, "confirmation_prompt": True})]


def test_roles_are_granted_and_taken_back(puhui):
    first_administrator(puhui)
    code, out, _ = puhui(
        "user", "role", "li.lei", "--role", "officer", "--institution", "county_bank", "--region", "4103"
    )
    assert (code, out.strip()) == (0, "li.lei: administrator@*/* officer@county_bank/410300")
    again = puhui("user", "role", "li.lei", "--role", "officer", "--institution", "county_bank", "--region", "410300")
    assert again[1] == out
    code, out, _ = puhui("user", "role", "li.lei", "--role", "administrator", "--remove")
    assert out.strip() == "li.lei: officer@county_bank/410300"
    assert puhui("user", "role", "li.lei", "--role", "administrator", "--remove")[0] == "NOT_FOUND"
    assert puhui("user", "role", "nobody", "--role", "auditor")[0] == "NOT_FOUND"
    assert puhui("user", "role", "li.lei", "--role", "boss")[0] == "ROLE_UNKNOWN"


def test_accounts_are_listed_without_their_hashes(puhui):
    first_administrator(puhui)
    [listed] = json.loads(puhui("user", "list", "--json")[1])
    assert (listed["name"], listed["grants"], listed["outside"]) == ("li.lei", ["administrator@*/*"], False)
    _, out, _ = puhui("user", "list")
    assert "administrator@*/*" in out
    assert "argon2" not in out + json.dumps(listed)


def test_another_password_and_disabling(puhui):
    first_administrator(puhui)
    assert puhui("user", "password", "li.lei", stdin="another horse battery\n")[0] == 0
    with pytest.raises(Refusal):
        sign_in(door(), "li.lei", PASSWORD, clock.now())
    sign_in(door(), "li.lei", "another horse battery", clock.now())
    assert puhui("user", "disable", "li.lei")[0] == 0
    with pytest.raises(Refusal):
        sign_in(door(), "li.lei", "another horse battery", clock.now())
    assert json.loads(puhui("user", "list", "--json")[1])[0]["disabled_at"] == "2026-11-24T04:00:00+00:00"


def test_a_key_is_printed_once_alone_on_standard_output(puhui):
    code, out, err = puhui(
        "key", "create", "--role", "operations", "--scope", "loans.read", "--scope", "loans.repay",
        "--expires", "2027-01-01", "--about", "core",
    )  # fmt: skip
    assert code == 0
    text = out.strip()
    assert text.startswith("pk_live_")
    assert len(text) == 72
    assert text not in err
    [listed] = json.loads(puhui("key", "list", "--json")[1])
    assert (listed["prefix"], listed["scopes"]) == (text[:20], ["loans.read", "loans.repay"])
    assert listed["expires_at"] == "2026-12-31T16:00:00+00:00"
    assert "digest" not in listed
    assert text[20:] not in puhui("key", "list")[1]
    assert puhui("key", "revoke", listed["id"])[0] == 0
    assert puhui("key", "revoke", "key_x")[0] == "NOT_FOUND"
    assert json.loads(puhui("key", "list", "--json")[1])[0]["revoked_at"]
    made = puhui("key", "create", "--role", "auditor", "--scope", "loans.read", "--test")[1]
    assert made.startswith("pk_test_")
    past = ("--role", "auditor", "--scope", "loans.read", "--expires", "2026-11-24")
    assert puhui("key", "create", *past)[0] == "EXPIRY_PAST"
    assert puhui("key", "create", "--role", "auditor", "--scope", "loans.repay")[0] == "SCOPE_UNKNOWN"


# --- personal data and the master key -------------------------------------------------------------------


def a_party(**values):
    database = connect()
    with database.begin() as unit:
        StoredParties(unit.connection).add(Party(PARTY, "person", "county_bank", "410323", clock.now()))
        PeopleStore(unit).personal.put(PARTY, values, clock.now())
    database.close()


def test_the_master_key_is_made_before_anything_is_sealed(puhui):
    with pytest.raises(Refusal) as refused:
        a_party(phone=PHONE)
    assert refused.value.code == "MASTER_KEY_MISSING"
    code, out, _ = puhui("keys", "master-new")
    assert code == 0
    assert str(key_file()) in out
    assert key_file().read_text().splitlines()[1].split()[0] not in out
    a_party(phone=PHONE)


def test_a_person_is_found_by_a_number_that_is_not_on_the_command_line(puhui):
    puhui("keys", "master-new")
    a_party(phone=PHONE)
    found = puhui("person", "find", "--field", "phone", "--purpose", "complaint", stdin="138 0013 8000\n")
    assert found[:2] == (0, f"{PARTY}\n")
    assert json.loads(
        puhui("person", "find", "--field", "phone", "--purpose", "complaint", "--json", stdin=PHONE)[1]
    ) == [PARTY]
    nobody = puhui("person", "find", "--field", "phone", "--purpose", "complaint", stdin="13900139000")
    assert nobody[0] == 0
    assert PARTY not in nobody[1]
    assert puhui("person", "find", "--field", "phone", "--purpose", "fun", stdin=PHONE)[0] == "INPUT_INVALID"
    assert puhui("person", "find", "--field", "name", "--purpose", "audit", stdin="x")[0] == "SEARCH_UNKNOWN"
    with connect().read() as unit:
        logged = unit.connection.exec_driver_sql("SELECT actor, party, purpose FROM personal_reads").fetchall()
    assert logged == [("cli:anna", PARTY, "complaint")] * 2 + [("cli:anna", "", "complaint")]


def test_erasing_asks_first_and_leaves_a_fact(puhui, monkeypatch):
    puhui("keys", "master-new")
    a_party(phone=PHONE)
    asked = ("person", "erase", PARTY, "--purpose", "subject_request")
    monkeypatch.setattr(commands.typer, "confirm", lambda *_, **__: (_ for _ in ()).throw(typer.Abort()))
    assert puhui(*asked)[0] == "aborted"
    assert puhui("person", "erase", "party_gone", "--purpose", "subject_request", "--yes")[0] == "PARTY_UNKNOWN"
    assert puhui(*asked, "--yes")[0] == 0
    assert puhui(*asked, "--yes")[0] == "PERSON_ERASED"
    with connect().read() as unit:
        [fact] = unit.facts(PARTY)
    assert (fact.kind, fact.actor) == ("person_erased", "cli:anna")


def test_the_master_key_is_changed_in_two_steps(puhui):
    puhui("keys", "master-new")
    a_party(phone=PHONE)
    old = Masters().keys().current
    code, out, _ = puhui("keys", "master-new")
    assert code == 0
    assert "2" in out  # the person's and the index's key
    assert Masters().keys().keys[1] == old
    assert puhui("keys", "rewrap")[1].strip().startswith("已改用当前主密钥：0")
    assert puhui("keys", "master-drop")[0] == 0
    assert len(Masters().keys().keys) == 1
    assert puhui("person", "find", "--field", "phone", "--purpose", "audit", stdin=PHONE)[1].strip() == PARTY


def test_dropping_wraps_first_what_the_old_key_may_still_wrap(puhui):
    from puhui.storage.people_master import add_key

    puhui("keys", "master-new")
    a_party(phone=PHONE)
    add_key()
    assert puhui("keys", "master-drop")[0] == 0
    assert puhui("person", "find", "--field", "phone", "--purpose", "audit", stdin=PHONE)[1].strip() == PARTY


def test_help_is_quick_to_import():
    import subprocess
    import sys

    heavy = "sqlalchemy pydantic argon2 yaml rich fastapi cryptography"
    program = (
        "import sys, typer; from puhui.cli import people; people.add_to(typer.Typer());"
        f"print([name for name in {heavy.split()!r} if name in sys.modules])"
    )
    done = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=True)
    assert json.loads(done.stdout.replace("'", '"')) in ([], ["rich"])
