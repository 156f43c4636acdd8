"""The app: routes, problems, the shell around them. Made from a `Platform`, which `puhui.app` fills."""

from collections.abc import Callable
from contextlib import AbstractAsyncContextManager
from typing import Any

from fastapi import FastAPI
from starlette.middleware.cors import CORSMiddleware

from puhui import __version__
from puhui.api import health, oidc, openapi, problems, routing, site
from puhui.api.call import APPROVAL
from puhui.api.idempotency import HEADER, REPLAYED
from puhui.api.ports import Platform
from puhui.api.routes import ALL
from puhui.api.security import check_routes
from puhui.api.shell import Shell
from puhui.api.telemetry import TELEMETRY_OFF, TelemetryConfig

Lifespan = Callable[[FastAPI], AbstractAsyncContextManager[None]]


def create_app(platform: Platform, lifespan: Lifespan | None = None) -> FastAPI:
    """Return the app; a route without an action of the permission table, and not listed as open, stops it.

    `lifespan`: what starts and ends with it.
    """
    app = _routed(platform.telemetry, lifespan)
    app.state.platform = platform
    oidc.add_configured(app, platform.gate)
    if platform.cors_origins:
        app.add_middleware(
            CORSMiddleware,
            allow_origins=list(platform.cors_origins),
            allow_methods=["GET", "POST", "PATCH", "DELETE"],
            allow_headers=["Authorization", "Content-Type", HEADER, APPROVAL, "X-Request-Id"],
            expose_headers=["X-Request-Id", REPLAYED, "Retry-After"],
        )
    app.add_middleware(Shell, metrics=platform.metrics, limits=platform.limits)
    return app


def interface() -> dict[str, Any]:
    """Return the OpenAPI document; it is the same for every installation."""
    return _routed(TELEMETRY_OFF, None).openapi()


def _routed(chosen: TelemetryConfig, lifespan: Lifespan | None) -> FastAPI:
    app = FastAPI(
        title="Puhui",
        version=__version__,
        openapi_url=None,
        docs_url=None,
        redoc_url=None,
        redirect_slashes=False,
        telemetry=chosen,
        lifespan=lifespan,
    )
    problems.add_to(app)
    health.add_to(app)
    operations = [operation for routes in ALL for operation in routes.operations]
    for operation in operations:
        routing.add_to(app, operation)
    site.add_to(app)
    check_routes(app, operations)
    _document(app)
    return app


def _document(app: FastAPI) -> None:
    """Give the app its OpenAPI document, made when it is first asked for."""
    made: list[dict[str, Any]] = []

    def document() -> dict[str, Any]:
        if not made:
            made.append(openapi.document(app, ALL))
        return made[0]

    app.openapi = document  # type: ignore[method-assign]
