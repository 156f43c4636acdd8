"""Laws of money, rates, rounding and columns, for every input."""

from fractions import Fraction

import numpy as np
import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from puhui.kernel import columns
from puhui.kernel.money import DIGITS, Money, format_minor, parse_money
from puhui.kernel.rates import format_rate, parse_rate_ppm
from puhui.kernel.refusals import Refusal
from puhui.kernel.rounding import round_div, round_mul_div, round_to_multiple

LARGEST = 2**63 - 1
minors = st.integers(-LARGEST, LARGEST)
currencies = st.sampled_from(sorted(DIGITS))
roundings = st.sampled_from(["half_up", "half_even"])


@given(minors, currencies)
@example(LARGEST, "CNY")
@example(-1, "CNY")
def test_what_is_printed_reads_back(minor, currency):
    printed = format_minor(minor, DIGITS[currency])
    assert parse_money(printed, currency) == Money(minor, currency)
    assert parse_money(printed.replace(",", ""), currency) == Money(minor, currency)


@given(st.text(alphabet="0123456789.,-+eE_ %", max_size=25), currencies)
def test_text_is_money_exactly_or_not_at_all(text, currency):
    try:
        minor = parse_money(text, currency).amount_minor
    except Refusal:
        return
    assert Fraction(minor, 10 ** DIGITS[currency]) == Fraction(text.strip().replace(",", ""))


@given(minors, minors, currencies)
def test_money_adds_as_whole_numbers(left, right, currency):
    total = Money(left, currency) + Money(right, currency)
    assert total.amount_minor == left + right
    assert total - Money(right, currency) == Money(left, currency)
    negative = -total
    assert -negative == total


@given(st.floats() | st.booleans() | st.none())
def test_only_an_int_is_an_amount(value):
    with pytest.raises(Refusal):
        Money(value)


@given(minors)
@example(LARGEST)
def test_a_rate_printed_reads_back(ppm):
    assert parse_rate_ppm(format_rate(ppm)) == ppm


@given(st.text(alphabet="0123456789.-+eE_ %", max_size=25))
def test_text_is_a_rate_exactly_or_not_at_all(text):
    try:
        ppm = parse_rate_ppm(text)
    except Refusal:
        return
    assert Fraction(ppm, 10_000) == Fraction(text.strip().removesuffix("%").strip())


def nearest(exact, rounding):
    """The rounded value of a fraction, said another way: distance to both neighbours."""
    below = exact.numerator // exact.denominator
    distance = exact - below
    if distance == Fraction(1, 2):
        return below + 1 if rounding == "half_up" else below + below % 2
    return below + (distance > Fraction(1, 2))


@given(st.integers(0, 2**62), st.integers(1, 2**40), roundings)
@example(2**62, 1, "half_even")
@example(1, 2, "half_up")
@example(5, 2, "half_even")
def test_a_quotient_is_the_nearest_whole_number(numerator, denominator, rounding):
    expected = nearest(Fraction(numerator, denominator), rounding)
    assert round_div(numerator, denominator, rounding) == expected
    column = round_div(np.array([numerator]), np.array([denominator]), rounding)
    assert column.tolist() == [expected]


@given(st.integers(0, 10**6), st.integers(1, 10**6), roundings)
def test_at_the_exact_tie_each_rounding_goes_its_way(quotient, half, rounding):
    numerator, denominator = (2 * quotient + 1) * half, 2 * half
    expected = quotient + 1 if rounding == "half_up" else quotient + quotient % 2
    assert round_div(numerator, denominator, rounding) == expected
    assert round_mul_div(numerator, 1, denominator, rounding) == expected


@given(st.integers(0, 2**62), st.integers(1, 366), st.integers(1, 10**9), roundings)
def test_a_product_is_divided_as_if_it_had_no_bound(amount, factor, divisor, rounding):
    amount %= max(1, LARGEST * divisor // (4 * factor))  # the answer itself must fit
    expected = nearest(Fraction(amount * factor, divisor), rounding)
    assert round_mul_div(amount, factor, divisor, rounding) == expected
    assert round_mul_div(np.array([amount]), factor, divisor, rounding).tolist() == [expected]


@given(st.integers(0, 10**13), st.integers(0, 366), st.integers(1, 10**6), st.integers(1, 1_000), roundings)
@example(1, 1, 1, 2, "half_up")
@example(5, 3, 6, 1, "half_even")
@example(5, 3, 2, 3, "half_even")
def test_a_share_of_a_product_is_rounded_once(amount, factor, divisor, shares, rounding):
    expected = nearest(Fraction(amount * factor, divisor * shares), rounding)
    assert round_mul_div(amount, factor, divisor, rounding, shares) == expected
    assert round_mul_div(np.array([amount]), factor, divisor, rounding, shares).tolist() == [expected]


@given(st.integers(0, 10**15), st.sampled_from([1, 10, 100, 1_000, 10_000]), roundings)
def test_a_multiple_is_near_and_whole(amount, multiple, rounding):
    rounded = round_to_multiple(amount, multiple, rounding)
    assert rounded % multiple == 0
    assert 2 * abs(rounded - amount) <= multiple
    assert round_to_multiple(rounded, multiple, rounding) == rounded


@given(st.lists(st.tuples(minors, minors), min_size=1, max_size=20))
def test_a_column_is_its_rows(pairs):
    left, right = (np.array(side) for side in zip(*pairs, strict=True))
    assert columns.lesser(left, right).tolist() == [columns.lesser(*pair) for pair in pairs]
    assert columns.between(left, -5, right).tolist() == [columns.between(one, -5, most) for one, most in pairs]
    assert columns.largest(left) == max(pair[0] for pair in pairs)
    chosen = columns.choose(left < right, left, right)
    assert chosen.tolist() == [min(pair) for pair in pairs]
