"""Why a funder may not take an application: each reason a code and a sentence, every reason said.

Missing is not eligible: a criterion on a fact that is not known is a reason against, never one for.
"""

from collections.abc import Iterator, Mapping
from datetime import date
from typing import Any, NamedTuple

from puhui.funding.application import Application, Used, keys_of
from puhui.funding.definition_fields import Criterion, Funder
from puhui.funding.facts import PLAN_FACTS, fact_name, plan_facts
from puhui.funding.pricing import Offer
from puhui.kernel.language import Text
from puhui.kernel.money import format_minor
from puhui.kernel.places import within
from puhui.kernel.rates import PPM, format_rate
from puhui.rulebook.book import Rulebook
from puhui.rulebook.check import check
from puhui.rulebook.subject import Subject


class Reason(NamedTuple):
    """One reason: a code for programs, a sentence for people."""

    code: str
    text: Text

    def as_dict(self) -> dict[str, Any]:
        """Return it for JSON."""
        return {"code": self.code, "text": self.text._asdict()}


# --- what is known before any plan ------------------------------------------------------------------


def known_reasons(application: Application, funder: Funder, as_of: date, time_of_day: str) -> Iterator[Reason]:
    """Yield what stands against a funder before any plan is drawn up: days, time, place, product."""
    if as_of < funder.effective_from or (funder.effective_to is not None and as_of > funder.effective_to):
        yield Reason("not_in_force", Text("不在合作有效期内", "is outside the days it lends"))
    if funder.cut_off is not None and time_of_day >= funder.cut_off:
        zh = f"已过今日截止时间 {funder.cut_off}"
        yield Reason("cut_off", Text(zh, f"takes nothing after {funder.cut_off} today"))
    if application.product not in funder.products:
        yield Reason("product", Text("不承接该产品", "does not lend for this product"))
    if funder.regions and not any(within(application.region, region) for region in funder.regions):
        yield Reason("region", Text("不在其展业地区", "does not lend in this place"))


def offer_reasons(application: Application, funder: Funder, offer: Offer | None) -> Iterator[Reason]:
    """Yield what criteria, whitelist and rules say against it. Without an offer, facts of the plan are not asked."""
    planned = None if offer is None else plan_facts(offer.definition, offer.plan)
    yield from asked_reasons(funder, application.known(), planned)
    if offer is not None:
        for finding in offer.rules.failed:
            title = finding.title
            zh = f"规则 {finding.rule_id}（{title.zh}）不允许"
            yield Reason("rule", Text(zh, f"rule {finding.rule_id} ({title.en}) does not allow it"))


def asked_reasons(funder: Funder, known: Mapping[str, Any], planned: Mapping[str, Any] | None) -> Iterator[Reason]:
    """Yield what criteria and whitelist say of the facts known; `planned` None: facts of the plan are not asked."""
    facts = {**known, **(planned or {})}
    for criterion in funder.criteria:
        if planned is None and criterion.fact in PLAN_FACTS:
            continue
        reason = _criterion(criterion, facts)
        if reason is not None:
            yield reason
    if funder.whitelist is not None and (planned is not None or funder.whitelist.fact not in PLAN_FACTS):
        value, name = facts.get(funder.whitelist.fact), fact_name(funder.whitelist.fact)
        if value is None:
            yield _missing(funder.whitelist.fact)
        elif not _among(value, funder.whitelist.members):
            yield Reason("whitelist", Text(f"{name.zh} {value} 不在名单内", f"{name.en} {value} is not on its list"))


def _criterion(criterion: Criterion, facts: Mapping[str, Any]) -> Reason | None:
    value, name = facts.get(criterion.fact), fact_name(criterion.fact)
    if value is None:
        return _missing(criterion.fact)
    if criterion.among:
        if _among(value, criterion.among):
            return None
        known = ", ".join(map(str, criterion.among))
        return Reason("criterion", Text(f"{name.zh} {value}，要求 {known}", f"{name.en} {value}, must be of {known}"))
    if type(value) is not int:
        return Reason("criterion", Text(f"{name.zh} 不是整数", f"{name.en} is not a whole number"))
    show = _shown(criterion.fact)
    if criterion.min is not None and value < criterion.min:
        least = show(criterion.min)
        zh = f"{name.zh} {show(value)}，要求至少 {least}"
        return Reason("criterion", Text(zh, f"{name.en} {show(value)}, must be at least {least}"))
    if criterion.max is not None and value > criterion.max:
        most = show(criterion.max)
        zh = f"{name.zh} {show(value)}，要求不超过 {most}"
        return Reason("criterion", Text(zh, f"{name.en} {show(value)}, must be at most {most}"))
    return None


def _among(value: Any, listed: tuple[Any, ...]) -> bool:
    """Return whether a value is listed as what it is: true is not 1."""
    return any(type(value) is type(one) and value == one for one in listed)


def _shown(fact: str) -> Any:
    if fact.endswith("_minor"):
        return format_minor
    return format_rate if fact.endswith("_ppm") else str


def _missing(fact: str) -> Reason:
    name = fact_name(fact)
    return Reason("missing", Text(f"缺少{name.zh}（{fact}），无法判断", f"{name.en} ({fact}) is not known"))


# The lender's own ratios that joint lending moves; they are checked after this loan, as the lender says them.
JOINT_RATIOS = frozenset({"partner_balance_to_tier1_ppm", "joint_balance_to_loans_ppm"})


def joint_reasons(
    offer: Offer, funder: Funder, used: Used | None, as_of: date, book: Rulebook | None
) -> Iterator[Reason]:
    """Yield what the rules on the ratios of a joint lender say against it; a ratio that is not known stops it."""
    subject = Subject(funder.lender, (*offer.definition.tags, "joint"), moment="institution")
    facts = {} if used is None else used.institution
    for finding in check(subject, facts, as_of, rulebook=book).findings:
        read = {part.metric for part in finding.parts}
        if finding.stops and read & JOINT_RATIOS:
            title, lacks = finding.title, ", ".join(finding.missing)
            zh = f"规则 {finding.rule_id}（{title.zh}）" + (f"缺少 {lacks}" if lacks else "不允许")
            en = f"rule {finding.rule_id} ({title.en}) " + (f"lacks {lacks}" if lacks else "does not allow it")
            yield Reason("missing" if lacks else "rule", Text(zh, en))


# --- quotas and concentration -----------------------------------------------------------------------


def room_reasons(application: Application, party: Funder, amount_minor: int, used: Used | None) -> Iterator[Reason]:
    """Yield what quotas and concentration say against a party's share of a loan; not known is no room."""
    name = party.name
    if used is None:
        zh = f"{name.zh}已用额度未知"
        yield Reason("used_unknown", Text(zh, f"what {name.en} has used of its quotas is not known"))
        return
    quota = party.quota
    for code, room_minor, said in (
        ("quota_day", quota.day_minor - used.day_minor, Text("今日额度", "today's quota")),
        ("quota_total", quota.total_minor - used.total_minor, Text("总额度", "total quota")),
    ):
        if amount_minor > room_minor:
            yield _no_room(code, name, said, room_minor, amount_minor)
    if quota.day_loans is not None and used.day_loans >= quota.day_loans:
        zh = f"{name.zh}今日笔数已满（{quota.day_loans} 笔）"
        yield Reason("quota_loans", Text(zh, f"{name.en} has made its {quota.day_loans} loans of today"))
    keys = keys_of(application)
    for limit in party.concentration:
        key = keys[limit.by]
        if key is None:
            zh = f"缺少{_KINDS[limit.by].zh}，无法判断{name.zh}集中度"
            yield Reason("missing", Text(zh, f"{_KINDS[limit.by].en} is not known: concentration of {name.en}"))
            continue
        cap_minor = concentration_minor(party, limit.most_ppm)
        room_minor = cap_minor - used.concentrated.get(f"{limit.by}:{key}", 0)
        if amount_minor > room_minor:
            said = Text(f"{_KINDS[limit.by].zh} {key} 集中度额度", f"room for {_KINDS[limit.by].en} {key}")
            yield _no_room("concentration", name, said, room_minor, amount_minor)


def is_overdrawn(party: Funder, used: Used, places: Mapping[str, str]) -> bool:
    """Return whether more is lent than quotas and concentration allow. used: with the loan in question, that counts in
    `places` ("city": "4103"); a limit on a place that is not known is overdrawn.
    """
    quota = party.quota
    if used.day_minor > quota.day_minor or used.total_minor > quota.total_minor:
        return True
    if quota.day_loans is not None and used.day_loans > quota.day_loans:
        return True
    return any(
        limit.by not in places
        or used.concentrated.get(f"{limit.by}:{places[limit.by]}", 0) > concentration_minor(party, limit.most_ppm)
        for limit in party.concentration
    )


def concentration_minor(party: Funder, most_ppm: int) -> int:
    """Return the most that may lie with one of a kind: a part of the total quota, rounded down."""
    return party.quota.total_minor * most_ppm // PPM


def _no_room(code: str, name: Text, what: Text, room_minor: int, amount_minor: int) -> Reason:
    left, asked = format_minor(max(0, room_minor)), format_minor(amount_minor)
    return Reason(code, Text(f"{name.zh}{what.zh}剩 {left}，需 {asked}", f"{name.en}: {what.en} {left}, needs {asked}"))


_KINDS: dict[str, Text] = {
    "province": Text("省", "province"),
    "city": Text("市", "city"),
    "county": Text("县", "county"),
    "product": Text("产品", "product"),
    "segment": Text("客群", "segment"),
    "dealer": Text("经销商", "dealer"),
}
