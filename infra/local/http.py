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
        return self._call("GET", path, None, {})

    def post(self, path: str, body: Any, *, key: str | None = None) -> Answer:
        """Post a body; *key* is the idempotency key, where the route needs one."""
        headers = {"Idempotency-Key": key} if key else {}
        return self._call("POST", path, json.dumps(body).encode(), headers)

    def _call(
        self, method: str, path: str, body: bytes | None, headers: Mapping[str, str]
    ) -> Answer:
        request = urllib.request.Request(  # noqa: S310  # The URL is our own stack's.
            f"{self.api_url}{path}",
            data=body,
            method=method,
            headers={"X-API-Key": self.key, "Content-Type": "application/json", **headers},
        )
        began_at = time.perf_counter()
        try:
            with urllib.request.urlopen(request, timeout=TIME_S_MAX) as response:  # noqa: S310
                status, answered, raw = response.status, response.headers, response.read()
        except urllib.error.HTTPError as error:
            with error:
                status, answered, raw = error.code, error.headers, error.read()
        duration_ms = (time.perf_counter() - began_at) * 1000
        return Answer(status, answered, raw.decode(), duration_ms)
