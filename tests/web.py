"""A client that speaks to an ASGI app in this process, one request after another."""

import asyncio
from contextvars import copy_context

import httpx


class Web:
    """`Web(app).get("/")`: as httpx's client, without a network. A bug in the app is raised here unless told not to."""

    def __init__(self, app, headers=None, *, raises=True):
        self.app = app
        self._raises = raises
        self._runner = asyncio.Runner()
        self.headers = headers or {}

    def request(self, method, path, **options):
        return self._runner.run(self._request(method, path, options), context=copy_context())

    async def _request(self, method, path, options):
        transport = httpx.ASGITransport(self.app, raise_app_exceptions=self._raises)
        if hasattr(options.get("content"), "__next__"):
            options["content"] = _parts(options["content"])
        async with httpx.AsyncClient(
            transport=transport, base_url="http://puhui.test", headers={**self.headers, **options.pop("headers", {})}
        ) as client:
            return await client.request(method, path, **options)

    def get(self, path, **options):
        return self.request("GET", path, **options)

    def post(self, path, **options):
        return self.request("POST", path, **options)

    def patch(self, path, **options):
        return self.request("PATCH", path, **options)

    def delete(self, path, **options):
        return self.request("DELETE", path, **options)

    def close(self):
        self._runner.close()


async def _parts(parts):
    for part in parts:
        yield part
