"""The instalments of a loan as they went: what fell due, what was paid of it and when, what is still to come."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from typing import NamedTuple

from puhui.kernel.dates import day_number, to_date
from puhui.kernel.facts import Fact
from puhui.lending.agreement import Agreement, agreement_of
from puhui.lending.allocate import Allocation
from puhui.lending.fold import advance, apply, begin, standing_facts
from puhui.lending.line import followed, projected_rows
from puhui.lending.position import Position


class Instalment(NamedTuple):
    """One instalment, fallen due or to come, amounts in minor units.

    principal, interest and fee: paid and unpaid together; money that came early counts for the instalment in whose
    period it came. balance_minor: principal that the plan leaves after it. paid_on: the day nothing was left of it.
    """

    n: int
    due_on: date
    principal_minor: int
    interest_minor: int
    fee_minor: int
    balance_minor: int
    paid_minor: int
    outstanding_minor: int
    paid_on: date | None

    @property
    def total_minor(self) -> int:
        """Principal, interest and fee."""
        return self.principal_minor + self.interest_minor + self.fee_minor


@dataclass(frozen=True)
class _Book:
    """What is noted on the way, by instalment number: due day, amounts paid by part, day of the last payment."""

    due_on: dict[int, int]
    paid: dict[int, list[int]]
    paid_on: dict[int, int]
    draws: list[tuple[int, int]]

    def pay(self, n: int, day: int, *parts: int) -> None:
        """Note principal, interest and fee paid of instalment n; charges outside the plan (n 0) are not listed."""
        if not n or not any(parts):
            return
        paid = self.paid.setdefault(n, [0, 0, 0])
        for place, amount in enumerate(parts):
            paid[place] += amount
        self.paid_on[n] = day


def instalments_of(facts: Sequence[Fact], as_of: int) -> list[Instalment]:
    """Return the instalments of a loan from all its facts, at the end of day `as_of` (a day number).

    Instalments that a restructuring took back, unpaid, are not listed. Refuses what `fold` refuses.
    """
    agreement = agreement_of(facts[0].body)
    book = _Book({}, {}, {}, [])
    position = begin(agreement)
    for fact in standing_facts(facts):
        day = day_number(fact.effective_on)
        if day <= as_of:
            position = _noted(book, position, day, agreement)
            after, allocation = apply(position, fact, agreement)
            _note(book, position, after, allocation)
            position = after
    return _listed(book, _noted(book, position, as_of, agreement), agreement)


def _noted(book: _Book, position: Position, day: int, agreement: Agreement) -> Position:
    """Advance to `day`, noting what falls due and what suspense pays of it."""
    while position.rows and position.rows[0].due_on <= day:
        if position.rows[0].due_on > position.as_of:
            position = followed(position, agreement)
        after = advance(position, position.rows[0].due_on, agreement)
        for row in position.rows[: len(position.rows) - len(after.rows)]:
            book.due_on[row.n] = row.due_on
            left = next((due for due in after.dues if due.n == row.n), None)
            unpaid = (left.principal_minor, left.interest_minor, left.fee_minor) if left else (0, 0, 0)
            fell_due = (row.principal_minor, row.interest_minor, row.fee_minor)
            book.pay(row.n, after.as_of, *(due - rest for due, rest in zip(fell_due, unpaid, strict=True)))
        position = after
    return advance(position, day, agreement)


def _note(book: _Book, before: Position, after: Position, allocation: Allocation) -> None:
    """Note what a fact drew or paid; early money counts for the period that runs, or that ended today."""
    if after.drawn_minor > before.drawn_minor:
        book.draws.append((after.as_of, after.drawn_minor - before.drawn_minor))
    interest, fee = allocation.interest_minor, allocation.fee_minor
    for n, principal, part_interest, part_fee in allocation.parts:
        book.pay(n, after.as_of, principal, part_interest, part_fee)
        interest, fee = interest - part_interest, fee - part_fee
    if before.rows and (allocation.prepaid_minor or interest > 0):
        just_ended = before.as_of == before.period_from and before.last_n in book.due_on
        n = before.last_n if just_ended else before.rows[0].n
        book.due_on.setdefault(n, before.rows[0].due_on)
        book.pay(n, after.as_of, allocation.prepaid_minor, max(0, interest), max(0, fee))


def _listed(book: _Book, position: Position, agreement: Agreement) -> list[Instalment]:
    open_rows = {due.n: due for due in position.dues if due.n}
    to_come = {row.n: row for row in projected_rows(position, agreement)}
    listed: list[Instalment] = []
    draws, balance = sorted(book.draws), 0
    for n in sorted({*book.paid, *open_rows, *to_come}):
        unpaid = open_rows.get(n) or to_come.get(n)
        paid = book.paid.get(n, [0, 0, 0])
        rest = (unpaid.principal_minor, unpaid.interest_minor, unpaid.fee_minor) if unpaid else (0, 0, 0)
        principal, interest, fee = (done + left for done, left in zip(paid, rest, strict=True))
        due_on = to_come[n].due_on if n in to_come else book.due_on[n]
        while draws and draws[0][0] <= due_on:
            balance += draws.pop(0)[1]
        balance -= principal
        done_on = to_date(book.paid_on[n]) if n in book.paid_on and not sum(rest) else None
        amounts = (principal, interest, fee, balance, sum(paid), sum(rest))
        listed.append(Instalment(n, to_date(due_on), *amounts, done_on))
    return listed
