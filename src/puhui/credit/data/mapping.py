"""The mapping: what the columns of a file mean, as a person wrote it in YAML.

One mapping names tables by file patterns: `applications` (one row an application, with features and label) and any
number of `events` (one row a bill, an invoice, a sale). Nothing is guessed: a column that the mapping does not name
is left out and reported; one that it names and the file lacks is refused.
"""

from fnmatch import fnmatch
from pathlib import Path
from typing import Any, Literal

from pydantic import Field

from puhui.credit.features.forbidden import refuse_forbidden
from puhui.kernel.inputs import Record, parse
from puhui.kernel.language import Text
from puhui.kernel.refusals import declare
from puhui.rulebook.files import read_yaml

FOLDER = Path(__file__).parent / "mappings"

MAPPING_UNKNOWN = declare(
    "MAPPING_UNKNOWN",
    404,
    "没有名为 {name} 的映射。现有：{known}；或写 .yaml 文件的路径，或用 --suggest 起草一份。",
    "There is no mapping {name}. There are: {known}; or give the path of a .yaml file, or draft one with --suggest.",
)
MAPPING_INVALID = declare(
    "MAPPING_INVALID",
    422,
    "映射 {name} 有误：{problem}。",
    "The mapping {name} is wrong: {problem}.",
)
FILE_NOT_MAPPED = declare(
    "FILE_NOT_MAPPED",
    422,
    "映射 {name} 没有说明文件 {file} 是什么。它认得：{patterns}。请改文件名，或在映射中加 files。",
    "The mapping {name} does not say what the file {file} is. It knows: {patterns}. Rename it, or add it to files.",
)

Type = Literal["number", "whole", "money", "category", "flag", "date"]
Role = Literal["feature", "protected", "group", "personal", "leak", "left_out"]
Direction = Literal["higher_is_worse", "higher_is_better"]
# Columns of the tidy table; a column of the file by one of these names is renamed with `as`.
RESERVED = ("party", "application", "applied_on", "label")


class Words(Record):
    """A text in both languages."""

    zh: str = Field(min_length=1)
    en: str = Field(min_length=1)


class Reading(Record):
    """How the file is read where it does not say so itself."""

    encoding: Literal["auto", "utf-8", "gb18030", "utf-16"] = "auto"
    separator: Literal["auto", ",", ";", "\t", "|", " "] = "auto"
    sheet: str | None = None
    # Some exports put whole rows in quotes; read what is inside.
    unwrap_rows: bool = False


class Column(Record):
    """One column: its type, what it is for, and what its codes mean.

    `missing` codes become missing; `special` codes have a meaning of their own and are kept (a model bins them
    apart). `least` and `most` are bounds (numbers, or ISO dates); a row outside is set aside. Without them a number
    must be below 10^12 and a date from 1950 on.
    """

    type: Type = "number"
    role: Role = "feature"
    name: str | None = Field(default=None, alias="as", min_length=1)
    meaning: Words | None = None
    unit: str = ""
    direction: Direction | None = None
    missing: tuple[str | int, ...] = ()
    special: tuple[str | int, ...] = ()
    least: str | int | None = None
    most: str | int | None = None
    format: str = ""
    yes: tuple[str | int, ...] = ()
    no: tuple[str | int, ...] = ()
    # Characters to take out before a number is read: "%", ",", " months".
    strip: tuple[str, ...] = ()
    required: bool = False
    why: str = ""


class Label(Record):
    """What is to be predicted: 1 is bad. Values by name, or a number above which it is bad, or a number itself."""

    column: str
    bad: tuple[str | int, ...] = ()
    good: tuple[str | int, ...] = ()
    bad_above: int | None = None
    number: bool = False
    # An application without a label is kept (decided, never trained on) unless it must have one.
    required: bool = False
    meaning: Words | None = None


class When(Record):
    """The column of a time and how it is written: a strftime pattern, or `excel` for day numbers of a spreadsheet."""

    column: str
    format: str = "%Y-%m-%d"


class Applications(Record):
    """One row an application. Without an id the row number is one; without a party the application is its own."""

    files: tuple[str, ...] = Field(default=("*",), min_length=1)
    reading: Reading = Reading()
    application: str | None = None
    party: str | None = None
    applied_on: When | None = None
    label: Label | None = None
    missing: tuple[str | int, ...] = ("",)
    columns: dict[str, Column] = Field(min_length=1)


class Events(Record):
    """One row an event: who, what kind, how much, when, with whom, from which source, by which consent.

    `kind` is one for the whole file, or `kinds` gives it for each value of `kind_column`; so `statuses` for
    `status_column` (a value given as null has no status). `outgoing` turns amounts written without a sign into money
    out. Without `recorded_at` an event counts as known when it happened.
    """

    files: tuple[str, ...] = Field(min_length=1)
    reading: Reading = Reading()
    party: str
    kind: str | None = None
    kind_column: str | None = None
    kinds: dict[str, str] = Field(default_factory=dict)
    amount: str
    unit: Literal["yuan", "fen"] = "yuan"
    outgoing: bool = False
    at: When
    recorded_at: When | None = None
    status_column: str | None = None
    statuses: dict[str, str | None] = Field(default_factory=dict)
    counterparty: str | None = None
    source: str = Field(min_length=1)
    consent: str = Field(min_length=1)
    missing: tuple[str | int, ...] = ("",)


class Mapping(Record):
    """A mapping: its name, what the data are, and its tables."""

    name: str = Field(pattern=r"^[a-z0-9_]+$", max_length=60)
    title: Words
    note: Words | None = None
    # Where the data are of another year or land than money is counted in here, say so.
    currency: str = "CNY"
    applications: Applications | None = None
    events: tuple[Events, ...] = ()

    @property
    def features(self) -> dict[str, Column]:
        """Tidy name -> column of each feature, in the mapping's order."""
        if self.applications is None:
            return {}
        found = self.applications.columns.items()
        return {column.name or name: column for name, column in found if column.role == "feature"}


Table = Applications | Events


def read_mapping(name: str | Path) -> Mapping:
    """Return the mapping of a .yaml file, or the shipped one of a name; refuse what is wrong, naming the field."""
    path = Path(name)
    if path.suffix not in (".yaml", ".yml"):
        path = FOLDER.joinpath(f"{name}.yaml")
        if str(name) not in shipped():
            raise MAPPING_UNKNOWN.refuse("mapping", name=name, known=", ".join(shipped()))
    return checked(parse(Mapping, read_yaml(path), path.name))


def shipped() -> list[str]:
    """Return the names of the mappings that come with the program."""
    return sorted(path.stem for path in FOLDER.glob("*.yaml"))


def mapping_of(data: Any, name: str = "mapping") -> Mapping:
    """Return the mapping of parsed YAML or JSON; refuse what is wrong, naming the field."""
    return checked(parse(Mapping, data, name))


def table_of(mapping: Mapping, file: str) -> Table:
    """Return the table that a file of this name is; refuse FILE_NOT_MAPPED.

    The only table of a mapping takes any file; of several the first whose pattern fits.
    """
    tables: list[Table] = [*mapping.events]
    if mapping.applications is not None:
        tables.append(mapping.applications)
    if len(tables) == 1:
        return tables[0]
    for table in tables:
        if any(fnmatch(file, pattern) for pattern in table.files):
            return table
    patterns = ", ".join(pattern for table in tables for pattern in table.files)
    raise FILE_NOT_MAPPED.refuse("files", name=mapping.name, file=file, patterns=patterns)


# --- what no mapping may say --------------------------------------------------------------------------


def checked(mapping: Mapping) -> Mapping:
    """Return the mapping when it holds together; refuse MAPPING_INVALID naming the column."""
    if mapping.applications is None and not mapping.events:
        raise _invalid(mapping, "$", "既没有 applications 也没有 events", "it has neither applications nor events")
    if mapping.applications is not None:
        _check_applications(mapping, mapping.applications)
    for place, table in enumerate(mapping.events):
        if (table.kind is None) == (table.kind_column is None):
            raise _invalid(mapping, f"events.{place}", "kind 与 kind_column 须且只须写一个", "give kind or kind_column")
        if table.kind_column is not None and not table.kinds:
            raise _invalid(mapping, f"events.{place}", "kind_column 需要 kinds", "kind_column needs kinds")
    return mapping


def _check_applications(mapping: Mapping, table: Applications) -> None:
    names: set[str] = set()
    for column_name, column in table.columns.items():
        where = f"applications.columns.{column_name}"
        name = column.name or column_name
        if name in RESERVED:
            raise _invalid(mapping, where, f"{name} 是保留名，请用 as 改名", f"{name} is reserved; rename it with `as`")
        if name in names:
            raise _invalid(mapping, where, f"{name} 出现两次", f"{name} is there twice")
        names.add(name)
        if column.role == "feature":
            # A column that tells of sex, ethnicity, belief or health may be kept as `protected`, never as a feature.
            refuse_forbidden((column_name, name))
    label = table.label
    if label is None:
        return
    if label.column in table.columns and table.columns[label.column].role not in ("leak", "left_out"):
        raise _invalid(
            mapping, "applications.label", "标签列不能又是特征", "the label's column cannot be a feature as well"
        )
    ways = bool(label.bad) + (label.bad_above is not None) + label.number
    if ways != 1:
        raise _invalid(
            mapping,
            "applications.label",
            "bad、bad_above、number 须且只须写一个",
            "give exactly one of bad, bad_above and number",
        )


def _invalid(mapping: Mapping, where: str, zh: str, en: str) -> Exception:
    return MAPPING_INVALID.refuse(where, name=mapping.name, problem=Text(f"{where} {zh}", f"{where}: {en}"))
