"""Errors as RFC 9457 problems: one shape for every refusal, in Chinese and in English, with a code for programs."""

import re
from collections.abc import Mapping
from http import HTTPStatus
from typing import Any

from fastapi import FastAPI, Request
from fastapi.exceptions import RequestValidationError
from fastapi.responses import JSONResponse
from starlette.exceptions import HTTPException
from starlette.routing import Match

from puhui.api.headers import completed
from puhui.api.logs import log
from puhui.kernel.inputs import PROBLEMS
from puhui.kernel.language import Text
from puhui.kernel.refusals import INPUT_INVALID, Refusal, declare

MEDIA_TYPE = "application/problem+json"

ROUTE_UNKNOWN = declare(
    "ROUTE_UNKNOWN",
    404,
    "没有这个地址：{path}。接口目录见 /reference。",
    "There is nothing at {path}. /reference lists what there is.",
)
METHOD_NOT_ALLOWED = declare(
    "METHOD_NOT_ALLOWED",
    405,
    "该地址不接受 {name}，可用：{allowed}。",
    "{name} is not accepted here; use {allowed}.",
)
BODY_UNREADABLE = declare(
    "BODY_UNREADABLE", 400, "请求体不是有效的 JSON：{problem}。", "The body is not JSON that can be read: {problem}."
)
BODY_TOO_LARGE = declare("BODY_TOO_LARGE", 413, "请求体超过 {limit} 字节。", "The body is larger than {limit} bytes.")
MEDIA_TYPE_UNKNOWN = declare(
    "MEDIA_TYPE_UNKNOWN",
    415,
    "请求体须为 JSON，请加上 Content-Type: application/json。",
    "The body must be JSON; send Content-Type: application/json.",
)
TOO_SLOW = declare(
    "TOO_SLOW",
    503,
    "未能在 {seconds} 秒内完成。请用同一个 Idempotency-Key 重试，不会重复记账。",
    "Not done within {seconds} seconds. Try again with the same Idempotency-Key: nothing is booked twice.",
)
TOO_BUSY = declare(
    "TOO_BUSY",
    503,
    "系统正忙，请在 {retry_after_seconds} 秒后用同一个 Idempotency-Key 重试。",
    "Too much at once; try again in {retry_after_seconds} seconds, with the same Idempotency-Key.",
)
BUG = declare(
    "INTERNAL_ERROR",
    500,
    "系统内部错误，已记录。请报告请求编号 {request_id}。",
    "An error of ours; it is logged. Please report the request id {request_id}.",
)
NOT_ACCEPTED = declare("REQUEST_REFUSED", 400, "请求无法处理：{problem}。", "The request cannot be handled: {problem}.")

TITLES = {
    400: Text("请求有误", "Bad request"),
    401: Text("未登录或凭证无效", "Not authenticated"),
    403: Text("无权操作", "Not allowed"),
    404: Text("找不到", "Not found"),
    405: Text("方法不可用", "Method not allowed"),
    409: Text("与当前状态冲突", "Conflict"),
    410: Text("已不存在", "Gone"),
    413: Text("请求体过大", "Body too large"),
    415: Text("请求体类型不支持", "Unsupported media type"),
    422: Text("内容有误", "Content refused"),
    429: Text("请求过于频繁", "Too many requests"),
    500: Text("系统内部错误", "Internal error"),
    503: Text("暂时不可用", "Not available now"),
}

_RANGE = re.compile(r"\s*([a-zA-Z*]{1,8}(?:-[a-zA-Z0-9]{1,8})*)\s*(?:;\s*q\s*=\s*(0(?:\.\d{0,3})?|1(?:\.0{0,3})?))?\s*")


def language_of(accepted: str | None) -> str:
    """Return "zh" or "en" by an Accept-Language header: the better liked, Chinese when neither is named.

    >>> language_of("en-GB, zh;q=0.5"), language_of("fr"), language_of(None)
    ('en', 'zh', 'zh')
    """
    liked = {"zh": 0, "en": 0}
    for part in (accepted or "")[:200].split(","):
        match = _RANGE.fullmatch(part)
        name = match[1].lower().split("-")[0] if match else ""
        if match and name in liked:
            weight = int((match[2] or "1").replace(".", "").ljust(4, "0")[:4])
            liked[name] = max(liked[name], weight)
    return "en" if liked["en"] > liked["zh"] else "zh"


def title_of(status: int) -> Text:
    """Return the title of all problems of one status."""
    phrase = HTTPStatus(status).phrase
    return TITLES.get(status, Text(phrase, phrase))


def as_problem(refusal: Refusal, language: str, request_id: str) -> dict[str, Any]:
    """Return the body of a refusal: RFC 9457 with `code`, `fields`, `messages` in both languages, `request_id`."""
    return {
        "type": f"/problems/{refusal.code}",
        "title": title_of(refusal.status).say(language),
        "status": refusal.status,
        "detail": refusal.message(language),
        "code": refusal.code,
        "fields": list(refusal.fields),
        "messages": {"zh": refusal.message("zh"), "en": refusal.message("en")},
        "request_id": request_id,
    }


def answer(refusal: Refusal, scope: Mapping[str, Any]) -> JSONResponse:
    """Return the response to a refused request."""
    languages = [value for name, value in scope["headers"] if name == b"accept-language"]
    language = language_of(languages[0].decode("latin-1") if languages else None)
    headers = {"Content-Language": language}
    if refusal.status == HTTPStatus.UNAUTHORIZED:
        headers["WWW-Authenticate"] = 'Bearer realm="puhui"'
    if wait := refusal.details.get("retry_after_seconds"):
        headers["Retry-After"] = str(wait)
    if refusal.kind is METHOD_NOT_ALLOWED:
        headers["Allow"] = str(refusal.details["allowed"])
    body = as_problem(refusal, language, str(scope.get("puhui.request_id", "")))
    return JSONResponse(body, refusal.status, headers, media_type=MEDIA_TYPE)


def add_to(app: FastAPI) -> None:
    """Make every error of the app a problem."""
    app.add_exception_handler(Refusal, _refused)
    app.add_exception_handler(RequestValidationError, _invalid)
    app.add_exception_handler(HTTPException, _http)
    app.add_exception_handler(Exception, _bug)


async def _refused(request: Request, refusal: Exception) -> JSONResponse:
    assert isinstance(refusal, Refusal)
    return answer(refusal, request.scope)


async def _invalid(request: Request, error: Exception) -> JSONResponse:
    assert isinstance(error, RequestValidationError)
    return answer(refusal_of(error), request.scope)


async def _http(request: Request, error: Exception) -> JSONResponse:
    assert isinstance(error, HTTPException)
    return answer(_refusal_of_status(request.scope, error), request.scope)


async def _bug(request: Request, error: Exception) -> JSONResponse:
    """Answer a bug with nothing but the request id; the log has the rest."""
    log().error("bug", exc_info=error)
    request_id = str(request.scope.get("puhui.request_id", ""))
    response = answer(BUG.refuse(request_id=request_id), request.scope)
    # This one is sent from outside the shell, which gives all others their headers.
    response.raw_headers = completed(response.raw_headers, request_id.encode())
    return response


def refusal_of(error: RequestValidationError) -> Refusal:
    """Return FastAPI's complaint about a path, a query or a header as a refusal that names each field."""
    fields: dict[str, Text] = {}
    for item in error.errors():
        name = ".".join(str(part) for part in item["loc"][1:]) or str(item["loc"][0])
        text = PROBLEMS.get(item["type"], Text(f"不合要求（{item['msg']}）", f"is not acceptable ({item['msg']})"))
        context = item.get("ctx", {})
        fields.setdefault(name, Text(text.zh.format(**context), text.en.format(**context)))
    problem = Text(
        "；".join(f"{name} {text.zh}" for name, text in fields.items()),
        "; ".join(f"{name} {text.en}" for name, text in fields.items()),
    )
    return INPUT_INVALID.refuse(*fields, problem=problem)


def methods_at(scope: Mapping[str, Any]) -> list[str]:
    """Return every method that some route takes at the path of a request: a router tells those of its first only."""
    found: set[str] = set()
    for route in scope["app"].routes:
        match, _ = route.matches(dict(scope))
        if match is not Match.NONE:
            found |= route.methods or set()
    return sorted(found)


def _refusal_of_status(scope: Mapping[str, Any], error: HTTPException) -> Refusal:
    if error.status_code == HTTPStatus.NOT_FOUND:
        return ROUTE_UNKNOWN.refuse(path=scope["path"][:200])
    if error.status_code == HTTPStatus.METHOD_NOT_ALLOWED:
        allowed = ", ".join(methods_at(scope))
        return METHOD_NOT_ALLOWED.refuse(name=scope["method"][:20], allowed=allowed)
    return NOT_ACCEPTED.refuse(problem=str(error.detail)[:200])
