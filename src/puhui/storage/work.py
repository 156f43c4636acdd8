"""What the parts of a unit of work share: its session, and what every writer asks first."""

from sqlalchemy import Connection

from puhui.storage.session import Question, Rows, Session, Statement, Values, statement
from puhui.workflows.store import Loan

# The night's step that puts a day into the ledger: it moves the watermark.
POSTED = "posted"

_STATE = (
    f"SELECT (SELECT max(night_of) FROM nights WHERE step = '{POSTED}') AS posted, "  # noqa: S608
    "(SELECT max(closed_through) FROM periods) AS closed"
)
OPEN_STATE = statement("open_state", _STATE)
KEY_AND_STATE = statement(
    "key_and_state",
    f"SELECT state.posted, state.closed, idempotency.input_hash, idempotency.result FROM ({_STATE}) AS state "  # noqa: S608
    "LEFT JOIN idempotency ON idempotency.scope = ? AND idempotency.key = ?",
)


class Work:
    """One transaction: `ask` and `queue` go the short road, `connection` is SQLAlchemy's on the same transaction."""

    def __init__(self, session: Session, connection: Connection, *, alone: bool) -> None:
        self._session = session
        self._connection = connection
        self._state: tuple[int | None, int | None] | None = None
        self.alone = alone
        self.answers: list[Rows] = []
        # Loans that nobody else can change before this transaction ends.
        self.locked: dict[str, Loan] = {}

    @property
    def connection(self) -> Connection:
        """SQLAlchemy's connection in this transaction, all that was queued sent. Do not commit it."""
        self._session.begin()
        return self._connection

    def queue(self, what: Statement, values: Values = ()) -> None:
        """Send a statement no later than with the next question or the commit."""
        self.locked.clear()
        self._session.queue(what, values)

    def ask(self, *questions: Question) -> list[Rows]:
        """Return the rows of each question, in one round trip."""
        if self._state is not None:
            return self._session.ask(*questions)
        first, *answers = self._session.ask((OPEN_STATE, ()), *questions)
        self._state = first[0]
        return answers

    def hold(self, scope: str, key: str, *ahead: Question) -> tuple[bool, bytes | None, str]:
        """Take an idempotency key until the end; what is asked `ahead` in the same round trip is in `answers`.

        Return whether it is ours, the hash of the input that it came with before (None when it is new), its result.
        """
        answers = self._session.hold(scope, key, (KEY_AND_STATE, (scope, key)), *ahead)
        if answers is None:
            return False, None, ""
        posted, closed, input_hash, result = answers[0][0]
        self._state = posted, closed
        self.answers = answers[1:]
        return True, input_hash, result

    def state(self) -> tuple[int | None, int | None]:
        """Return the last day that a night has posted, and the last that is closed; as day numbers."""
        if self._state is None:
            self.ask()
        assert self._state is not None
        return self._state

    def forget_state(self) -> None:
        """Read them anew when next asked: this transaction has changed them."""
        self._state = None
