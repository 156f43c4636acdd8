"""Due: what falls due today becomes a debt of the day, and the next span begins."""

import numpy as np

from puhui.batch.book import ACTIVE, Columns, Today, with_rows


def due(book: Columns, today: Today) -> Columns:
    """Return what changes of the loans with an instalment today, as `lending.passing` does it for one loan.

    Interest falls due where the span ends today; else it runs on. What falls due is fresh until its days of grace end.
    """
    rows, found = today.dues.rows, today.dues.found
    if not rows.size:
        return {}
    group, is_active = book["group"][rows], book["status"][rows] == ACTIVE
    collects = book["accrual_to"][rows] == today.day
    interest = np.where(collects, book["interest_running_minor"][rows], 0)
    fee, principal, next_on = found["fee_minor"], found["principal_minor"], found["next_due_on"]
    owes = (principal > 0) | (interest > 0) | (fee > 0)
    weight = principal + today.of_group("compounds", group) * interest
    oldest, unpaid = book["oldest_due_on"][rows], book["due_principal_minor"][rows] + principal
    changed = {
        "interest_due_total_minor": book["interest_due_total_minor"][rows] + interest,
        "fee_charged_total_minor": book["fee_charged_total_minor"][rows] + fee,
        "due_principal_minor": unpaid,
        "fresh_due_on": np.where(owes & is_active, today.day, book["fresh_due_on"][rows]),
        "fresh_weight_minor": book["fresh_weight_minor"][rows] + weight * is_active,
        "oldest_due_on": np.where(owes & (oldest == 0), today.day, oldest),
        "next_due_on": next_on,
        "can_draw": is_active & (next_on > 0),
        "follow": today.of_group("follows", group) * ((unpaid > 0) & (next_on > 0)),
        "interest_running_minor": np.where(collects, 0, book["interest_running_minor"][rows]),
        "accrual_from": np.where(collects, (found["accrual_to"] > 0) * today.day, book["accrual_from"][rows]),
        "accrual_to": np.where(collects, found["accrual_to"], book["accrual_to"][rows]),
        "accrual_base_minor": np.where(collects, 0, book["accrual_base_minor"][rows]),
        "accrual_minor": np.where(collects, found["accrual_minor"], book["accrual_minor"][rows]),
    }
    return with_rows(book, rows, changed)
