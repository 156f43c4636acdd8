"""What changed in law between two days, and which proposals it touches."""

from datetime import date

import pytest

from puhui.kernel.refusals import Refusal
from puhui.rulebook.diff import Item, affected, diff
from puhui.rulebook.subject import Subject


def day(text):
    return date.fromisoformat(text)


CHANGES = [
    ("2025-09-29", "2025-09-30", ""),
    ("2025-10-01", "2025-10-01", ""),
    (
        "2025-09-30",
        "2025-10-01",
        "+CAP.FACILITATION.24 +FACILITATION.NO_PLATFORM_FEE +FACILITATION.WHITELIST",
    ),
    (
        "2024-04-02",
        "2024-04-03",
        "+AUTO.LTV.SELF +AUTO.PREPAY.TRADEIN -AUTO.LTV.SELF.ICE.OLD -AUTO.LTV.SELF.NEV.OLD",
    ),
    (
        "2025-12-31",
        "2026-01-01",
        "+AML.CDD.ONEOFF +CR.REPAIR.ONCE +SUB.CONS.2026 -CLS.LEGACY -SUB.CONS.2025 ~SUB.SERVICE",
    ),
    (
        "2025-02-28",
        "2025-03-01",
        "+IL.CONSUMER.LIMIT.TEMP +PL.CONSUMER.TENOR.TEMP aIL.CONSUMER.LIMIT aPL.CONSUMER.TENOR ~PL.PAY.CONSUMER",
    ),
    ("2024-10-20", "2024-10-21", "~CAP.PRIVATE.4LPR ~CAP.PRIVATE.COMPOUND ~CAP.PRIVATE.OVERDUE"),
    ("2026-12-31", "2027-01-01", "-SUB.CONS.2026 -SUB.SERVICE"),
]
SIGNS = {"starts": "+", "ends": "-", "limit": "~", "superseded": "a", "restored": "r"}


@pytest.mark.parametrize(("from_on", "to_on", "changes"), CHANGES)
def test_changes(from_on, to_on, changes):
    found = diff(day(from_on), day(to_on))
    assert sorted(SIGNS[change.kind] + change.rule.id for change in found.rules) == sorted(changes.split())


def test_values_are_shown_before_and_after():
    found = diff(day("2025-05-19"), day("2025-05-20"))
    (series,) = found.series
    assert series.as_dict() == {
        "series": "lpr_1y",
        "title": {"zh": "贷款市场报价利率（LPR）1年期", "en": "Loan prime rate (LPR), one year"},
        "before_ppm": 31_000,
        "after_ppm": 30_000,
    }
    limits = {c.rule.id: (c.metric, c.before, c.after) for c in found.rules}
    assert limits["CAP.PRIVATE.4LPR"] == ("contract_rate_ppm", 124_000, 120_000)


def test_a_rule_put_aside_names_the_other():
    found = diff(day("2025-02-28"), day("2025-03-01"))
    aside = next(change for change in found.rules if change.kind == "superseded")
    assert aside.as_dict()["by"] == ["IL.CONSUMER.LIMIT.TEMP"]


def test_days_in_the_wrong_order_are_refused():
    with pytest.raises(Refusal) as refused:
        diff(day("2025-10-02"), day("2025-10-01"))
    assert refused.value.code == "DAYS_REVERSED"


PLATFORM = Subject("platform", ("facilitated",), moment="product")
PRIVATE = Subject("private_lender", ("personal_loan",), moment="product")


def cost(ppm):
    return dict.fromkeys(("irr_x12_ppm", "effective_ppm", "xirr_365_ppm"), ppm) | {"platform_fee_minor": 0}


def test_which_offers_a_cap_touches():
    items = [
        Item("cheap", PLATFORM, cost(240_000), "12 months"),
        Item("dear", PLATFORM, cost(240_001), "24 months"),
        Item("card", Subject("bank", ("credit_card",), moment="loan"), {}),
    ]
    cheap, dear = affected(diff(day("2025-09-30"), day("2025-10-01")), items)
    assert (cheap.item.name, cheap.ok_before, cheap.ok_after) == ("cheap", True, True)
    assert dear.as_dict() == {
        "name": "dear",
        "offer": "24 months",
        "ok_before": True,
        "ok_after": False,
        "moved": [
            {"rule": "CAP.FACILITATION.24", "before": None, "after": "broken"},
            {"rule": "FACILITATION.NO_PLATFORM_FEE", "before": None, "after": "passed"},
        ],
    }


@pytest.mark.parametrize(
    ("rate_ppm", "touched"), [(120_000, False), (120_001, True), (124_000, True), (124_001, False)]
)
def test_a_proposal_is_signed_on_the_day_it_is_tried(rate_ppm, touched):
    """The cap fell from 12.4 % to 12 %: only what lies between is touched, whatever day the item was made for."""
    facts = {"contract_on": day("2020-08-20"), "contract_rate_ppm": rate_ppm, "prededucted_interest_minor": 0}
    facts |= {
        "late_total_annual_ppm": 0,
        "compound_simple_rate_ppm": 0,
        "principal_minor": 1,
        "amount_received_minor": 1,
    }
    found = affected(diff(day("2025-05-19"), day("2025-05-20")), [Item("loan", PRIVATE, facts)])
    assert [item.moved for item in found] == ([(("CAP.PRIVATE.4LPR", "passed", "broken"),)] if touched else [])


def test_a_rule_made_hard_counts():
    """A small-loan company's 4 x LPR of 2027-12-31 is only a warning until the lender makes it hard."""
    subject = Subject("small_loan", ("personal_consumer",), moment="product")
    items = [Item("dear", subject, {**cost(200_000), "contract_on": day("2027-12-31")})]
    difference = diff(day("2027-12-30"), day("2027-12-31"))
    (mild,) = affected(difference, items)
    (strict,) = affected(difference, items, hard=["CAP.MCC.4LPR.2027"])
    assert ("CAP.MCC.4LPR.2027", None, "warned") in mild.moved
    assert ("CAP.MCC.4LPR.2027", None, "broken") in strict.moved


def test_a_rule_applies_again_when_the_temporary_one_ends(tmp_path):
    from test_rulebook_loader import book_of, rule

    mild = rule(id="A.TEMP", effective_from="2024-03-01", effective_to="2024-03-31", supersedes=["A.RULE"])
    book = book_of(tmp_path, rule(), mild)
    found = diff(day("2024-03-31"), day("2024-04-01"), book)
    assert [(change.kind, change.rule.id, change.by) for change in found.rules] == [
        ("restored", "A.RULE", ("A.TEMP",)),
        ("ends", "A.TEMP", ()),
    ]


def test_a_rule_that_ends_is_a_move_even_for_an_offer_that_passed_it():
    subject = Subject("bank", ("auto_new", "auto_own_use"), moment="product")
    (found,) = affected(diff(day("2024-04-02"), day("2024-04-03")), [Item("car", subject, {"ltv_ppm": 800_000})])
    assert ("AUTO.LTV.SELF.ICE.OLD", "passed", None) in found.moved
    assert ("AUTO.LTV.SELF", None, "passed") in found.moved
