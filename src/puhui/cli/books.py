"""What commands on the books share: opening the store, who acts, amounts and days of options."""

import os
from collections.abc import Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING, Annotated

import typer

from puhui.kernel.language import Text

if TYPE_CHECKING:
    from datetime import datetime

    from puhui.storage.database import Database
    from puhui.storage.unit_of_work import UnitOfWork
    from puhui.workflows.sealing import Seal

LoanId = Annotated[str, typer.Argument(metavar="LOAN", help=Text("贷款编号 loan_…", "a loan's id, loan_...").say())]
Effective = Annotated[
    str,
    typer.Option(
        "--effective",
        metavar="YYYY-MM-DD",
        help=Text("生效日，默认今天；可倒签", "the day it takes effect; today unless given, may be in the past").say(),
    ),
]
Actor = Annotated[
    str, typer.Option("--by", help=Text("经办人", "who records it; the system's user unless given").say())
]


@contextmanager
def reading() -> "Iterator[UnitOfWork]":
    """Give the books for reading: one state of them."""
    database = _connected()
    try:
        with database.read() as store:
            yield store
    finally:
        database.close()


@contextmanager
def writing(*, alone: bool = False) -> "Iterator[UnitOfWork]":
    """Give the books for one transaction, `alone` without other writers; it commits at the end of the block."""
    database = _connected()
    try:
        with database.begin(alone=alone) as store:
            yield store
    finally:
        database.close()


def sealing(store: "UnitOfWork", at: "datetime") -> "Seal":
    """Return what keeps personal parts of facts under their party's seal, in the same transaction."""
    from puhui.storage.people_store import PeopleStore

    return lambda party, values: PeopleStore(store).personal.put(party, values, at)


def acting(name: str) -> str:
    """Return who acts: the name given, else the system's user."""
    return name or f"cli:{os.environ.get('USER') or 'unknown'}"


def _connected() -> "Database":
    from puhui.storage.database import connect

    return connect()
