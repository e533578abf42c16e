"""What API Gateway gets back from a function, read as a client reads it."""

import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

LIMITS = "X-RateLimit-"


@dataclass(frozen=True)
class Answer:
    """An answer; what is left of the client's requests has no part in its being the same.

    Attributes:
        limits: The headers that say so, apart from the others.
    """

    status: int
    headers: Mapping[str, str]
    text: str
    limits: Mapping[str, str] = field(default_factory=dict, compare=False)

    @classmethod
    def of(cls, raw: Mapping[str, Any]) -> "Answer":
        assert raw["isBase64Encoded"] is False
        headers = {name: ", ".join(values) for name, values in raw["multiValueHeaders"].items()}
        limits = {name: headers.pop(name) for name in list(headers) if name.startswith(LIMITS)}
        return cls(int(raw["statusCode"]), headers, raw["body"], limits)

    @property
    def json(self) -> Any:
        return json.loads(self.text)

    @property
    def code(self) -> str:
        """The code of a problem; anything else has none."""
        assert self.headers["Content-Type"] == "application/problem+json"
        code: str = self.json["code"]
        return code

    @property
    def faulty_fields(self) -> list[str]:
        assert self.code == "validation_failed"
        return [error["field"] for error in self.json["errors"]]
