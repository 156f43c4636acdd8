"""The pages for people: the state of this server at `/`, the interface at `/reference`, each problem explained.

Plain HTML made here, no script and nothing from elsewhere: it works in a bank's network that reaches no other.
"""

import json
from collections.abc import Mapping
from html import escape
from typing import Any

from fastapi import FastAPI, Request
from fastapi.responses import HTMLResponse, JSONResponse

from puhui import __version__
from puhui.api.problems import ROUTE_UNKNOWN, title_of
from puhui.kernel.clock import now, today
from puhui.kernel.refusals import KINDS

_STYLE = (
    "body{font:16px/1.6 system-ui,'PingFang SC','Microsoft YaHei',sans-serif;max-width:60rem;margin:2rem auto;"
    "padding:0 1rem;color:#1c2430;background:#fff}h1{font-size:1.6rem}h2{font-size:1.25rem;margin-top:2.2rem;"
    "border-bottom:1px solid #d5dbe3}h3{font-size:1rem;margin:1.6rem 0 .2rem}code,pre{font:13px/1.5 ui-monospace,"
    "monospace;background:#f3f5f8;border-radius:4px}code{padding:.1rem .3rem}pre{padding:.7rem;overflow:auto}"
    "table{border-collapse:collapse;margin:.4rem 0}td,th{border:1px solid #d5dbe3;padding:.25rem .6rem;"
    "text-align:left;vertical-align:top}a{color:#0b5cad}.en{color:#5a6676}.verb{font-weight:600}.ok{color:#136f2d}"
    ".no{color:#a61b1b}@media(prefers-color-scheme:dark){body{background:#14181f;color:#dfe5ee}code,pre"
    "{background:#222936}td,th,h2{border-color:#3a4453}a{color:#7db7f5}.en{color:#98a4b5}.ok{color:#6fd08c}"
    ".no{color:#ff9a9a}}"
)
_HEADERS = {
    "Content-Security-Policy": "default-src 'none'; style-src 'unsafe-inline'; frame-ancestors 'none'",
    "Content-Language": "zh, en",
}


def add_to(app: FastAPI) -> None:
    """Add the pages and the OpenAPI document."""

    def status(request: Request) -> HTMLResponse:
        return _page("普惠 Puhui", _status(request.app.state.platform.readiness()))

    async def reference() -> HTMLResponse:
        return _page("接口 · API", _reference(app.openapi()))

    async def problem(code: str) -> HTMLResponse:
        if code not in KINDS:
            raise ROUTE_UNKNOWN.refuse(path=f"/problems/{code[:80]}")
        return _page(code, _problem(code))

    async def document() -> JSONResponse:
        return JSONResponse(app.openapi())

    app.add_api_route("/", status, include_in_schema=False)
    app.add_api_route("/reference", reference, include_in_schema=False)
    app.add_api_route("/problems/{code}", problem, include_in_schema=False)
    app.add_api_route("/openapi.json", document, include_in_schema=False)


def _page(title: str, body: str) -> HTMLResponse:
    return HTMLResponse(
        f'<!doctype html><html lang="zh"><meta charset="utf-8"><meta name="viewport" content="width=device-width">'
        f"<title>{escape(title)}</title><style>{_STYLE}</style><h1>{escape(title)}</h1>{body}</html>",
        headers=_HEADERS,
    )


def _status(ready: Mapping[str, str]) -> str:
    fine = "正常 <span class=en>ok</span>"
    rows = "".join(
        f"<tr><td>{escape(name)}<td class={'no' if problem else 'ok'}>{escape(problem) or fine}"
        for name, problem in ready.items()
    )
    return (
        "<p>服务已启动。<br><span class=en>The service is running.</span></p>"
        f"<table><tr><td>版本 <span class=en>version</span><td>{escape(__version__)}"
        f"<tr><td>营业日 <span class=en>business day</span><td>{today().isoformat()}"
        f"<tr><td>时刻 <span class=en>instant</span><td>{now().isoformat(timespec='seconds')}{rows}</table>"
        "<ul><li><a href=/reference>接口说明 <span class=en>API reference</span></a>"
        "<li><a href=/openapi.json>OpenAPI 文档 <span class=en>OpenAPI document</span></a>"
        "<li><a href=/healthz>存活 <span class=en>health</span></a>"
        "<li><a href=/readyz>就绪 <span class=en>readiness</span></a>"
        "<li><a href=/metrics>指标 <span class=en>metrics</span></a></ul>"
    )


def _problem(code: str) -> str:
    kind = KINDS[code]
    title = title_of(kind.status)
    return (
        f"<p>HTTP {kind.status} · {escape(title.zh)} <span class=en>{escape(title.en)}</span></p>"
        f"<p>{escape(kind.text.zh)}</p><p class=en>{escape(kind.text.en)}</p><p><a href=/reference>接口说明</a></p>"
    )


def _reference(document: Mapping[str, Any]) -> str:
    """Return the whole interface as HTML: each tag, each operation, each schema, each problem."""
    about = "".join(f"<p>{escape(part)}</p>" for part in document["info"]["description"].split("\n\n"))
    operations: dict[str, list[str]] = {}
    for path, methods in document["paths"].items():
        for verb, operation in methods.items():
            operations.setdefault(operation["tags"][0], []).append(_operation(verb, path, operation))
    parts = [
        f"<h2 id={escape(tag['name'])}>{escape(tag['description'])}</h2>{''.join(operations.get(tag['name'], []))}"
        for tag in document["tags"]
    ]
    schemas = "".join(_schema(name, schema) for name, schema in document["components"]["schemas"].items())
    codes = "".join(
        f"<tr><td><a href=/problems/{kind.code}><code>{kind.code}</code></a><td>{kind.status}"
        f"<td>{escape(kind.text.zh)}<br><span class=en>{escape(kind.text.en)}</span>"
        for kind in sorted(KINDS.values(), key=lambda kind: kind.code)
    )
    index = " · ".join(f"<a href=#{tag['name']}>{escape(tag['description'])}</a>" for tag in document["tags"])
    return (
        f"{about}<p>{index} · <a href=#schemas>结构</a> · <a href=#problems>错误码</a></p>{''.join(parts)}"
        f"<h2 id=schemas>结构 <span class=en>Schemas</span></h2>{schemas}"
        f"<h2 id=problems>错误码 <span class=en>Problems</span></h2><table>{codes}</table>"
    )


def _operation(verb: str, path: str, operation: Mapping[str, Any]) -> str:
    rows = [
        f"<tr><td><code>{escape(each['name'])}</code><td>{escape(each['in'])}"
        f"{' *' if each.get('required') else ''}<td>{escape(each.get('description', ''))}"
        for each in operation.get("parameters", [])
    ]
    body = operation.get("requestBody", {}).get("content", {}).get("application/json", {}).get("schema")
    if body:
        rows.append(f"<tr><td>body<td>JSON *<td>{_link(body)}")
    answers = [
        f"{status} {_link(response['content']['application/json']['schema'])}"
        if "application/json" in response.get("content", {})
        else status
        for status, response in operation["responses"].items()
    ]
    return (
        f"<h3 id={operation['operationId']}>{escape(operation['summary'])}</h3>"
        f"<div><code><span class=verb>{verb.upper()}</span> {escape(path)}</code>"
        f" <span class=en>{escape(operation['x-action'])}</span></div>"
        f"<table>{''.join(rows)}</table><div class=en>{', '.join(answers)}</div>"
    )


def _link(schema: Mapping[str, Any]) -> str:
    name = str(schema.get("$ref", "")).rpartition("/")[2]
    return f"<a href=#schema-{escape(name)}>{escape(name)}</a>" if name else escape(str(schema.get("type", "")))


def _schema(name: str, schema: Mapping[str, Any]) -> str:
    about = escape(schema.get("description", "")).replace("\n", "<br>")
    example = schema.get("examples", [None])[0]
    shown = f"<pre>{escape(json.dumps(example, ensure_ascii=False, indent=1))}</pre>" if example else ""
    required = schema.get("required", [])
    rows = "".join(
        f"<tr><td><code>{escape(field)}</code>{' *' if field in required else ''}<td>{_shape(each)}"
        f"<td>{escape(each.get('description', ''))}"
        for field, each in schema.get("properties", {}).items()
    )
    return f"<h3 id=schema-{escape(name)}>{escape(name)}</h3><p>{about}</p><table>{rows}</table>{shown}"


def _shape(schema: Mapping[str, Any]) -> str:
    if "$ref" in schema:
        return _link(schema)
    if "anyOf" in schema:
        return " | ".join(_shape(each) for each in schema["anyOf"])
    if "items" in schema:
        return f"[{_shape(schema['items'])}]"
    if "enum" in schema:
        return escape(" | ".join(map(str, schema["enum"])))
    return escape(" ".join(str(schema[key]) for key in ("const", "type", "format") if key in schema))
