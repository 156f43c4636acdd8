"""One request on its way through a handler: who asks, the books, and the answer that is kept under its key."""

import json
from collections.abc import Callable, Mapping, Sequence
from contextlib import AbstractContextManager
from dataclasses import replace
from datetime import date, datetime
from typing import Any, Protocol, TypeVar

from fastapi import Request, Response

from puhui.api.idempotency import REPLAYED, input_of, key_of
from puhui.api.pages import listing_of
from puhui.api.ports import Books, Platform
from puhui.api.security import Access
from puhui.kernel.clock import business_date, now
from puhui.kernel.dates import to_date
from puhui.kernel.ids import parse_id
from puhui.kernel.inputs import Record
from puhui.people.access import Resource, Span
from puhui.people.roles import EVERYWHERE
from puhui.workflows.parties import PARTY_UNKNOWN, Party
from puhui.workflows.sealing import Seal
from puhui.workflows.store import LOAN_UNKNOWN, Loan

Held = TypeVar("Held")

APPROVAL = "Puhui-Approval"
_JSON = "application/json"


class Declared(Protocol):
    """What a call must know of its route."""

    @property
    def action(self) -> str:
        """The action that permits it."""
        ...


class CallContext:
    """What a handler works with. `at`: the instant of the request, the same for all that it writes."""

    def __init__(self, request: Request) -> None:
        self.request = request
        self.platform: Platform = request.app.state.platform
        self.at: datetime = now()
        self.access: Access

    def enter(self, operation: Declared) -> None:
        """Let the caller in, or refuse."""
        self.access = self.platform.gate.enter(self.request, operation.action, self.at)

    @property
    def today(self) -> date:
        """The business day of the request."""
        return business_date(self.at)

    def today_of(self, loan: Loan) -> date:
        """Today, or the day a loan has been brought to already: a set clock may stand before it."""
        return max(self.today, to_date(loan.position.as_of))

    @property
    def actor(self) -> str:
        """Who asks, as facts name him."""
        return self.access.actor.id

    @property
    def request_id(self) -> str:
        """The id of the request."""
        return str(self.request.scope["puhui.request_id"])

    @property
    def approval(self) -> str | None:
        """The approval of a second person that the caller names; refuse ID_UNREADABLE what is no id of one."""
        named = self.request.headers.get(APPROVAL)
        if named is not None:
            parse_id(named, "approval", APPROVAL)
        return named

    def read(self) -> AbstractContextManager[Books]:
        """Give the books to read, one state of them."""
        return self.platform.read()

    def seal(self, books: Books) -> Seal:
        """Return what keeps personal parts of facts under their party's seal, in the books' transaction."""
        return lambda party, values: books.personal.put(party, values, self.at)

    def begin(self) -> AbstractContextManager[Books]:
        """Give the books to write, committed at the end of the block."""
        return self.platform.begin()

    # --- what may be seen -------------------------------------------------------------------------

    def loan(self, books: Books, loan_id: str, *, for_update: bool = False) -> Loan:
        """Return a loan within the caller's reach; refuse LOAN_UNKNOWN, the same for one that is out of it."""
        loan = books.store.loan(loan_id, for_update=for_update)
        self.access.over(resource_of(loan), LOAN_UNKNOWN.refuse("loan", loan=loan_id))
        return loan

    def party(self, books: Books, party_id: str, field: str = "party") -> Party:
        """Return a party that something new is to name; refuse PARTY_UNKNOWN, the same for one of another institution.

        Its region does not matter: people buy in the next county.
        """
        found = books.parties.by_id(party_id, field)
        place = Resource(found.institution, party=found.id)
        if not covered([replace(span, region=EVERYWHERE, partner="") for span in self.access.spans], place):
            raise PARTY_UNKNOWN.refuse(field, party=party_id)
        return found

    def party_in_reach(self, books: Books, party_id: str) -> Party:
        """Return a party within the caller's reach; refuse PARTY_UNKNOWN, the same for one that is out of it."""
        found = books.parties.by_id(party_id)
        self.access.over(resource_of_party(found), PARTY_UNKNOWN.refuse("party", party=party_id))
        return found

    # --- pages ------------------------------------------------------------------------------------

    def place(self, cursor: str | None) -> tuple[Any, ...]:
        """Return the place that a cursor of this listing stands for, () for the start."""
        return self.platform.cursors.read(self._listing(), cursor) if cursor else ()

    def cursor(self, place: Sequence[int | str] | None) -> str | None:
        """Return the cursor of a place in this listing, None where the list ends."""
        return None if place is None else self.platform.cursors.write(self._listing(), place)

    def _listing(self) -> str:
        return listing_of(self.request.url.path, dict(self.request.query_params))

    # --- writing once -----------------------------------------------------------------------------

    def once(
        self, body: Record, hold: Callable[[Books], Held], work: Callable[[Books, Held], tuple[int, Record]]
    ) -> Response:
        """Do work under the request's idempotency key, in one transaction with its answer; or give that answer again.

        `hold` holds what is asked for against the caller, and gives it to `work`: also before an answer is given again,
        since he may have lost the right to it. Refuses IDEMPOTENCY_KEY_MISSING, IDEMPOTENCY_MISMATCH and
        IDEMPOTENCY_IN_FLIGHT.
        """
        key = key_of(self.request)
        given = {
            **input_of(self.request, body.model_dump(mode="json", exclude_unset=True)),
            "approval": self.approval,
        }
        with self.begin() as books:
            replay = books.store.replayed(self.actor, key, given, self.at)
            held = hold(books)
            if replay is not None:
                return _written(replay.result, {REPLAYED: "true"})
            status, answer = work(books, held)
            result = {"status": status, "body": answer.model_dump(mode="json")}
            books.store.remember(result)
        return _written(result, {})


def _written(result: Mapping[str, Any], headers: dict[str, str]) -> Response:
    text = json.dumps(result["body"], ensure_ascii=False, separators=(",", ":"))
    return Response(text, result["status"], headers, _JSON)


def resource_of(loan: Loan) -> Resource:
    """Return where a loan is and whose it is; the partner is the dealer, else the funder."""
    one = loan.dimensions
    partner = str(loan.agreement.get("dealer") or one.funder)
    return Resource(one.institution, one.region, loan.party, partner)


def resource_of_party(party: Party) -> Resource:
    """Return where a party is: it is its own."""
    return Resource(party.institution, party.region, party.id)


class Placed(Protocol):
    """Something of a party, in an institution and a region."""

    @property
    def institution(self) -> str:
        """Its institution."""
        ...

    @property
    def region(self) -> str:
        """Its region."""
        ...

    @property
    def party(self) -> str:
        """Whose it is."""
        ...


def place_of(one: Placed) -> Resource:
    """Return where an application, a decision or an offer is and whose it is."""
    return Resource(one.institution, one.region, one.party)


def covered(spans: Sequence[Span], resource: Resource) -> bool:
    """Return whether one of the spans covers a thing."""
    return any(span.covers(resource) for span in spans)
