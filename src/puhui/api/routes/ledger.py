"""The ledger: balances on any day, entries and their legs, the chart of accounts."""

from datetime import date, timedelta
from typing import Annotated, Literal

from fastapi import Query

from puhui.api.call import covered
from puhui.api.fields import AnyAmountMinor, EntryId, Instant, OfLoan, QueryDay
from puhui.api.pages import Cursor, Limit
from puhui.api.routing import Call, Routes
from puhui.kernel.inputs import Record
from puhui.kernel.language import Text
from puhui.ledger.balances import Total, balances, trial_balance
from puhui.ledger.chart import chart
from puhui.ledger.entry import Entry
from puhui.ledger.reads import ENTRY_UNKNOWN, Wanted
from puhui.people.access import Resource, Span

Account = Annotated[
    str | None,
    Query(pattern=r"^[0-9]{4}(\.[0-9]{2})*$", max_length=20, description="科目，含其下级 / account, and below"),
]
By = Annotated[
    Literal["institution", "product", "region", "funder"] | None,
    Query(description="分组维度 / the dimension that lines are grouped by"),
]

routes = Routes("ledger", Text("总账", "Ledger"))


class LineOut(Record):
    """One line of a trial balance, debit positive; `debit_minor`, `credit_minor`: what moved between both days."""

    group: str
    account: str
    name_zh: str
    name_en: str
    currency: str
    opening_minor: AnyAmountMinor
    debit_minor: AnyAmountMinor
    credit_minor: AnyAmountMinor
    closing_minor: AnyAmountMinor


class TrialBalanceOut(Record):
    """Every account's balance at the end of a day. `balanced`: debits and credits agree, on and off balance."""

    as_of: date
    since: date | None
    by: str
    balanced: bool
    lines: tuple[LineOut, ...]


class PostingOut(Record):
    """One leg: debit positive, credit negative; `subject`: the loan, or empty for aggregates."""

    account: str
    amount_minor: AnyAmountMinor
    currency: str
    subject: str
    institution: str
    product: str
    region: str
    funder: str


class EntryOut(Record):
    """A journal entry: the rule that made it, the fact it came from, its legs, which sum to nothing."""

    id: str
    kind: str
    fact: str
    effective_on: date
    recorded_at: Instant
    reverses: str
    memo: str
    postings: tuple[PostingOut, ...]


class EntryWholeOut(EntryOut):
    """A journal entry, and the one that reverses it, if any."""

    reversed_by: str


class EntriesOut(Record):
    """A page of entries, by the day they take effect."""

    items: tuple[EntryOut, ...]
    next: str | None


class AccountOut(Record):
    """An account of the chart."""

    code: str
    name_zh: str
    name_en: str
    type: str
    side: str
    off_balance: bool


class AccountsOut(Record):
    """The chart of accounts."""

    items: tuple[AccountOut, ...]


@routes.get("/ledger/trial-balance", "ledger.read", Text("试算平衡表", "Trial balance"))
def read_trial_balance(call: Call, as_of: QueryDay = None, since: QueryDay = None, by: By = None) -> TrialBalanceOut:
    """Read every account's balance at the end of a day, and what moved since another, within reach."""
    day, spans = as_of or call.today, call.access.spans
    with call.read() as books:
        rows = [row for row in books.ledger.totals(since, day) if _covers(spans, row)]
        before = books.ledger.totals(None, since - timedelta(days=1)) if since else []
        opening = balances(row for row in before if _covers(spans, row))
    whole = trial_balance(rows, opening, by or "")
    known = chart()
    return TrialBalanceOut(
        as_of=day,
        since=since,
        by=by or "",
        balanced=not whole.differences(known),
        lines=tuple(
            LineOut(
                name_zh=known.account(line.account).name.zh,
                name_en=known.account(line.account).name.en,
                **line._asdict(),
            )
            for line in whole.lines
        ),
    )


@routes.get("/ledger/entries", "ledger.read", Text("分录列表", "List entries"))
def list_entries(
    call: Call,
    loan: OfLoan = None,
    account: Account = None,
    from_on: QueryDay = None,
    to_on: QueryDay = None,
    limit: Limit = 50,
    cursor: Cursor = None,
) -> EntriesOut:
    """List entries within reach, the oldest effective day first. A page may be shorter than its limit."""
    spans = call.access.spans
    wanted = Wanted(loan or "", account or "", from_on, to_on)
    (place,) = call.place(cursor) or ("",)
    with call.read() as books:
        page = books.ledger.entries(wanted, limit, place)
    items = tuple(_entry_out(entry) for entry in page.entries if _visible(spans, entry))
    return EntriesOut(items=items, next=call.cursor((page.cursor,)) if page.cursor else None)


@routes.get("/ledger/entries/{entry_id}", "ledger.read", Text("查询分录", "Read an entry"))
def read_entry(call: Call, entry_id: EntryId) -> EntryWholeOut:
    """Read an entry with its legs, and what reverses it."""
    spans = call.access.spans
    with call.read() as books:
        entry = books.ledger.entry(entry_id)
        reversed_by = books.ledger.reversed_by(entry_id)
    if not _visible(spans, entry):
        raise ENTRY_UNKNOWN.refuse("entry", entry=entry_id)
    return EntryWholeOut(**dict(_entry_out(entry)), reversed_by=reversed_by)


@routes.get("/ledger/accounts", "ledger.chart", Text("科目表", "Chart of accounts"))
def list_accounts(call: Call) -> AccountsOut:
    """List the chart of accounts."""
    del call
    items = (
        AccountOut(
            code=account.code,
            name_zh=account.name.zh,
            name_en=account.name.en,
            type=account.type,
            side=account.side,
            off_balance=account.off_balance,
        )
        for account in chart().accounts.values()
    )
    return AccountsOut(items=tuple(items))


def _covers(spans: tuple[Span, ...], row: Total) -> bool:
    one = row.key.dimensions
    return covered(spans, Resource(one.institution, one.region))


def _visible(spans: tuple[Span, ...], entry: Entry) -> bool:
    """An entry is shown when every leg of it may be."""
    places = (Resource(leg.dimensions.institution, leg.dimensions.region) for leg in entry.postings)
    return all(covered(spans, place) for place in places)


def _entry_out(entry: Entry) -> EntryOut:
    return EntryOut(
        id=entry.id,
        kind=entry.kind,
        fact=entry.fact,
        effective_on=entry.effective_on,
        recorded_at=entry.recorded_at,
        reverses=entry.reverses,
        memo=entry.memo,
        postings=tuple(
            PostingOut(
                account=leg.account,
                amount_minor=leg.amount_minor,
                currency=leg.currency,
                subject=leg.subject,
                institution=leg.dimensions.institution,
                product=leg.dimensions.product,
                region=leg.dimensions.region,
                funder=leg.dimensions.funder,
            )
            for leg in entry.postings
        ),
    )
