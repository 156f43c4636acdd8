"""Laws of routing for all applications: shares add up, missing never helps, the cheapest comes first."""

from hypothesis import given, settings
from hypothesis import strategies as st

from funding_example import JOINT, RATIOS, application, by_id, funder, market, used
from puhui.funding.pricing import shares_of
from puhui.funding.routing import route

CRITERIA = [
    {"fact": "applicant.age_years", "min": 20, "max": 60},
    {"fact": "applicant.score", "min": 600},
    {"fact": "applicant.pd_ppm", "max": 50_000},
    {"fact": "loan.dealer", "among": ["dealer_xinan"]},
]
GIVEN = {
    "applicant.age_years": st.integers(15, 70),
    "applicant.score": st.integers(550, 700),
    "applicant.pd_ppm": st.integers(0, 100_000),
    "loan.dealer": st.sampled_from(["dealer_xinan", "other"]),
}
LISTED = ("whitelist", {"fact": "loan.dealer", "members": ["other"]})
SPREAD = ("concentration", [{"by": "dealer", "most_ppm": 10_000}])
FUNDERS = (
    funder("plain", ("criteria", CRITERIA)),
    funder("picky", ("rate_ppm", 45_000), ("criteria", CRITERIA[:2]), LISTED),
    funder("joint", *JOINT, ("rate_ppm", 48_000), ("criteria", CRITERIA[1:3]), SPREAD),
)


@st.composite
def asked(draw):
    """Return an application and the facts it says."""
    said = {name: draw(values) for name, values in GIVEN.items() if draw(st.booleans())}
    changes = [("applicant", {}), ("loan", {}), *said.items()]
    changes.append(("principal_minor", draw(st.integers(3_000_000, 30_000_000))))
    return application(*changes), said


def eligible(one, **use):
    known = market(*FUNDERS, joint=used(institution=RATIOS), **use)
    return route(one, by_id(*FUNDERS), known)


@settings(max_examples=25, deadline=None)
@given(asked(), st.sampled_from(sorted(GIVEN)))
def test_taking_a_fact_away_never_makes_anybody_eligible(given_one, gone):
    one, _ = given_one
    group, name = gone.split(".")
    less = one.model_copy(update={group: {key: value for key, value in getattr(one, group).items() if key != name}})
    before = {verdict.funder.id for verdict in eligible(one).order}
    after = {verdict.funder.id for verdict in eligible(less).order}
    assert after <= before


@settings(max_examples=25, deadline=None)
@given(asked())
def test_the_order_is_by_cost_and_next_after_follows_it(given_one):
    answer = eligible(given_one[0])
    assert len(answer.verdicts) == len(FUNDERS)
    costs = [verdict.offer.all_in.irr_x12_ppm for verdict in answer.order]
    assert costs == sorted(costs)
    refused = []
    while (following := answer.next_after(refused)) is not None:
        assert following is answer.order[len(refused)]
        refused.append(following.funder.id)
    assert len(refused) == len(answer.order)
    for verdict in answer.order:
        assert sum(share.amount_minor for share in verdict.offer.shares) == verdict.offer.lent_minor
        assert not verdict.offer.rules.failed


@given(st.integers(1, 10**12), st.integers(1, 999_999))
def test_shares_add_up_and_the_partner_is_never_below_its_share(lent_minor, share_ppm):
    one = FUNDERS[2].model_copy(update={"joint": FUNDERS[2].joint.model_copy(update={"partner_share_ppm": share_ppm})})
    own, partner = shares_of(one, lent_minor)
    assert own.amount_minor + partner.amount_minor == lent_minor
    assert partner.amount_minor * 1_000_000 >= lent_minor * share_ppm
    assert partner.share_ppm >= share_ppm
    assert own.amount_minor >= 0


@settings(max_examples=25, deadline=None)
@given(asked(), st.integers(0, 10**9), st.integers(0, 10**10))
def test_using_more_never_makes_anybody_eligible(given_one, day_minor, total_minor):
    one, _ = given_one
    more = used(day_minor, 0, total_minor, institution=RATIOS)
    less = {verdict.funder.id for verdict in eligible(one).order}
    after = {verdict.funder.id for verdict in eligible(one, plain=more, picky=more).order}
    assert after <= less
