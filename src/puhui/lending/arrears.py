"""How late a loan is: principal and interest apart, the present run and all days since the first."""

from typing import NamedTuple

from puhui.lending.position import Due, Position


class Arrears(NamedTuple):
    """How late a loan is at the end of a day. Fees and penalties are owed, but do not make a loan past due.

    A due is late on day t when t > due_on + grace_days; its days then count from due_on. *_days: of the oldest that
    is late now, 0 when none is. *_total_days: days at whose end something was late, since the first day, without
    days of grace. oldest_due_on: day number of the oldest due with principal or interest unpaid, late or not, 0 for
    none. instalments: how many are late.
    """

    past_due_days: int
    principal_days: int
    interest_days: int
    principal_total_days: int
    interest_total_days: int
    principal_minor: int
    interest_minor: int
    oldest_due_on: int
    instalments: int


def arrears_of(position: Position) -> Arrears:
    """Return how late the loan is at the end of `as_of`.

    A due of principal on day 19,000 unpaid on day 19,031, no grace: 31 days past due.

    >>> arrears_of(Position(as_of=19_031, dues=(Due(1, 19_000, 100, 0, 0),))).past_due_days
    31
    """
    claims = [due for due in position.dues if due.principal_minor or due.interest_minor]
    late = [due for due in claims if position.as_of > due.due_on + position.grace_days]
    principal = _days(position, next((due for due in late if due.principal_minor), None))
    interest = _days(position, next((due for due in late if due.interest_minor), None))
    return Arrears(
        max(principal, interest),
        principal,
        interest,
        position.principal_late_total_days,
        position.interest_late_total_days,
        sum(due.principal_minor for due in late),
        sum(due.interest_minor for due in late),
        claims[0].due_on if claims else 0,
        len(late),
    )


def _days(position: Position, oldest: Due | None) -> int:
    return position.as_of - oldest.due_on if oldest else 0
