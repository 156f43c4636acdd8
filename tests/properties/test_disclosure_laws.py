"""Laws of the disclosure table: nothing of a plan's cost is left out, and no item costs more than all of them."""

from datetime import date

from hypothesis import assume, given, settings

from puhui.kernel.language import Text
from puhui.kernel.refusals import Refusal
from puhui.products.annual_cost_plan import plan_cost
from puhui.products.disclosure_page import as_html, as_text
from puhui.products.disclosure_plan import disclosure_of
from puhui.products.schedule import schedule
from strategies import read, terms_data


@given(terms_data())
@settings(max_examples=60)
def test_the_table_is_the_whole_cost_of_the_plan(data):
    try:
        plan = schedule(read(data))
        cost = plan_cost(plan)
        table = disclosure_of(plan, None, Text("产品", "product"), date(2026, 8, 1), ())
    except Refusal:
        assume(False)
    assert table.cost == cost.contract
    assert table.borrower == cost.borrower
    totals = plan.totals()
    assert table.total_minor == totals["cost_minor"]
    assert table.subsidy_minor == totals["subsidy_minor"]
    assert all(0 <= item.annual_ppm <= table.cost.irr_x12_ppm for item in table.items)
    assert len(table.items) == 1 + len(plan.terms.fees)
    for item in table.items:
        assert item.name.zh in as_html(table)
        assert item.name.zh in as_text(table, "zh")
