"""Many loans at once: pages for a list, chunks for a job, those written since the night, caches to be made anew."""

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass

from sqlalchemy import BigInteger, bindparam, text

from puhui.lending.position import Position
from puhui.storage.loan_rows import NEXT_VERSION, SELECT, loan_of
from puhui.storage.position_json import FORMAT, position_text
from puhui.storage.session import statement
from puhui.storage.work import Work
from puhui.workflows.store import Loan

CHUNK = statement("loans_chunk", f"{SELECT} WHERE loans.key > ? ORDER BY loans.key LIMIT ?")
DIRTY = statement("loans_dirty", f"{SELECT} WHERE loans.dirty AND loans.key > ? ORDER BY loans.key LIMIT ?")
BY_KEYS = statement("loan_by_key", f"{SELECT} WHERE loans.key = ?")
CLEAN = statement("loan_clean", "UPDATE loans SET dirty = false WHERE key = ? AND version = ?")
CLEAN_THROUGH = statement("loans_clean", "UPDATE loans SET dirty = false WHERE dirty AND booked_on <= ?")
VERSIONS = statement("loans_versions", "SELECT key, version FROM loans WHERE dirty ORDER BY key")
STALE = statement(
    "loans_stale",
    "SELECT id, version FROM loans WHERE substr(position, 1, 11) <> ? ORDER BY key LIMIT ?",
)
REWRITE = statement(
    "loan_rewrite",
    f"UPDATE loans SET position = ?, position_as_of = ?, status = ?, {NEXT_VERSION}, dirty = true WHERE id = ?",  # noqa: S608
)
COUNT = statement("loans_count", "SELECT count(*) FROM loans")


@dataclass(frozen=True, slots=True)
class WantedLoans:
    """Which loans; empty means any. `institutions` are names, `regions` the beginnings of region codes ("3301")."""

    party: str = ""
    product: str = ""
    status: str = ""
    funder: str = ""
    institutions: tuple[str, ...] = ()
    regions: tuple[str, ...] = ()


class LoanReads:
    """Loans within one unit of work."""

    def __init__(self, work: Work) -> None:
        self._work = work

    def page(self, wanted: WantedLoans, after: int, limit: int) -> list[Loan]:
        """Return loans beyond key `after` (0 from the start), the oldest first; the last one's key asks for more."""
        where, values = _conditions(wanted)
        query = text(f"{SELECT} WHERE {' AND '.join(['loans.key > :after', *where])} ORDER BY loans.key LIMIT :limit")
        query = query.bindparams(bindparam("after", type_=BigInteger))
        rows = self._work.connection.execute(query, {**values, "after": after, "limit": limit})
        return [loan_of(row) for row in rows]

    def chunks(self, size: int = 1000, *, dirty: bool = False) -> Iterator[Sequence[Loan]]:
        """Yield all loans by key, `size` at a time; with `dirty` only those written since the night read them."""
        question, after = DIRTY if dirty else CHUNK, 0
        while True:
            [rows] = self._work.ask((question, (after, size)))
            if rows:
                yield [loan_of(row) for row in rows]
                after = rows[-1][0]
            if len(rows) < size:
                return

    def dirty(self) -> list[Loan]:
        """Return the loans written since `clean` was last told of them."""
        return [loan for chunk in self.chunks(dirty=True) for loan in chunk]

    def by_keys(self, keys: Iterable[int]) -> list[Loan]:
        """Return the loans of these keys, those that exist, in their order."""
        found: list[Loan] = []
        wanted = list(keys)
        for start in range(0, len(wanted), 200):
            answers = self._work.ask(*((BY_KEYS, (key,)) for key in wanted[start : start + 200]))
            found += [loan_of(row) for rows in answers for row in rows]
        return found

    def clean(self, loans: Iterable[Loan]) -> None:
        """Note that the night has these loans as they were read; one that was written since stays dirty."""
        for loan in loans:
            self._work.queue(CLEAN, (loan.key, loan.version))

    def dirty_versions(self) -> dict[int, int]:
        """Return key and version of the loans written since the night read them, without reading the loans."""
        [rows] = self._work.ask((VERSIONS, ()))
        return dict(rows)

    def clean_through(self, day: int) -> None:
        """Note that the night has every loan that is booked no further than `day` (a day number), as it now is.

        Only in a unit of work that is alone, which has seen all that was written.
        """
        assert self._work.alone, "a loan written beside it would be missed"
        self._work.queue(CLEAN_THROUGH, (day,))

    def count(self) -> int:
        """Return how many loans there are."""
        [rows] = self._work.ask((COUNT, ()))
        return int(rows[0][0])

    def stale(self, limit: int = 1000) -> list[tuple[str, int]]:
        """Return ids and versions of loans whose stored position was written by a program with other fields."""
        [rows] = self._work.ask((STALE, (f'["{FORMAT}"', limit)))
        return [(loan_id, version) for loan_id, version in rows]

    def rewrite(self, loan_id: str, version: int, position: Position) -> None:
        """Store a position folded anew from the facts; refuse LOAN_CHANGED when the loan is of another version."""
        values = (position_text(position), position.as_of, position.status, version, loan_id)
        self._work.queue(REWRITE, values)


def _conditions(wanted: WantedLoans) -> tuple[list[str], dict[str, str]]:
    where: list[str] = []
    values: dict[str, str] = {}
    for name in ("party", "product", "status", "funder"):
        if value := getattr(wanted, name):
            where.append(f"loans.{name} = :{name}")
            values[name] = value
    for name, pattern, column in (
        ("institution", "loans.institution = :{}", wanted.institutions),
        ("region", "substr(loans.region, 1, length(:{0})) = :{0}", wanted.regions),
    ):
        if column:
            names = [f"{name}_{place}" for place in range(len(column))]
            where.append(f"({' OR '.join(pattern.format(each) for each in names)})")
            values |= dict(zip(names, column, strict=True))
    return where, values
