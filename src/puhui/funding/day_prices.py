"""The all-in cost of a day's applications with one funder, on columns: equal to `pricing.offer_of` on each.

Applications of one product, variant (overrides that hold), number of instalments and due day share a template of terms.
What the columns cannot hold (weeks, rolled due days) and what does not hold at all is left to the scalar path.
"""

from collections.abc import Mapping, Sequence
from typing import Any, NamedTuple

import numpy as np

from puhui.funding.application import Application
from puhui.funding.definition_fields import Funder
from puhui.funding.pricing import funder_terms
from puhui.kernel.refusals import Refusal
from puhui.products.annual_cost_block import block_cost
from puhui.products.definition import holds_for, resolve
from puhui.products.definition_fields import Definition
from puhui.products.schedule_columns import Block, schedule_columns
from puhui.products.terms import Terms


class Price(NamedTuple):
    """What one funder's plan comes to: minor units, `annual_cost_ppm` all in (IRR x 12), facts of the plan."""

    lent_minor: int
    annual_cost_ppm: int
    facts: Mapping[str, Any]


def prices(
    applications: Sequence[Application], wanted: Sequence[int], funder: Funder, products: Mapping[str, Definition]
) -> dict[int, Price]:
    """Return the prices of the `wanted` applications (numbers into `applications`) that columns can price.

    One that is not in the answer is not refused: the scalar path says what is wrong with it.
    """
    groups: dict[tuple[object, ...], list[int]] = {}
    for n in wanted:
        groups.setdefault(_shape(applications[n], products[applications[n].product]), []).append(n)
    found: dict[int, Price] = {}
    for numbers in groups.values():
        found.update(_group(applications, numbers, funder, products))
    return found


def _shape(application: Application, definition: Definition) -> tuple[object, ...]:
    """Return what applications must share to follow one template."""
    region, segment = application.region, application.segment
    held = tuple(holds_for(override.when, region, segment) for override in definition.overrides)
    down = application.down_payment_ppm > 0
    return (definition.id, held, application.instalments, application.due_day, down, application.disbursed_on)


def _group(
    applications: Sequence[Application], numbers: list[int], funder: Funder, products: Mapping[str, Definition]
) -> dict[int, Price]:
    first = applications[numbers[0]]
    definition = products[first.product]
    template = _template(applications, numbers, funder, definition)
    if template is None:
        return {}
    resolved = resolve(definition, first.region, first.segment)
    columns = {
        "principal_minor": np.array([applications[n].principal_minor for n in numbers]),
        "down_payment_ppm": np.array([applications[n].down_payment_ppm for n in numbers]),
    }
    try:
        blocks = list(schedule_columns([template], np.zeros(len(numbers), dtype=np.int64), columns))
    except Refusal:
        return {}
    found: dict[int, Price] = {}
    for block in blocks:
        found.update(_priced(block, [numbers[int(loan)] for loan in block.loans], columns, template, resolved))
    return found


def _template(
    applications: Sequence[Application], numbers: list[int], funder: Funder, definition: Definition
) -> Terms | None:
    """Return the terms of the first application of a group whose terms hold; None where the columns cannot help."""
    for n in numbers:
        try:
            terms = funder_terms(applications[n], funder, definition)
        except Refusal:
            continue
        plain = terms.unit == "month" and terms.holiday_roll == "none" and not terms.movements
        return terms if plain else None
    return None


def _priced(
    block: Block, numbers: list[int], columns: Mapping[str, Any], template: Terms, definition: Definition
) -> dict[int, Price]:
    price_minor = columns["principal_minor"][block.loans]
    positions, figures = block.positions(), block_cost(block, price_minor)
    rows = block.total_minor[1:] if template.down_payment_ppm else block.total_minor
    down_minor = block.principal_minor[0] if template.down_payment_ppm else 0 * price_minor
    tenor = -(-positions[-1] // block.positions_a_month)
    found: dict[int, Price] = {}
    ranges = definition.ranges
    for k, n in enumerate(numbers):
        lent_minor = int(price_minor[k] - down_minor[k])
        down_ppm = int(columns["down_payment_ppm"][block.loans[k]])
        if not (_within(lent_minor, ranges.amount_minor) and _within(down_ppm, ranges.down_payment_ppm)):
            continue
        facts = {
            "loan.price_minor": int(price_minor[k]),
            "loan.lent_minor": lent_minor,
            "loan.down_payment_ppm": down_ppm,
            "loan.instalments": template.instalments,
            "loan.months": int(tenor[k]),
            "loan.instalment_minor": int(rows[:, k].max()),
            "product.id": definition.id,
            "product.line": definition.line,
            "product.kind": template.method,
        }
        found[n] = Price(lent_minor, int(figures.irr_x12_ppm[k]), facts)
    return found


def _within(value: int, ends: Any) -> bool:
    low, high = int(ends.min), int(ends.max)
    return low <= value <= high
