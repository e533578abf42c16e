"""A Lua script that the server keeps: sent by its digest, and whole only if it is not there."""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from pathlib import Path
from typing import Any, Protocol

from valkey.exceptions import NoScriptError

Argument = str | bytes | int | float


class Commands(Protocol):
    """What a client of one server and a client of a cluster have in common."""

    def execute_command(self, *args: Any, **options: Any) -> Any: ...


class Script:
    def __init__(self, name: str) -> None:
        self._text = Path(__file__).with_name(f"{name}.lua").read_text()
        self._sha = hashlib.sha1(self._text.encode(), usedforsecurity=False).hexdigest()

    def run(
        self, commands: Commands, keys: Sequence[str], arguments: Sequence[Argument]
    ) -> list[Any]:
        rest = (len(keys), *keys, *arguments)
        try:
            answer: list[Any] = commands.execute_command("EVALSHA", self._sha, *rest)
        except NoScriptError:
            # It has forgotten, or somebody has wiped it. It keeps what it is sent.
            answer = commands.execute_command("EVAL", self._text, *rest)
        return answer
