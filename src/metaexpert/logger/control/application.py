"""The routes of the control server."""

from __future__ import annotations

import asyncio
import threading
from collections.abc import Callable
from contextlib import suppress
from typing import Any, Final, TypeVar

from starlette.applications import Starlette
from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from metaexpert.logger.config.models import LogConfiguration
from metaexpert.logger.config.unseen import unseen_loggers
from metaexpert.logger.control import answers
from metaexpert.logger.control.answers import Refused
from metaexpert.logger.control.body import bounded, json_body
from metaexpert.logger.control.guard import Guard, RateLimit
from metaexpert.logger.control.health import Health
from metaexpert.logger.errors import ConfigurationError
from metaexpert.logger.live import changes, metrics
from metaexpert.logger.live.audit import audit_logger, without_password
from metaexpert.logger.live.turns import give_way, in_turns
from metaexpert.logger.process import service

_Result = TypeVar("_Result")

_SERVER_ERROR: Final = 500
_TOO_MANY: Final = 429


def application(guard: Guard) -> ASGIApp:
    """Return the control server as an ASGI application; `guard` decides who is served."""
    routes = Routes(Health(), guard)
    app = Starlette(
        routes=[
            Route("/logging/configure", routes.configuration, methods=["GET", "POST"]),
            Route("/logging/stats", routes.stats, methods=["GET"]),
            Route("/metrics", routes.metrics, methods=["GET"]),
            Route("/health", routes.health, methods=["GET"]),
        ],
        exception_handlers={Refused: _refused, HTTPException: _no_route, Exception: _failed},
    )
    app.router.redirect_slashes = False
    return _Guarded(app, guard)


class Routes:
    """The functions of the routes."""

    def __init__(self, health: Health, guard: Guard) -> None:
        self._health = health
        self._guard = guard

    async def configuration(self, request: Request) -> Response:
        """Change the configuration of the running process, or show it."""
        return await (self._configure(request) if request.method == "POST" else self._show(request))

    async def _configure(self, request: Request) -> Response:
        document = await json_body(request)
        if "control" in document and document["control"] == _shown()["control"]:
            # What GET answered comes back with a change in it.
            del document["control"]
        client, has_token = _client(request), self._guard.token is not None

        def change() -> str:
            return changes.change(document, has_token=has_token, client=client)

        try:
            message = await _in_thread(change)
        except ConfigurationError as error:
            raise Refused(400, without_password(str(error))) from None
        return answers.success(message)

    async def _show(self, request: Request) -> Response:
        shown = _shown()
        if request.query_params.get("origins", "").lower() not in ("true", "1", "yes"):
            return answers.document(shown)
        origins = service.configuration().origins
        unseen = list(unseen_loggers()) if shown["capture_stdlib"] else []
        return answers.document({"configuration": shown, "origins": dict(origins), "unseen_loggers": unseen})

    async def stats(self, _request: Request) -> Response:
        """Show the counters of the logging system."""
        return answers.document(service.stats())

    async def metrics(self, _request: Request) -> Response:
        """Show the counters to Prometheus."""
        stats = service.stats()
        text = "".join(in_turns(metrics.exposition(stats, self._health.reasons(stats))))
        return Response(text, headers={"cache-control": "no-store", "content-type": metrics.CONTENT_TYPE})

    async def health(self, _request: Request) -> Response:
        """Tell whether logging does what it should."""
        reasons = self._health.reasons()
        if reasons:
            return answers.error(503, "; ".join(reasons), reasons=reasons)
        return answers.success("logging works")


class _Guarded:
    """The application behind its guard."""

    def __init__(self, app: ASGIApp, guard: Guard) -> None:
        self._app = app
        self._guard = guard
        # A flood of requests is reported, but does not become a flood of records.
        self._floods_told = RateLimit(1, 1)

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http":
            return
        request = Request(scope, receive)

        async def send_in_turns(message: Message) -> None:
            give_way()
            await send(message)

        give_way()
        try:
            self._guard.check(request.headers)
        except Refused as refusal:
            if refusal.status == _TOO_MANY and not self._floods_told.take():
                response = answers.error(refusal.status, refusal.message, refusal.headers)
            else:
                response = await _refused(request, refusal)
            await response(scope, receive, send_in_turns)
            return
        await self._app(scope, bounded(receive), send_in_turns)


async def _refused(request: Request, problem: Exception) -> Response:
    assert isinstance(problem, Refused)
    audit_logger().warning(
        "A control request was refused",
        event_name="log.control_refused",
        status=problem.status,
        reason=problem.message,
        request=f"{request.method} {request.url.path}"[:200],
        client=_client(request),
    )
    return answers.error(problem.status, problem.message, problem.headers)


async def _no_route(request: Request, problem: Exception) -> Response:
    assert isinstance(problem, HTTPException)
    what = f"{request.method[:20]} {request.url.path[:100]}"
    words = {404: f"there is no {request.url.path[:100]} here", 405: f"{what} is not possible"}
    message = words.get(problem.status_code, problem.detail)
    return await _refused(request, Refused(problem.status_code, message, problem.headers))


async def _failed(request: Request, problem: Exception) -> Response:
    """Answer for a mistake of our own; its traceback is logged where the exception arrives next."""
    audit_logger().error(
        "A control request failed",
        event_name="log.control_failed",
        request=f"{request.method} {request.url.path}"[:200],
        reason=f"{type(problem).__name__}: {problem}",
        client=_client(request),
    )
    return answers.error(_SERVER_ERROR, "the request failed inside; the log has the reason")


def _client(request: Request) -> str | None:
    return None if request.client is None else request.client.host


def _shown() -> dict[str, Any]:
    """Return the configuration in force as a document, secrets masked and absent options left out."""
    configuration: LogConfiguration = service.configuration()
    document = configuration.model_dump(mode="json")
    for handler in document["handlers"].values():
        for option in [] if handler is None else [name for name, value in handler.items() if value is None]:
            del handler[option]
        if handler is not None and "url" in handler:
            handler["url"] = without_password(handler["url"])
    return document


async def _in_thread(work: Callable[[], _Result]) -> _Result:
    """Do `work`, which may wait for locks and disks, while other requests are served.

    Not in an executor: its threads would hold up the interpreter's end.
    """
    loop = asyncio.get_running_loop()
    done: asyncio.Future[_Result] = loop.create_future()

    def settle(result: _Result | None, problem: Exception | None) -> None:
        if done.cancelled():
            return
        if problem is not None:
            done.set_exception(problem)
        else:
            done.set_result(result)  # type: ignore[arg-type]

    def run() -> None:
        result: _Result | None = None
        problem: Exception | None = None
        try:
            result = work()
        except Exception as error:
            problem = error
        with suppress(RuntimeError):  # the server has stopped meanwhile
            loop.call_soon_threadsafe(settle, result, problem)

    threading.Thread(target=run, name="metaexpert-log-change", daemon=True).start()
    return await done
