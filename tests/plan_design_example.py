"""A wish for tests, and ways to change one thing of it."""

from datetime import date

from puhui.products.design.need import read_need

TODAY = date(2026, 11, 24)
HARVEST = [300_000] * 8 + [2_000_000, 2_500_000, 300_000, 300_000]
WISH = {
    "amount_minor": 12_000_000,
    "region": "410323",
    "segment": "wage_earner",
    "income_minor": 800_000,
    "cash_minor": 4_000_000,
    "purpose": "vehicle",
}


def need(**changes):
    """Return the wish with changes; None takes a field away."""
    data = {**WISH, **changes}
    return read_need({name: value for name, value in data.items() if value is not None}, TODAY)
