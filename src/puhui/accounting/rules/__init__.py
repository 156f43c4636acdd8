"""Posting rules: one line a kind of fact, and the kinds of the night. `entry_for` makes the legs of an entry."""

from dataclasses import replace

from puhui.accounting.accounts import BETWEEN_DIMENSIONS, FUNDER_SETTLEMENT
from puhui.accounting.books import Booked
from puhui.accounting.rules import money, security
from puhui.accounting.rules.rule import NO_LEGS, Case, Context, Legs, PostingRule, nothing
from puhui.kernel.facts import Fact
from puhui.kernel.language import Text
from puhui.ledger.chart import chart
from puhui.ledger.entry import Dimensions, Posting
from puhui.lending.position import Position

__all__ = ["POSTING_RULES", "Context", "PostingRule", "dimensions_of", "entry_for"]


def entry_for(
    kind: str, before: Booked | None, after: Booked, fact: Fact | None, context: Context
) -> tuple[Posting, ...]:
    """Return the legs of the entry by which a loan comes from `before` to `after`; () where nothing moves.

    kind: of the fact, or "catch_up" (no fact: time passed). before: None before the agreement. Both
    positions stand at the end of the same day, one without the fact and one with it; so a back-dated fact and a
    reversal post the difference that they make today. Refuses CHANNEL_UNKNOWN. An entry that does not balance is a bug:
    it asserts.
    """
    old_position, held_before = before or (None, NO_LEGS)
    new_position, held_after = after
    was, now = dimensions_of(old_position, context), dimensions_of(new_position, context)
    # What is off balance has its contra among the books: it comes to 0.
    moved = sum(held_after.values()) - sum(held_before.values())
    case = Case(fact.body if fact else {}, old_position, new_position, context, moved)
    rule = POSTING_RULES[kind]
    contra = _taken_back(case) if rule.kind in REVERSING else rule.contra(case)
    if was == now or old_position is None:
        by = {now: _summed((1, held_after), (-1, held_before), (1, contra))}
    else:
        # The legs of the fact stand where the loan stands with the fact.
        old: list[tuple[int, Legs]] = [(-1, held_before)]
        new: list[tuple[int, Legs]] = [(1, held_after)]
        (old if len(context.reverses) % 2 else new).append((1, contra))
        # What was paid over stays beside what was due.
        settled = {FUNDER_SETTLEMENT: old_position.funder_settled_total_minor}
        old.append((-1, settled))
        new.append((1, settled))
        by = {was: _balanced(_summed(*old)), now: _balanced(_summed(*new))}
    legs = tuple(
        Posting(account, leg, dimensions, context.subject, context.agreement.currency)
        for dimensions, sums in by.items()
        for account, leg in sorted(sums.items(), key=_debits_first)
        if leg
    )
    assert not sum(leg.amount_minor for leg in legs), f"{kind} of {context.subject} does not balance: {legs}"
    chart().check(legs)
    return legs


def dimensions_of(position: Position | None, context: Context) -> Dimensions:
    """Return the dimensions that a loan's balances stand under: its own, with the funder that has a share."""
    if position is None or position.funder == context.dimensions.funder:
        return context.dimensions
    return replace(context.dimensions, funder=position.funder)


def _taken_back(case: Case) -> Legs:
    """Return the legs of a reversal: those of the fact taken back, the other way round."""
    chain = case.context.reverses
    assert chain, "a reversal needs the fact that it takes back"
    contra = POSTING_RULES[chain[-1].kind].contra
    if len(chain) % 2 == 0:
        return contra(case._replace(body=chain[-1].body))
    assert case.before is not None
    first, last = case.context.security_minor
    context = replace(case.context, security_minor=(last, first))
    with_it = Case(chain[-1].body, case.after, case.before, context, -case.moved_minor)
    return {account: -leg for account, leg in contra(with_it).items()}


def _summed(*parts: tuple[int, Legs]) -> dict[str, int]:
    sums: dict[str, int] = {}
    for sign, legs in parts:
        for account, leg in legs.items():
            sums[account] = sums.get(account, 0) + sign * leg
    return sums


def _balanced(sums: dict[str, int]) -> dict[str, int]:
    """Return the legs of one set of dimensions with the leg by which what moved to another balances here."""
    return {**sums, BETWEEN_DIMENSIONS: -sum(sums.values())}


def _debits_first(item: tuple[str, int]) -> tuple[bool, str]:
    return item[1] < 0, item[0]


REVERSING = frozenset({"reversal"})

_LINES = (
    PostingRule(
        "agreement",
        Text("签订合同", "agreement"),
        Text("记入表外：未提用的承诺、押品。", "Off balance: what is agreed and not yet lent, and what secures it."),
        security.agreement,
    ),
    PostingRule(
        "disbursement",
        Text("放款", "disbursement"),
        Text(
            "贷款本金增加；款项从渠道付出，或待付给受托支付的对象；坐扣的费用同时收讫；资金方应划入其份额。",
            "Principal rises; money goes out by its channel or is owed to the payee; deducted fees are paid at once; "
            "the funder is to put in its share.",
        ),
        money.disbursement,
    ),
    PostingRule(
        "repayment",
        Text("还款", "repayment"),
        Text(
            "款项入账，按约定顺序抵罚息、费用、利息、本金，余额入溢缴款；归资金方的部分列应付。",
            "Money comes in and pays penalty, fee, interest and principal in the agreed order; the rest waits in "
            "suspense; the funder's part is owed to it.",
        ),
        money.money_in,
    ),
    PostingRule(
        "allocation",
        Text("分配结果", "allocation"),
        Text("只是凭据，不记账。", "Evidence only: nothing is posted."),
        nothing,
    ),
    PostingRule(
        "prepayment",
        Text("提前还款", "prepayment"),
        Text("同还款；提前还款费用一并计收。", "As a repayment; the fee for it is charged and paid at once."),
        money.prepayment,
    ),
    PostingRule(
        "fee",
        Text("收取费用", "fee"),
        Text("应收费用，价税分离计入收入。", "Receivable; income without its VAT."),
        nothing,
    ),
    PostingRule(
        "penalty",
        Text("收取违约金", "penalty"),
        Text("应收违约金，价税分离计入收入。", "Receivable; income without its VAT."),
        nothing,
    ),
    PostingRule(
        "waiver",
        Text("减免", "waiver"),
        Text("应收减少，已确认的收入和税额一并冲回。", "The receivable falls; income and VAT taken before go back."),
        nothing,
    ),
    PostingRule(
        "rate_reset",
        Text("利率重定价", "rate reset"),
        Text("当日起按新利率计息；追溯时补记差额。", "The new rate from the day; back-dated, the difference."),
        nothing,
    ),
    PostingRule(
        "due_day_change",
        Text("变更还款日", "change of the due day"),
        Text("计划改变，余额不变；追溯时补记差额。", "The plan changes, no balance; back-dated, the difference."),
        nothing,
    ),
    PostingRule(
        "skip",
        Text("延期还款", "skipped instalments"),
        Text("计划改变，余额不变；追溯时补记差额。", "The plan changes, no balance; back-dated, the difference."),
        nothing,
    ),
    PostingRule(
        "restructure",
        Text("重组", "restructure"),
        Text(
            "欠息转回计划时，由已到期转为未到期；其余余额不变。",
            "Interest that goes back into the plan is no longer due; no other balance changes.",
        ),
        nothing,
    ),
    PostingRule(
        "subsidy",
        Text("贴息", "subsidy"),
        Text(
            "应收贴息，抵借款人利息，已付的入溢缴款。",
            "The programme owes it; it pays interest or waits in suspense.",
        ),
        money.subsidy,
    ),
    PostingRule(
        "assignment",
        Text("转让给资金方", "assignment"),
        Text(
            "份额出表，价款向资金方清算，与账面之差为损益；余额改挂资金方维度。",
            "The share leaves the balance sheet; its price is settled with the funder, the difference is our result; "
            "balances move to the funder's dimension.",
        ),
        money.assignment,
    ),
    PostingRule(
        "compensation",
        Text("代偿", "compensation"),
        Text("应收担保人代偿款，抵贷款本息。", "The guarantor owes it; it pays what the loan owes."),
        money.compensation,
    ),
    PostingRule(
        "settlement",
        Text("与各方结算", "settlement with others"),
        Text(
            "向资金方、受托支付对象划付，或收到担保人、贴息方的款项；借款人的债务不变。",
            "Paid over to a funder or on to a payee, or received from a guarantor or a programme; the borrower's debt "
            "stays.",
        ),
        money.settlement,
    ),
    PostingRule(
        "write_off",
        Text("核销", "write-off"),
        Text(
            "表内本息由贷款损失准备核销，转入表外账销案存。",
            "The provision bears what is on the balance sheet; the claim is kept off balance.",
        ),
        nothing,
    ),
    PostingRule(
        "recovery",
        Text("收回已核销贷款", "recovery"),
        Text("款项入账，计入收益，表外减少。", "Money comes in as income; the claim off balance falls."),
        money.money_in,
    ),
    PostingRule(
        "refund",
        Text("退还溢缴款", "refund"),
        Text("溢缴款从渠道退还借款人。", "What lay in suspense goes back to the borrower by its channel."),
        money.refund,
    ),
    PostingRule(
        "classification",
        Text("分类变动", "classification"),
        Text(
            "停止计息时，未收利息冲回收入转表外，本金转已减值；恢复计息时相反。",
            "When a loan stops accruing, unpaid interest leaves income for off balance and principal is shown as "
            "impaired; and back again.",
        ),
        nothing,
    ),
    PostingRule(
        "reversal",
        Text("冲正", "reversal"),
        Text("与被冲正的事实相反，连同其后果的差额。", "The fact taken back, with all that followed from it."),
        nothing,
    ),
    PostingRule(
        "collateral",
        Text("押品变动", "collateral"),
        Text("表外押品按评估价值增减。", "Security off balance, at its value."),
        security.collateral,
    ),
    PostingRule(
        "cancellation",
        Text("冷静期撤销", "cancellation"),
        Text("借款人退回本金，已计利息和费用冲回。", "The money comes back; interest and fees are taken back."),
        money.money_in,
    ),
    PostingRule(
        "catch_up",
        Text("补提", "catch-up"),
        Text("记账前先补足此笔贷款每日的计提。", "The days of one loan that no night has booked yet, one entry a day."),
        nothing,
    ),
    PostingRule(
        "accrual",
        Text("夜间计提", "accrual of the night"),
        Text("按维度汇总的当日利息、罚息和到期。", "Interest, penalties and what fell due that day, by dimensions."),
        nothing,
    ),
    PostingRule(
        "provision",
        Text("计提减值准备", "provision of the night"),
        Text("预期信用损失的变动计入减值损失。", "What expected losses changed by, as impairment."),
        nothing,
    ),
    PostingRule(
        "rollup",
        Text("余额汇总", "roll-up"),
        Text("按日汇总已有分录的余额，不记账。", "Sums of entries that are there already: nothing is posted."),
        nothing,
    ),
)

POSTING_RULES: dict[str, PostingRule] = {rule.kind: rule for rule in _LINES}
