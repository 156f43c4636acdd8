"""Which roles may do which action: the table in permissions.yaml, one row an action, one action a route.

An action that is not in the table does not exist, and a route without one does not start.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Literal

from puhui.kernel.inputs import Record, one_of, parse
from puhui.kernel.language import Text
from puhui.people.roles import ROLES
from puhui.rulebook.files import read_yaml

TABLE = Path(__file__).parent.joinpath("permissions.yaml")

# What an action is held against beside the role: where the thing is and whose (of a list, each); nothing; or the whole
# installation, for which only a grant for all institutions and regions counts.
Reach = Literal["place", "none", "everywhere"]


@dataclass(frozen=True, slots=True)
class Action:
    """One row. `anyone`: also without signing in; `any_role`: whoever has proven who he is.

    `person_only`: never an API key. `moves_money`: refused to test keys in a live system. `approvers`: the roles of
    the second person; without any, one person is enough.
    """

    name: str
    about: Text
    roles: frozenset[str]
    reach: Reach = "place"
    anyone: bool = False
    any_role: bool = False
    person_only: bool = False
    moves_money: bool = False
    approvers: frozenset[str] = frozenset()


class _Row(Record):
    zh: str
    en: str
    roles: list[str] | Literal["anyone", "signed_in"]
    reach: Reach = "place"
    person_only: bool = False
    moves_money: bool = False
    approvers: tuple[str, ...] = ()


@cache
def actions() -> Mapping[str, Action]:
    """Return the table; a row that is wrong stops the program."""
    rows = read_yaml(TABLE)
    return {name: _action(name, row) for name, row in rows.items()}


def _action(name: str, row: object) -> Action:
    read = parse(_Row, row, name)
    roles = read.roles if isinstance(read.roles, list) else []
    for role in (*roles, *read.approvers):
        one_of(f"{name}.roles", role, ROLES)
    return Action(
        name,
        Text(read.zh, read.en),
        frozenset(roles),
        read.reach,
        anyone=read.roles == "anyone",
        any_role=read.roles == "signed_in",
        person_only=read.person_only,
        moves_money=read.moves_money,
        approvers=frozenset(read.approvers),
    )


def action_of(name: str) -> Action:
    """Return the row of an action; an unknown name is a bug."""
    assert name in actions(), f"{name} has no row in permissions.yaml"
    return actions()[name]
