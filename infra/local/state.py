"""What runs for a stack, between two commands."""

import json
from dataclasses import asdict, dataclass
from pathlib import Path

from infra.local.ministack import MiniStack
from infra.local.processes import Child
from infra.local.valkey import Valkey


@dataclass(frozen=True)
class State:
    ministack: MiniStack
    valkey: Valkey
    engine: str
    """Which emulator code is running."""
    deployed: str | None = None
    """Which assembly is deployed; None until it is."""

    @classmethod
    def read(cls, path: Path) -> "State | None":
        try:
            found = json.loads(path.read_text())
            return cls(
                MiniStack(Child(**found["ministack"]["child"]), found["ministack"]["url"]),
                Valkey(Child(**found["valkey"]["child"]), found["valkey"]["port"]),
                found["engine"],
                found["deployed"],
            )
        except (FileNotFoundError, json.JSONDecodeError, KeyError, TypeError):
            # Absent, cut off by a crash, or of another version: then there is nothing to keep.
            return None

    def write(self, path: Path) -> None:
        path.write_text(json.dumps(asdict(self)))

    def is_healthy(self) -> bool:
        return (
            self.ministack.child.is_alive()
            and self.valkey.child.is_alive()
            and self.valkey.is_healthy()
            and self.ministack.is_healthy()
        )

    def stop(self) -> None:
        self.ministack.child.stop()
        self.valkey.child.stop()
