"""An entry in words: what happened, by which rule, what each leg is, and the figures that it follows from.

The figures are not read from anywhere: the loan's facts are folded anew, without the fact and with it, and the rule is
asked again. So an explanation is also a check: `agrees` says whether the entry is what the rule makes of the facts.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import date
from typing import Any

from puhui.accounting.books import booked, constants_of
from puhui.accounting.figures import Figures, figures_of
from puhui.accounting.rules import POSTING_RULES, Context, entry_for
from puhui.kernel.dates import day_number
from puhui.kernel.facts import Fact
from puhui.kernel.language import Text
from puhui.ledger.chart import Chart
from puhui.ledger.entry import Entry, Posting
from puhui.lending.agreement import Agreement
from puhui.lending.fold import fold
from puhui.lending.position import Position

FIGURES: dict[str, Text] = {
    "principal_minor": Text("未还本金", "principal outstanding"),
    "interest_due_minor": Text("已到期未付利息", "interest due and unpaid"),
    "interest_accrued_minor": Text("未到期应计利息", "interest accrued, not yet due"),
    "penalty_minor": Text("未付罚息", "penalty unpaid"),
    "fee_minor": Text("未付费用", "fees unpaid"),
    "interest_charged_minor": Text("累计利息（减免后）", "interest since the first day, less waived"),
    "penalty_charged_minor": Text("累计罚息（减免后）", "penalty since the first day, less waived"),
    "fee_charged_minor": Text("累计费用（减免后）", "fees since the first day, less waived"),
    "interest_paid_minor": Text("累计已付利息", "interest paid since the first day"),
    "penalty_paid_minor": Text("累计已付罚息", "penalty paid since the first day"),
    "fee_paid_minor": Text("累计已付费用", "fees paid since the first day"),
    "suspense_minor": Text("溢缴款", "suspense"),
    "principal_written_off_minor": Text("已核销本金", "principal written off"),
    "charges_written_off_minor": Text("已核销利息和罚息", "interest and penalty written off"),
    "fee_written_off_minor": Text("已核销费用", "fees written off"),
    "recovered_minor": Text("核销后收回", "recovered after write-off"),
    "funder_share_ppm": Text("资金方份额（百万分之）", "funder's share, ppm"),
    "funder_collected_minor": Text("为资金方共同收回", "collected since the funder's share"),
    "funder_due_minor": Text("累计应付资金方", "due to funders since the first day"),
    "accruing": Text("是否计息", "accruing"),
    "most_minor": Text("最高额度", "limit"),
    "used_minor": Text("已用额度", "used of the limit"),
}


@dataclass(frozen=True, slots=True)
class FigureMove:
    """A figure of the loan, without the fact and with it."""

    name: str
    title: Text
    before: int
    after: int


@dataclass(frozen=True, slots=True)
class LegInWords:
    """A leg with what its account is."""

    posting: Posting
    name: Text
    purpose: Text


@dataclass(frozen=True, slots=True)
class Explanation:
    """An entry in words. `agrees`: the rule, asked again, makes the same legs; None where it cannot be asked.

    moves: the figures that differ, () for an entry of the night.
    """

    entry: Entry
    title: Text
    says: Text
    fact: Fact | None
    legs: tuple[LegInWords, ...]
    moves: tuple[FigureMove, ...]
    agrees: bool | None

    def as_dict(self) -> dict[str, Any]:
        """Return what a program reads."""
        entry, fact = self.entry, self.fact
        return {
            "entry": entry.id,
            "kind": entry.kind,
            "title": self.title._asdict(),
            "says": self.says._asdict(),
            "effective_on": entry.effective_on.isoformat(),
            "recorded_at": entry.recorded_at.isoformat(),
            "reverses": entry.reverses,
            "fact": None
            if fact is None
            else {
                "id": fact.id,
                "kind": fact.kind,
                "effective_on": fact.effective_on.isoformat(),
                "recorded_at": fact.recorded_at.isoformat(),
                "body": dict(fact.body),
            },
            "legs": [leg_dict(leg.posting) | {"name": leg.name._asdict()} for leg in self.legs],
            "figures": [
                {"name": move.name, "title": move.title._asdict(), "before": move.before, "after": move.after}
                for move in self.moves
            ],
            "agrees": self.agrees,
        }


def leg_dict(posting: Posting) -> dict[str, Any]:
    """Return a leg as a program reads it; amount_minor debit positive."""
    one = posting.dimensions
    return {
        "account": posting.account,
        "amount_minor": posting.amount_minor,
        "currency": posting.currency,
        "subject": posting.subject,
        "institution": one.institution,
        "product": one.product,
        "region": one.region,
        "funder": one.funder,
    }


@dataclass(frozen=True, slots=True)
class Known:
    """What is known of the loan of an entry: its facts, and the context of one of them (of none: time passed)."""

    facts: Sequence[Fact]
    agreement: Agreement
    context_of: Callable[[Fact | None, Sequence[Fact], date], Context]


def explain(entry: Entry, known: Known | None, chart: Chart) -> Explanation:
    """Return an entry in words; `known`: its loan, None for an entry that is of no one loan."""
    rule = POSTING_RULES.get(entry.kind)
    title, says = (rule.title, rule.says) if rule else (Text(entry.kind, entry.kind), Text("", ""))
    accounts = [chart.account(posting.account) for posting in entry.postings]
    legs = tuple(
        LegInWords(posting, account.name, account.purpose)
        for posting, account in zip(entry.postings, accounts, strict=True)
    )
    if known is None:
        return Explanation(entry, title, says, None, legs, (), None)
    fact = next((each for each in known.facts if each.id == entry.fact), None)
    earlier, later = _facts_around(entry, fact, known.facts)
    day = day_number(entry.effective_on)
    before = fold(earlier, day if fact else day - 1) if earlier else None
    after = fold(later, day)
    context = known.context_of(fact, later, entry.effective_on)
    was = None if before is None else booked(before, known.agreement)
    made = entry_for(entry.kind, was, booked(after, known.agreement), fact, context)
    moves = _moves(before, after, known.agreement)
    return Explanation(
        entry, title, says, fact, legs, moves, sorted(made, key=repr) == sorted(entry.postings, key=repr)
    )


def _facts_around(entry: Entry, fact: Fact | None, facts: Sequence[Fact]) -> tuple[list[Fact], list[Fact]]:
    """Return the facts that were known without what the entry posts, and with it."""
    if fact is not None:
        later = [each for each in facts if each.sequence <= fact.sequence]
        return later[:-1], later
    known = [each for each in facts if each.recorded_at < entry.recorded_at]
    return known, known


def _moves(before: Position | None, after: Position, agreement: Agreement) -> tuple[FigureMove, ...]:
    constants = constants_of(agreement)
    old = Figures() if before is None else figures_of(before, *constants)
    new = figures_of(after, *constants)
    return tuple(
        FigureMove(name, title, int(getattr(old, name)), int(getattr(new, name)))
        for name, title in FIGURES.items()
        if getattr(old, name) != getattr(new, name)
    )
