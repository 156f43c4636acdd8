"""`puhui loan`: make a loan, serve it, look at it."""

from typing import TYPE_CHECKING, Annotated, Any

import typer

from puhui.cli.books import Actor, Effective, LoanId, acting, reading, sealing, writing
from puhui.cli.output import AsJson, InputFile, print_json, read_day, read_input, say
from puhui.kernel.language import Text

if TYPE_CHECKING:
    from puhui.workflows.record import Recorded

Amount = Annotated[
    str, typer.Argument(metavar="AMOUNT", help=Text("金额，元，如 1,234.56", "an amount, such as 1,234.56").say())
]
Channel = Annotated[str, typer.Option(help=Text("渠道：bank、wallet 等", "the channel: bank, wallet, ...").say())]
Approved = Annotated[
    str,
    typer.Option("--approved-by", help=Text("批准人（核销、重组必填）", "the second person, where needed").say()),
]
IdOnly = Annotated[bool, typer.Option("--id-only", help=Text("只输出编号", "print the id alone").say())]

loan = typer.Typer(help=Text("贷款：建立、服务、查询", "loans: make, serve, look at").say(), no_args_is_help=True)


def add_to(app: typer.Typer) -> None:
    """Register the commands."""
    app.add_typer(loan, name="loan")


@loan.command(help=Text("登记借款合同（JSON）", "record a loan agreement (JSON)").say())
def agree(file: InputFile, by: Actor = "", id_only: IdOnly = False, as_json: AsJson = False) -> None:
    """Record an agreement: the loan exists, no money has moved."""
    from puhui.kernel.clock import now
    from puhui.workflows.agree import agree as agree_loan

    body, at = read_input(file), now()
    with writing() as store:
        made = agree_loan(store, body, acting(by), at, sealing(store, at))
    if as_json:
        print_json({"loan": made.id, "status": made.position.status})
    else:
        say(made.id if id_only else Text(f"已建立 {made.id}", f"made {made.id}").say())


@loan.command(help=Text("放款", "lend the money").say())
def disburse(
    loan_id: LoanId,
    amount: Amount,
    payee: Annotated[
        str, typer.Option(help=Text("受托支付的收款方", "the payee of an entrusted payment, such as the dealer").say())
    ] = "",
    effective: Effective = "",
    by: Actor = "",
    as_json: AsJson = False,
) -> None:
    """Disburse to the borrower, or entrusted to a payee."""
    body = {"amount_minor": _minor(amount), "to": "entrusted" if payee else "borrower", "payee": payee}
    _record(loan_id, "disbursement", body, effective, by, as_json=as_json)


@loan.command(help=Text("还款", "record a repayment").say())
def repay(
    loan_id: LoanId,
    amount: Amount,
    channel: Channel = "bank",
    effective: Effective = "",
    by: Actor = "",
    as_json: AsJson = False,
) -> None:
    """Record money that came in."""
    body = {"amount_minor": _minor(amount), "channel": channel}
    _record(loan_id, "repayment", body, effective, by, as_json=as_json)


@loan.command(help=Text("退还溢缴款", "pay back what lies in suspense").say())
def refund(
    loan_id: LoanId,
    amount: Amount,
    channel: Channel = "bank",
    effective: Effective = "",
    by: Actor = "",
    as_json: AsJson = False,
) -> None:
    """Pay back to the borrower what was paid beyond what was due."""
    body = {"amount_minor": _minor(amount), "channel": channel}
    _record(loan_id, "refund", body, effective, by, as_json=as_json)


@loan.command(help=Text("与各方结算", "settle with a funder, guarantor, programme or payee").say())
def settle(
    loan_id: LoanId,
    counterparty: Annotated[str, typer.Argument(metavar="COUNTERPARTY", help="funder | payee | guarantor | subsidy")],
    amount: Amount,
    channel: Channel = "bank",
    reference: Annotated[str, typer.Option(help=Text("银行流水号", "the bank's reference").say())] = "",
    effective: Effective = "",
    by: Actor = "",
    as_json: AsJson = False,
) -> None:
    """Record a transfer between the lender and someone other than the borrower."""
    body = {
        "counterparty": counterparty,
        "amount_minor": _minor(amount),
        "channel": channel,
        "reference": reference,
    }
    _record(loan_id, "settlement", body, effective, by, as_json=as_json)


@loan.command(help=Text("登记任何其他事实（JSON 内容）", "record any other fact, its body in JSON").say())
def record(
    loan_id: LoanId,
    kind: Annotated[str, typer.Argument(metavar="KIND", help=Text("如 prepayment", "such as prepayment").say())],
    file: InputFile,
    effective: Effective = "",
    by: Actor = "",
    approved_by: Approved = "",
    as_json: AsJson = False,
) -> None:
    """Record a fact of any kind: prepayment, rate_reset, restructure, write_off, reversal, ..."""
    _record(loan_id, kind, read_input(file), effective, by, approved_by, as_json=as_json)


@loan.command(help=Text("余额、到期与计划", "what is owed, due, and to come").say())
def show(
    loan_id: LoanId,
    as_of: Annotated[
        str,
        typer.Option("--as-of", metavar="YYYY-MM-DD", help=Text("哪一天日终，默认今天", "which day, at its end").say()),
    ] = "",
    as_json: AsJson = False,
) -> None:
    """Show the position of a loan at the end of a day."""
    from puhui.cli.loan_view import print_statement
    from puhui.workflows.statement import statement_of

    with reading() as store:
        found = statement_of(store, loan_id, read_day(as_of))
    if as_json:
        print_json(found)
    else:
        print_statement(found)


@loan.command(help=Text("结清报价", "what it takes to pay all of it off").say())
def quote(loan_id: LoanId, effective: Effective = "", as_json: AsJson = False) -> None:
    """Quote the payoff on a day."""
    from puhui.cli.loan_view import print_quote
    from puhui.workflows.quote import payoff_quote

    with reading() as store:
        found = payoff_quote(store, loan_id, read_day(effective, "--effective"))
    if as_json:
        print_json(found)
    else:
        print_quote(found)


@loan.command(help=Text("一笔贷款的全部事实", "every fact of a loan").say())
def facts(loan_id: LoanId, as_json: AsJson = False) -> None:
    """List the facts of a loan, as they were recorded."""
    from puhui.cli.loan_view import print_facts

    with reading() as store:
        store.loan(loan_id)
        found = store.facts(loan_id)
    if as_json:
        print_json([_fact(fact) for fact in found])
    else:
        print_facts(found)


def _record(
    loan_id: str, kind: str, body: dict[str, Any], effective: str, by: str, approved_by: str = "", *, as_json: bool
) -> None:
    from puhui.cli.loan_view import print_recorded
    from puhui.kernel.clock import now
    from puhui.workflows.record import Statement, record_fact

    statement = Statement(kind, body, read_day(effective, "--effective"), acting(by), approved_by)
    at = now()
    with writing() as store:
        recorded = record_fact(store, loan_id, statement, at, sealing(store, at))
    if as_json:
        print_json(_recorded(recorded))
    else:
        print_recorded(recorded)


def _recorded(recorded: "Recorded") -> dict[str, Any]:
    return {
        "fact": _fact(recorded.fact),
        "allocation": dict(recorded.allocation),
        "principal_minor": recorded.loan.position.principal_minor,
        "status": recorded.loan.position.status,
        "entries": [entry.id for entry in recorded.changes.entries],
    }


def _fact(fact: Any) -> dict[str, Any]:
    return {
        "id": fact.id,
        "sequence": fact.sequence,
        "kind": fact.kind,
        "effective_on": fact.effective_on,
        "recorded_at": fact.recorded_at.isoformat(),
        "actor": fact.actor,
        "approved_by": fact.approved_by,
        "body": dict(fact.body),
    }


def _minor(text: str) -> int:
    from puhui.kernel.money import parse_minor

    return parse_minor(text)
