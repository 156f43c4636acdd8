"""The loan's standing: cancelled, classified, assigned, written off, recovered."""

from puhui.kernel.language import Text
from puhui.kernel.refusals import declare
from puhui.lending.agreement import Agreement
from puhui.lending.allocate import NO_LINE, Allocation, funder_part
from puhui.lending.balances import (
    fee_receivable_minor,
    interest_receivable_minor,
    penalty_receivable_minor,
    running_interest_minor,
)
from puhui.lending.effects.effect import AMOUNT_TOO_LARGE, AMOUNT_TOO_SMALL, NOT_AGREED, NOTHING_TO_DO, Applied
from puhui.lending.facts import Assignment, Cancellation, Classification, Recovery, WriteOff
from puhui.lending.funder import assigned, owed_to_both_minor, unsettled_minor
from puhui.lending.position import Position, changed

FUNDER_UNSETTLED = declare(
    "FUNDER_UNSETTLED",
    409,
    "资金方 {funder} 尚有 {due_minor} 分未结算。请先登记结算（settlement），再更换资金方。",
    "{due_minor} minor units are still due to the funder {funder}. Record the settlement first, then change the "
    "funder.",
)


def classification(position: Position, body: Classification, _: Agreement) -> Applied:
    """Category, stage and accrual from the day on."""
    return Applied(changed(position, category=body.category, stage=body.stage, accruing=body.accruing))


def assignment(position: Position, body: Assignment, _: Agreement) -> Applied:
    """A share of what is owed, and of what will be, is the funder's; what became due to it before stays due.

    Refuses NOTHING_TO_DO while nothing is owed of a line that was drawn: a share of nothing has no price; and
    FUNDER_UNSETTLED, another funder while something is due to the one before.
    """
    unpaid = unsettled_minor(position)
    if unpaid and body.funder != position.funder:
        raise FUNDER_UNSETTLED.refuse("funder", funder=position.funder, due_minor=unpaid)
    if position.drawn_minor and not owed_to_both_minor(position):
        raise NOTHING_TO_DO.refuse("share_ppm", problem=_NOTHING_OWED)
    return Applied(changed(position, **assigned(position, body.funder, body.share_ppm)))


def write_off(position: Position, _: WriteOff, __: Agreement) -> Applied:
    """All that is owed leaves the books: principal, interest so far, fees, penalties; suspense stays owed back."""
    interest, fee = interest_receivable_minor(position), fee_receivable_minor(position)
    penalty, principal = penalty_receivable_minor(position), position.principal_minor
    running = running_interest_minor(position)
    new = changed(
        position,
        status="written_off",
        rows=(),
        dues=(),
        principal_minor=0,
        interest_due_total_minor=position.interest_due_total_minor + running,
        principal_written_off_minor=principal,
        interest_written_off_minor=interest,
        fee_written_off_minor=fee,
        penalty_written_off_minor=penalty,
        written_off_minor=principal + interest + fee + penalty,
        **NO_LINE,
    )
    return Applied(new)


def recovery(position: Position, body: Recovery, _: Agreement) -> Applied:
    """Money after the write-off: counted against principal, then interest, fees, penalties written off.

    Refuses AMOUNT_TOO_LARGE beyond what was written off and not recovered yet.
    """
    before, after = position.recovered_minor, position.recovered_minor + body.amount_minor
    if after > position.written_off_minor:
        raise AMOUNT_TOO_LARGE.refuse("amount_minor", most_minor=position.written_off_minor - before)
    parts, below = [], 0
    for name in ("principal", "interest", "fee", "penalty"):
        above = below + getattr(position, f"{name}_written_off_minor")
        parts.append(max(0, min(after, above) - max(before, below)))
        below = above
    principal, interest, fee, penalty = parts
    allocation = Allocation(body.amount_minor, penalty, fee, interest, principal)
    return Applied(changed(position, recovered_minor=after, **funder_part(position, allocation)), allocation)


def cancellation(position: Position, body: Cancellation, agreement: Agreement) -> Applied:
    """The borrower withdraws: what was lent comes back less what was paid; no interest, no fees, no penalties.

    What was paid beyond what was lent is the borrower's: it stays in suspense.
    Refuses NOT_AGREED (no cooling-off, or its days are over), AMOUNT_TOO_SMALL and AMOUNT_TOO_LARGE (not exact).
    """
    days = agreement.servicing.cooling_off_days
    if not days or position.as_of > position.drawn_on + days:
        raise NOT_AGREED.refuse("cooling_off_days")
    exact = cancellation_minor(position)
    if body.amount_minor < exact:
        raise AMOUNT_TOO_SMALL.refuse("amount_minor", least_minor=exact)
    if body.amount_minor > exact:
        raise AMOUNT_TOO_LARGE.refuse("amount_minor", most_minor=exact)
    beyond = max(0, -_left_to_give_back_minor(position))
    allocation = Allocation(
        amount_minor=exact,
        penalty_minor=-position.penalty_paid_total_minor,
        fee_minor=-position.fee_paid_total_minor,
        interest_minor=-position.interest_paid_total_minor,
        principal_minor=position.principal_minor,
        prepaid_minor=position.principal_minor,
        suspense_minor=beyond - position.suspense_minor,
    )
    new = changed(
        position,
        status="cancelled",
        rows=(),
        dues=(),
        principal_minor=0,
        principal_paid_total_minor=position.principal_paid_total_minor + position.principal_minor,
        suspense_minor=beyond,
        **dict.fromkeys(_TAKEN_BACK, 0),
        **NO_LINE,
        **funder_part(position, allocation),
    )
    return Applied(new, allocation)


def cancellation_minor(position: Position) -> int:
    """Return what the borrower gives back on withdrawing: principal less all else that was paid, deducted fees too."""
    return max(0, _left_to_give_back_minor(position))


def _left_to_give_back_minor(position: Position) -> int:
    """Return the same, negative where more was paid than lent."""
    paid = position.interest_paid_total_minor + position.fee_paid_total_minor + position.penalty_paid_total_minor
    return position.principal_minor - paid - position.suspense_minor


_NOTHING_OWED = Text("无欠款，不能转让份额", "cannot be taken while nothing is owed")

_TAKEN_BACK = (
    "interest_due_total_minor",
    "interest_paid_total_minor",
    "interest_waived_total_minor",
    "fee_charged_total_minor",
    "fee_paid_total_minor",
    "fee_waived_total_minor",
    "penalty_charged_total_minor",
    "penalty_paid_total_minor",
    "penalty_waived_total_minor",
    "late_numerator",
)
