"""Asks the control server of a running expert."""

from __future__ import annotations

import json
import urllib.error
import urllib.request
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Final
from urllib.parse import urlsplit

from metaexpert.cli.failure import CommandFailedError

TIMEOUT_SECONDS: Final = 10.0
UNREACHABLE: Final = 1


@dataclass(frozen=True, slots=True)
class Answer:
    """Status and document of an answer."""

    status: int
    document: dict[str, Any]

    @property
    def message(self) -> str:
        """What the server says in words."""
        return str(self.document.get("message", f"the server answered {self.status}"))


class ControlClient:
    """A control server at `url`, asked with `token` where it wants one."""

    def __init__(self, url: str, token: str | None = None) -> None:
        parts = urlsplit(url if "://" in url else f"http://{url}")
        if parts.scheme not in ("http", "https") or not parts.hostname:
            raise CommandFailedError(f"{url} is no address of a control server; give http://HOST:PORT")
        self.url = f"{parts.scheme}://{parts.netloc}"
        self._token = token
        # What is on this machine is not asked through a proxy of the environment.
        self._opener = urllib.request.build_opener(urllib.request.ProxyHandler({}))

    def get(self, path: str) -> Answer:
        """Return what is at `path`. Raises `CommandFailedError` where nobody answers."""
        return self._ask(urllib.request.Request(self.url + path, headers=self._headers()))

    def post(self, path: str, document: Mapping[str, Any]) -> Answer:
        """Send `document` to `path`. Raises `CommandFailedError` where nobody answers."""
        headers = {**self._headers(), "Content-Type": "application/json"}
        body = json.dumps(document).encode()
        return self._ask(urllib.request.Request(self.url + path, body, headers, method="POST"))

    def _headers(self) -> dict[str, str]:
        return {} if self._token is None else {"Authorization": f"Bearer {self._token}"}

    def _ask(self, request: urllib.request.Request) -> Answer:
        try:
            try:
                with self._opener.open(request, timeout=TIMEOUT_SECONDS) as response:
                    return Answer(response.status, _document(response.read()))
            except urllib.error.HTTPError as error:
                with error:
                    return Answer(error.code, _document(error.read()))
        except (OSError, ValueError) as error:
            reason = error.reason if isinstance(error, urllib.error.URLError) else error
            raise CommandFailedError(f"nobody answers at {self.url}: {reason}", UNREACHABLE) from None


def _document(body: bytes) -> dict[str, Any]:
    document = json.loads(body)
    if not isinstance(document, dict):
        raise ValueError("the answer is none of a control server")
    return document
