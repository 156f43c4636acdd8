"""Books for tests of the night: from positions to columns, a day at a time, and the fold beside it."""

from dataclasses import replace
from datetime import date

import numpy as np

from puhui.batch.book import NAMES, NO_DUES, Today, empty_book
from puhui.batch.day import Events, alone_today, joined_dues, passed
from puhui.batch.groups import Groups, group_columns, group_of
from puhui.batch.rows import Identity, book_of_rows, row_of
from puhui.kernel.dates import to_date
from puhui.ledger.entry import Dimensions
from puhui.lending.due_rows import DueRow, due_rows
from puhui.lending.fold import advance
from puhui.risk.expected_loss import loss_model
from puhui.risk.floors import floors_on
from puhui.risk.loss_tables import loss_tables_on
from puhui.risk.policy import policy_on
from puhui.rulebook.loader import default_rulebook

NONE = np.zeros(0, np.int64)
DIMENSIONS = Dimensions("inst_1", "test", "410329", "")
# What the passing of time decides; the others are what the day makes of it. Of a penalty only the sum is said once.
PENALTY = ("late_numerator", "penalty_charged_total_minor", "penalty_running_minor")
STATE = tuple(name for name in NAMES if name not in ("past_due_days", "bucket", "expected_loss_minor", *PENALTY))


def today_of(day, groups):
    """Return what the steps of a day hang on; rules as they stand in 2026 whatever the day."""
    on = max(to_date(day), date(2018, 1, 1))
    tables = loss_tables_on(on)
    terms = group_columns(groups, default_rulebook(), tables)
    return Today(day, terms, floors_on(on, default_rulebook()), policy_on(on), loss_model(tables), NO_DUES)


def dues_table(positions):
    """Return the instalments to come of loans numbered from 0, as the store's columns."""
    rows = [(key, *row) for key, position in enumerate(positions) for row in due_rows(position)]
    table = np.array(rows, np.int64).reshape(len(rows), 1 + len(DueRow._fields))
    return dict(zip(("loan_key", *DueRow._fields), table.T, strict=True))


def dues_of(table, day):
    """Return those of a day, one a loan."""
    chosen = np.flatnonzero(table["due_on"] == day)
    _, first = np.unique(table["loan_key"][chosen], return_index=True)
    return {name: column[chosen[first]] for name, column in table.items()}


class Shard:
    """Some loans whose days pass in columns; `alone` counts those that the fold had to do."""

    def __init__(self, lives, day):
        self.lives, self.day, self.groups = lives, day, Groups()
        self.positions = [advance(life.position, day, life.agreement) for life in lives]
        self.book, self.dues, self.alone = self.rows(range(len(lives))), dues_table(self.positions), 0

    def rows(self, keys):
        """Return the rows of loans as they stand."""
        rows = []
        for key in keys:
            position, agreement = self.positions[key], self.lives[key].agreement
            place = self.groups.place_of(group_of(DIMENSIONS, position, agreement))
            rows.append(row_of(Identity(key, place, 0), position, agreement))
        return book_of_rows(rows)

    def next_day(self):
        """Let a day pass, by columns and by the fold."""
        self.day += 1
        self.positions = [
            advance(position, self.day, life.agreement)
            for position, life in zip(self.positions, self.lives, strict=True)
        ]
        today = today_of(self.day, self.groups)
        today = replace(today, dues=joined_dues(self.book, self.day, dues_of(self.dues, self.day)))
        keys = np.flatnonzero(alone_today(self.book, today))
        self.alone += len(keys)
        rows = self.rows(keys)
        after = passed(self.book, today, Events(rows, empty_book(), NONE, NONE)).book
        self.book = {name: after[name] for name in NAMES}

    def differences(self):
        """Return where the columns and the fold disagree: (loan, column, columns say, fold says)."""
        right = self.rows(range(len(self.lives)))
        found = [
            (key, name, int(self.book[name][key]), int(right[name][key]))
            for name in STATE
            for key in np.flatnonzero(self.book[name] != right[name])
        ]
        for key, position in enumerate(self.positions):
            said = [tuple(int(book[name][key]) for name in PENALTY) for book in (self.book, right)]
            unit = position.late_day_base * 10**6
            if len({(numerator + charged * unit, charged + running) for numerator, charged, running in said}) > 1:
                found.append((key, "penalty", *said))
        return found
