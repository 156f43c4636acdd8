"""The cost disclosure table of a repayment plan, its contingent costs from the product's definition."""

from collections.abc import Iterator
from datetime import date
from typing import TYPE_CHECKING

from puhui.kernel.language import Text
from puhui.kernel.money import format_minor
from puhui.kernel.rates import PPM, format_rate
from puhui.kernel.rounding import round_div
from puhui.products.disclosure import Contingent, Cost, DatedFlow, Disclosure, Heading, Subsidy, from_flows
from puhui.products.facts import financed_minor
from puhui.products.kinds import KINDS
from puhui.products.plan import Charge, Plan
from puhui.products.terms import Fee, Terms
from puhui.products.words import PAYEES

if TYPE_CHECKING:
    from puhui.products.definition_fields import Definition

INTEREST = Text("利息", "interest")
GOVERNMENT = {"government": Text("财政", "the government")}


def disclosure_of(
    plan: Plan,
    lender: Text | None,
    product: Text,
    as_of: date,
    contingent: tuple[Contingent, ...] | None = None,
) -> Disclosure:
    """Return the table of a plan: interest and every fee of its terms, the subsidy apart.

    `contingent` None where it is not known. The total equals `annual_cost_plan.plan_cost`. Refuses as `figures`.
    """
    lent_minor = financed_minor(plan)
    kept_minor = sum(charge.upfront_minor for charge in plan.charges if charge.deducted)
    heading = Heading(
        lender,
        product,
        as_of,
        lent_minor,
        lent_minor - kept_minor,
        plan.terms.instalments,
        currency_digits=plan.terms.currency_digits,
    )
    costs = [_interest(plan), *map(_fee, plan.charges, plan.terms.fees, [plan] * len(plan.charges))]
    return from_flows(heading, list(_principal(plan)), costs, contingent, _subsidy(plan), plan.positions_a_month)


def contingent_of(definition: "Definition", terms: Terms) -> tuple[Contingent, ...]:
    """Return what a product charges on default, misuse and early repayment; nothing for a zero.

    Penalty rates are the contract rate x multiplier, ppm half up.
    """
    penalty, prepayment, lender = definition.penalty, definition.prepayment, PAYEES["lender"]
    found = []
    for name, when, multiplier_ppm in (
        (
            Text("逾期罚息", "penalty interest, overdue"),
            Text("逾期期间，对逾期本金按日计收", "while overdue, daily, on the principal overdue"),
            penalty.overdue_multiplier_ppm,
        ),
        (
            Text("挪用罚息", "penalty interest, misuse"),
            Text("未按约定用途使用期间，对挪用金额按日计收", "while misused, daily, on the amount misused"),
            penalty.misuse_multiplier_ppm,
        ),
    ):
        if multiplier_ppm:
            rate = format_rate(round_div(terms.annual_rate_ppm * multiplier_ppm, PPM))
            times = format_rate(multiplier_ppm)
            standard = Text(f"合同利率的 {times}，即年利率 {rate}", f"{times} of the contract rate: {rate} a year")
            found.append(Contingent(name, lender, when, standard))
    if prepayment.allowed and prepayment.fee_ppm:
        found.append(
            Contingent(
                Text("提前还款违约金", "early-repayment charge"),
                lender,
                _prepaid_when(prepayment.free_after_instalments),
                Text(
                    f"提前归还本金的 {format_rate(prepayment.fee_ppm)}",
                    f"{format_rate(prepayment.fee_ppm)} of the principal repaid early",
                ),
            )
        )
    return tuple(found)


def _prepaid_when(free_after: int) -> Text:
    if not free_after:
        return Text("提前还款时", "on early repayment")
    return Text(f"还满 {free_after} 期前提前还款", f"on early repayment before {free_after} instalments are paid")


def _principal(plan: Plan) -> Iterator[DatedFlow]:
    """Yield the flows of principal alone: those of the plan without fees, the interest of each row put back."""
    interest = [0, *(row.interest_minor for row in plan.rows)]
    flows = plan.flows(fees=False)
    interest += [0] * (len(flows) - len(interest))
    for flow, part in zip(flows, interest, strict=True):
        yield DatedFlow(flow.on, flow.position, flow.amount_minor + part)


def _by_row(plan: Plan, amounts: tuple[int, ...]) -> Iterator[DatedFlow]:
    for row, position, amount in zip(plan.rows, plan.positions, amounts, strict=True):
        if amount:
            yield DatedFlow(row.due_on, position, amount)


def _interest(plan: Plan) -> Cost:
    terms, kind = plan.terms, KINDS[plan.terms.method]
    rate = format_rate(terms.annual_rate_ppm)
    basis = Text(f"，计息 {terms.day_count}", f", {terms.day_count}") if terms.day_count else Text("", "")
    return Cost(
        INTEREST,
        PAYEES["lender"],
        Text(f"随还款计划（{kind.title.zh}）", f"with the plan ({kind.title.en})"),
        Text(f"年利率 {rate}{basis.zh}", f"{rate} a year{basis.en}"),
        tuple(_by_row(plan, tuple(row.interest_minor for row in plan.rows))),
    )


def _fee(charge: Charge, fee: Fee, plan: Plan) -> Cost:
    upfront = [DatedFlow(plan.terms.disbursed_on, 0, charge.upfront_minor)] if charge.upfront_minor else []
    return Cost(
        Text(charge.name, charge.name),
        PAYEES.get(charge.payee, Text(charge.payee, charge.payee)),
        _collected(fee),
        _standard(fee, plan.terms.currency_digits),
        (*upfront, *_by_row(plan, charge.by_row_minor)),
    )


def _collected(fee: Fee) -> Text:
    at_once = Text("放款时从贷款中扣收", "deducted at disbursement")
    return {
        "at_disbursement": at_once if fee.deducted else Text("放款时支付", "at disbursement"),
        "each_instalment": Text("随每期还款收取", "with every instalment"),
        "on_date": Text(f"{fee.charged_on} 起的首个还款日", f"with the instalment on or after {fee.charged_on}"),
    }[fee.collect]


def _standard(fee: Fee, digits: int) -> Text:
    each = Text("每期", " each time") if fee.collect == "each_instalment" else Text("", "")
    if fee.amount_minor is not None:
        amount = format_minor(fee.amount_minor, digits)
        return Text(f"{each.zh}{amount} 元", f"{amount}{each.en}")
    rate = format_rate(fee.rate_ppm or 0)
    base = {"principal": Text("贷款本金", "the principal"), "outstanding": Text("剩余本金", "the balance")}[fee.base]
    return Text(f"{each.zh}{base.zh}的 {rate}", f"{rate} of {base.en}{each.en}")


def _subsidy(plan: Plan) -> Subsidy | None:
    terms = plan.terms
    if terms.subsidy is None:
        return None
    payer = GOVERNMENT.get(terms.subsidy.payer, Text(terms.subsidy.payer, terms.subsidy.payer))
    return Subsidy(payer, tuple(_by_row(plan, tuple(row.subsidy_minor for row in plan.rows))))
