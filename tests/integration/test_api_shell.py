"""What every answer has, whatever the route: an id, safe headers, limits, problems in two languages, a line of log."""

import asyncio
import io
import json
import logging
import threading

import httpx
import pytest
import structlog
from fastapi import FastAPI, Request

from puhui.api import problems
from puhui.api.logs import configure
from puhui.api.metrics import Metrics
from puhui.api.shell import Limits, Shell
from puhui.kernel.ids import parse_id
from puhui.kernel.refusals import declare
from web import Web

TOY = declare("TOY_REFUSED", 409, "不行：{what}", "No: {what}")
WAIT = declare("TOY_WAIT", 429, "请等 {retry_after_seconds} 秒", "Wait {retry_after_seconds} s")
SIGN_IN = declare("TOY_SIGN_IN", 401, "请登录", "Sign in")


@pytest.fixture
def logged():
    stream, root = io.StringIO(), logging.getLogger()
    before, level = root.handlers, root.level
    configure(stream)
    yield lambda: [json.loads(line) for line in stream.getvalue().splitlines()]
    structlog.reset_defaults()
    root.handlers, root.level = before, level


@pytest.fixture
def metrics():
    return Metrics()


@pytest.fixture
def client(metrics, logged):
    app = FastAPI(openapi_url=None, redirect_slashes=False)
    problems.add_to(app)
    app.add_middleware(Shell, metrics=metrics, limits=Limits(body_bytes=1000, seconds=1))

    @app.get("/fine/{number}")
    def fine(number: int, day: int = 1):
        return {"number": number, "day": day}

    @app.post("/echo")
    async def echo(request: Request):
        return {"bytes": len(await request.body())}

    @app.get("/refused")
    def refused():
        raise TOY.refuse("a.b", what="是")

    @app.get("/wait")
    def wait():
        raise WAIT.refuse(retry_after_seconds=7)

    @app.get("/sign-in")
    def sign_in():
        raise SIGN_IN.refuse()

    @app.get("/bug")
    def bug():
        raise ZeroDivisionError("secret of a person")

    @app.get("/healthz")
    def healthz():
        return {}

    app.state.release = threading.Event()
    app.state.ended = threading.Event()

    @app.get("/slow")
    def slow():
        app.state.release.wait(5)
        app.state.ended.set()
        return {}

    web = Web(app, raises=False)
    yield web
    web.close()


def body(response):
    assert response.headers["content-type"] == "application/problem+json"
    return response.json()


def test_a_refusal_is_a_problem(client):
    response = client.get("/refused", headers={"X-Request-Id": "req-12345678"})
    assert response.status_code == 409
    assert body(response) == {
        "type": "/problems/TOY_REFUSED",
        "title": "与当前状态冲突",
        "status": 409,
        "detail": "不行：是",
        "code": "TOY_REFUSED",
        "fields": ["a.b"],
        "messages": {"zh": "不行：是", "en": "No: 是"},
        "request_id": "req-12345678",
    }


@pytest.mark.parametrize(
    ("accepted", "language"),
    [
        ("en", "en"),
        ("en-US,en;q=0.9,zh-CN;q=0.8", "en"),
        ("zh-CN,zh;q=0.9,en;q=0.8", "zh"),
        ("en;q=0.5, zh;q=0.5", "zh"),
        ("en;q=0", "zh"),
        ("zh;q=0, en;q=0.001", "en"),
        ("fr, *;q=0.1", "zh"),
        ("en;q=2", "zh"),
        ("", "zh"),
        ("," * 5000 + "en", "zh"),
    ],
)
def test_the_language_is_the_one_that_is_liked_better(client, accepted, language):
    response = client.get("/refused", headers={"Accept-Language": accepted})
    assert response.headers["content-language"] == language
    assert body(response)["detail"] == body(response)["messages"][language]


def test_the_servers_own_language_has_no_say(client, monkeypatch):
    monkeypatch.setenv("PUHUI_LANG", "en")
    assert body(client.get("/refused", headers={"Accept-Language": ""}))["detail"] == "不行：是"


@pytest.mark.parametrize(
    ("method", "path", "status", "code"),
    [
        ("GET", "/nothing", 404, "ROUTE_UNKNOWN"),
        ("GET", "/fine/", 404, "ROUTE_UNKNOWN"),
        ("POST", "/refused", 405, "METHOD_NOT_ALLOWED"),
        ("BREW", "/refused", 405, "METHOD_NOT_ALLOWED"),
        ("GET", "/fine/x", 422, "INPUT_INVALID"),
    ],
)
def test_what_the_framework_refuses_is_a_problem_too(client, method, path, status, code):
    response = client.request(method, path)
    assert (response.status_code, body(response)["code"]) == (status, code)


def test_a_wrong_path_and_query_are_named_in_both_languages(client):
    found = body(client.get("/fine/x?day=y"))
    assert found["fields"] == ["number", "day"]
    assert found["messages"] == {
        "zh": "输入有误：number 必须是整数；day 必须是整数",
        "en": "The input is wrong: number must be a whole number; day must be a whole number",
    }


def test_headers_that_go_with_a_status(client):
    assert client.get("/wait").headers["retry-after"] == "7"
    assert client.get("/sign-in").headers["www-authenticate"] == 'Bearer realm="puhui"'
    assert client.post("/refused").headers["allow"] == "GET"


def test_a_bug_tells_the_request_id_and_no_more(client, logged):
    response = client.get("/bug", headers={"X-Request-Id": "req-12345678", "Accept-Language": "en"})
    assert response.status_code == 500
    found = body(response)
    assert (found["code"], found["request_id"], found["fields"]) == ("INTERNAL_ERROR", "req-12345678", [])
    assert "ZeroDivision" not in response.text
    assert "secret" not in response.text
    assert response.headers["x-request-id"] == "req-12345678"
    request, bug = logged()
    assert bug["level"] == "error"
    assert "ZeroDivisionError" in bug["exception"]
    assert bug["request_id"] == request["request_id"] == "req-12345678"
    assert request["status"] == 500


def test_a_bug_is_raised_to_the_server_as_well(client):
    loud = Web(client.app)
    with pytest.raises(ZeroDivisionError):
        loud.get("/bug")
    loud.close()


@pytest.mark.parametrize("given", ["", "short", "with space in it", "a" * 81, "line\tbreak"])
def test_a_request_id_that_cannot_be_kept_is_replaced(client, given):
    response = client.get("/fine/1", headers={"X-Request-Id": given})
    parse_id(response.headers["x-request-id"], "req")


@pytest.mark.parametrize("path", ["/fine/1", "/refused", "/nothing", "/bug"])
def test_every_answer_has_the_headers_of_safety(client, path):
    headers = client.get(path).headers
    assert headers["x-content-type-options"] == "nosniff"
    assert headers["cache-control"] == "no-store"
    assert "frame-ancestors 'none'" in headers["content-security-policy"]
    assert "access-control-allow-origin" not in headers
    assert "server" not in headers


def test_a_body_at_the_limit_and_one_over(client):
    assert client.post("/echo", content=b"x" * 1000).json() == {"bytes": 1000}
    response = client.post("/echo", content=b"x" * 1001)
    assert (response.status_code, body(response)["code"]) == (413, "BODY_TOO_LARGE")


def test_a_body_without_a_length_is_counted_as_it_comes(client):
    def parts(count):
        for _ in range(count):
            yield b"x" * 100

    assert client.post("/echo", content=parts(10)).json() == {"bytes": 1000}
    response = client.post("/echo", content=parts(11))
    assert (response.status_code, body(response)["code"]) == (413, "BODY_TOO_LARGE")


def test_a_length_that_lies(client):
    response = client.post("/echo", content=b"x", headers={"Content-Length": "9" * 50})
    assert response.status_code == 413


def test_what_takes_too_long_is_answered_and_ends_by_itself(client):
    response = client.get("/slow")
    assert (response.status_code, body(response)["code"]) == (503, "TOO_SLOW")
    assert response.headers["retry-after"] == "1"
    assert response.headers["x-content-type-options"] == "nosniff"
    assert not client.app.state.ended.is_set()
    client.app.state.release.set()
    assert client.app.state.ended.wait(5)


def test_more_at_once_than_there_is_room_for(metrics):
    app = FastAPI(openapi_url=None)
    problems.add_to(app)
    entered, release = asyncio.Event(), asyncio.Event()

    @app.get("/wait")
    async def wait():
        entered.set()
        await release.wait()
        return {}

    @app.get("/healthz")
    async def healthz():
        return {}

    shell = Shell(app, metrics, Limits(at_once=1))

    async def ask():
        async with httpx.AsyncClient(transport=httpx.ASGITransport(shell), base_url="http://puhui.test") as web:
            first = asyncio.ensure_future(web.get("/wait"))
            await entered.wait()
            second, watching = await web.get("/wait"), await web.get("/healthz")
            release.set()
            return (await first), second, watching, await web.get("/wait")

    first, second, watching, later = asyncio.run(ask())
    assert (first.status_code, watching.status_code, later.status_code) == (200, 200, 200)
    assert (second.status_code, body(second)["code"]) == (503, "TOO_BUSY")
    assert second.headers["retry-after"] == "1"


def test_a_body_that_never_comes_is_not_waited_for(client):
    sent = []

    async def ask():
        scope = {"type": "http", "method": "POST", "path": "/echo", "raw_path": b"/echo", "query_string": b""}
        scope |= {"headers": [], "http_version": "1.1", "scheme": "http", "root_path": "", "client": None}

        async def send(message):
            sent.append(message)

        await client.app({**scope, "server": ("test", 80)}, asyncio.Event().wait, send)

    asyncio.run(ask())
    assert sent[0]["status"] == 503


def test_one_line_a_request_by_its_route_without_its_values(client, logged):
    client.get("/fine/4242?day=7&phone=13800138000", headers={"User-Agent": "agent", "Authorization": "Bearer abc"})
    client.get("/nothing/13800138000")
    client.get("/healthz")
    first, second = logged()
    assert first["route"] == "/fine/{number}"
    assert (first["method"], first["status"]) == ("GET", 200)
    assert first["took_us"] > 0
    assert second["route"] == "-"
    whole = json.dumps([first, second])
    for value in ("4242", "13800138000", "agent", "abc", "127.0.0.1"):
        assert value not in whole


def test_requests_are_counted_by_route_and_status(client, metrics):
    client.get("/fine/1")
    client.get("/fine/2")
    client.get("/refused")
    client.get("/nothing/1")
    client.request("BREW", "/nothing/2")
    client.get("/bug")
    text = metrics.text().decode()
    for line in (
        'puhui_http_requests_total{method="GET",route="/fine/{number}",status="200"} 2.0',
        'puhui_http_requests_total{method="GET",route="/refused",status="409"} 1.0',
        'puhui_http_requests_total{method="-",route="-",status="404"} 2.0',
        'puhui_http_requests_total{method="GET",route="/bug",status="500"} 1.0',
        'puhui_http_request_duration_seconds_count{method="GET",route="/fine/{number}"} 2.0',
    ):
        assert line in text


def test_figures_of_the_books_are_read_when_asked_for():
    figures = {"puhui_outbox_depth": 3}
    metrics = Metrics(lambda: figures)
    assert "puhui_outbox_depth 3.0" in metrics.text().decode()
    figures["puhui_outbox_depth"] = 0
    text = metrics.text().decode()
    assert "puhui_outbox_depth 0.0" in text
    # What is not known is left out: 0 would say that all is well.
    assert "puhui_night_watermark_age_days" not in text


def test_what_libraries_log_is_json_too(logged):
    logging.getLogger("uvicorn.error").warning("port %s is taken", 80)
    logging.getLogger("sqlalchemy.engine").info("SELECT 1")
    (line,) = logged()
    assert (line["event"], line["level"], line["logger"]) == ("port 80 is taken", "warning", "uvicorn.error")
