"""Money and rates: read and printed exactly, or refused with the field named."""

import pytest

from puhui.kernel.money import Money, format_minor, parse_money
from puhui.kernel.rates import format_rate, parse_rate_ppm
from puhui.kernel.refusals import Refusal

# text, currency, whole minor units
READ = [
    ("0", "CNY", 0),
    ("0.01", "CNY", 1),
    ("1234.5", "CNY", 123450),
    ("1,234.56", "CNY", 123456),
    ("12,345,678.90", "CNY", 1234567890),
    ("-0.05", "CNY", -5),
    ("-1,000", "CNY", -100000),
    (" 100 ", "CNY", 10000),
    ("1.230", "CNY", 123),  # a zero more is still exact
    ("007", "CNY", 700),
    ("100", "JPY", 100),
    ("100.0", "JPY", 100),
    ("0.1", "USD", 10),
    ("1000000000", "CNY", 10**11),  # 10^11 fen: a thousand million yuan
    ("92,233,720,368,547,758.07", "CNY", 2**63 - 1),  # the largest
    ("-92233720368547758.07", "CNY", -(2**63 - 1)),
    ("9223372036854775807", "JPY", 2**63 - 1),
]

NOT_MONEY = [
    ("", "CNY"),
    (".", "CNY"),
    ("-", "CNY"),
    (".5", "CNY"),
    ("5.", "CNY"),
    ("1.234", "CNY"),  # a tenth of a fen
    ("1.001", "CNY"),
    ("0.5", "JPY"),
    ("1,23", "CNY"),
    ("12,34,567", "CNY"),
    (",123", "CNY"),
    ("1,2345.00", "CNY"),
    ("1 000", "CNY"),
    ("1_000", "CNY"),
    ("1e3", "CNY"),
    ("1E+999999", "CNY"),
    ("NaN", "CNY"),
    ("Infinity", "CNY"),
    ("0x10", "CNY"),
    ("+5", "CNY"),
    ("--5", "CNY"),
    ("１２", "CNY"),  # full-width digits
    ("¥5", "CNY"),
    ("五元", "CNY"),
    ("92233720368547758.08", "CNY"),  # one fen over the largest
    ("-92233720368547758.08", "CNY"),
    ("99999999999999999999999999999.99", "CNY"),
    ("9" * 5000, "CNY"),
    (1234.56, "CNY"),
    (1234, "CNY"),
    (None, "CNY"),
]


@pytest.mark.parametrize(("text", "currency", "minor"), READ)
def test_an_amount_is_read_exactly(text, currency, minor):
    assert parse_money(text, currency) == Money(minor, currency)


@pytest.mark.parametrize(("text", "currency"), NOT_MONEY)
def test_what_is_not_an_amount_is_refused_and_named(text, currency):
    with pytest.raises(Refusal) as caught:
        parse_money(text, currency, field="fee")
    assert (caught.value.code, caught.value.fields) == ("MONEY_UNREADABLE", ("fee",))
    assert "1234.56" in caught.value.message("en")


@pytest.mark.parametrize(
    ("minor", "digits", "text"),
    [
        (0, 2, "0.00"),
        (5, 2, "0.05"),
        (-5, 2, "-0.05"),
        (99, 2, "0.99"),
        (100, 2, "1.00"),
        (-100, 2, "-1.00"),
        (99_999, 2, "999.99"),
        (100_000, 2, "1,000.00"),
        (123_456_789, 2, "1,234,567.89"),
        (12, 0, "12"),
        (-1234, 0, "-1,234"),
        (2**63 - 1, 2, "92,233,720,368,547,758.07"),
    ],
)
def test_an_amount_is_printed_exactly(minor, digits, text):
    assert format_minor(minor, digits) == text


@pytest.mark.parametrize("minor", [1.0, 0.1, "1", True, None])
def test_only_whole_minor_units_make_money(minor):
    with pytest.raises(Refusal, match="amount_minor"):
        Money(minor)


def test_money_says_its_currency():
    assert str(Money(-123456)) == "-1,234.56 CNY"
    assert str(Money(500, "JPY")) == "500 JPY"


@pytest.mark.parametrize("currency", ["XXX", "cny", ""])
def test_an_unknown_currency_is_refused(currency):
    for attempt in (lambda: Money(1, currency), lambda: parse_money("1", currency)):
        with pytest.raises(Refusal) as caught:
            attempt()
        assert caught.value.code == "CURRENCY_UNKNOWN"


def test_money_adds_within_one_currency_only():
    assert Money(5) + Money(-7) == Money(-2)
    assert Money(5) - Money(7) == Money(-2)
    assert -Money(5) == Money(-5)
    for attempt in (lambda: Money(1) + Money(1, "USD"), lambda: Money(1) - Money(1, "USD")):
        with pytest.raises(Refusal) as caught:
            attempt()
        assert caught.value.code == "CURRENCY_MIXED"


# text, ppm, text printed back
RATES = [
    ("0%", 0, "0%"),
    ("0.0001%", 1, "0.0001%"),
    ("2.5%", 25_000, "2.5%"),
    ("2.5 %", 25_000, "2.5%"),
    ("2.50000%", 25_000, "2.5%"),
    ("4.5834%", 45_834, "4.5834%"),
    ("15.40%", 154_000, "15.4%"),
    ("24%", 240_000, "24%"),
    ("24.0001%", 240_001, "24.0001%"),
    ("100%", 1_000_000, "100%"),
    ("-0.5%", -5_000, "-0.5%"),
    ("-0.0001%", -1, "-0.0001%"),
    ("922337203685477.5807%", 2**63 - 1, "922337203685477.5807%"),
]


@pytest.mark.parametrize(("text", "ppm", "printed"), RATES)
def test_a_rate_is_read_and_printed_exactly(text, ppm, printed):
    assert parse_rate_ppm(text) == ppm
    assert format_rate(ppm) == printed


@pytest.mark.parametrize(
    "text",
    [
        "", "%", "2.5", "2.5‰", "2.5%%", "--1%", "+1%", ".5%", "1.%", "0.00001%", "24.00001%", "1e2%", "1e999999%",
        "1_0%", "１%", "NaN%", "922337203685477.5808%", "12345678901234567890123456789.1%", 0.025, 25_000, None,
    ],
)  # fmt: skip
def test_what_is_not_a_rate_is_refused_and_named(text):
    with pytest.raises(Refusal) as caught:
        parse_rate_ppm(text, field="rate_ppm")
    assert (caught.value.code, caught.value.fields) == ("RATE_UNREADABLE", ("rate_ppm",))
