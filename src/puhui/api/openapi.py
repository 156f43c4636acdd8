"""The OpenAPI document: paths and parameters from FastAPI, bodies, answers, problems and examples from the routes.

It is checked in as docs/openapi.json; a test makes it anew and expects no difference.
"""

from collections.abc import Iterable, Sequence
from typing import Any, Literal, get_args

from fastapi import FastAPI
from fastapi.openapi.utils import get_openapi
from pydantic.json_schema import models_json_schema

from puhui import __version__
from puhui.api import problems
from puhui.api.call import APPROVAL
from puhui.api.fields import id_pattern
from puhui.api.idempotency import HEADER, KEY_PATTERN, REPLAYED
from puhui.api.routing import Operation, Routes
from puhui.kernel.inputs import Record
from puhui.kernel.language import Text
from puhui.kernel.refusals import INPUT_INVALID
from puhui.people.access import FORBIDDEN, UNAUTHENTICATED
from puhui.people.personal import PERSON_ERASED
from puhui.people.rate import RATE_LIMITED
from puhui.workflows.record import BOOKS_AHEAD
from puhui.workflows.store import LOAN_UNKNOWN

Mode = Literal["validation", "serialization"]

_REF = "#/components/schemas/{model}"
ABOUT = (
    "普惠金融平台接口。金额为最小货币单位的整数（`_minor`），利率为百万分之一（`_ppm`），日期为北京营业日，"
    "时刻为 RFC 3339（UTC）。\n\n"
    "Money is whole minor units (`_minor`), rates are parts per million a year (`_ppm`), days are business days in "
    "Beijing, instants RFC 3339 in UTC. Every error is a problem (RFC 9457) with a stable `code` and its text in "
    "Chinese and in English. A POST that moves money or decides needs an "
    "`Idempotency-Key`."
)

# What any request may be answered with, and what only some may.
_ALWAYS = (500, 503)
_LET_IN = (401, 403, 429)
# What is sealed with a person's key may have gone with it.
_OF_PERSONS = ("parties", "dossiers", "decisions")
_EXAMPLES = {
    400: problems.BODY_UNREADABLE,
    401: UNAUTHENTICATED,
    403: FORBIDDEN,
    404: LOAN_UNKNOWN,
    409: BOOKS_AHEAD,
    410: PERSON_ERASED,
    413: problems.BODY_TOO_LARGE,
    415: problems.MEDIA_TYPE_UNKNOWN,
    422: INPUT_INVALID,
    429: RATE_LIMITED,
    500: problems.BUG,
    503: problems.TOO_SLOW,
}


def document(app: FastAPI, all_routes: Sequence[Routes]) -> dict[str, Any]:
    """Return the OpenAPI document of an app that was made of `all_routes`."""
    found = get_openapi(
        title="普惠 Puhui",
        version=__version__,
        description=ABOUT,
        routes=app.routes,
        tags=[{"name": routes.tag, "description": _both(routes.title)} for routes in all_routes],
    )
    operations = {operation.name: operation for routes in all_routes for operation in routes.operations}
    schemas = _Schemas(operations.values())
    for path in found["paths"].values():
        for described in path.values():
            _complete(described, operations[described["operationId"]], schemas)
    found["components"] = {
        "schemas": {**schemas.definitions, "Problem": _problem_schema()},
        "responses": {f"Problem{status}": _problem_response(status) for status in sorted(_EXAMPLES)},
        "securitySchemes": {
            "key": {"type": "http", "scheme": "bearer", "description": "API 密钥 / API key: `Bearer …`"},
            "session": {"type": "apiKey", "in": "cookie", "name": "puhui_session"},
        },
    }
    return found


class _Schemas:
    """The schemas of all bodies and answers, made together so that each name is used once."""

    def __init__(self, operations: Iterable[Operation]) -> None:
        wanted: list[tuple[type[Record], Mode]] = []
        for operation in operations:
            if operation.body is not None:
                wanted.append((operation.body, "validation"))
            wanted += [(answer, "serialization") for answer in operation.answers.values() if _is_model(answer)]
        self._refs, whole = models_json_schema(sorted(set(wanted), key=str), ref_template=_REF)
        self.definitions: dict[str, Any] = dict(sorted(whole.get("$defs", {}).items()))

    def body(self, model: type[Record]) -> dict[str, Any]:
        """Return the reference to a body's schema."""
        return dict(self._refs[(model, "validation")])

    def answer(self, model: type[Record]) -> dict[str, Any]:
        """Return the reference to an answer's schema."""
        return dict(self._refs[(model, "serialization")])


def _is_model(answer: Any) -> bool:
    return isinstance(answer, type) and issubclass(answer, Record)


def _complete(described: dict[str, Any], operation: Operation, schemas: _Schemas) -> None:
    described["summary"] = _both(operation.summary)
    described["x-action"] = operation.action
    described["security"] = [{"key": []}, {"session": []}] if operation.action else []
    if operation.once:
        described.setdefault("parameters", []).append(_KEY_PARAMETER)
    if operation.body is not None:
        content = {"application/json": {"schema": schemas.body(operation.body)}}
        described["requestBody"] = {"required": True, "content": content}
    if operation.needs_second_person:
        described.setdefault("parameters", []).append(_APPROVAL_PARAMETER)
    refusals = {str(status): {"$ref": f"#/components/responses/Problem{status}"} for status in _refusals(operation)}
    answers = {str(status): _answer(operation, answer, schemas) for status, answer in operation.answers.items()}
    described["responses"] = {**answers, **refusals}


def _answer(operation: Operation, answer: Any, schemas: _Schemas) -> dict[str, Any]:
    response: dict[str, Any] = {"description": _both(operation.summary)}
    if _is_model(answer):
        response["content"] = {"application/json": {"schema": schemas.answer(answer)}}
    elif answer is not None:
        _, media_type, shape = get_args(answer)
        response["content"] = {media_type: {"schema": {"type": shape}}}
    if operation.once:
        response["headers"] = {REPLAYED: _REPLAYED_HEADER}
    return response


def _refusals(operation: Operation) -> list[int]:
    statuses = {*_ALWAYS, 404, 422}
    if operation.action:
        statuses.update(_LET_IN)
    if operation.tag in _OF_PERSONS:
        statuses.add(410)
    if operation.verb != "GET":
        statuses.update((400, 409, 413))
    if operation.body is not None:
        statuses.add(415)
    return sorted(statuses)


def _problem_schema() -> dict[str, Any]:
    text = {"type": "string"}
    properties = {
        "type": {**text, "format": "uri-reference"},
        "title": text,
        "status": {"type": "integer", "minimum": 400, "maximum": 599},
        "detail": {**text, "description": "按 Accept-Language / by Accept-Language"},
        "code": {**text, "pattern": "^[A-Z][A-Z0-9_]*$"},
        "fields": {"type": "array", "items": text, "description": "有误的字段 / what is wrong, dotted paths"},
        "messages": {
            "type": "object",
            "properties": {"zh": text, "en": text},
            "required": ["zh", "en"],
            "additionalProperties": False,
        },
        "request_id": text,
    }
    return {
        "title": "Problem",
        "description": "RFC 9457",
        "type": "object",
        "properties": properties,
        "required": list(properties),
        "additionalProperties": False,
    }


def _problem_response(status: int) -> dict[str, Any]:
    return {
        "description": _both(problems.title_of(status)),
        "content": {
            problems.MEDIA_TYPE: {
                "schema": {"$ref": "#/components/schemas/Problem"},
                "example": _example(status),
            }
        },
    }


def _example(status: int) -> dict[str, Any]:
    refusal = _EXAMPLES[status].refuse(*_EXAMPLE_FIELDS.get(status, ()), **_ANY_DETAILS)
    return problems.as_problem(refusal, "zh", "req_01jcx4q8h2e6x8v5tq3k9m7w1a")


def _both(text: Text) -> str:
    return f"{text.zh} / {text.en}"


_EXAMPLE_FIELDS = {400: ("body",), 415: ("body",), 422: ("amount_minor",)}
_ANY_DETAILS: dict[str, object] = {
    "problem": Text("amount_minor 必须大于 0", "amount_minor must be more than 0"),
    "limit": 1 << 20,
    "seconds": 30,
    "retry_after_seconds": 1,
    "request_id": "req_01jcx4q8h2e6x8v5tq3k9m7w1a",
    "loan": "loan_01jcx4q8h2e6x8v5tq3k9m7w1a",
    "action": Text("放款", "disburse"),
    "as_of": "2024-02-15",
    "today": "2024-02-14",
}
_KEY_PARAMETER = {
    "name": HEADER,
    "in": "header",
    "required": True,
    "description": "重试时保持不变，不会重复记账 / keep it when you try again: nothing is booked twice",
    "schema": {"type": "string", "pattern": KEY_PATTERN},
    "example": "repay-2024-03-15-0001",
}
_APPROVAL_PARAMETER = {
    "name": APPROVAL,
    "in": "header",
    "required": False,
    "description": "第二人批准的编号 / the approval of a second person, once there is one",
    "schema": {"type": "string", "pattern": id_pattern("approval")},
}
_REPLAYED_HEADER = {
    "description": "true：此前已处理，返回当时的结果 / done before; this is the answer of then",
    "schema": {"type": "string", "enum": ["true"]},
}
