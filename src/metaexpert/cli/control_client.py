"""A client of the control server of a running expert."""

from __future__ import annotations

import http.client
import json
import queue
import threading
import urllib.error
import urllib.request
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Final
from urllib.parse import urlsplit

from metaexpert.cli.failure import CommandFailedError
from metaexpert.logger.errors import printable

#: For an answer as a whole, because a server that sends a byte now and then would never time out.
TIMEOUT_SECONDS: Final = 10.0
#: No longer answer is read; a configuration with a thousand loggers has a hundredth of it.
MAX_ANSWER_BYTES: Final = 8 * 2**20
UNREACHABLE: Final = 1
_UNAUTHORIZED: Final = 401


@dataclass(frozen=True, slots=True)
class Answer:
    """The status and the document of an answer."""

    status: int
    document: dict[str, Any]

    @property
    def message(self) -> str:
        """The server's message, with the remedy on a command line."""
        if self.status == _UNAUTHORIZED:
            return f"{self._said.partition(';')[0]}; give it with --token or METAEXPERT_CONTROL_TOKEN"
        return self._said

    @property
    def _said(self) -> str:
        return str(self.document.get("message", f"the server answered {self.status}"))


class _NoRedirection(urllib.request.HTTPRedirectHandler):
    """Follows no redirection, because the other server would get the token."""

    def redirect_request(self, *_: Any) -> None:
        """Return None, so that the redirection itself is the answer."""


class ControlClient:
    """A control server at `url`, asked with `token` where it wants one.

    Raises `CommandFailedError` for a `url` or a token that cannot be one.
    """

    def __init__(self, url: str, token: str | None = None) -> None:
        self.url = _address(url)
        if token is not None and not all("!" <= character <= "~" for character in token):
            raise CommandFailedError("the token must be printable ASCII characters without spaces")
        self._token = token
        # A server on this machine is not reached through a proxy of the environment.
        self._opener = urllib.request.build_opener(urllib.request.ProxyHandler({}), _NoRedirection)

    def get(self, path: str) -> Answer:
        """Return what is at `path`. Raises `CommandFailedError` where no control server answers."""
        return self._ask(urllib.request.Request(self.url + path, headers=self._headers()))

    def post(self, path: str, document: Mapping[str, Any]) -> Answer:
        """Send `document` to `path`. Raises `CommandFailedError` where no control server answers."""
        headers = {**self._headers(), "Content-Type": "application/json"}
        body = json.dumps(document).encode()
        return self._ask(urllib.request.Request(self.url + path, body, headers, method="POST"))

    def no_control_server(self, reason: str) -> CommandFailedError:
        """Return the failure to raise for an answer that no control server gives."""
        text = f"the server at {self.url} is not a control server ({reason}); `metaexpert ps` lists them"
        return CommandFailedError(printable(text), UNREACHABLE)

    def _headers(self) -> dict[str, str]:
        return {} if self._token is None else {"Authorization": f"Bearer {self._token}"}

    def _ask(self, request: urllib.request.Request) -> Answer:
        answers: queue.SimpleQueue[tuple[int, bytes] | Exception] = queue.SimpleQueue()

        def ask() -> None:
            try:
                answers.put(self._answer(request))
            except Exception as error:
                answers.put(error)

        # A socket's own time limit begins anew with each byte.
        threading.Thread(target=ask, daemon=True).start()
        try:
            answer = answers.get(timeout=TIMEOUT_SECONDS)
        except queue.Empty:
            raise self._unanswered(f"no answer in {TIMEOUT_SECONDS:g} s") from None
        if isinstance(answer, http.client.HTTPException):
            raise self.no_control_server(f"{type(answer).__name__}: {answer}")
        if isinstance(answer, OSError | ValueError):
            reason = answer.reason if isinstance(answer, urllib.error.URLError) else answer
            raise self._unanswered(str(reason))
        if isinstance(answer, Exception):
            raise answer
        return Answer(answer[0], self._document(answer[1]))

    def _answer(self, request: urllib.request.Request) -> tuple[int, bytes]:
        try:
            with self._opener.open(request, timeout=TIMEOUT_SECONDS) as response:
                return response.status, response.read(MAX_ANSWER_BYTES + 1)
        except urllib.error.HTTPError as error:
            with error:
                return error.code, error.read(MAX_ANSWER_BYTES + 1)

    def _document(self, body: bytes) -> dict[str, Any]:
        if len(body) > MAX_ANSWER_BYTES:
            raise self.no_control_server(f"more than {MAX_ANSWER_BYTES:,} bytes")
        try:
            document = json.loads(body)
        except (ValueError, RecursionError):
            raise self.no_control_server("not JSON") from None
        if not isinstance(document, dict):
            raise self.no_control_server("no JSON object")
        return document

    def _unanswered(self, reason: str) -> CommandFailedError:
        text = f"no server answers at {self.url}: {reason}; `metaexpert ps` lists the running experts"
        return CommandFailedError(printable(text), UNREACHABLE)


def _address(url: str) -> str:
    """Return the scheme, host and port of a URL. Raises `CommandFailedError` for any other text."""
    reason = ""
    try:
        parts = urlsplit(url if "://" in url else f"http://{url}")
        host, port = parts.hostname or "", parts.port
    except ValueError as error:
        host, port, reason = "", None, f" ({error})"
    is_host = bool(host) and host.isascii() and host.isprintable() and " " not in host
    if reason or not is_host or parts.scheme not in ("http", "https") or "@" in parts.netloc or port == 0:
        text = f"{url or repr(url)} is not the address of a control server{reason}; give http://HOST:PORT"
        raise CommandFailedError(printable(text))
    return f"{parts.scheme}://{parts.netloc}"
