"""A client of a deployed stack."""

import json
from dataclasses import dataclass
from typing import Any
from urllib.error import HTTPError
from urllib.request import Request, urlopen

from tests.stack import Stack


@dataclass(frozen=True)
class Answer:
    status: int
    kind: str
    body: Any


@dataclass(frozen=True)
class Client:
    stack: Stack
    key: str | None = None

    def get(self, path: str) -> Answer:
        return self._ask(Request(f"{self.stack['apiUrl']}{path}", headers=self._headers()))  # noqa: S310

    def post(self, path: str, body: Any, *, idempotency_key: str | None = None) -> Answer:
        headers = {**self._headers(), "Content-Type": "application/json"}
        if idempotency_key:
            headers["Idempotency-Key"] = idempotency_key
        url = f"{self.stack['apiUrl']}{path}"
        return self._ask(Request(url, json.dumps(body).encode(), headers))  # noqa: S310

    def _headers(self) -> dict[str, str]:
        return {"X-API-Key": self.key} if self.key else {}

    def _ask(self, request: Request) -> Answer:
        try:
            with urlopen(request, timeout=30) as answer:  # noqa: S310
                return _read(answer.status, answer)
        except HTTPError as error:
            with error:
                return _read(error.code, error)


def _read(status: int, answer: Any) -> Answer:
    kind = answer.headers.get_content_type()
    text = answer.read().decode()
    return Answer(status, kind, json.loads(text) if kind.endswith("json") else text)
