"""Routing, in rows a banker can read: who may take an application, who is cheapest, who is next, and why."""

import pytest

from funding_example import FUNDER, JOINT, RATIOS, TODAY, application, by_id, changed, funder, market, used
from product_example import GONE
from puhui.funding.application import read_application, read_used
from puhui.funding.definition import CATALOGUE, funders_here, load_funders, own_funders, read_funder
from puhui.funding.pricing import shares_of
from puhui.funding.routing import chosen_or_refuse, route
from puhui.kernel.refusals import Refusal

FEE = {"name": "担保费", "payee": "guarantor", "collect": "at_disbursement", "rate_ppm": 15_000}
GUARANTEE = {"guarantor": "g", "cover_ppm": 800_000, "fees": [FEE]}


def routed(*funders, asked=None, refused=(), at="10:00", **use):
    return route(asked or application(), by_id(*funders), market(*funders, at=at, **use), refused)


def reasons(one, /, asked=None, at="10:00", **use):
    """Return the codes of what stands against one funder."""
    (verdict,) = routed(one, asked=asked, at=at, **use).verdicts
    return [] if verdict.eligible else [reason.code for reason in verdict.reasons]


# --- who is cheapest --------------------------------------------------------------------------------


def test_the_lowest_all_in_cost_wins_not_the_lowest_rate():
    low_rate = funder("low_rate", ("rate_ppm", 45_000), ("guarantee", GUARANTEE))
    plain = funder("plain", ("rate_ppm", 52_000))
    answer = routed(low_rate, plain)
    assert [verdict.funder.id for verdict in answer.order] == ["plain", "low_rate"]
    first, second = (verdict.offer.all_in.irr_x12_ppm for verdict in answer.order)
    # 5.2 % and 200 of registration against 4.5 %, 200 and 1.5 % at once.
    assert (first, second) == (53_394, 56_507)
    assert [reason.code for verdict in answer.order for reason in verdict.reasons] == ["cheapest", "dearer"]
    assert "0.3113" in answer.verdicts[1].reasons[0].text.zh


def test_a_tie_goes_by_the_id():
    assert routed(funder("b"), funder("a")).chosen.funder.id == "a"


def test_on_refusal_the_next_is_tried():
    funders = [funder(name, ("rate_ppm", rate)) for name, rate in (("a", 50_000), ("b", 51_000), ("c", 52_000))]
    answer = routed(*funders)
    assert answer.chosen.funder.id == "a"
    assert answer.next_after([]).funder.id == "a"
    assert answer.next_after(["a"]).funder.id == "b"
    assert answer.next_after(["a", "b"]).funder.id == "c"
    assert answer.next_after(["a", "b", "c"]) is None
    again = routed(*funders, refused=["a"])
    assert again.chosen.funder.id == "b"
    assert [verdict.outcome for verdict in again.verdicts] == ["chosen", "next", "refused"]


def test_every_funder_has_a_verdict_in_two_languages():
    funders = load_funders(CATALOGUE)
    answer = route(application(), funders, market(*funders.values()))
    assert {verdict.funder.id for verdict in answer.verdicts} == set(funders)
    for verdict in answer.verdicts:
        assert verdict.reasons
        assert all(reason.text.zh and reason.text.en for reason in verdict.reasons)
        assert verdict.as_dict()["outcome"] in ("chosen", "next", "refused", "not_eligible")


def test_nobody_left_is_refused_with_all_reasons():
    with pytest.raises(Refusal) as caught:
        chosen_or_refuse(
            routed(funder("a", ("regions", ["110000"])), funder("b", ("products", ["auto_nev"]), ("rate_ppm", 30_000)))
        )
    assert caught.value.code == "NO_FUNDER"
    assert "does not lend in this place" in caught.value.message("en")
    assert "不承接该产品" in caught.value.message("zh")


# --- who may take it --------------------------------------------------------------------------------

AGE = {"fact": "applicant.age_years", "min": 34, "max": 60}
SCORE = {"fact": "applicant.score", "min": 640}
# changes of the funder, changes of the application, what stands against it
ROWS = [
    ((), (), []),
    ((("effective_from", "2026-11-24"),), (), []),
    ((("effective_from", "2026-11-25"),), (), ["not_in_force"]),
    ((("effective_to", "2026-11-24"),), (), []),
    ((("effective_to", "2026-11-23"),), (), ["not_in_force"]),
    ((("regions", ["410300"]),), (), []),
    ((("regions", ["410323"]),), (), []),
    ((("regions", ["410325"]),), (), ["region"]),
    ((("regions", ["110000", "41"]),), (), []),
    ((("criteria", [AGE, SCORE]),), (), []),
    ((("criteria", [AGE]),), (("applicant.age_years", 33),), ["criterion"]),
    ((("criteria", [AGE]),), (("applicant.age_years", 60),), []),
    ((("criteria", [AGE]),), (("applicant.age_years", 61),), ["criterion"]),
    ((("criteria", [AGE]),), (("applicant.age_years", GONE),), ["missing"]),
    ((("criteria", [AGE]),), (("applicant.age_years", True),), ["criterion"]),
    ((("criteria", [AGE]),), (("applicant.age_years", "34"),), ["criterion"]),
    ((("criteria", [AGE, SCORE]),), (("applicant.age_years", 61), ("applicant.score", GONE)), ["criterion", "missing"]),
    ((("criteria", [{"fact": "loan.lent_minor", "max": 9_600_000}]),), (), []),
    ((("criteria", [{"fact": "loan.lent_minor", "max": 9_599_999}]),), (), ["criterion"]),
    ((("criteria", [{"fact": "loan.months", "max": 35}]),), (), ["criterion"]),
    ((("criteria", [{"fact": "product.line", "among": ["auto"]}]),), (), []),
    ((("criteria", [{"fact": "applicant.segment", "among": ["farmer"]}]),), (), ["criterion"]),
    ((("criteria", [{"fact": "applicant.married", "among": [True]}]),), (("applicant.married", 1),), ["criterion"]),
    ((("criteria", [{"fact": "applicant.level", "max": 5}]),), (("applicant.level", True),), ["criterion"]),
    ((("whitelist", {"fact": "loan.dealer", "members": ["dealer_xinan"]}),), (), []),
    ((("whitelist", {"fact": "loan.dealer", "members": ["other"]}),), (), ["whitelist"]),
    ((("whitelist", {"fact": "loan.dealer", "members": ["other"]}),), (("loan.dealer", GONE),), ["missing"]),
    ((), (("down_payment_ppm", 149_999),), ["terms"]),  # a county asks for 15 % down
    ((), (("instalments", 13),), ["terms"]),
    ((), (("segment", "supplier"),), ["terms"]),
]  # fmt: skip


@pytest.mark.parametrize(("funder_changes", "changes", "against"), ROWS)
def test_what_stands_against_a_funder(funder_changes, changes, against):
    assert reasons(funder("one", *funder_changes), application(*changes)) == against


@pytest.mark.parametrize(
    ("at", "against"), [("16:29", []), ("16:30", ["cut_off"]), ("23:59", ["cut_off"]), ("00:00", [])]
)
def test_the_cut_off_is_the_first_minute_that_is_too_late(at, against):
    assert reasons(funder("one", ("cut_off", "16:30")), at=at) == against


# what is used of a quota of 10,000,000.00 a day, 100,000,000.00 in all; 96,000.00 are lent
QUOTAS = [
    (used(day_minor=10**9 - 9_600_000), []),
    (used(day_minor=10**9 - 9_599_999), ["quota_day"]),
    (used(total_minor=10**10 - 9_600_000), []),
    (used(total_minor=10**10 - 9_599_999), ["quota_total"]),
    (used(day_loans=9), []),
    (used(day_loans=10), ["quota_loans"]),
    (used(concentrated={"dealer:dealer_xinan": 10**9 - 9_600_000}), []),
    (used(concentrated={"dealer:dealer_xinan": 10**9 - 9_599_999}), ["concentration"]),
    (used(concentrated={"dealer:other": 10**9}), []),
    (None, ["used_unknown"]),
]


@pytest.mark.parametrize(("use", "against"), QUOTAS)
def test_quotas_and_concentration_to_the_fen(use, against):
    limits = (("quota.day_loans", 10), ("concentration", [{"by": "dealer", "most_ppm": 100_000}]))
    assert reasons(funder("one", *limits), one=use) == against


@pytest.mark.parametrize(
    ("by", "key"),
    [("province", "41"), ("city", "4103"), ("county", "410323"), ("product", "auto_new"), ("segment", "wage_earner")],
)
def test_each_kind_of_concentration_has_its_key(by, key):
    limit = funder("one", ("concentration", [{"by": by, "most_ppm": 1}]))
    assert reasons(limit, one=used()) == ["concentration"]
    wide = funder("one", ("concentration", [{"by": by, "most_ppm": 1_000_000}]))
    assert reasons(wide, one=used(concentrated={f"{by}:{key}": 10**10 - 9_600_000})) == []
    assert reasons(wide, one=used(concentrated={f"{by}:{key}": 10**10 - 9_599_999})) == ["concentration"]


def test_an_unknown_county_or_dealer_is_not_eligible_where_it_counts():
    county = funder("one", ("concentration", [{"by": "county", "most_ppm": 1_000_000}]))
    assert reasons(county, application(("region", "410300"))) == ["missing"]
    dealer = funder("one", ("concentration", [{"by": "dealer", "most_ppm": 1_000_000}]))
    assert reasons(dealer, application(("loan.dealer", GONE))) == ["missing"]


# --- joint lending ----------------------------------------------------------------------------------

# lent, partner's share, what each funds
SHARES = [
    (9_600_000, 300_000, (6_720_000, 2_880_000)),
    (100_001, 300_000, (70_000, 30_001)),  # the partner's is rounded up: never below 30 %
    (1, 300_000, (0, 1)),
    (10**12, 333_333, (666_667_000_000, 333_333_000_000)),
]


@pytest.mark.parametrize(("lent_minor", "share_ppm", "parts"), SHARES)
def test_shares_add_up(lent_minor, share_ppm, parts):
    one = funder("one", ("joint", {"partner": "partner", "partner_share_ppm": share_ppm}))
    shares = shares_of(one, lent_minor)
    assert tuple(share.amount_minor for share in shares) == parts
    assert [share.party for share in shares] == ["one", "partner"]


@pytest.mark.parametrize(("share_ppm", "against"), [(300_000, []), (299_999, ["rule"]), (700_000, [])])
def test_the_partner_funds_at_least_thirty_per_cent(share_ppm, against):
    one = funder("one", *JOINT, ("joint.partner_share_ppm", share_ppm))
    assert reasons(one, one=used(institution=RATIOS)) == against


@pytest.mark.parametrize(
    ("ratios", "against"),
    [
        ({"partner_balance_to_tier1_ppm": 250_000, "joint_balance_to_loans_ppm": 500_000}, []),
        ({"partner_balance_to_tier1_ppm": 250_001, "joint_balance_to_loans_ppm": 500_000}, ["rule"]),
        ({"partner_balance_to_tier1_ppm": 250_000, "joint_balance_to_loans_ppm": 500_001}, ["rule"]),
        ({"partner_balance_to_tier1_ppm": 250_000}, ["missing"]),
        ({}, ["missing", "missing"]),
    ],
)
def test_the_ratios_of_joint_lending(ratios, against):
    assert reasons(funder("one", *JOINT), one=used(institution=ratios)) == against


def test_a_partner_among_the_funders_has_quotas_of_its_own():
    one, partner = funder("one", *JOINT), funder("partner", ("rate_ppm", 60_000))
    ratios = used(institution=RATIOS)
    # The partner's 30 % of 96,000 are 28,800.
    room = routed(one, partner, one=ratios, partner=used(day_minor=10**9 - 2_880_000))
    assert room.chosen.funder.id == "one"
    none = routed(one, partner, one=ratios, partner=used(day_minor=10**9 - 2_879_999))
    verdict = next(verdict for verdict in none.verdicts if verdict.funder.id == "one")
    assert [reason.code for reason in verdict.reasons] == ["quota_day"]


# --- definitions ------------------------------------------------------------------------------------

WRONG = [
    (("id", "A"), "id"),
    (("lender", "nobody"), "lender"),
    (("lender", "factor"), "products.0"),  # factors do not lend for cars
    (("products", []), "products"),
    (("products", ["nothing"]), "products.0"),
    (("regions", ["999999"]), "regions"),
    (("effective_to", "2025-12-31"), "effective_to"),
    (("rate_ppm", 88_001), "rate_ppm"),
    (("rate_ppm", "5%"), "rate_ppm"),
    (("rates_ppm", {"auto_nev": 30_000}), "rates_ppm"),
    (("criteria", [{"fact": "loan.colour", "min": 1}]), "criteria.0.fact"),
    (("criteria", [{"fact": "applicant.score"}]), "criteria.0.among"),
    (("criteria", [{"fact": "applicant.score", "min": 1, "among": [1]}]), "criteria.0.among"),
    (("criteria", [{"fact": "applicant.score", "min": 2, "max": 1}]), "criteria.0.min"),
    (("whitelist", {"fact": "loan.dealer", "members": []}), "whitelist.members"),
    (("guarantee", {**GUARANTEE, "fees": [{**FEE, "payee": "platform"}]}), "guarantee.fees.0.payee"),
    (("joint", {"partner": "one", "partner_share_ppm": 300_000}), "joint.partner"),
    (("joint", {"partner": "p", "partner_share_ppm": 1_000_000}), "joint.partner_share_ppm"),
    (("quota.day_minor", 10**10 + 1), "quota.day_minor"),
    (("quota", GONE), "quota"),
    (("concentration", [{"by": "city", "most_ppm": 1}, {"by": "city", "most_ppm": 2}]), "concentration"),
    (("cut_off", "24:00"), "cut_off"),
    (("practices", {"irr_x12_ppm": 1}), "practices.irr_x12_ppm"),
    (("practices", {"signing_host": "NOBODY"}), "signing_host"),
    (("colour", "red"), "colour"),
]  # fmt: skip


@pytest.mark.parametrize(("change", "field"), WRONG)
def test_a_wrong_definition_is_refused_naming_the_field(change, field):
    with pytest.raises(Refusal) as caught:
        read_funder(changed(FUNDER, change), "wrong.yaml")
    assert caught.value.code == "FUNDER_INVALID"
    assert field in caught.value.fields
    assert "wrong.yaml" in caught.value.message("zh")


def test_the_house_has_its_own_funders_in_place_of_the_examples(tmp_path, monkeypatch):
    monkeypatch.setenv("PUHUI_HOME", str(tmp_path))
    assert own_funders() == {}
    assert set(funders_here()) == {"demo_auto_finance", "demo_joint_bank", "demo_rural_coop"}
    folder = tmp_path / "funders"
    folder.mkdir()
    text = (CATALOGUE / "demo_rural_coop.yaml").read_text(encoding="utf-8")
    folder.joinpath("ours.yaml").write_text(text.replace("rate_ppm: 45000", "rate_ppm: 39000"), encoding="utf-8")
    assert funders_here()["demo_rural_coop"].rate_ppm == 39_000
    assert funders_here() == own_funders()
    assert len(funders_here()) == 1
    folder.joinpath("twice.yaml").write_text(text, encoding="utf-8")
    with pytest.raises(Refusal, match="used twice"):
        funders_here()


@pytest.mark.parametrize(
    ("change", "code"),
    [
        (("principal_minor", 0), "INPUT_INVALID"),
        (("applicant.age_years", 34.5), "INPUT_INVALID"),
        (("facts", {"ltv_ppm": 1}), "INPUT_INVALID"),
        (("region", "999999"), "PLACE_UNKNOWN"),
        (("colour", "red"), "INPUT_INVALID"),
    ],
)
def test_bad_applications_are_refused(change, code):
    with pytest.raises(Refusal) as caught:
        application(change)
    assert caught.value.code == code


def test_a_product_that_nobody_knows_is_refused():
    with pytest.raises(Refusal) as caught:
        routed(funder(), asked=application(("product", "nothing")))
    assert caught.value.code == "PRODUCT_UNKNOWN"


def test_a_whole_day_is_read_from_files():
    assert (
        read_application({**application().model_dump(mode="json"), "disbursed_on": "2026-11-24"}).disbursed_on == TODAY
    )
    assert read_used({"used": {"one": {"day_minor": 1, "day_loans": 2, "total_minor": 3}}})["one"].total_minor == 3
    with pytest.raises(Refusal):
        read_used({"used": {"one": {"day_minor": 1, "total_minor": 3}}})
