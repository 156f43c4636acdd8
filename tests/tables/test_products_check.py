"""May it be sold? Shipped products are lawful; one that goes a step past a limit is not, and its rule is named."""

from datetime import date

import pytest

from product_example import GONE, changed, example, limits, shipped
from puhui.products.definition import catalogue, read_product
from puhui.products.product_check import check_product

TODAY = date(2026, 11, 24)


@pytest.mark.parametrize("name", list(catalogue()))
def test_the_shipped_catalogue_may_be_sold_today(name):
    report = check_product(catalogue()[name], TODAY)
    assert report.ok
    assert report.on_sale
    assert report.having("warned") == ()
    assert report.offers >= 16
    assert report.passed >= 8


def one_variant(name, *changes):
    """A shipped product without its overrides, with one lender; one offer only where no range or term is changed."""
    data = changed(shipped(name), ("overrides", []), ("segments", []), *changes)
    if not any(path.startswith(("ranges", "terms", "loan_terms")) for path, _ in changes):
        for ends, end in zip(data["ranges"].values(), ("max", "min", "max", "min"), strict=False):
            ends["min"] = ends["max"] = ends[end]
    return read_product({**data, "lenders": data["lenders"][:1]}, f"{name}.yaml")


def ends(field, low, high, **more):
    return f"ranges.{field}", limits(low, high, **more)


PLATFORM_FEE = {"name": "平台服务费", "payee": "platform", "collect": "each_instalment", "amount_minor": 1}
KEPT_BACK = {"name": "服务费", "collect": "at_disbursement", "rate_ppm": 1_000, "deducted": True}
BANK, CFC, MCC = (("lenders", [code]) for code in ("bank", "consumer_finance", "online_small_loan"))

# product, what is changed, the day, rules broken: a row on each side of each limit
PLANTED = [
    # tenor
    ("auto_new", [ends("instalments", 12, 60, step=12)], TODAY, []),
    ("auto_new", [ends("instalments", 13, 61, step=12)], TODAY, ["AUTO.TENOR.NEW"]),
    ("auto_new", [("terms.every", 3), ends("instalments", 4, 20)], TODAY, []),
    ("auto_new", [("terms.every", 3), ends("instalments", 4, 21)], TODAY, ["AUTO.TENOR.NEW"]),
    # a due day of the month makes 60 instalments run 60 months and up to 30 days
    ("auto_new", [("terms.due_day", 20)], TODAY, ["AUTO.TENOR.NEW"]),
    ("auto_new", [("terms.due_day", 20), ends("instalments", 12, 59)], TODAY, []),
    ("auto_used", [ends("instalments", 12, 36)], TODAY, []),
    ("auto_used", [ends("instalments", 12, 37)], TODAY, ["AUTO.TENOR.USED"]),
    ("personal_revolving", [BANK, ends("instalments", 1, 12)], TODAY, []),
    ("personal_revolving", [BANK, ends("instalments", 1, 13)], TODAY, ["IL.BULLET.TENOR"]),
    ("personal_revolving", [BANK, ("loan_terms", ["due_day"])], TODAY, ["IL.BULLET.TENOR"]),
    ("micro_working_capital", [("tags", ["working_capital"]), ends("instalments", 3, 60)], TODAY, []),
    ("micro_working_capital", [("tags", ["working_capital"]), ends("instalments", 3, 61)], TODAY, ["WC.TENOR"]),
    ("receivable_finance", [ends("instalments", 1, 12)], TODAY, []),
    ("receivable_finance", [ends("instalments", 1, 13)], TODAY, ["SCF.VOUCHER.TENOR"]),
    # loan-to-value
    ("auto_used", [ends("down_payment_ppm", 300_000, 700_000)], TODAY, []),
    ("auto_used", [ends("down_payment_ppm", 299_999, 700_000)], TODAY, ["AUTO.LTV.USED"]),
    ("auto_used", [ends("down_payment_ppm", 290_000, 290_000)], TODAY, ["AUTO.LTV.USED"]),
    ("auto_new", [ends("down_payment_ppm", 0, 600_000)], TODAY, []),
    ("auto_new", [ends("down_payment_ppm", 200_000, 600_000)], date(2024, 4, 2), []),
    ("auto_new", [ends("down_payment_ppm", 199_999, 600_000)], date(2024, 4, 2), ["AUTO.LTV.SELF.ICE.OLD"]),
    ("auto_new", [ends("down_payment_ppm", 199_999, 600_000)], date(2024, 4, 3), []),
    ("auto_new", [("tags", ["auto_new"]), ends("down_payment_ppm", 300_000, 600_000)], TODAY, []),
    ("auto_new", [("tags", ["auto_new"]), ends("down_payment_ppm", 299_999, 600_000)], TODAY, ["AUTO.LTV.COMM.ICE"]),
    # cost: every figure on every day counts, so 21 % is too much where three instalments may run over February
    ("personal_instalment", [ends("annual_rate_ppm", 72_000, 208_000)], TODAY, []),
    ("personal_instalment", [ends("annual_rate_ppm", 72_000, 210_000)], TODAY, ["CAP.FACILITATION.24"]),
    ("personal_instalment", [ends("annual_rate_ppm", 72_000, 300_000)], date(2025, 9, 30), []),
    ("personal_instalment", [ends("annual_rate_ppm", 72_000, 300_000)], date(2025, 10, 1), ["CAP.FACILITATION.24"]),
    (
        "personal_instalment",
        [("fees", [{"name": "担保费", "payee": "guarantor", "collect": "each_instalment", "rate_ppm": 4_000}])],
        TODAY,
        ["CAP.FACILITATION.24"],
    ),
    ("personal_instalment", [("fees", [PLATFORM_FEE])], TODAY, ["FACILITATION.NO_PLATFORM_FEE"]),
    ("personal_instalment", [("fees", [{**PLATFORM_FEE, "payee": "insurer"}])], TODAY, []),
    ("personal_instalment", [("fees", [KEPT_BACK])], TODAY, ["NO.PREDEDUCT"]),
    ("personal_instalment", [("fees", [{**KEPT_BACK, "payee": "insurer"}])], TODAY, []),
    ("personal_instalment", [("fees", [{**KEPT_BACK, "deducted": False}])], TODAY, []),
    ("personal_revolving", [MCC, ends("annual_rate_ppm", 72_000, 210_000)], TODAY, []),
    ("personal_revolving", [MCC, ends("annual_rate_ppm", 72_000, 225_000)], TODAY, ["CAP.MCC.24"]),
    ("personal_revolving", [MCC, ends("annual_rate_ppm", 72_000, 225_000)], date(2025, 12, 18), []),
    # amounts: an offer that breaks a limit for a borrower with nothing else breaks it for all
    ("personal_instalment", [CFC, ends("amount_minor", 100_000, 20_000_000)], TODAY, []),
    (
        "personal_instalment",
        [CFC, ends("amount_minor", 100_000, 20_000_001)],
        TODAY,
        ["CFC.SINGLE", "IL.CONSUMER.LIMIT"],
    ),
    ("personal_instalment", [BANK, ends("amount_minor", 100_000, 30_000_000)], TODAY, []),
    ("personal_instalment", [BANK, ends("amount_minor", 100_000, 30_000_001)], TODAY, ["IL.CONSUMER.LIMIT.TEMP"]),
    ("micro_working_capital", [ends("amount_minor", 1_000_000, 50_000_000)], TODAY, []),
    ("micro_working_capital", [ends("amount_minor", 1_000_000, 50_000_001)], TODAY, ["PL.PAY.BIZ"]),
    (
        "micro_working_capital",
        [ends("amount_minor", 1_000_000, 50_000_001), ("practices.entrusted_payment", True)],
        TODAY,
        [],
    ),
    # conduct
    ("auto_new", [("practices.cost_table_shown", False)], date(2026, 7, 31), []),
    ("auto_new", [("practices.cost_table_shown", False)], date(2026, 8, 1), ["COST.TABLE.PERSONAL"]),
    (
        "personal_instalment",
        [("practices.cost_table_acknowledgement", "ORDER_PAGE"), ("practices.shopping_instalment", False)],
        TODAY,
        ["COST.TABLE.CONFIRM"],
    ),
    (
        "personal_instalment",
        [("practices.cost_table_acknowledgement", "ORDER_PAGE"), ("practices.shopping_instalment", True)],
        TODAY,
        [],
    ),
    ("auto_new", [("practices.apr_displayed", False)], TODAY, ["COST.APR.DISCLOSE"]),
    ("auto_new", [("practices.apr_method", "SIMPLE_UNLABELLED")], TODAY, ["COST.APR.METHOD"]),
    ("auto_new", [("practices.apr_method", "SIMPLE_LABELLED")], TODAY, []),
    ("personal_instalment", [("practices.signing_host", "PLATFORM")], date(2026, 9, 29), []),
    ("personal_instalment", [("practices.signing_host", "PLATFORM")], date(2026, 9, 30), ["MKT.2026"]),
    ("personal_instalment", [("purposes", ["securities", "travel"])], TODAY, ["IL.PURPOSE"]),
    ("auto_new", [("penalty.overdue_multiplier_ppm", 1_500_001)], TODAY, ["PENALTY.OVERDUE"]),
    ("auto_new", [("penalty.overdue_multiplier_ppm", 1_299_999)], TODAY, ["PENALTY.OVERDUE"]),
    ("auto_new", [("penalty.overdue_multiplier_ppm", 1_300_000)], TODAY, []),
    ("auto_new", [("penalty.misuse_multiplier_ppm", 2_000_001)], TODAY, ["PENALTY.MISUSE"]),
    # personal data
    ("auto_new", [("practices.credit_query_consent", "ORAL")], TODAY, ["CR.QUERY.CONSENT"]),
    ("auto_new", [("practices.sensitive_consent", "BUNDLED")], TODAY, ["PIPL.SENSITIVE"]),
    ("auto_new", [("consents", ["verify_identity", "assess_credit", "assess_income"])], TODAY, ["PIPL.CONSENT"]),
    ("personal_instalment", [("practices.share_consent", "BUNDLED")], TODAY, ["PIPL.SHARE"]),
    ("auto_new", [("practices.explanation_available", False)], TODAY, ["PIPL.AUTO.EXPLAIN"]),
]  # fmt: skip


@pytest.mark.parametrize(("name", "changes", "as_of", "rules"), PLANTED)
def test_a_step_past_a_limit_breaks_the_rule_of_that_number(name, changes, as_of, rules):
    report = check_product(one_variant(name, *changes), as_of)
    assert sorted(rule.finding.rule_id for rule in report.having("broken")) == sorted(rules)
    assert report.having("not_stated") == ()
    assert report.ok is not bool(rules)


# product, the practice that is not stated, the rule that then cannot be held against it
NOT_STATED = [
    ("auto_new", "cost_table_shown", "COST.TABLE.PERSONAL"),
    ("auto_new", "cost_table_acknowledgement", "COST.TABLE.CONFIRM"),
    ("auto_new", "apr_displayed", "COST.APR.DISCLOSE"),
    ("personal_instalment", "signing_host", "MKT.2026"),
    ("auto_new", "credit_query_consent", "CR.QUERY.CONSENT"),
    ("personal_instalment", "data_shared", "PIPL.SHARE"),
]


@pytest.mark.parametrize(("name", "fact", "rule_id"), NOT_STATED)
def test_what_a_product_does_not_state_fails_it(name, fact, rule_id):
    changes = [(f"practices.{fact}", GONE)]
    if fact == "data_shared":
        changes.append(("practices.share_consent", GONE))
    report = check_product(one_variant(name, *changes), TODAY)
    assert not report.ok
    assert [rule.finding.rule_id for rule in report.having("not_stated")] == [rule_id]
    assert fact in report.having("not_stated")[0].missing


# product, rule, the facts that only the decision can tell
LATER = [
    ("auto_new", "AUTO.PRICE.BASE", ("deal_price_net_minor", "list_or_appraisal_minor", "vehicle_value_minor")),
    ("personal_instalment", "FACILITATION.WHITELIST", ("partner_whitelisted",)),
    ("personal_instalment", "IL.CORE.CONTROL", ("bank_decision_recorded",)),
    ("personal_instalment", "IL.CONSUMER.LIMIT.TEMP", ("consumer_internet_line_minor",)),
    ("farm_seasonal", "PIPL.PIA", ("impact_record_months",)),
]


@pytest.mark.parametrize(("name", "rule_id", "facts"), LATER)
def test_what_only_the_decision_can_tell_is_said_to_be_left_to_it(name, rule_id, facts):
    found = {rule.finding.rule_id: rule for rule in check_product(one_variant(name), TODAY).having("at_decision")}
    assert found[rule_id].missing == facts


def test_a_stated_fact_is_no_longer_left_to_the_decision():
    report = check_product(one_variant("personal_instalment", ("practices.partner_whitelisted", True)), TODAY)
    assert "FACILITATION.WHITELIST" not in {rule.finding.rule_id for rule in report.rules}
    report = check_product(one_variant("personal_instalment", ("practices.partner_whitelisted", False)), TODAY)
    assert [rule.finding.rule_id for rule in report.having("broken")] == ["FACILITATION.WHITELIST"]


def test_only_the_place_whose_override_breaks_a_rule_is_named():
    override = {"when": {"regions": ["41"]}, "set": {"ranges": {"instalments": {"max": 61}}}}
    definition = example(("tags", ["auto_new", "auto_own_use"]), ("overrides", [override]), ends("instalments", 25, 60))
    (broken,) = check_product(definition, TODAY).having("broken")
    assert (broken.finding.rule_id, broken.finding.figure, broken.finding.limit) == ("AUTO.TENOR.NEW", 61, 60)
    assert broken.example.zh.endswith("商业银行 · 河南省")
    assert broken.example.en.endswith("commercial bank · 河南省")


def test_only_the_lender_that_the_rule_binds_is_named():
    definition = one_variant("personal_instalment", ends("amount_minor", 100_000, 20_000_001))
    both = definition.model_copy(update={"lenders": ("bank", "consumer_finance")})
    broken = {rule.finding.rule_id: rule.lenders for rule in check_product(both, TODAY).having("broken")}
    assert broken == {"CFC.SINGLE": ("consumer_finance",), "IL.CONSUMER.LIMIT": ("consumer_finance",)}


def test_a_warning_does_not_stop_a_product():
    report = check_product(one_variant("personal_instalment", CFC, ends("annual_rate_ppm", 72_000, 205_000)), TODAY)
    assert [rule.finding.rule_id for rule in report.having("warned")] == ["CAP.CFC.20"]
    assert report.ok


def test_a_lender_may_harden_a_rule():
    definition = one_variant("personal_instalment", CFC, ends("annual_rate_ppm", 72_000, 205_000))
    report = check_product(definition, TODAY, hard=["CAP.CFC.20"])
    assert [rule.finding.rule_id for rule in report.having("broken")] == ["CAP.CFC.20"]
    assert not report.ok


def test_the_worst_offer_is_the_example():
    (broken,) = check_product(one_variant("auto_used", ends("down_payment_ppm", 250_000, 290_000)), TODAY).having(
        "broken"
    )
    assert broken.finding.figure == 750_000
    assert "首付 25%" in broken.example.zh


def test_annual_cost_of_the_cheapest_and_costliest_corner():
    # 200,000.00 over 36 months and 20,000.00 over 12, each with fees of 500.00 at the start
    report = check_product(one_variant("auto_used", ends("down_payment_ppm", 300_000, 300_000)), TODAY)
    assert (report.cheapest_ppm, report.costliest_ppm) == (59_680, 166_338)


@pytest.mark.parametrize(
    ("as_of", "on_sale"),
    [(date(2026, 7, 31), False), (date(2026, 8, 1), True), (date(2026, 12, 31), True), (date(2027, 1, 1), False)],
)
def test_the_days_of_a_product(as_of, on_sale):
    assert check_product(one_variant("auto_nev", ("effective_to", "2026-12-31")), as_of).on_sale is on_sale
