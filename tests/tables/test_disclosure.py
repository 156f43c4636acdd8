"""The cost disclosure table: items and levels by hand, what is missing, text and page."""

import re
from datetime import date
from types import SimpleNamespace

import pytest

from puhui.kernel.language import Text
from puhui.kernel.refusals import Refusal
from puhui.products.definition_fields import Penalty, Prepayment
from puhui.products.disclosure import Contingent, Cost, DatedFlow, Heading, Subsidy, from_flows
from puhui.products.disclosure_page import as_html, as_text
from puhui.products.disclosure_plan import contingent_of, disclosure_of
from puhui.products.schedule import schedule
from puhui.products.terms import read_terms

ON = [date(2024 + k // 12, k % 12 + 1, 15) for k in range(13)]
LENT = [DatedFlow(ON[0], 0, 120_000_00), *(DatedFlow(ON[k], k, -10_000_00) for k in range(1, 13))]
LENDER, PARTNER = Text("某某银行", "Some Bank"), Text("助贷平台", "platform")


def cost(name, payee, paid):
    return Cost(Text(name, name), payee, Text("随期", "each"), Text("标准", "standard"), tuple(paid))


def each(amount_minor):
    return [DatedFlow(ON[k], k, amount_minor) for k in range(1, 13)]


def at_once(amount_minor):
    return [DatedFlow(ON[0], 0, amount_minor)]


def table(costs, contingent=(), subsidy=None, lender=LENDER):
    heading = Heading(lender, Text("分期贷", "loan"), date(2026, 8, 1), 120_000_00, 120_000_00, 12)
    return from_flows(heading, LENT, costs, contingent, subsidy)


# 120,000.00 repaid 10,000.00 a month; levels from the flat-rate table: 2.5, 3 and 6 % a year.
@pytest.mark.parametrize(
    ("costs", "levels", "total"),
    [
        ([cost("手续费", LENDER, each(250_00))], [45_834], 45_834),
        ([cost("手续费", LENDER, at_once(3_000_00))], [47_000], 47_000),
        ([cost("利息", LENDER, each(300_00)), cost("服务费", PARTNER, each(300_00))], [54_925, 54_925], 108_964),
        ([cost("利息", LENDER, [])], [0], 0),
        ([cost("利息", LENDER, []), cost("手续费", PARTNER, each(600_00))], [0, 108_964], 108_964),
    ],
)
def test_level_of_each_item_alone_and_of_all(costs, levels, total):
    found = table(costs)
    assert [item.annual_ppm for item in found.items] == levels
    assert found.cost.irr_x12_ppm == total
    assert found.total_minor == sum(flow.amount_minor for item in costs for flow in item.paid)


def test_subsidy_has_a_track_of_its_own():
    subsidy = Subsidy(Text("财政", "the government"), tuple(each(350_00)))
    found = table([cost("利息", LENDER, each(600_00))], subsidy=subsidy)
    assert (found.cost.irr_x12_ppm, found.borrower.irr_x12_ppm) == (108_964, 45_834)
    assert found.subsidy_minor == 4_200_00
    assert found.as_dict()["subsidy"]["borrower"]["irr_x12_ppm"] == 45_834
    text = as_text(found, "zh")
    assert "贴息（财政支付）  4,200.00 元" in text
    assert "贴息后由借款人承担（单利，IRR×12）  4.5834%" in text
    assert "subsidy" not in table([cost("利息", LENDER, each(600_00))]).as_dict()


PENALTY = Contingent(Text("罚息", "penalty"), LENDER, Text("逾期时", "if late"), Text("合同利率的 150%", "x 150 %"))


@pytest.mark.parametrize(
    ("lender", "contingent", "complete", "draft"),
    [
        (LENDER, (PENALTY,), True, None),
        (LENDER, (), True, None),
        (LENDER, None, False, "草稿：尚未写明或有成本，不得向借款人出示。"),
        (None, (), False, "草稿：尚未写明贷款人，不得向借款人出示。"),
        (None, None, False, "草稿：尚未写明贷款人、或有成本，不得向借款人出示。"),
    ],
)
def test_what_is_missing_is_said(lender, contingent, complete, draft):
    found = table([cost("利息", LENDER, each(250_00))], contingent, lender=lender)
    assert found.as_dict()["complete"] is complete
    assert found.draft("zh") == draft
    for shown in (as_text(found, "zh"), as_html(found)):
        assert ("草稿" in shown) is not complete
        assert "除上述项目外，不收取其他任何费用。" in shown


def test_text_lines_up():
    found = table([cost("利息", LENDER, each(300_00)), cost("分期手续费", PARTNER, each(300_00))], (PENALTY,))
    lines = as_text(found, "zh").splitlines()
    assert lines[:9] == [
        "个人贷款综合融资成本明示表",
        "",
        "贷款人：某某银行",
        "产品：分期贷",
        "贷款本金：120,000.00 元",
        "实际到手：120,000.00 元",
        "还款期数：12",
        "出示日期：2026-08-01",
        "",
    ]
    assert lines[10:14] == [
        "成本项目    收取方    收取方式  收费标准      金额  年化水平",
        "利息        某某银行  随期      标准      3,600.00   5.4925%",
        "分期手续费  助贷平台  随期      标准      3,600.00   5.4925%",
        "合计                                      7,200.00  10.8964%",
    ]
    assert lines[14] == "年化综合融资成本（单利，IRR×12）  10.8964%"
    assert "罚息      某某银行  逾期时    合同利率的 150%" in lines
    assert "total annual cost (IRR x 12)  10.8964%" in as_text(found, "en")


def test_page_stands_alone_and_is_escaped():
    evil = cost('<script>alert("x")</script>&', Text("<i>方</i>", "<i>"), each(250_00))
    page = as_html(table([evil], (PENALTY,)))
    assert page.startswith("<!doctype html>")
    assert '<html lang="zh-CN">' in page
    assert "&lt;script&gt;alert(&quot;x&quot;)&lt;/script&gt;&amp;" in page
    assert "<i>方" not in page
    assert not re.search(r"<script|<link|<img|https?://|url\(|@import|javascript:", page)
    assert "@page { size: A4;" in page
    assert as_html(table([evil], ()), "en").count("4.5834%") == 3  # the item, the sum row, the annual cost


TERMS = {
    "principal_minor": 120_000_00,
    "annual_rate_ppm": 60_000,
    "method": "annuity",
    "instalments": 12,
    "disbursed_on": "2026-08-15",
    "day_count": "30/360",
}


def of_plan(contingent=(), **changes):
    return disclosure_of(
        schedule(read_terms(TERMS | changes)), LENDER, Text("车贷", "car"), date(2026, 8, 1), contingent
    )


def shown(item):
    return (item.name.zh, item.payee.zh, item.collection.zh, item.standard.zh, item.amount_minor)


def test_every_fee_of_a_plan_is_an_item():
    fees = [
        {"name": "登记费", "payee": "registry", "collect": "at_disbursement", "amount_minor": 200_00},
        {"name": "服务费", "payee": "某公司", "collect": "at_disbursement", "rate_ppm": 10_000, "deducted": True},
        {"name": "担保费", "payee": "guarantor", "collect": "each_instalment", "rate_ppm": 500},
        {"name": "管理费", "collect": "each_instalment", "amount_minor": 5_00},
        {"name": "账户费", "collect": "each_instalment", "rate_ppm": 1_000, "base": "outstanding"},
        {
            "name": "评估费",
            "payee": "appraiser",
            "collect": "on_date",
            "charged_on": "2026-10-01",
            "amount_minor": 80_00,
        },
    ]
    found = of_plan(fees=fees)
    rows = [shown(item) for item in found.items]
    assert rows[0] == ("利息", "贷款人", "随还款计划（等额本息）", "年利率 6%，计息 30/360", 3_935_66)
    assert rows[1:5] == [
        ("登记费", "登记机构", "放款时支付", "200.00 元", 200_00),
        ("服务费", "某公司", "放款时从贷款中扣收", "贷款本金的 1%", 1_200_00),
        ("担保费", "担保公司", "随每期还款收取", "每期贷款本金的 0.05%", 720_00),
        ("管理费", "贷款人", "随每期还款收取", "每期5.00 元", 60_00),
    ]
    assert rows[5][:4] == ("账户费", "贷款人", "随每期还款收取", "每期剩余本金的 0.1%")
    assert rows[6] == ("评估费", "评估机构", "2026-10-01 起的首个还款日", "80.00 元", 80_00)
    assert found.items[0].annual_ppm == 60_000
    assert (found.heading.principal_minor, found.heading.received_minor) == (120_000_00, 118_800_00)


def test_a_down_payment_is_not_lent():
    found = of_plan(down_payment_ppm=200_000)
    assert (found.heading.principal_minor, found.heading.received_minor) == (96_000_00, 96_000_00)
    assert found.cost.irr_x12_ppm == 60_000


def charging(overdue_ppm, misuse_ppm, prepaid_ppm=0, free_after=0, allowed=True):
    return SimpleNamespace(
        penalty=Penalty(overdue_multiplier_ppm=overdue_ppm, misuse_multiplier_ppm=misuse_ppm),
        prepayment=Prepayment(allowed=allowed, fee_ppm=prepaid_ppm, free_after_instalments=free_after),
    )


def test_contingent_costs_of_a_product():
    found = contingent_of(charging(1_500_000, 2_000_000, 10_000, 12), read_terms(TERMS | {"annual_rate_ppm": 50_001}))
    assert [(item.name.zh, item.standard.zh) for item in found] == [
        ("逾期罚息", "合同利率的 150%，即年利率 7.5002%"),
        ("挪用罚息", "合同利率的 200%，即年利率 10.0002%"),
        ("提前还款违约金", "提前归还本金的 1%"),
    ]
    assert found[2].collection.zh == "还满 12 期前提前还款"


@pytest.mark.parametrize(
    ("product", "names"),
    [
        (charging(0, 0), []),
        (charging(1_500_000, 0, 0, 12), ["逾期罚息"]),
        (charging(0, 2_000_000, 1), ["挪用罚息", "提前还款违约金"]),
        (charging(0, 0, 10_000, allowed=False), []),
    ],
)
def test_contingent_costs_of_zero_are_left_out(product, names):
    assert [item.name.zh for item in contingent_of(product, read_terms(TERMS))] == names


def test_costs_that_eat_up_the_loan_are_refused():
    with pytest.raises(Refusal) as refusal:
        table([cost("手续费", LENDER, at_once(120_000_00))])
    assert refusal.value.code == "ANNUAL_COST_ONE_SIGN"
