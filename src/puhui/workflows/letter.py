"""The letter to the person whom a decision is about: what was decided, why, what would change it, and their rights.

Plain words, no scores, nothing that says who the person is beyond the numbers of application and decision.
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Annotated, Any, Final, NamedTuple

from pydantic import Field

from puhui.credit.features.catalogue import FAMILIES, FEATURES
from puhui.credit.levers import Change
from puhui.credit.policy.reasons import reason_of
from puhui.credit.reasons import MOST_REASONS
from puhui.kernel.clock import business_date
from puhui.kernel.facts import Fact
from puhui.kernel.home import home
from puhui.kernel.inputs import Record, parse
from puhui.kernel.language import Text
from puhui.kernel.money import format_minor
from puhui.kernel.rates import format_rate
from puhui.rulebook.files import read_yaml
from puhui.rulebook.loader import default_rulebook
from puhui.rulebook.rule import Words
from puhui.workflows.decisions import Decision, Offer

CONTACTS = "contacts.yaml"
EXPLAIN: Final = "PIPL.AUTO.EXPLAIN"
Line = Annotated[str, Field(min_length=1, max_length=200)]


class Contact(Record):
    """How people reach an institution, as its own file in the home folder says."""

    institution: Line
    name: Words
    phone: Line
    address: Line = ""


class ContactsFile(Record):
    """The file."""

    contacts: list[Contact] = Field(min_length=1)


def contact_of(institution: str) -> Contact | None:
    """Return how an institution is reached, None where its file does not say; refuse INPUT_INVALID."""
    path = home().joinpath(CONTACTS)
    if not path.is_file():
        return None
    found = parse(ContactsFile, read_yaml(path), CONTACTS).contacts
    return next((contact for contact in found if contact.institution == institution), None)


class Section(NamedTuple):
    """A part of the letter: its title, its lines; `listed`: they are numbered."""

    title: Text
    lines: tuple[Text, ...]
    listed: bool = False


@dataclass(frozen=True, slots=True)
class Letter:
    """The letter: facts at its head, what was decided, and its sections."""

    facts: tuple[tuple[Text, Text], ...]
    outcome: Text
    sections: tuple[Section, ...]

    def as_dict(self) -> dict[str, Any]:
        """Return the letter for JSON."""
        return {
            "facts": [{"name": name._asdict(), "value": value._asdict()} for name, value in self.facts],
            "outcome": self.outcome._asdict(),
            "sections": [
                {"title": title._asdict(), "lines": [line._asdict() for line in lines]}
                for title, lines, _ in self.sections
            ],
        }


TITLE = Text("信贷申请结果通知", "The result of your application for credit")
_OUTCOMES: Final = {
    "approve": Text("您的申请已获批准。", "Your application is approved."),
    "refer": Text(
        "您的申请需要人工审核，目前没有被拒绝。工作人员会继续处理。",
        "A person will look at your application. It has not been refused.",
    ),
    "decline": Text("很抱歉，这次申请没有获批。", "We are sorry: your application is not approved this time."),
}
_NO_CHANGE = Text(
    "在您近期可以做到的调整中，我们没有找到能改变本次结果的办法。您仍可以要求人工复核。",
    "Among what you could do soon we found nothing that changes the result. You may still ask for a person.",
)
_NOT_USED = Text(
    "我们没有使用您的性别、民族、宗教信仰或健康信息。",
    "We did not use your sex, ethnicity, belief or health.",
)
_TOLD: Final = frozenset({"dossier"})
_STATED = Text("您在申请中填写的信息和身份等核验结果", "what you wrote in the application, and checks such as identity")


def letter_of(
    decision: Decision,
    record: Mapping[str, Any],
    change: Change | None,
    *,
    offers: Sequence[Offer] = (),
    dossiers: Iterable[Fact] = (),
    contact: Contact | None = None,
) -> Letter:
    """Return the letter of a decision. dossiers: the facts of the party that say what sources told, and when."""
    day = business_date(decision.decided_at)
    name = Text(contact.name.zh, contact.name.en) if contact else Text(decision.institution, decision.institution)
    facts = (
        (Text("机构", "Institution"), name),
        (Text("决定日期", "Decided on"), _same(day.isoformat())),
        (Text("申请编号", "Application"), _same(decision.application)),
        (Text("决定编号", "Decision"), _same(decision.id)),
    )
    sections = [
        *_reasons(record),
        *_change(decision, change),
        *_offers(offers),
        _data(decision, record, dossiers),
        _rights(decision, contact),
    ]
    return Letter(facts, _OUTCOMES[decision.outcome], tuple(sections))


def _reasons(record: Mapping[str, Any]) -> list[Section]:
    """Return the reasons; of an approval what made it dearer, in the words for people."""
    if record["outcome"] != "approve":
        lines = [Text(reason["zh"], reason["en"]) for reason in record["reasons"]]
        return [Section(Text("主要原因", "The main reasons"), tuple(lines), listed=True)]
    codes = dict.fromkeys(reason["code"] for reason in record.get("model_reasons", []))
    lines = [reason_of(code).text for code in codes][:MOST_REASONS]
    title = Text("对价格不利的因素", "What made the price higher")
    return [Section(title, tuple(lines), listed=True)] if lines else []


def _change(decision: Decision, change: Change | None) -> list[Section]:
    if decision.outcome == "approve":
        return []
    lines = [_NO_CHANGE]
    if change is not None:
        note = Text(
            "这是按本次规则重新计算核实过的一种办法，其他条件不变；再次申请时会按当时的情况重新评估。",
            "We checked this by deciding again, all else unchanged; a new application is judged as things are then.",
        )
        lines = [change.text, note]
    return [Section(Text("怎样可以改变结果", "What would change the result"), tuple(lines))]


def _offers(offers: Sequence[Offer]) -> list[Section]:
    offers = [offer for offer in offers if offer.status == "open"]
    if not offers:
        return []
    lines = [_offer(offer) for offer in offers]
    last = min(offer.expires_on for offer in offers).isoformat()
    title = Text(f"可选方案（{last} 及以前接受有效）", f"Your choices, to be taken by {last}")
    return [Section(title, tuple(lines), listed=True)]


def _offer(offer: Offer) -> Text:
    """Return an offer in a line: what is lent, for how long, the most in a month, all costs, the true annual cost."""
    shown = offer.summary
    lent, most, cost = (format_minor(shown[f"{name}_minor"]) for name in ("lent", "most_in_a_month", "total_cost"))
    annual, title = format_rate(shown["annual_cost"]["irr_x12_ppm"]), shown["product_title"]
    return Text(
        f"{title['zh']}：贷款 {lent} 元，{shown['months']} 个月，每月最多还 {most} 元，"
        f"全部费用 {cost} 元，年化综合成本 {annual}",
        f"{title['en']}: {lent} yuan over {shown['months']} months, at most {most} yuan a month, "
        f"{cost} yuan in all costs, {annual} a year",
    )


def _data(decision: Decision, record: Mapping[str, Any], dossiers: Iterable[Fact]) -> Section:
    """Return what data was used: the families that had something to tell, and where it came from."""
    told = [name for name, value in record["features"].items() if value is not None and name in FEATURES]
    families = [FAMILIES[family][0] for family in dict.fromkeys(FEATURES[name].family for name in told)]
    kinds = [*families, _STATED]
    came = [fact for fact in dossiers if fact.kind in _TOLD and fact.recorded_at <= decision.decided_at]
    sources = [f"{fact.body['source']}（{business_date(fact.recorded_at).isoformat()}）" for fact in came]
    lines = [
        Text(
            "使用的信息：" + "、".join(kind.zh for kind in kinds) + "。",
            "Used: " + "; ".join(kind.en for kind in kinds) + ".",
        ),
        Text(
            "信息来源：" + "、".join([*sources, "您本人"]) + "。",
            "From: " + ", ".join([*sources, "yourself"]).replace("（", " (").replace("）", ")") + ".",
        ),
        _NOT_USED,
    ]
    return Section(Text("使用了哪些信息", "What we used"), tuple(lines))


def _rights(decision: Decision, contact: Contact | None) -> Section:
    where = _where(contact)
    rule = default_rulebook().rule(EXPLAIN).record
    source = f"《{rule.source.document}》{rule.source.article}"
    lines = [
        Text(
            f"要求人工处理：本次决定由系统自动作出。您可以拒绝只由系统作出的决定，要求工作人员重新审核。{where.zh}，"
            f"报出决定编号 {decision.id} 即可，不收费用，也不影响以后申请（依据：{source}）。",
            f"Ask for a person: this decision was made by a machine. You may refuse that, and have a person decide. "
            f"{where.en} and give the number {decision.id}; it is free and does not count against you ({source}).",
        ),
        Text(
            "要求说明：您可以要求我们进一步说明这一决定是怎样作出的。",
            "Ask for an explanation: we tell you more about how this was decided.",
        ),
        Text(
            "更正信息：如果上述信息有误或不完整，您可以要求查阅、复制、更正或补充；征信报告有误的，"
            "也可以向征信机构提出异议。",
            "Correct your data: you may see, copy, correct or complete it; a mistake in a credit report may be "
            "disputed with the bureau.",
        ),
        Text(
            "投诉：您可以向本机构投诉；对处理结果不满意的，可以向当地金融监管部门投诉。",
            "Complain: to us, and if our answer does not satisfy you, to the financial regulator of your place.",
        ),
    ]
    return Section(Text("您的权利", "Your rights"), tuple(lines), listed=True)


def _where(contact: Contact | None) -> Text:
    if contact is None:
        return Text("请联系受理您申请的网点或客户经理", "Tell the branch or officer who took your application")
    place = f"，或到 {contact.address}" if contact.address else ""
    at = f" or come to {contact.address}" if contact.address else ""
    return Text(f"请致电 {contact.phone}{place}", f"Call {contact.phone}{at}")


def _same(text: str) -> Text:
    return Text(text, text)
