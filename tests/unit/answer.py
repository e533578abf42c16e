"""What API Gateway gets back from a function, read as a client reads it."""

import json
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any


@dataclass(frozen=True)
class Answer:
    status: int
    headers: Mapping[str, str]
    text: str

    @classmethod
    def of(cls, raw: Mapping[str, Any]) -> "Answer":
        assert raw["isBase64Encoded"] is False
        headers = {name: ", ".join(values) for name, values in raw["multiValueHeaders"].items()}
        return cls(int(raw["statusCode"]), headers, raw["body"])

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
