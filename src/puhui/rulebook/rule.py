"""A rule as it is written in YAML: who, what, when, the limit, and where the law says so."""

from typing import Literal

from pydantic import Field

from puhui.kernel.inputs import Record
from puhui.rulebook.limits import Limit

Severity = Literal["hard", "soft", "info", "classification"]
Confidence = Literal["quoted-primary", "quoted-secondary", "memory-unverified"]
PARTIAL_DATE = r"^\d{4}(-\d\d(-\d\d)?)?$"


class Words(Record):
    """A text in both languages."""

    zh: str = Field(min_length=1)
    en: str = Field(min_length=1)


class Source(Record):
    """Where the law says so: issuers (codes), document, number, article, addresses where it was read."""

    issuers: list[str] = Field(min_length=1)
    document: str = Field(min_length=1)
    doc_no: str | None = None
    article: str | None = None
    urls: tuple[str, ...] = ()


class Condition(Record):
    """One comparison: the figure of `metric` against `limit` by the operator `op`."""

    metric: str
    op: str
    limit: Limit


class Check(Condition):
    """A comparison that a rule demands.

    `when`: only if all of these hold. `unless`: not if all of these hold. `figures`: which figures of a composite
    metric (annual cost) count; without it all of them must pass. `severity`: "soft" for a part that only warns.
    """

    figures: list[str] | None = Field(default=None, min_length=1)
    severity: Literal["soft"] | None = None
    when: tuple[Condition, ...] = ()
    unless: tuple[Condition, ...] = ()


class Rule(Record):
    """One dated rule.

    `products`: alternatives, each one tag or several joined by " + " (all of them). `except_products`: a subject
    with one of these tags is not covered. `regions`: GB/T 2260 codes (a province or city covers what lies in it);
    empty means everywhere. `effective_from`/`effective_to`: YYYY-MM-DD, or YYYY-MM or YYYY where the day is not
    known; the last day is included; null means open. `dates_unknown`: why there is no date; such a rule never
    blocks. `supersedes`: rules not evaluated while this one is in force for the same subject.
    No checks means prose, for people.
    """

    id: str = Field(pattern=r"^[A-Z0-9]+([._][A-Z0-9_]+)*$")
    title: Words
    statement: Words
    moments: list[str] = Field(min_length=1)
    lenders: list[str] = Field(min_length=1)
    products: list[str] = Field(min_length=1)
    except_products: tuple[str, ...] = ()
    regions: tuple[str, ...] = ()
    effective_from: str | None = Field(pattern=PARTIAL_DATE)
    effective_to: str | None = Field(pattern=PARTIAL_DATE)
    dates_unknown: Words | None = None
    severity: Severity
    confidence: Confidence
    source: Source
    supersedes: tuple[str, ...] = ()
    checks: tuple[Check, ...] = ()
    note: Words | None = None


class Heading(Record):
    """The head of a file of rules: its subject (the file's name), where it comes in lists, its title."""

    subject: str
    order: int
    title: Words


class RuleFile(Heading):
    """One subject's rules, as a file of `rules/`."""

    rules: list[Rule]


def rule_schema() -> dict[str, object]:
    """Return the JSON Schema of a file of rules, for editors and for `puhui schema rule`."""
    return RuleFile.model_json_schema()
