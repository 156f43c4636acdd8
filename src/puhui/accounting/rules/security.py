"""What secures a loan: off balance, at its value."""

from puhui.accounting.accounts import OFF_COLLATERAL, OFF_CONTRA_COLLATERAL
from puhui.accounting.rules.rule import Case, Legs
from puhui.lending.collateral import value_minor


def agreement(case: Case) -> Legs:
    """What secures the loan is held from the day of the agreement, at its value then."""
    agreed = case.context.agreement
    return _held(sum(value_minor(item, agreed.agreed_on) for item in agreed.collateral))


def collateral(case: Case) -> Legs:
    """The difference in what secures the loan."""
    before_minor, after_minor = case.context.security_minor
    return _held(after_minor - before_minor)


def _held(amount_minor: int) -> Legs:
    return {OFF_COLLATERAL: amount_minor, OFF_CONTRA_COLLATERAL: -amount_minor}
