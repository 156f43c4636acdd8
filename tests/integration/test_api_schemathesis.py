"""Requests made up from the interface's own description: none of them breaks the server, each answer is as described.

Bounded, and the same each time: every operation gets its examples, the edges of its schema, and a few made-up requests,
right and wrong ones, with a key that may do everything a key may.
"""

import pytest
import schemathesis
from schemathesis.config import SchemathesisConfig
from schemathesis.engine import Status, events, from_schema

from api_world import world
from puhui.api.app import create_app

CONFIG = {
    "seed": 1,
    "generation": {"max-examples": 3, "deterministic": True, "database": "none"},
    "phases": {"stateful": {"enabled": False}, "coverage": {"unexpected-methods": ["put", "options"]}},
    # Well formed is not yet allowed: 422 is also what the law, the product and the books refuse.
    "checks": {
        "positive_data_acceptance": {
            "expected-statuses": ["2xx", "400", "401", "403", "404", "409", "410", "422", "429", "503"],
        },
    },
}


@pytest.fixture
def here(tmp_path, monkeypatch):
    with world(tmp_path, monkeypatch) as made:
        yield made


# Two halves, so that two processes share the work.
HALVES = {"loans": (r"^/v1/loans", 27), "the rest": (r"^/v1/(?!loans)", 48)}


@pytest.mark.parametrize("half", HALVES)
def test_no_request_breaks_the_server_and_every_answer_is_as_described(here, half):
    app = create_app(here.app.state.platform)
    paths, least = HALVES[half]
    schema = schemathesis.openapi.from_asgi("/openapi.json", app, config=configured(here.everything()))
    problems, answered, operations = [], 0, set()
    for event in from_schema(schema.include(path_regex=paths)).execute():
        if isinstance(event, events.NonFatalError | events.FatalError):
            problems.append(str(event))
        elif isinstance(event, events.ScenarioFinished):
            operations.add(event.recorder.label)
            answered += len(event.recorder.interactions)
            if event.status in (Status.FAILURE, Status.ERROR):
                problems += failures(event.recorder)
    assert not problems, "\n\n".join(problems[:20])
    assert len(operations) >= least
    assert answered > 1000


def configured(headers):
    config = SchemathesisConfig.from_dict(CONFIG)
    config.projects.override.headers = headers
    return config


def failures(recorder):
    found = []
    for case_id, checks in recorder.checks.items():
        for check in checks:
            if check.failure_info is not None:
                case = recorder.cases[case_id].value
                response = recorder.interactions[case_id].response
                body = response.content[:400] if response is not None else b""
                found.append(f"{check.name}: {case.as_curl_command()}\n{check.failure_info.failure}\n{body!r}")
    return found
