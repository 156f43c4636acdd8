"""Whether the process lives, whether it can serve, and its figures: for the machines that watch."""

from fastapi import FastAPI, Request
from fastapi.responses import JSONResponse, Response

from puhui.api.metrics import CONTENT_TYPE


def add_to(app: FastAPI) -> None:
    """Add /healthz, /readyz and /metrics. None of them tells anything of anyone."""

    async def healthz() -> JSONResponse:
        return JSONResponse({"status": "ok"})

    def readyz(request: Request) -> JSONResponse:
        found = request.app.state.platform.readiness()
        ready = not any(found.values())
        checks = {name: problem or "ok" for name, problem in found.items()}
        return JSONResponse({"status": "ok" if ready else "not ready", "checks": checks}, 200 if ready else 503)

    def metrics(request: Request) -> Response:
        return Response(request.app.state.platform.metrics.text(), media_type=CONTENT_TYPE)

    app.add_api_route("/healthz", healthz, include_in_schema=False)
    app.add_api_route("/readyz", readyz, include_in_schema=False)
    app.add_api_route("/metrics", metrics, include_in_schema=False)
