"""Why personal data is read, and its erasure: the purposes that may be named, and the fact that a person is erased."""

from datetime import datetime

from puhui.kernel.clock import business_date
from puhui.kernel.facts import Fact
from puhui.kernel.ids import new_id
from puhui.kernel.inputs import one_of
from puhui.kernel.language import Text
from puhui.people.ports import People, Reading

PURPOSES = {
    "origination": Text("受理与审批", "taking up and deciding an application"),
    "servicing": Text("贷后服务", "servicing a loan"),
    "collection": Text("催收", "collecting what is due"),
    "complaint": Text("处理投诉", "a complaint"),
    "audit": Text("审计", "an audit"),
    "legal": Text("司法与监管要求", "a court or a supervisor asks"),
    "subject_request": Text("本人要求", "the person asks"),
}


def reading_of(actor: str, purpose: str, request_id: str, at: datetime) -> Reading:
    """Return who reads and why; refuse INPUT_INVALID for a purpose that is not one of the list."""
    one_of("purpose", purpose, PURPOSES)
    return Reading(actor, purpose, request_id, at)


def erase_person(people: People, party: str, reading: Reading) -> None:
    """Destroy the key of a person's data, and record that it was done; refuse PERSON_ERASED.

    What the law asks to be kept (agreements, ledger, proofs) names the person by id only, and stays.
    """
    people.personal.erase(party, reading)
    sequence = people.next_sequence(party)
    today = business_date(reading.at)
    body = {"purpose": reading.purpose}
    people.record(Fact(new_id("fact"), party, sequence, "person_erased", today, reading.at, body, actor=reading.actor))
