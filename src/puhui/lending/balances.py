"""What a position comes to: interest and penalty so far, what is receivable of each kind, what is owed in all."""

from puhui.lending.accrual import accrued, penalty
from puhui.lending.position import Position


def running_interest_minor(position: Position) -> int:
    """Return interest of the running span so far, not yet due, minor units."""
    if not position.accrual_to:
        return 0
    span = (position.accrual_base_minor, position.accrual_minor, position.accrual_from, position.accrual_to)
    return int(accrued(*span, position.as_of))


def interest_total_minor(position: Position) -> int:
    """Return interest since the first day, due or not, minor units."""
    return position.interest_due_total_minor + running_interest_minor(position)


def penalty_total_minor(position: Position) -> int:
    """Return penalties charged and penalty interest since the first day, minor units."""
    if not position.late_numerator:
        return position.penalty_charged_total_minor
    return position.penalty_charged_total_minor + int(penalty(position.late_numerator, position.late_day_base))


def interest_receivable_minor(position: Position) -> int:
    """Return interest so far, due or not, that is neither paid, waived nor written off."""
    gone = position.interest_paid_total_minor + position.interest_waived_total_minor
    return interest_total_minor(position) - gone - position.interest_written_off_minor


def fee_receivable_minor(position: Position) -> int:
    """Return fees charged that are neither paid, waived nor written off."""
    gone = position.fee_paid_total_minor + position.fee_waived_total_minor + position.fee_written_off_minor
    return position.fee_charged_total_minor - gone


def penalty_receivable_minor(position: Position) -> int:
    """Return penalties so far that are neither paid, waived nor written off."""
    gone = position.penalty_paid_total_minor + position.penalty_waived_total_minor
    return penalty_total_minor(position) - gone - position.penalty_written_off_minor


def not_due_principal_minor(position: Position) -> int:
    """Return principal that has not fallen due."""
    return position.principal_minor - sum(due.principal_minor for due in position.dues)


def due_minor(position: Position) -> int:
    """Return what is payable today: every due and the penalties, before suspense."""
    dues = sum(due.principal_minor + due.interest_minor + due.fee_minor for due in position.dues)
    return dues + penalty_receivable_minor(position)


def owed_minor(position: Position) -> int:
    """Return all that is owed today, due or not: principal, interest so far, fees, penalties, less suspense."""
    claims = interest_receivable_minor(position) + fee_receivable_minor(position) + penalty_receivable_minor(position)
    return position.principal_minor + claims - position.suspense_minor
