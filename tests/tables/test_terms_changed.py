"""Terms changed without being read anew still hold together, or are refused."""

import pytest

from puhui.kernel.refusals import Refusal
from puhui.products.terms import read_terms

TERMS = {
    "principal_minor": 1_000_000,
    "annual_rate_ppm": 60_000,
    "method": "annuity",
    "instalments": 12,
    "disbursed_on": "2026-11-24",
    "day_count": "30/360",
    "subsidy": {"rate_ppm": 20_000},
    "grace": {"principal": 3},
}


@pytest.mark.parametrize(
    "changes", [{"annual_rate_ppm": 20_000}, {"instalments": 4}, {"principal_minor": 1, "annual_rate_ppm": 90_000}]
)
def test_changed_terms_are_those_that_would_be_read(changes):
    assert read_terms(TERMS).changed(**changes) == read_terms({**TERMS, **changes})


@pytest.mark.parametrize(
    ("changes", "field"),
    [
        ({"annual_rate_ppm": 19_999}, "subsidy.rate_ppm"),
        ({"instalments": 3}, "grace.principal"),
        ({"instalments": 601}, "instalments"),
    ],
)
def test_changes_that_do_not_hold_are_refused(changes, field):
    with pytest.raises(Refusal) as caught:
        read_terms(TERMS).changed(**changes)
    assert (caught.value.code, caught.value.fields) == ("TERMS_INVALID", (field,))
