"""Rolling up: postings summed by day, account and dimensions, so that a balance need not read them all."""

from puhui.storage.database import Database
from puhui.storage.ledger_reads import CREDIT, DEBIT
from puhui.storage.session import statement
from puhui.storage.settled import settled_through

_KEY = "effective_on, account, currency, institution, product, region, funder"
# The row is locked: two who roll up at once take turns.
ROLLED = statement(
    "rolled",
    "SELECT seq FROM progress WHERE name = 'rollups'",
    "SELECT seq FROM progress WHERE name = 'rollups' FOR UPDATE",
)
ROLL = statement(
    "roll",
    f"INSERT INTO rollups ({_KEY}, debit_minor, credit_minor) "  # noqa: S608
    f"SELECT {_KEY}, CAST(sum({DEBIT}) AS bigint), CAST(sum({CREDIT}) AS bigint) "
    f"FROM postings WHERE entry > ? AND entry <= ? GROUP BY {_KEY} "
    f"ON CONFLICT ({_KEY}) DO UPDATE SET debit_minor = rollups.debit_minor + excluded.debit_minor, "
    "credit_minor = rollups.credit_minor + excluded.credit_minor",
)
MOVE = statement("rolled_move", "UPDATE progress SET seq = ? WHERE name = 'rollups'")


def roll_up(database: Database) -> int:
    """Roll up every posting of entries whose number is settled, whatever day they take effect on; return how far.

    Run by the night, or at any time: balances are the same before and after. Writers go on meanwhile.
    """
    with database.connection() as connection:
        through = settled_through(connection, "entries")
    with database.begin() as store:
        [[(rolled,)]] = store.work.ask((ROLLED, ()))
        if through <= rolled:
            return int(rolled)
        store.work.queue(ROLL, (rolled, through))
        store.work.queue(MOVE, (through,))
    return through
