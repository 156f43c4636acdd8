"""The interface as it is written down: docs/openapi.json is what the routes say, and each example in it holds."""

import json
import re
from pathlib import Path

import pytest

from puhui.api.app import interface
from puhui.api.openapi import _EXAMPLES
from puhui.api.problems import TITLES, as_problem
from puhui.api.routes import ALL
from puhui.kernel.inputs import parse
from puhui.kernel.refusals import KINDS
from puhui.people.permissions import actions

WRITTEN = Path(__file__).resolve().parents[2] / "docs" / "openapi.json"
OPERATIONS = [operation for routes in ALL for operation in routes.operations]


@pytest.fixture(scope="module")
def document():
    return interface()


def test_the_document_that_is_checked_in_is_the_one_that_the_routes_make(document, monkeypatch):
    text = json.dumps(document, ensure_ascii=False, indent=1) + "\n"
    for language in ("zh", "en"):
        monkeypatch.setenv("PUHUI_LANG", language)
        assert json.dumps(interface(), ensure_ascii=False, indent=1) + "\n" == text
    assert WRITTEN.read_text(encoding="utf-8") == text, "run: puhui openapi > docs/openapi.json"


@pytest.mark.parametrize("operation", [each for each in OPERATIONS if each.body], ids=lambda each: each.name)
def test_every_body_has_an_example_and_it_is_a_body(document, operation):
    schema = document["components"]["schemas"][operation.body.__name__]
    if operation.tag == "sessions":
        return  # names and passwords are nobody's example
    assert schema["examples"], operation.name
    for example in schema["examples"]:
        parse(operation.body, example)


def test_examples_of_answers_are_answers(document):
    answers = {answer.__name__: answer for each in OPERATIONS for answer in each.answers.values() if answer}
    checked = 0
    for name, answer in answers.items():
        for example in document["components"]["schemas"].get(name, {}).get("examples", ()):
            parse(answer, example)
            checked += 1
    assert checked >= 1


def test_every_operation_says_what_it_may_answer(document):
    for path, methods in document["paths"].items():
        for verb, operation in methods.items():
            responses = operation["responses"]
            assert {"401", "403", "422", "429", "500", "503"} <= responses.keys() or operation["x-action"] == ""
            assert ("404" in responses) or "{" not in path
            assert ("415" in responses) == ("requestBody" in operation)
            assert re.fullmatch(r"[a-z_]+\.[a-z_]+", operation["x-action"])
            assert " / " in operation["summary"], (verb, path)


def test_every_refusal_has_a_title_and_an_example_of_its_status():
    statuses = {kind.status for kind in KINDS.values()}
    assert statuses <= TITLES.keys()
    assert {status for status in statuses if status != 405} <= _EXAMPLES.keys() | {405}


def test_examples_of_problems_are_whole_sentences(document):
    for response in document["components"]["responses"].values():
        example = response["content"]["application/problem+json"]["example"]
        for text in (example["detail"], *example["messages"].values()):
            assert "{" not in text
        assert set(example) == set(document["components"]["schemas"]["Problem"]["properties"])


def test_a_problem_has_the_fields_of_the_schema(document):
    refusal = KINDS["ROUTE_UNKNOWN"].refuse(path="/x")
    assert set(as_problem(refusal, "en", "req")) == set(document["components"]["schemas"]["Problem"]["required"])


def test_every_number_is_whole_and_money_says_so_in_its_name(document):
    for name, schema in document["components"]["schemas"].items():
        assert '"type": "number"' not in json.dumps(schema), name
        for field in schema.get("properties", {}) if name.endswith("Out") else ():
            assert not re.search(r"(^|_)(amount|principal|interest|total)$", field), (name, field)


def test_every_action_is_in_the_table_and_every_write_of_money_needs_a_key():
    used = {operation.action for operation in OPERATIONS}
    assert used <= set(actions())
    assert set(actions()) - used <= {"products.publish", "limits.override"}  # four eyes for what comes next
    for operation in OPERATIONS:
        action = actions()[operation.action]
        if action.moves_money and ("{loan_id}" in operation.path or operation.tag == "decisions"):
            assert operation.once, operation.name


def test_names_of_operations_and_paths_are_used_once():
    assert len({operation.name for operation in OPERATIONS}) == len(OPERATIONS)
    assert len({(operation.verb, operation.path) for operation in OPERATIONS}) == len(OPERATIONS)
