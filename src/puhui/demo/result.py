"""What came of the demonstration, in figures: plain JSON, for the page, the terminal and machines."""

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from typing import Any

import polars as pl

from puhui.credit.county import County
from puhui.credit.fairness import fairness_of
from puhui.credit.policy.reasons import reasons
from puhui.demo.run import Played, Told
from puhui.demo.story import INSTITUTION, Story
from puhui.products.flat import translate

OUTCOMES = ("approve", "refer", "decline")
GROUPS = ("age", "sex", "township")
MOST_REASONS = 10
NS_A_MS = 1_000_000


def result_of(
    story: Story, county: County, models: Sequence[Mapping[str, Any]], played: Played, night: Mapping[str, Any]
) -> dict[str, Any]:
    """Return the figures: amounts in minor units, rates in ppm. True risk: what nobody observes."""
    truth = dict(zip(county.truth["application"].to_list(), county.truth["pd_ppm"].to_list(), strict=True))
    told = played.told
    return {
        "simulated": True,
        "institution": INSTITUTION,
        "story": {"people": story.people, "applications": story.applications, "seed": story.seed},
        "county": {
            "place": county.setting.county,
            "parties": county.parties.height,
            "events": county.events.height,
            "past_loans": county.history.height,
            "dealers": county.dealers.height,
        },
        "models": [dict(each) for each in models],
        "decisions": _decisions(told, truth),
        "reasons": _reasons(told),
        "offers": _offers(told),
        "auto": _auto(told),
        "fairness": _fairness(told, county),
        "servicing": {
            "nights": len(played.nights),
            "from": played.nights[0].isoformat(),
            "through": played.nights[-1].isoformat(),
            "payments": len(played.payments.received_minor),
            "paid_minor": sum(played.payments.received_minor),
        },
        "night": dict(night),
        "try": _to_try(told),
    }


def _decisions(told: Sequence[Told], truth: Mapping[str, int]) -> dict[str, Any]:
    """Return outcomes in all and by purpose; of each the mean chance of default, as scored and as it truly is."""
    took = sorted(each.took_ns for each in told)
    scored = [each for each in told if each.decided.judgement.draft.score]
    groups = {outcome: [each for each in told if each.decided.decision.outcome == outcome] for outcome in OUTCOMES}
    purposes = sorted({each.row["purpose"] for each in told})
    return {
        "count": len(told),
        "outcomes": {name: _risk(group, truth) for name, group in groups.items()},
        "purposes": {
            purpose: {name: sum(each.row["purpose"] == purpose for each in group) for name, group in groups.items()}
            for purpose in purposes
        },
        "rank_correlation": _order(scored, truth),
        "took_ms": {"p50": took[len(took) // 2] / NS_A_MS, "p99": took[len(took) * 99 // 100] / NS_A_MS},
    }


def _risk(group: Sequence[Told], truth: Mapping[str, int]) -> dict[str, Any]:
    scores = [each.decided.judgement.draft.score.pd_ppm for each in group if each.decided.judgement.draft.score]
    return {
        "count": len(group),
        "scored_pd_ppm": _mean(scores),
        "true_pd_ppm": _mean([truth[each.row["application"]] for each in group]),
    }


def _order(scored: Sequence[Told], truth: Mapping[str, int]) -> float | None:
    """Return the rank correlation of the scored with the true risk."""
    said = [each.decided.judgement.draft.score.pd_ppm for each in scored if each.decided.judgement.draft.score]
    true = [truth[each.row["application"]] for each in scored]
    found = pl.DataFrame({"said": said, "true": true}).select(pl.corr("said", "true", method="spearman")).item()
    return round(float(found), 4) if found is not None and found == found else None


def _reasons(told: Sequence[Told]) -> list[dict[str, Any]]:
    counted = Counter(code for each in told for code in each.decided.judgement.reasons)
    # What is told to all alike; some reasons are told to each with his own figures only.
    words = {code: text for each in told for code, text in each.decided.judgement.words()}
    words |= {code: reason.text for code, reason in reasons().items()}
    return [
        {"code": code, "count": count, "text": words[code]._asdict()}
        for code, count in counted.most_common(MOST_REASONS)
    ]


def _offers(told: Sequence[Told]) -> dict[str, Any]:
    taken = [each.taken for each in told if each.taken]
    lent = Counter[str]()
    loans = Counter[str]()
    for offer in taken:
        lent[offer.summary["funder"]] += offer.summary["lent_minor"]
        loans[offer.summary["funder"]] += 1
    titles = {offer.summary["funder"]: offer.summary["funder_title"] for offer in taken}
    return {
        "made": sum(len(each.decided.offers) for each in told),
        "taken": len(taken),
        "lent_minor": sum(lent.values()),
        "annual_cost_ppm": _mean([offer.summary["annual_cost"]["irr_x12_ppm"] for offer in taken]),
        "funders": [
            {"funder": name, "title": titles[name], "loans": loans[name], "lent_minor": lent[name]}
            for name in sorted(lent, key=lambda name: -lent[name])
        ],
        "products": Counter(offer.summary["product"] for offer in taken),
    }


def _auto(told: Sequence[Told]) -> dict[str, Any]:
    """Return one buyer of a car, of most funders: what the dealer advertised, what that truly costs, the offers."""
    buyers = [each for each in told if each.row["vehicle"] and each.loan]
    if not buyers:
        return {}
    best = max(buyers, key=lambda each: (len(_funders(each)), len(each.decided.offers), each.row["application"]))
    row = best.row
    true = translate(row["advertised_flat_ppm"], row["term_months"])
    return {
        "dealer": row["dealer"],
        "vehicle": row["vehicle_name"],
        "price_minor": row["price_minor"],
        "down_payment_minor": row["down_payment_minor"],
        "instalment_wish_minor": row["instalment_wish_minor"],
        "months": row["term_months"],
        "advertised_flat_ppm": row["advertised_flat_ppm"],
        "advertised_true_ppm": true.irr_x12_ppm,
        "decision": best.decided.decision.id,
        "loan": best.loan,
        "offers": [
            {**offer.summary, "id": offer.id, "taken": best.taken is not None and offer.id == best.taken.id}
            for offer in best.decided.offers
        ],
    }


def _funders(told: Told) -> set[str]:
    return {offer.summary["funder"] for offer in told.decided.offers}


def _fairness(told: Sequence[Told], county: County) -> list[dict[str, Any]]:
    """Return whom the decisions passed, by group; what would have turned bad the county knows of all."""
    rows = pl.DataFrame([{name: each.row[name] for name in ("application", *GROUPS)} for each in told])
    rows = rows.join(county.truth.select("application", "defaults"), on="application", maintain_order="left")
    outcome = pl.Series("outcome", [each.decided.decision.outcome for each in told])
    lines = fairness_of(outcome, rows.select(GROUPS), rows["defaults"].cast(pl.Int8))
    return [line.as_dict() for line in lines]


def _to_try(told: Iterable[Told]) -> dict[str, str]:
    """Return one decision of each outcome, and one loan: what commands can be tried on."""
    found: dict[str, str] = {}
    for each in told:
        found.setdefault(each.decided.decision.outcome, each.decided.decision.id)
        if each.loan:
            found.setdefault("loan", each.loan)
    return found


def _mean(values: Sequence[int]) -> int | None:
    return sum(values) // len(values) if values else None
