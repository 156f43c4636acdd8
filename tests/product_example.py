"""A small product for tests, and ways to change one thing of it or of a shipped one."""

import copy

from puhui.products.definition import CATALOGUE, read_product
from puhui.rulebook.files import read_yaml

EXAMPLE = {
    "id": "example",
    "version": 1,
    "title": {"zh": "例", "en": "Example"},
    "line": "personal",
    "owner": "产品组",
    "effective_from": "2020-01-01",
    "kind": "annuity",
    "terms": {"day_count": "30/360"},
    "ranges": {
        "amount_minor": {"min": 1_000_000, "max": 10_000_000},
        "instalments": {"min": 12, "max": 24, "step": 6},
        "annual_rate_ppm": {"min": 60_000, "max": 120_000},
    },
    "tags": ["personal_consumer"],
    "lenders": ["bank"],
    "purposes": ["daily_consumption"],
    "required_data": [{"data": "identity", "purpose": "verify_identity"}],
    "consents": ["verify_identity"],
    "practices": {
        "apr_displayed": True,
        "apr_method": "IRR",
        "cost_table_shown": True,
        "cost_table_acknowledgement": "SIGNED",
        "default_ticked": False,
        "entrusted_payment": False,
        "credit_query_consent": "WRITTEN",
        "credit_report_consent": "WRITTEN",
        "sensitive_consent": "SEPARATE",
        "data_shared": False,
        "automated_decision": False,
    },
    "penalty": {"overdue_multiplier_ppm": 1_500_000, "misuse_multiplier_ppm": 2_000_000},
    "prepayment": {"allowed": True},
}
GONE = object()


def changed(data, *changes):
    """Return a copy with each (dotted path, value) set; the value GONE takes the field away."""
    data = copy.deepcopy(data)
    for path, value in changes:
        *above, last = path.split(".")
        part = data
        for name in above:
            part = part[int(name)] if name.isdigit() else part.setdefault(name, {})
        if value is GONE:
            del part[last]
        else:
            part[int(last) if last.isdigit() else last] = value
    return data


def example(*changes):
    """Return the example as a Definition, with changes."""
    return read_product(changed(EXAMPLE, *changes), "example.yaml")


def shipped(name):
    """Return a shipped product as parsed YAML."""
    return read_yaml(CATALOGUE / f"{name}.yaml")


def limits(low, high, **more):
    """Return the ends of a range."""
    return {"min": low, "max": high, **more}
