"""The true annual cost of a block of plans, on the track of the borrower: as `plan_cost` of each plan alone."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from puhui.products.annual_cost_columns import FigureColumns, figures_columns

if TYPE_CHECKING:
    from puhui.kernel.columns import Column
    from puhui.products.schedule_columns import Block


def block_cost(block: Block, price_minor: Column) -> FigureColumns:
    """Return the annual cost of each plan of a block, by months, with all fees and after any subsidy.

    `price_minor`: the principal of the terms by loan, the down payment included. Refuses as `figures_columns`.
    """
    received = price_minor - block.upfront_fee_minor
    flows = np.vstack([received[None, :], block.subsidy_minor - block.total_minor])
    months = np.vstack([np.zeros((1, len(block.loans))), block.positions()]) / block.positions_a_month
    return figures_columns(flows, months)
