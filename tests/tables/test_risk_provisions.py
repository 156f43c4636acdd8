"""What is provided, and the ratios of provisions."""

from datetime import date

import pytest

from puhui.risk.provisions import below_reference_minor, charge_minor, share_ppm, specific_bounds_ppm
from puhui.rulebook.loader import default_rulebook


@pytest.mark.parametrize(("needed", "held", "charge"), [(500, 420, 80), (420, 500, -80), (7, 7, 0)])
def test_charge(needed, held, charge):
    assert charge_minor(needed, held) == charge


# part, whole -> ppm, half up
SHARES = [(1, 3, 333_333), (2, 3, 666_667), (1, 2_000_000, 1), (1, 2_000_001, 0), (150, 100, 1_500_000), (5, 0, None)]


@pytest.mark.parametrize(("part", "whole", "ppm"), SHARES)
def test_share(part, whole, ppm):
    assert share_ppm(part, whole) == ppm


def test_reference_rates():
    bounds = specific_bounds_ppm(date(2026, 1, 1), default_rulebook())
    assert [least for least, _ in bounds] == [0, 20_000, 200_000, 400_000, 1_000_000]


# exposure, provision, least -> short
SHORT = [(10_000, 200, 20_000, 0), (10_000, 199, 20_000, 1), (10_001, 200, 20_000, 1), (10_000, 5_000, 20_000, 0)]


@pytest.mark.parametrize(("exposure", "provision", "least", "short"), SHORT)
def test_below_reference(exposure, provision, least, short):
    assert below_reference_minor(exposure, provision, least) == short
