"""Our child processes: started in sessions of their own, known again by more than a number."""

import contextlib
import os
import signal
import subprocess
import time
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

PROC = Path("/proc")

# In the environment of every process of a stack, so that none is lost when its parent is killed.
MARK = "EVENKEEL_STACK_FOLDER"

STOP_TIME_S_MAX = 5.0


@dataclass(frozen=True)
class Child:
    """A process and when it began: the same number at another time is somebody else."""

    pid: int
    began: str

    @classmethod
    def start(
        cls,
        command: Sequence[str | Path],
        *,
        environment: Mapping[str, str],
        folder: Path,
        log: Path,
        pass_fds: Sequence[int] = (),
        cwd: Path,
    ) -> "Child":
        with log.open("ab") as output:
            process = subprocess.Popen(
                [str(part) for part in command],
                env={**environment, MARK: str(folder)},
                cwd=cwd,
                pass_fds=pass_fds,
                stdin=subprocess.DEVNULL,
                stdout=output,
                stderr=output,
                start_new_session=True,
            )
        # It outlives this object on purpose; without this Python complains that it still runs.
        process.returncode = 0
        return cls.of(process.pid)

    @classmethod
    def of(cls, pid: int) -> "Child":
        return cls(pid, _began(pid) or "")

    def is_alive(self) -> bool:
        _reap(self.pid)
        return self.began != "" and _began(self.pid) == self.began

    def stop(self) -> None:
        """End it and its whole process group, by force if it takes too long."""
        for sign in (signal.SIGTERM, signal.SIGKILL):
            if not self.is_alive():
                return
            with contextlib.suppress(ProcessLookupError):
                os.killpg(self.pid, sign)
            _wait_until_gone(self)


def kill_marked(folder: Path) -> int:
    """Kill every process that was started for this stack, whoever its parent is now."""
    left = [Child.of(pid) for pid in marked(folder)]
    for child in left:
        with contextlib.suppress(ProcessLookupError):
            os.kill(child.pid, signal.SIGKILL)
    for child in left:
        _wait_until_gone(child)
    return len(left)


def marked(folder: Path) -> Iterator[int]:
    mark = f"{MARK}={folder}".encode()
    for entry in PROC.glob("[0-9]*"):
        # Other users' processes cannot be read, and some end while we look.
        with contextlib.suppress(OSError):
            if mark in (entry / "environ").read_bytes().split(b"\0"):
                yield int(entry.name)


def _wait_until_gone(child: Child) -> None:
    deadline_at = time.monotonic() + STOP_TIME_S_MAX
    while child.is_alive() and time.monotonic() < deadline_at:
        time.sleep(0.02)


def _reap(pid: int) -> None:
    # Only a parent can; a later command finds the process adopted by somebody who does.
    with contextlib.suppress(ChildProcessError):
        os.waitpid(pid, os.WNOHANG)


def _began(pid: int) -> str | None:
    """When the process began, in whatever unit the system has; None for one that is gone."""
    if PROC.is_dir():
        try:
            # The name in brackets may hold anything, so the fields are counted after it.
            fields = (PROC / str(pid) / "stat").read_text().rpartition(")")[2].split()
        except OSError:
            return None
        return None if fields[0] in "ZX" else fields[19]
    found = subprocess.run(
        ["/bin/ps", "-o", "lstart=", "-p", str(pid)], capture_output=True, text=True, check=False
    )
    return found.stdout.strip() or None
