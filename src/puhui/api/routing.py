"""What a route is: a path, the action that permits it, a body, an answer; the rest is the same for all.

    routes = Routes("loans", Text("贷款", "Loans"))

    @routes.get("/loans/{loan_id}", "loans.read", Text("查询贷款", "Read a loan"))
    def read_loan(call: Call, loan_id: LoanId) -> LoanOut: ...

A handler runs in a thread of the platform's pools, whole: it is let in, opens its transaction, and has its answer
written there. So a request costs one change of threads, and no more of them are at work than there are connections.
Bodies are read by the same reader as every other input (`kernel.inputs.parse`).
"""

import asyncio
import inspect
from collections.abc import Callable, Mapping
from contextvars import copy_context
from dataclasses import dataclass
from http import HTTPStatus
from types import UnionType
from typing import TYPE_CHECKING, Annotated, Any, TypeAlias, TypeVar, get_args, get_type_hints

from fastapi import Depends, FastAPI, Request, Response

from puhui.api.call import CallContext
from puhui.api.problems import BODY_UNREADABLE, MEDIA_TYPE_UNKNOWN
from puhui.kernel.inputs import Record, parse, read_json
from puhui.kernel.language import Text
from puhui.kernel.refusals import INPUT_INVALID, Refusal
from puhui.people.permissions import action_of

Body = TypeVar("Body", bound=Record)
Handler = TypeVar("Handler", bound=Callable[..., Any])

_JSON = "application/json"


@dataclass(frozen=True)
class Operation:
    """One route. `once`: needs an Idempotency-Key. `action`: what a caller must be allowed, "" for all."""

    verb: str
    path: str
    action: str
    summary: Text
    handler: Callable[..., Any]
    status: int
    once: bool
    tag: str

    @property
    def name(self) -> str:
        """The operation id: the handler's name."""
        return self.handler.__name__

    @property
    def reads(self) -> bool:
        """Whether it changes nothing."""
        return self.verb in ("GET",)

    @property
    def needs_second_person(self) -> bool:
        """Whether nobody may do it alone."""
        return bool(action_of(self.action).approvers)

    @property
    def body(self) -> type[Record] | None:
        """The model of the body, None where there is none."""
        found = _depended(self.handler, "model")
        return found[0] if found else None

    @property
    def answers(self) -> dict[int, Any]:
        """What is answered, by status: a model, `PlainText` or `JsonObject`, None for no body.

        Of two models (`A | B`) the second is that of 202: what was asked for waits.
        """
        hint = get_type_hints(self.handler, include_extras=True).get("return")
        first, *rest = get_args(hint) if isinstance(hint, UnionType) else (hint,)
        return {self.status: None if first is type(None) else first, **({202: rest[0]} if rest else {})}


class Routes:
    """The routes of one resource."""

    def __init__(self, tag: str, title: Text) -> None:
        self.tag = tag
        self.title = title
        self.operations: list[Operation] = []

    def get(self, path: str, action: str, summary: Text) -> Callable[[Handler], Handler]:
        """Add a route that reads."""
        return self._add("GET", path, action, summary, HTTPStatus.OK)

    def post(
        self, path: str, action: str, summary: Text, *, status: int = HTTPStatus.CREATED, once: bool = False
    ) -> Callable[[Handler], Handler]:
        """Add a route that does something."""
        return self._add("POST", path, action, summary, status, once)

    def patch(self, path: str, action: str, summary: Text) -> Callable[[Handler], Handler]:
        """Add a route that changes a setting."""
        return self._add("PATCH", path, action, summary, HTTPStatus.OK)

    def delete(self, path: str, action: str, summary: Text) -> Callable[[Handler], Handler]:
        """Add a route that removes a setting."""
        return self._add("DELETE", path, action, summary, HTTPStatus.NO_CONTENT)

    def _add(
        self, verb: str, path: str, action: str, summary: Text, status: int, once: bool = False
    ) -> Callable[[Handler], Handler]:
        def add(handler: Handler) -> Handler:
            whole = f"/v1{path}"
            self.operations.append(Operation(verb, whole, action, summary, handler, int(status), once, self.tag))
            return handler

        return add


# --- what a handler asks for ------------------------------------------------------------------------


async def _call(request: Request) -> CallContext:
    return CallContext(request)


Call = Annotated[CallContext, Depends(_call)]

# What a handler returns that writes its answer itself.
PlainText = Annotated[Response, "text/plain", "string"]
JsonObject = Annotated[Response, "application/json", "object"]

if TYPE_CHECKING:
    Given: TypeAlias = Annotated[Body, "the body"]
else:

    class Given:
        """`Given[Model]`: the body, read as a Model."""

        def __class_getitem__(cls, model: type[Record]) -> Any:
            return Annotated[model, Depends(_reader(model))]


def _reader(model: type[Record]) -> Callable[[Request], Any]:
    async def read(request: Request) -> Record:
        content_type = request.headers.get("content-type", "").partition(";")[0].strip().lower()
        if content_type != _JSON:
            raise MEDIA_TYPE_UNKNOWN.refuse("body")
        return parse(model, read_body(await request.body()))

    read.model = model  # type: ignore[attr-defined]
    return read


def read_body(body: bytes) -> Any:
    """Return the parsed JSON of a body; refuse BODY_UNREADABLE: broken, a field twice, NaN, not UTF-8."""
    try:
        return read_json("body", body.decode("utf-8"))
    except UnicodeDecodeError as error:
        raise BODY_UNREADABLE.refuse("body", problem=str(error)) from None
    except Refusal as refusal:
        raise BODY_UNREADABLE.refuse("body", problem=refusal.details["problem"]) from None


def _depended(handler: Callable[..., Any], attribute: str) -> list[Any]:
    found = []
    for parameter in inspect.signature(handler).parameters.values():
        for extra in getattr(parameter.annotation, "__metadata__", ()):
            if hasattr(getattr(extra, "dependency", None), attribute):
                found.append(getattr(extra.dependency, attribute))
    return found


# --- putting routes into an app ---------------------------------------------------------------------


def add_to(app: FastAPI, operation: Operation) -> None:
    """Add one route to the app."""
    known = _query_names(operation)

    def work(arguments: dict[str, Any]) -> Response:
        call: CallContext = arguments["call"]
        call.enter(operation)
        _refuse_unknown(call.request, known)
        answer = operation.handler(**arguments)
        call.access.finish()
        return answer if isinstance(answer, Response) else written(answer, operation.status)

    async def run(**arguments: Any) -> Response:
        platform = arguments["call"].platform
        pool = platform.readers if operation.reads else platform.writers
        loop = asyncio.get_running_loop()
        return await loop.run_in_executor(pool, copy_context().run, work, arguments)

    run.__name__ = operation.name
    run.__doc__ = operation.handler.__doc__
    run.__signature__ = inspect.signature(operation.handler)  # type: ignore[attr-defined]
    app.add_api_route(
        operation.path,
        run,
        methods=[operation.verb],
        response_model=None,
        status_code=operation.status,
        operation_id=operation.name,
        summary=operation.summary.zh,
        tags=[operation.tag],
    )


def written(answer: Record | None, status: int, headers: Mapping[str, str] | None = None) -> Response:
    """Return an answer as JSON."""
    if answer is None:
        return Response(status_code=HTTPStatus.NO_CONTENT, headers=headers)
    return Response(answer.model_dump_json(), status, headers, _JSON)


def _query_names(operation: Operation) -> frozenset[str]:
    parameters = inspect.signature(operation.handler).parameters
    return frozenset(name for name in parameters if f"{{{name}}}" not in operation.path) - {"call", "body"}


def _refuse_unknown(request: Request, known: frozenset[str]) -> None:
    """Refuse a query that names what the route does not know, or one thing twice: a lost filter shows too much."""
    if not request.scope["query_string"]:
        return
    names = [name for name, _ in request.query_params.multi_items()]
    wrong = sorted({name for name in names if name not in known or names.count(name) > 1})
    if wrong:
        problem = Text(
            f"查询参数未知或重复：{'、'.join(wrong)}", f"query parameters unknown or given twice: {', '.join(wrong)}"
        )
        raise INPUT_INVALID.refuse(*wrong, problem=problem)
