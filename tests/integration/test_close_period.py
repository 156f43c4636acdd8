"""A period is closed by command: once, in order, after its nights; then no entry takes effect in it. Both databases."""

import json
from datetime import UTC, date, datetime

import pytest

from puhui.cli.app import run
from puhui.kernel.clock import set_to
from puhui.kernel.refusals import Refusal
from puhui.workflows.close_period import close_books
from puhui.workflows.store import Changes
from store_fixtures import an_entry, database, store_url  # noqa: F401

END = date(2024, 3, 31)
AT = datetime(2024, 4, 2, 2, tzinfo=UTC)


def close(database, through_on):  # noqa: F811
    with database.begin(alone=True) as store:
        return close_books(store, through_on, "cfo", AT)


def night_through(database, day):  # noqa: F811
    with database.begin(alone=True) as store:
        store.nights.move_watermark(day, {}, AT)


def refused(code, call, *arguments):
    with pytest.raises(Refusal) as raised:
        call(*arguments)
    assert raised.value.code == code


def test_a_period_is_closed_once_after_its_nights_and_a_fact_says_so(database):  # noqa: F811
    refused("PERIOD_NOT_READY", close, database, END)
    night_through(database, date(2024, 4, 1))
    assert close(database, END) == date(2024, 4, 1)
    for day in (END, date(2024, 3, 1)):
        refused("PERIOD_ORDER", close, database, day)
    with database.read() as store:
        assert store.open_from() == date(2024, 4, 1)
        assert store.ledger.closed_periods() == [END]
        [fact] = store.facts("ledger")
    assert (fact.kind, fact.body, fact.actor) == ("period_closed", {"closed_through": "2024-03-31"}, "cfo")


@pytest.mark.parametrize(("day", "allowed"), [(END, False), (date(2024, 4, 1), True)])
def test_after_it_nothing_takes_effect_in_it(database, day, allowed):  # noqa: F811
    night_through(database, date(2024, 4, 1))
    close(database, END)

    def record():
        with database.begin() as store:
            store.record(Changes(entries=[an_entry("loan_1", effective_on=day)]))

    if allowed:
        record()
    else:
        refused("PERIOD_CLOSED", record)


def test_by_command(tmp_path, monkeypatch, capsys):
    monkeypatch.setenv("PUHUI_HOME", str(tmp_path))
    monkeypatch.delenv("PUHUI_DATABASE_URL", raising=False)

    def said(*arguments):
        with pytest.raises(SystemExit) as stop:
            run(list(arguments))
        captured = capsys.readouterr()
        return stop.value.code or 0, captured.out, captured.err

    with set_to(date(2024, 4, 2)):
        assert said("ledger", "periods", "--json") == (0, '{\n "closed_through": []\n}\n', "")
        code, _, error = said("ledger", "close-period", "--through", "2024-03-31")
        assert (code, "PERIOD_NOT_READY" in error) == (2, True)
        assert said("close", "--date", "2024-04-01")[0] == 0
        code, out, _ = said("ledger", "close-period", "--through", "2024-03-31", "--json")
        assert json.loads(out) == {"closed_through": "2024-03-31", "open_from": "2024-04-01"}
        code, _, error = said("ledger", "close-period", "--through", "31.3.")
        assert (code, "31.3." in error) == (2, True)
        assert "2024-03-31" in said("ledger", "periods")[1]
