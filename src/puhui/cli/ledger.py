"""`puhui ledger`: the trial balance, entries, one entry in words, closing a period, the chart of accounts."""

from datetime import date, timedelta
from typing import TYPE_CHECKING, Annotated, Any

import typer

from puhui.cli.books import Actor, acting, reading, writing
from puhui.cli.output import AsJson, print_json, read_day, say
from puhui.kernel.language import Text

if TYPE_CHECKING:
    from collections.abc import Sequence

    from puhui.accounting.explain import Known
    from puhui.accounting.rules import Context
    from puhui.kernel.facts import Fact
    from puhui.ledger.balances import By
    from puhui.ledger.entry import Entry
    from puhui.storage.unit_of_work import UnitOfWork

DIMENSIONS = ("institution", "product", "region", "funder")
MOST_ENTRIES = 1000


def _option(name: str, zh: str, en: str, metavar: str) -> Any:
    return typer.Option(name, metavar=metavar, help=Text(zh, en).say())


AsOf = Annotated[
    str, _option("--as-of", "截至哪一天（含），默认今天", "through which day; today unless given", "YYYY-MM-DD")
]
From = Annotated[str, _option("--from", "自哪一天起（含）", "from which day on", "YYYY-MM-DD")]
To = Annotated[str, _option("--to", "至哪一天（含）", "through which day", "YYYY-MM-DD")]
Through = Annotated[str, _option("--through", "结到哪一天（含）", "through which day", "YYYY-MM-DD")]
GroupBy = Annotated[
    str,
    _option(
        "--by",
        "按机构、产品、地区或资金方分组",
        "group by institution, product, region or funder",
        "|".join(DIMENSIONS),
    ),
]
Subject = Annotated[str, _option("--subject", "只看一笔贷款", "only entries of this loan", "LOAN")]
Account = Annotated[
    str, _option("--account", "只看一个科目及其下级，如 1132", "only this account and those below it", "CODE")
]
Limit = Annotated[int, typer.Option("--limit", min=1, max=MOST_ENTRIES, help=Text("最多几笔", "at most so many").say())]
Cursor = Annotated[str, _option("--cursor", "接着上一页", "go on after the last page", "CURSOR")]
EntryId = Annotated[
    str, typer.Argument(metavar="ENTRY", help=Text("分录编号 entry_…", "an entry's id, entry_...").say())
]

ledger = typer.Typer(
    no_args_is_help=True, help=Text("总账：试算平衡、分录、科目", "the ledger: trial balance, entries, accounts").say()
)


def add_to(app: typer.Typer) -> None:
    """Register the commands."""
    app.add_typer(ledger, name="ledger")


@ledger.command("trial-balance", help=Text("试算平衡表；不平时退出码为 1", "trial balance; exit 1 if it is off").say())
def trial_balance_command(as_of: AsOf = "", from_on: From = "", by: GroupBy = "", as_json: AsJson = False) -> None:
    """Print the balance of every account, and what moved since `--from`."""
    from puhui.cli.ledger_view import draw_trial_balance, trial_balance_dict
    from puhui.kernel.inputs import one_of
    from puhui.ledger.balances import balances, trial_balance
    from puhui.ledger.chart import chart

    if by:
        one_of("--by", by, DIMENSIONS)
    until = read_day(as_of)
    since = read_day(from_on, "--from") if from_on else None
    group: By = by  # type: ignore[assignment]
    with reading() as store:
        opening = balances(store.ledger.totals(None, since - timedelta(days=1))) if since else {}
        trial = trial_balance(store.ledger.totals(since, until), opening, group)
    differences = trial.differences(chart())
    if as_json:
        print_json(trial_balance_dict(trial, chart(), since, until))
    else:
        draw_trial_balance(trial, chart(), since, until)
    if differences:
        raise typer.Exit(1)


@ledger.command("entries", help=Text("查询分录", "list entries").say())
def entries_command(
    subject: Subject = "",
    from_on: From = "",
    to_on: To = "",
    account: Account = "",
    limit: Limit = 50,
    cursor: Cursor = "",
    as_json: AsJson = False,
) -> None:
    """Print entries by effective day."""
    from puhui.cli.ledger_view import draw_entries, entry_dict
    from puhui.kernel.ids import parse_id
    from puhui.ledger.chart import chart
    from puhui.ledger.reads import Wanted

    if subject:
        parse_id(subject, "loan", "--subject")
    wanted = Wanted(
        subject,
        account,
        read_day(from_on, "--from") if from_on else None,
        read_day(to_on, "--to") if to_on else None,
    )
    with reading() as store:
        page = store.ledger.entries(wanted, limit, cursor)
    if as_json:
        print_json({"entries": [entry_dict(entry) for entry in page.entries], "cursor": page.cursor})
        return
    draw_entries(page.entries, chart())
    if page.cursor:
        say(Text(f"还有更多：--cursor {page.cursor}", f"more: --cursor {page.cursor}").say())


@ledger.command("explain", help=Text("用文字说明一笔分录的由来", "say in words where an entry comes from").say())
def explain_command(entry_id: EntryId, as_json: AsJson = False) -> None:
    """Explain one entry: the fact, the rule, each leg, the figures before and after; exit 1 if they do not agree."""
    from puhui.accounting.explain import explain
    from puhui.cli.ledger_view import draw_explanation
    from puhui.kernel.ids import parse_id
    from puhui.ledger.chart import chart

    parse_id(entry_id, "entry", "entry")
    with reading() as store:
        entry = store.ledger.entry(entry_id)
        known, reversed_by = _known(store, entry), store.ledger.reversed_by(entry_id)
    explained = explain(entry, known, chart())
    if as_json:
        print_json({**explained.as_dict(), "reversed_by": reversed_by})
    else:
        draw_explanation(explained, reversed_by)
    if explained.agrees is False:
        raise typer.Exit(1)


@ledger.command(
    "close-period",
    help=Text("结账：此后分录不得生效在期内", "close a period: no entry takes effect in it any more").say(),
)
def close_period_command(through: Through, by: Actor = "", as_json: AsJson = False) -> None:
    """Close the books through a day, for good; its nights must be done and the trial balance must balance."""
    from puhui.kernel.clock import now
    from puhui.workflows.close_period import close_books

    day = read_day(through, "--through")
    with writing(alone=True) as store:
        open_from = close_books(store, day, acting(by), now())
    if as_json:
        print_json({"closed_through": day.isoformat(), "open_from": open_from.isoformat()})
    else:
        say(
            Text(f"✓ 已结账到 {day}；账簿自 {open_from} 起开放", f"✓ closed through {day}; open from {open_from}").say()
        )


@ledger.command("periods", help=Text("已结账的期间", "the periods that are closed").say())
def periods_command(as_json: AsJson = False) -> None:
    """Print the days through which the books were closed."""
    with reading() as store:
        closed = [day.isoformat() for day in store.ledger.closed_periods()]
    if as_json:
        print_json({"closed_through": closed})
    else:
        say("\n".join(closed) or Text("还没有结过账。", "No period is closed yet.").say())


@ledger.command("accounts", help=Text("科目表", "the chart of accounts").say())
def accounts_command(as_json: AsJson = False) -> None:
    """Print the chart of accounts, the institution's own names and numbers in it."""
    from puhui.cli.ledger_view import draw_accounts
    from puhui.ledger.chart import chart

    whole = chart()
    if as_json:
        print_json([account.as_dict() for account in whole.accounts.values()])
    else:
        draw_accounts(whole)


def _known(store: "UnitOfWork", entry: "Entry") -> "Known | None":
    """Return what is known of the loan of an entry, None where it is of no one loan."""
    from puhui.accounting.explain import Known
    from puhui.lending.agreement import agreement_of

    subject = next((posting.subject for posting in entry.postings if posting.subject), "")
    if not subject:
        return None
    facts = store.facts(subject)
    return Known(facts, agreement_of(facts[0].body), _context)


def _context(fact: "Fact | None", facts: "Sequence[Fact]", day: date) -> "Context":
    """Return the context that the entry of a fact was made in; `facts`: those known then, `fact` the last of them."""
    from puhui.accounting.rules import Context
    from puhui.ledger.entry import Dimensions
    from puhui.lending.agreement import agreement_of
    from puhui.workflows.security import secured_minor, taken_back

    agreement = agreement_of(facts[0].body)
    dimensions = Dimensions(agreement.institution, agreement.product, agreement.region, agreement.funder)
    context = Context(agreement, dimensions, facts[0].subject)
    if fact is None or len(facts) == 1:
        return context
    secured = (secured_minor(facts[:-1], day), secured_minor(facts, day))
    return Context(agreement, dimensions, facts[0].subject, taken_back(facts, fact), secured)
