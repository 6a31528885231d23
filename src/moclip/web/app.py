"""The application: routes, one sentence for every refusal, and the page."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from importlib import import_module
from pathlib import Path
from typing import Any

from fastapi import FastAPI, Request
from fastapi.exceptions import RequestValidationError
from fastapi.responses import JSONResponse
from fastapi.staticfiles import StaticFiles
from starlette.exceptions import HTTPException

import moclip
from moclip import catalog
from moclip.web.desk import BusyError
from moclip.web.guard import Guard, check_token
from moclip.web.service import Service
from moclip.web.shapes import Problem

STATIC = Path(__file__).parent / "static"
LOCAL = frozenset({"127.0.0.1", "localhost", "::1"})
_WHY = {
    400: "No JSON, or a Host that is not this service's",
    401: "No token",
    403: "From a page of another site",
    404: "No such thing",
    405: "Another method",
    408: "Too slow",
    409: "This service has no model for it",
    413: "Too large",
    415: "No motion file",
    422: "A wrong value",
    429: "Too many requests are waiting",
}


def create_app(
    service: Service, *, hosts: frozenset[str] = LOCAL, token: str | None = None
) -> FastAPI:
    """The application; the service is closed when it stops.

    Raises ``ValueError`` for a token that could not be shown.
    """
    check_token(token)

    @asynccontextmanager
    async def life(app: FastAPI) -> AsyncIterator[None]:
        yield
        service.close()

    refusals: dict[int | str, dict[str, Any]] = {
        status: {"model": Problem, "description": why} for status, why in _WHY.items()
    }
    app = FastAPI(
        title="moclip",
        version=moclip.__version__,
        lifespan=life,
        responses=refusals,
        docs_url=None,  # FastAPI's pages are fetched from other hosts; ours lies in static/docs
        redoc_url=None,
    )
    app.state.service = service
    for name in catalog.names("web.routes"):
        app.include_router(import_module(f"moclip.web.routes.{name}").ROUTER, prefix="/api")
    app.add_exception_handler(Exception, _broken)
    for kind, handler in _HANDLERS.items():
        app.add_exception_handler(kind, handler)
    app.add_middleware(Guard, limits=service.limits, hosts=hosts, token=token)
    app.mount("/", StaticFiles(directory=STATIC, html=True), name="page")
    return app


def _told(status: int, detail: str, **headers: str) -> JSONResponse:
    return JSONResponse({"detail": detail}, status, headers)


def _wrong(_: Request, error: Any) -> JSONResponse:
    """Pydantic's first complaint in a sentence."""
    first = error.errors()[0]
    if first["type"] == "json_invalid":
        return _told(400, "the request is no JSON")
    where = ".".join(str(part) for part in first["loc"][1:])
    message = str(first["msg"]).removeprefix("Value error, ")
    return _told(422, f"{where}: {message}" if where else message)


def _busy(_: Request, error: Any) -> JSONResponse:
    return JSONResponse({"detail": str(error)}, 429, {"Retry-After": "1"})


def _missing(_: Request, error: Any) -> JSONResponse:
    if type(error) is not LookupError:  # a slip of ours
        raise error
    return _told(404, str(error))


def _value(_: Request, error: Any) -> JSONResponse:
    return _told(422, " ".join(str(error).split()))


def _http(_: Request, error: Any) -> JSONResponse:
    return JSONResponse({"detail": str(error.detail)}, error.status_code, error.headers)


def _broken(_: Request, error: Any) -> JSONResponse:
    return _told(500, "the service made a mistake; its log says which")


_HANDLERS: dict[type[Exception], Any] = {
    RequestValidationError: _wrong,
    BusyError: _busy,
    LookupError: _missing,
    ValueError: _value,
    HTTPException: _http,
}
