"""Calls to the API of a running stack, by the standard library."""

from __future__ import annotations

import json
import time
import urllib.error
import urllib.request
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

TIME_S_MAX = 30.0
JSON = {"Content-Type": "application/json"}


@dataclass(frozen=True)
class Answer:
    status: int
    headers: Mapping[str, str]
    text: str
    duration_ms: float

    @property
    def body(self) -> Any:
        return json.loads(self.text)


@dataclass(frozen=True)
class Caller:
    """Somebody with a key."""

    api_url: str
    key: str

    def get(self, path: str) -> Answer:
        return self.send("GET", path)

    def post(self, path: str, body: Any = None, *, key: str | None = None) -> Answer:
        """Post a body as JSON; *key* is the idempotency key, where the route needs one."""
        headers = {"Idempotency-Key": key} if key else {}
        raw = None if body is None else json.dumps(body).encode()
        return self.send("POST", path, raw, headers)

    def send(
        self,
        method: str,
        path: str,
        body: bytes | None = None,
        headers: Mapping[str, str] | None = None,
    ) -> Answer:
        """Send any request; an answer is an answer, whatever its status."""
        request = urllib.request.Request(
            f"{self.api_url}{path}",
            data=body,
            method=method,
            headers=JSON | {"X-API-Key": self.key} | dict(headers or {}),
        )
        began_at = time.perf_counter()
        try:
            with urllib.request.urlopen(request, timeout=TIME_S_MAX) as response:
                status, answered, raw = response.status, response.headers, response.read()
        except urllib.error.HTTPError as error:
            with error:
                status, answered, raw = error.code, error.headers, error.read()
        duration_ms = (time.perf_counter() - began_at) * 1000
        return Answer(status, answered, raw.decode(), duration_ms)
