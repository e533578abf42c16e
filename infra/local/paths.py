"""Where the local stack keeps its things, all under the repository and none in it."""

import re
import shutil
from dataclasses import dataclass
from pathlib import Path

from infra.local.problems import LocalProblem

ROOT = Path(__file__).resolve().parents[2]
TOOLS = ROOT / ".tools"
LOCAL = ROOT / ".local"

DEFAULT = "default"
# Part of folder names, and of socket names, which are short.
NAME = re.compile(r"[a-z0-9][a-z0-9-]{0,23}")


@dataclass(frozen=True)
class StackFolder:
    """One stack's files. Nothing in them is worth keeping when the stack is down."""

    name: str = DEFAULT

    def __post_init__(self) -> None:
        if not NAME.fullmatch(self.name):
            message = (
                f"STACK={self.name!r}: take 1 to 24 of a-z, 0-9 and -, a letter or digit first"
            )
            raise LocalProblem(message)

    @property
    def folder(self) -> Path:
        return LOCAL / self.name

    @property
    def stack_file(self) -> Path:
        """What programs read: the default one is where everybody looks first."""
        return LOCAL / "stack.json" if self.name == DEFAULT else self.folder / "stack.json"

    @property
    def state_file(self) -> Path:
        return self.folder / "state.json"

    @property
    def outputs_file(self) -> Path:
        return self.folder / "outputs.json"

    @property
    def lock_file(self) -> Path:
        return LOCAL / f"{self.name}.lock"

    @property
    def logs(self) -> Path:
        return self.folder / "logs"

    @property
    def temporary(self) -> Path:
        return self.folder / "tmp"

    def make(self) -> None:
        for folder in (self.logs, self.temporary):
            folder.mkdir(parents=True, exist_ok=True)

    def forget(self) -> None:
        """Everything, the logs too."""
        shutil.rmtree(self.folder, ignore_errors=True)
        self.lock_file.unlink(missing_ok=True)

    def remove(self) -> None:
        """What is of no use when nothing runs."""
        shutil.rmtree(self.temporary, ignore_errors=True)
        self.stack_file.unlink(missing_ok=True)
        self.state_file.unlink(missing_ok=True)
