"""Rounding at, just below and just above the exact half; one loan or a column of loans."""

import numpy as np
import pytest

from puhui.kernel import columns
from puhui.kernel.rounding import round_div, round_mul_div, round_to_multiple

# numerator, denominator, half up, half even
ROWS = [
    (0, 1, 0, 0),
    (0, 7, 0, 0),
    (1, 1, 1, 1),
    (1, 3, 0, 0),
    (2, 3, 1, 1),
    (1, 2, 1, 0),  # ties: 0.5 1.5 2.5 3.5
    (3, 2, 2, 2),
    (5, 2, 3, 2),
    (7, 2, 4, 4),
    (4, 10, 0, 0),  # even denominator: below, at, above
    (5, 10, 1, 0),
    (6, 10, 1, 1),
    (14, 10, 1, 1),
    (15, 10, 2, 2),
    (16, 10, 2, 2),
    (24, 10, 2, 2),
    (25, 10, 3, 2),
    (26, 10, 3, 3),
    (10, 21, 0, 0),  # odd denominator: no tie, the half lies between 10 and 11
    (11, 21, 1, 1),
    (359_999_999, 360_000_000, 1, 1),
    (179_999_999, 360_000_000, 0, 0),  # a year's interest over 360 x 10^6
    (180_000_000, 360_000_000, 1, 0),
    (180_000_001, 360_000_000, 1, 1),
    (540_000_000, 360_000_000, 2, 2),
    (2**61, 3, 768614336404564651, 768614336404564651),
]


@pytest.mark.parametrize(("numerator", "denominator", "up", "even"), ROWS)
def test_a_quotient_rounds_once(numerator, denominator, up, even):
    assert round_div(numerator, denominator) == up
    assert round_div(numerator, denominator, "half_up") == up
    assert round_div(numerator, denominator, "half_even") == even
    assert round_mul_div(numerator, 1, denominator) == up
    assert round_mul_div(numerator, 1, denominator, "half_even") == even


@pytest.mark.parametrize("rounding", ["half_up", "half_even"])
def test_a_column_rounds_as_its_rows_do(rounding):
    numerators = np.array([row[0] for row in ROWS], dtype=np.int64)
    denominators = np.array([row[1] for row in ROWS], dtype=np.int64)
    expected = [row[2 if rounding == "half_up" else 3] for row in ROWS]
    rounded = round_div(numerators, denominators, rounding)
    assert rounded.dtype == np.int64
    assert rounded.tolist() == expected


# amount, factor, divisor, half up, half even: the product may pass 63 bits, the answer may not
PRODUCTS = [
    (0, 31, 360, 0, 0),
    (1, 1, 2, 1, 0),
    (3, 1, 2, 2, 2),
    (5, 1, 2, 3, 2),
    (100_000, 31, 360, 8_611, 8_611),  # 8611.1
    (180, 5, 360, 3, 2),  # 2.5, the tie
    (180, 7, 360, 4, 4),  # 3.5
    (10**18, 9, 10, 9 * 10**17, 9 * 10**17),
    (10**18 + 5, 9, 10, 900_000_000_000_000_005, 900_000_000_000_000_004),  # …004.5
    (3 * 10**18, 31, 360 * 10**6, 258_333_333_333, 258_333_333_333),
]


@pytest.mark.parametrize(("amount", "factor", "divisor", "up", "even"), PRODUCTS)
def test_a_product_is_divided_exactly_though_it_passes_63_bits(amount, factor, divisor, up, even):
    for rounding, expected in (("half_up", up), ("half_even", even)):
        assert round_mul_div(amount, factor, divisor, rounding) == expected
        column = round_mul_div(np.array([amount], dtype=np.int64), factor, divisor, rounding)
        assert column.tolist() == [expected]


# amount, factor, divisor, shares, half up, half even: rounded once, at the share, not at the product too
SHARES = [
    (100, 1, 3, 1, 33, 33),
    (100, 1, 3, 7, 5, 5),  # 4.76
    (1, 1, 2, 1, 1, 0),
    (1, 1, 2, 2, 0, 0),  # 0.25: a half rounded first would make 0.5, then 1
    (3, 1, 2, 2, 1, 1),  # 0.75
    (2, 1, 2, 2, 1, 0),  # 0.5
    (6, 1, 2, 2, 2, 2),  # 1.5
    (10, 1, 2, 2, 3, 2),  # 2.5
    (10**11, 31, 360 * 10**6, 12, 718, 718),  # 717.59
]


@pytest.mark.parametrize(("amount", "factor", "divisor", "shares", "up", "even"), SHARES)
def test_a_share_of_a_product_is_rounded_once(amount, factor, divisor, shares, up, even):
    for rounding, expected in (("half_up", up), ("half_even", even)):
        assert round_mul_div(amount, factor, divisor, rounding, shares) == expected
        column = round_mul_div(np.array([amount], dtype=np.int64), factor, divisor, rounding, shares)
        assert column.tolist() == [expected]


@pytest.mark.parametrize(
    ("amount", "multiple", "up", "even"),
    [
        (0, 100, 0, 0),
        (49, 100, 0, 0),
        (50, 100, 100, 0),
        (51, 100, 100, 100),
        (150, 100, 200, 200),
        (31_249, 100, 31_200, 31_200),
        (31_250, 100, 31_300, 31_200),
        (31_251, 100, 31_300, 31_300),
        (31_250, 1, 31_250, 31_250),
        (10**11, 10**4, 10**11, 10**11),
    ],
)
def test_an_amount_rounds_to_a_multiple(amount, multiple, up, even):
    assert round_to_multiple(amount, multiple) == up
    assert round_to_multiple(amount, multiple, "half_even") == even


def test_a_column_picks_row_by_row():
    left, right = np.array([1, 5, -3], dtype=np.int64), np.array([2, 4, -3], dtype=np.int64)
    assert columns.lesser(left, right).tolist() == [1, 4, -3]
    assert columns.between(left, 0, 4).tolist() == [1, 4, 0]
    assert columns.between(left, 0, right).tolist() == [1, 4, -3]  # the upper bound has the last word
    assert columns.lesser(left, 2).tolist() == [1, 2, -3]
    assert columns.choose(left > right, left, right).tolist() == [2, 5, -3]
    assert columns.largest(left) == 5
    assert columns.largest(left[:0]) == 0
    squares = columns.table(number * number for number in range(4))
    assert squares(np.array([3, 0, 2])).tolist() == [9, 0, 4]


def test_one_number_stays_a_number():
    assert (columns.lesser(1, 2), columns.lesser(2, 1), columns.largest(7)) == (1, 1, 7)
    assert [columns.between(value, 2, 4) for value in (1, 2, 3, 4, 5)] == [2, 2, 3, 4, 4]
    assert columns.between(3, 5, 4) == 4
    assert (columns.choose(True, 1, 2), columns.choose(False, 1, 2)) == (1, 2)
    assert columns.table([4, 5])(1) == 5
    assert type(columns.table([4, 5])(1)) is int
    assert not columns.is_column(5)
    assert columns.is_column(np.zeros(1, dtype=np.int64))
