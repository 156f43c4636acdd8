"""Rates and limits for the most profit: against every combination, by hand, and on the contest's table."""

import doctest
import itertools
import zipfile
from dataclasses import replace
from pathlib import Path
from xml.etree import ElementTree

import pytest

from puhui.credit import profit
from puhui.credit.profit import Churn, Firm, Setting, best_allocation, compare, read_churn, shipped_churn
from puhui.kernel.language import Text
from puhui.kernel.refusals import Refusal

CONTEST = Path(__file__).resolve().parents[3] / "shared/data/cumcm2020c"
TABLE = Churn(
    (40_000, 90_000, 150_000), {"A": (0, 500_000, 900_000), "B": (0, 400_000, 800_000)}, Text("例", "example")
)
SMALL = Setting(
    budget_minor=10_000_000, lowest_minor=2_000_000, highest_minor=6_000_000, step_minor=1_000_000, gap_ppm=0
)
FIRMS = (Firm("E1", "A", 5_000), Firm("E2", "B", 20_000), Firm("E3", "B", 35_000, most_minor=3_000_000))
PARTS = 10**18


def test_the_examples_are_true():
    assert doctest.testmod(profit).failed == 0
    assert doctest.testmod(profit).attempted == 1


def every_value(firms, setting, churn):
    """Return the most that any combination of rates and amounts earns, in parts of a fen: all are tried."""
    choices = []
    for firm in firms:
        mine = [(0, 0, firm.rating)]
        if firm.rating in churn.lost_ppm and firm.pd_ppm is not None:
            most = min(setting.highest_minor, setting.highest_minor if firm.most_minor is None else firm.most_minor)
            amounts = range(setting.lowest_minor, most + 1, setting.step_minor)
            for amount, place in itertools.product(amounts, range(len(churn.rates_ppm))):
                kept = 10**6 - churn.lost_ppm[firm.rating][place]
                rate = churn.rates_ppm[place]
                net = (10**6 - firm.pd_ppm) * rate - firm.pd_ppm * setting.lgd_ppm - setting.funding_ppm * 10**6
                use = 10**6 if setting.counted == "offered" else kept
                mine.append((amount * kept * net, amount * use, firm.rating))
        choices.append(mine)
    best = 0
    for chosen in itertools.product(*choices):
        used = sum(use for _, use, _ in chosen)
        shares = {rating: sum(use for _, use, own in chosen if own == rating) for rating in setting.share_ppm or {}}
        within = all(use <= setting.budget_minor * setting.share_ppm[rating] for rating, use in shares.items())
        if used <= setting.budget_minor * 10**6 and within:
            best = max(best, sum(value for value, _, _ in chosen))
    return best


@pytest.mark.parametrize("counted", ["offered", "expected"])
@pytest.mark.parametrize("budget", [0, 1_999_999, 2_000_000, 5_000_000, 6_999_999, 7_000_000, 10_000_000, 30_000_000])
@pytest.mark.parametrize("share", [None, {"B": 300_000}, {"A": 0}])
def test_no_combination_earns_more(counted, budget, share):
    setting = replace(SMALL, counted=counted, budget_minor=budget, share_ppm=share, funding_ppm=10_000)
    found = best_allocation(FIRMS, setting, TABLE)
    assert found.profit_parts == every_value(FIRMS, setting, TABLE)
    assert found.used_minor <= budget
    for firm, placed in zip(FIRMS, found.placed, strict=True):
        most = min(setting.highest_minor, firm.most_minor or setting.highest_minor)
        assert placed.amount_minor == 0 or setting.lowest_minor <= placed.amount_minor <= most
        assert placed.amount_minor % setting.step_minor == 0


def test_one_firm_by_hand():
    # of A at 9 % half stay: 0.5 x (0.995 x 9 % - 0.5 %) = 4.2275 % of 60,000; at 4 % all stay: 3.48 %
    answer = best_allocation(FIRMS[:1], SMALL, TABLE)
    assert answer.placed[0] == ("E1", 90_000, 6_000_000, 253_650, None)
    assert answer.profit_minor == 253_650
    assert answer.bound_minor in (253_650, 253_651)


def test_a_firm_that_always_loses_or_is_not_known_gets_nothing():
    firms = (
        Firm("loses", "A", 500_000),
        Firm("rated D", "D", 1_000),
        Firm("no PD", "A", None),
        Firm("no rating", None, 1_000),
        Firm("too small", "A", 1_000, most_minor=1_999_999),
    )
    answer = best_allocation(firms, SMALL, TABLE)
    assert [placed.amount_minor for placed in answer.placed] == [0] * 5
    reasons = [None, "RISK_TOO_HIGH", "DATA_INCOMPLETE", "DATA_INCOMPLETE", "LIMIT_TOO_SMALL"]
    assert [placed.reason for placed in answer.placed] == reasons
    assert (answer.profit_minor, answer.bound_minor, answer.used_minor) == (0, 0, 0)


def test_rates_made_for_each_earn_at_least_what_one_rate_for_all_does():
    risky = (*FIRMS, Firm("E4", "A", 60_000), Firm("E5", "B", 80_000))
    found = compare(risky, replace(SMALL, budget_minor=20_000_000), TABLE)
    assert found.best.profit_parts >= found.flat.profit_parts >= found.even.profit_parts
    assert found.gain_minor == found.best.profit_minor - found.flat.profit_minor
    assert found.flat_rate_ppm in TABLE.rates_ppm
    shown = found.as_dict()
    assert shown["gain_minor"] == found.gain_minor
    assert [firm["name"] for firm in shown["best"]["firms"]] == [firm.name for firm in risky]


def test_the_same_amount_for_all_when_the_budget_is_too_small_for_all():
    found = compare(FIRMS, replace(SMALL, budget_minor=4_000_000), TABLE)
    assert [placed.amount_minor for placed in found.even.placed] == [2_000_000, 2_000_000, 0]


def test_a_hundred_firms_on_the_contest_table_are_proven_near_the_best_and_the_same_twice():
    firms = [Firm(f"E{n}", "ABC"[n % 3], 2_000 + 700 * n) for n in range(100)]
    setting = Setting(budget_minor=3_000_000_000, lgd_ppm=600_000)
    found = best_allocation(firms, setting)
    assert found.profit_minor <= found.bound_minor <= found.profit_minor * 10_001 // 10_000
    assert found.used_minor == setting.budget_minor
    assert found == best_allocation(firms, setting)
    assert {placed.rate_ppm for placed in found.placed if placed.amount_minor} <= set(shipped_churn().rates_ppm)


@pytest.mark.parametrize(
    ("setting", "field"),
    [
        (replace(SMALL, budget_minor=-1), "budget_minor"),
        (replace(SMALL, budget_minor=1.5), "budget_minor"),
        (replace(SMALL, lowest_minor=0), "lowest_minor"),
        (replace(SMALL, highest_minor=1_999_999), "highest_minor"),
        (replace(SMALL, step_minor=0), "step_minor"),
        (replace(SMALL, lgd_ppm=1_000_001), "lgd_ppm"),
        (replace(SMALL, share_ppm={"Z": 1}), "share_ppm"),
    ],
)
def test_wrong_settings_are_refused_by_name(setting, field):
    with pytest.raises(Refusal) as refused:
        best_allocation(FIRMS, setting, TABLE)
    assert (refused.value.code, refused.value.fields) == ("PROFIT_INPUT", (field,))


@pytest.mark.parametrize(
    ("firms", "field"),
    [((FIRMS[0], FIRMS[0]), "firms"), ((Firm("x", "A", 1_000_001),), "pd_ppm"), ((Firm("x", "A", 0.5),), "pd_ppm")],
)
def test_wrong_firms_are_refused_by_name(firms, field):
    with pytest.raises(Refusal) as refused:
        best_allocation(firms, SMALL, TABLE)
    assert (refused.value.code, refused.value.fields) == ("PROFIT_INPUT", (field,))


@pytest.mark.parametrize("rates", [[[50_000, 0], [40_000, 0]], [[40_000, 0, 0]], [[40_000, 1_000_001]], [[40_000, -1]]])
def test_a_churn_table_that_does_not_hold_is_refused(rates):
    data = {"source": {"zh": "例", "en": "x"}, "confidence": "quoted-primary", "ratings": ["A"], "rates": rates}
    with pytest.raises(Refusal) as refused:
        read_churn(data)
    assert refused.value.code == "PROFIT_INPUT"


def test_the_shipped_table_is_the_annex_of_the_contest():
    if not CONTEST.is_dir():
        pytest.skip("the contest's data are not beside the project")
    book = next(CONTEST.glob("*3*.xlsx"))
    with zipfile.ZipFile(book) as archive:
        sheet = ElementTree.fromstring(archive.read("xl/worksheets/sheet1.xml"))
    name = "{http://schemas.openxmlformats.org/spreadsheetml/2006/main}"
    cells = {cell.get("r"): cell.findtext(f"{name}v") for cell in sheet.iter(f"{name}c")}
    shipped = shipped_churn()
    for place, rate_ppm in enumerate(shipped.rates_ppm):
        row = [round(float(cells[f"{column}{place + 3}"]) * 1_000_000) for column in "ABCD"]
        assert row == [rate_ppm, *(shipped.lost_ppm[rating][place] for rating in "ABC")]
    assert len(shipped.rates_ppm) == 29
