"""Each side of each boundary of the rules that decide most, as rows a banker can read."""

from datetime import date
from pathlib import Path

import pytest

from puhui.rulebook.check import check
from puhui.rulebook.files import read_yaml
from puhui.rulebook.metrics import read_facts
from puhui.rulebook.subject import Subject

TABLE = read_yaml(Path(__file__).parent / "rule_boundaries.yaml")["rules"]
ROWS = [(entry["rule"], entry["subject"], *row) for entry in TABLE for row in entry["rows"]]
FIGURES = ("irr_x12_ppm", "effective_ppm", "xirr_365_ppm")


def facts_of(written):
    facts = dict(written)
    if "annual_cost" in facts:
        facts.update(dict.fromkeys(FIGURES, facts.pop("annual_cost")))
    return read_facts(facts)


def says(rule_id, subject, day, facts):
    report = check(
        Subject(subject["lender"], tuple(subject["products"]), moment=subject.get("moment", "offer")),
        facts_of(facts),
        date.fromisoformat(day),
    )
    found = [finding.outcome for finding in report.findings if finding.rule_id == rule_id]
    assert len(found) <= 1
    return found[0] if found else "absent"


@pytest.mark.parametrize(("rule_id", "subject", "day", "facts", "outcome"), ROWS)
def test_boundary(rule_id, subject, day, facts, outcome):
    assert says(rule_id, subject, day, facts) == outcome


def test_the_table_holds_both_sides():
    """Every rule of the table has a row that passes (or is put aside) and one that does not."""
    outcomes = {}
    for rule_id, *_, outcome in ROWS:
        outcomes.setdefault(rule_id, set()).add(outcome)
    one_sided = [
        rule_id
        for rule_id, seen in outcomes.items()
        if "for_people" not in seen and not (seen & {"passed", "superseded"} and seen & {"broken", "warned"})
    ]
    assert one_sided == []
    assert len(outcomes) >= 70
