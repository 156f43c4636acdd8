"""An application: someone wishes for a loan. Here it is taken in and kept; deciding on it comes on top."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Literal, Protocol

from puhui.kernel.clock import business_date
from puhui.kernel.facts import Fact
from puhui.kernel.ids import new_id
from puhui.kernel.refusals import declare
from puhui.workflows.store import Changes, Event, Store

APPLICATION_UNKNOWN = declare(
    "APPLICATION_UNKNOWN",
    404,
    "没有申请 {application}。请核对编号。",
    "There is no application {application}. Check the id.",
)

Status = Literal["received", "approved", "referred", "declined", "accepted"]


@dataclass(frozen=True, slots=True)
class Application:
    """What was wished for: `wish` holds amounts in minor units, instalments, the purpose; nothing personal.

    `number`: its place in the store, 0 until it is there.
    """

    id: str
    party: str
    institution: str
    region: str
    product: str
    status: Status
    wish: Mapping[str, Any]
    received_at: datetime
    number: int = 0


@dataclass(frozen=True, slots=True)
class WantedApplications:
    """Which applications; empty means any."""

    party: str = ""
    product: str = ""
    status: str = ""


class Applications(Protocol):
    """The port that storage fills: applications within one unit of work."""

    def add(self, application: Application) -> None:
        """Write a new application."""
        ...

    def by_id(self, application_id: str, *, for_update: bool = False) -> Application:
        """Return an application; refuse APPLICATION_UNKNOWN. `for_update` keeps who else decides on it waiting."""
        ...

    def set_status(self, application_id: str, status: Status) -> None:
        """Write how far an application has come."""
        ...

    def page(self, wanted: WantedApplications, after: int, limit: int) -> Sequence[Application]:
        """Return applications beyond number `after`, the oldest first."""
        ...


def receive(store: Store, applications: Applications, application: Application, actor: str) -> Application:
    """Take an application in: its fact, its row, and the event that the outside is told."""
    at = application.received_at
    body = {
        "party": application.party,
        "institution": application.institution,
        "region": application.region,
        "product": application.product,
        "wish": dict(application.wish),
    }
    fact = Fact(new_id("fact"), application.id, 1, "application", business_date(at), at, body, actor=actor)
    payload = {
        "application": application.id,
        "party": application.party,
        "status": application.status,
        "institution": application.institution,
        "region": application.region,
    }
    event = Event(new_id("event"), "application.received", application.id, payload, at)
    applications.add(application)
    store.record(Changes(facts=[fact], events=[event]))
    return application
