"""What happens to a loan, one route a kind: each records one fact, with its entries and its event.

A kind is a line of ACTS; its body is the fact's own (`lending.facts`) with the day, and the currency where money is.
"""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from fastapi import Response
from pydantic import create_model

from puhui.api.answers import ApprovalOut, RecordedOut, approval_out, recorded_out
from puhui.api.call import CallContext, resource_of
from puhui.api.fields import Currency, Day, LoanId
from puhui.api.idempotency import REPLAYED
from puhui.api.ports import Books
from puhui.api.routing import Call, Given, Routes
from puhui.kernel.inputs import Record
from puhui.kernel.language import Text
from puhui.kernel.money import CURRENCY_MIXED
from puhui.lending.facts import FACT_KINDS
from puhui.people.approval import Asking
from puhui.people.four_eyes import Asked, require
from puhui.proof.leaf import canonical
from puhui.workflows.record import Statement, record_fact
from puhui.workflows.store import Loan, Store

routes = Routes("loan-facts", Text("贷款变动", "What happens to a loan"))


@dataclass(frozen=True)
class Act:
    """One kind of fact that may be stated: the end of its path, its kind, its action, its name, an example body."""

    path: str
    kind: str
    action: str
    summary: Text
    example: dict[str, Any]


ACTS = (
    Act(
        "disbursements",
        "disbursement",
        "loans.disburse",
        Text("放款（给借款人或受托支付）", "Disburse, to the borrower or entrusted"),
        {"amount_minor": 12000000, "to": "entrusted", "payee": "party_01jcx4q8h2e6x8v5tq3k9m7w1b"},
    ),
    Act("repayments", "repayment", "loans.repay", Text("还款", "Repay"), {"amount_minor": 889633}),
    Act(
        "prepayments",
        "prepayment",
        "loans.prepay",
        Text("提前还款（部分或结清）", "Repay early, in part or all"),
        {"amount_minor": 3000000, "mode": "shorter_term"},
    ),
    Act(
        "fees",
        "fee",
        "loans.charge",
        Text("收取费用", "Charge a fee"),
        {"name": "补办卡费", "amount_minor": 1000},
    ),
    Act(
        "penalties",
        "penalty",
        "loans.charge",
        Text("收取违约金", "Charge a penalty"),
        {"name": "违约金", "amount_minor": 5000},
    ),
    Act(
        "waivers",
        "waiver",
        "loans.waive",
        Text("减免", "Waive a part of what is owed"),
        {"component": "penalty", "amount_minor": 500, "reason": "系统故障"},
    ),
    Act(
        "rate-resets",
        "rate_reset",
        "loans.reset_rate",
        Text("利率重定价", "Reset the rate"),
        {"annual_rate_ppm": 45000, "series": "LPR_1Y", "value_ppm": 35000, "spread_ppm": 10000},
    ),
    Act(
        "due-day-changes",
        "due_day_change",
        "loans.change_plan",
        Text("变更还款日", "Change the due day"),
        {"due_day": 20},
    ),
    Act("skips", "skip", "loans.change_plan", Text("延期还款", "Skip instalments"), {"instalments": 1}),
    Act(
        "restructures",
        "restructure",
        "loans.restructure",
        Text("重组（须双人批准）", "Restructure; needs a second person"),
        {"how": "extend", "instalments": 12, "reason": "洪涝"},
    ),
    Act(
        "subsidies",
        "subsidy",
        "loans.subsidise",
        Text("贴息到账", "Receive a subsidy"),
        {"amount_minor": 20000, "payer": "government"},
    ),
    Act(
        "assignments",
        "assignment",
        "loans.assign",
        Text("转让给资金方", "Assign a share to a funder"),
        {"funder": "province_bank", "share_ppm": 500000, "price_minor": 6000000},
    ),
    Act(
        "compensations",
        "compensation",
        "loans.compensate",
        Text("担保代偿", "Compensation by a guarantor"),
        {"amount_minor": 900000, "guarantor": "party_01jcx4q8h2e6x8v5tq3k9m7w1c"},
    ),
    Act(
        "settlements",
        "settlement",
        "loans.settle",
        Text("与资金方、担保人、贴息方、收款方结算", "Settle with a funder, guarantor, programme or payee"),
        {"counterparty": "guarantor", "amount_minor": 900000, "reference": "2024063000012"},
    ),
    Act(
        "refunds",
        "refund",
        "loans.refund",
        Text("退还溢缴款", "Pay back what lies in suspense"),
        {"amount_minor": 10000, "channel": "transfer"},
    ),
    Act(
        "write-offs",
        "write_off",
        "loans.write_off",
        Text("核销（须双人批准）", "Write off; needs a second person"),
        {"reason": "终结执行"},
    ),
    Act(
        "recoveries",
        "recovery",
        "loans.recover",
        Text("核销后收回", "Recover after a write-off"),
        {"amount_minor": 100000},
    ),
    Act(
        "reversals",
        "reversal",
        "loans.reverse",
        Text("冲销一条事实", "Take a fact back"),
        {"fact": "fact_01jcx4q8h2e6x8v5tq3k9m7w1a", "reason": "重复入账"},
    ),
    Act(
        "collateral",
        "collateral",
        "loans.change_collateral",
        Text("变更担保物", "Change collateral"),
        {
            "action": "value",
            "id": "car",
            "valuation": {"valued_on": "2024-02-01", "value_minor": 9800000, "source": "appraiser"},
        },
    ),
    Act(
        "cancellations",
        "cancellation",
        "loans.cancel",
        Text("冷静期撤销", "Withdraw within the cooling-off days"),
        {"amount_minor": 12000000, "reason": "借款人撤销"},
    ),
)


def body_model(act: Act) -> type[Record]:
    """Return the model of an act's body: the fact's own, the day it takes effect, the currency of its amount."""
    base = FACT_KINDS[act.kind]
    fields: dict[str, Any] = {"effective_on": (Day | None, None)}
    if "amount_minor" in base.model_fields:
        fields["currency"] = (Currency, "CNY")
    shown = {"json_schema_extra": {"examples": [act.example]}}
    return create_model(f"{base.__name__}In", __base__=base, __doc__=base.__doc__, __cls_kwargs__=shown, **fields)


def handler(act: Act) -> Callable[..., Response]:
    """Return the handler of an act."""
    model = body_model(act)

    def record(call: Call, loan_id: LoanId, body: Given[model]) -> RecordedOut | ApprovalOut:  # type: ignore[valid-type]
        return _record(call, loan_id, act, body)  # type: ignore[return-value]

    record.__name__ = f"record_{act.kind}"
    return record  # type: ignore[return-value]


def _record(call: CallContext, loan_id: str, act: Act, body: Record) -> Response:
    said = body.model_dump(mode="json", exclude_none=True, exclude={"effective_on", "currency"})
    effective_on = getattr(body, "effective_on", None) or call.today

    def work(books: Books, loan: Loan) -> tuple[int, Record]:
        currency, agreed = getattr(body, "currency", None), loan.agreement.get("currency", "CNY")
        if currency not in (None, agreed):
            raise CURRENCY_MIXED.refuse("currency", left=currency, right=agreed)
        exact = canonical({"loan": loan_id, "effective_on": effective_on.isoformat(), **said})
        asking = Asking(call.access.action, loan_id, resource_of(loan), exact)
        leave = require(books.people, call.access.actor, asking, call.approval, call.at)
        if isinstance(leave, Asked):
            return 202, approval_out(leave.approval, call.at)
        statement = Statement(act.kind, said, effective_on, call.actor, leave.approved_by)
        recorded = record_fact(_Known(books.store, loan), loan_id, statement, call.at, call.seal(books))
        return 201, recorded_out(recorded.fact, recorded.allocation, recorded.loan)

    response = call.once(body, lambda books: call.loan(books, loan_id, for_update=True), work)
    if response.status_code == 201 and REPLAYED not in response.headers:
        call.platform.metrics.fact(act.kind)
    return response


class _Known:
    """The store with one loan that was read, for update, in this transaction already: it is not read twice."""

    def __init__(self, store: Store, loan: Loan) -> None:
        self._loan = loan
        self.facts = store.facts
        self.watermark = store.watermark
        self.open_from = store.open_from
        self.record = store.record

    def loan(self, loan_id: str, *, for_update: bool = False) -> Loan:
        """Return the loan."""
        del for_update
        assert loan_id == self._loan.id, "a fact is of one loan"
        return self._loan


for _act in ACTS:
    routes.post(f"/loans/{{loan_id}}/{_act.path}", _act.action, _act.summary, once=True)(handler(_act))
