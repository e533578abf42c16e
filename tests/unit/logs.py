"""What an entry point has logged, line by line."""

import io
import json
from typing import Any

import pytest
from aws_lambda_powertools import Logger


class Logs:
    def __init__(self, monkeypatch: pytest.MonkeyPatch, logger: Logger) -> None:
        self._stream = io.StringIO()
        monkeypatch.setattr(logger.registered_handler, "stream", self._stream)

    @property
    def text(self) -> str:
        return self._stream.getvalue()

    @property
    def lines(self) -> list[dict[str, Any]]:
        return [json.loads(line) for line in self.text.splitlines()]
