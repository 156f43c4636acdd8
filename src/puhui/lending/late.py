"""The rate that late amounts of a loan bear."""

from puhui.lending.accrual import late_rate_ppm
from puhui.lending.agreement import Agreement


def late_rate_of(agreement: Agreement, annual_rate_ppm: int, interest_runs: bool) -> int:
    """Return the rate that late amounts bear at a contract rate, ppm.

    interest_runs: instalments are still to come. Where contract interest follows the balance it bears late principal
    until then, so that only the surplus comes on top; after the last instalment the whole rate.
    """
    bears_contract_rate = agreement.follows_balance and interest_runs
    return late_rate_ppm(annual_rate_ppm, agreement.servicing.overdue_multiplier_ppm, bears_contract_rate)
