"""An offer as a file: what is proposed (subject), its facts, and the rules that a lender made hard itself."""

from typing import Any, NamedTuple

from puhui.kernel.inputs import Record, parse
from puhui.rulebook.metrics import read_facts, refuse_floats
from puhui.rulebook.subject import Subject, SubjectRecord, read_subject


class OfferRecord(Record):
    """The file as written."""

    subject: SubjectRecord
    facts: dict[str, Any]
    hard: tuple[str, ...] = ()


class Offer(NamedTuple):
    """What `check` takes: subject, facts, rules made hard."""

    subject: Subject
    facts: dict[str, object]
    hard: tuple[str, ...]


def read_offer(data: object) -> Offer:
    """Return the offer of parsed JSON; refuse INPUT_INVALID, SUBJECT_INVALID, FACT_INVALID (a decimal is one)."""
    record = parse(OfferRecord, data)
    refuse_floats(record.facts)
    return Offer(read_subject(record.subject), read_facts(record.facts), record.hard)


def offer_schema() -> dict[str, Any]:
    """Return the JSON Schema of an offer file."""
    return OfferRecord.model_json_schema()
