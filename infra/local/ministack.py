"""Starts the AWS emulator as a child process on loopback."""

import time
import urllib.request
from dataclasses import dataclass
from http import HTTPStatus
from pathlib import Path

from infra.local.paths import ROOT, StackFolder
from infra.local.problems import LocalProblem
from infra.local.processes import Child
from infra.local.sockets import LOOPBACK, listener
from infra.local.tools import EMULATOR

ACCOUNT = "000000000000"
REGION = "us-east-1"

START_TIME_S_MAX = 30.0

# Above what the functions of the template have reserved together: a last line of defence.
EXECUTION_COUNT_MAX = 48


@dataclass(frozen=True)
class MiniStack:
    child: Child
    url: str

    @classmethod
    def start(
        cls, files: StackFolder, port: int | None = None, *, is_bare: bool = False
    ) -> "MiniStack":
        log = files.logs / "ministack.log"
        with listener(port, variable="PORT") as bound:
            url = f"http://{LOOPBACK}:{bound.getsockname()[1]}"
            child = Child.start(
                _command(bound.fileno(), is_bare=is_bare),
                environment=_environment(files.temporary),
                folder=files.folder,
                log=log,
                # The child gets the bound socket itself: what listens on the port is the child.
                pass_fds=[bound.fileno()],
                cwd=ROOT,
            )
        emulator = cls(child, url)
        emulator._wait_until_healthy(log)
        return emulator

    def is_healthy(self) -> bool:
        try:
            with urllib.request.urlopen(f"{self.url}/_ministack/health", timeout=5) as answer:
                return bool(answer.status == HTTPStatus.OK)
        except OSError:
            return False

    def reset(self) -> None:
        """Forget everything, in a fifth of a second."""
        request = urllib.request.Request(f"{self.url}/_ministack/reset", method="POST")
        with urllib.request.urlopen(request, timeout=30):
            pass

    def _wait_until_healthy(self, log: Path) -> None:
        deadline_at = time.monotonic() + START_TIME_S_MAX
        while not self.is_healthy():
            if not self.child.is_alive() or time.monotonic() > deadline_at:
                self.child.stop()
                message = f"The emulator did not start. The end of {log}:\n{last_lines(log)}"
                raise LocalProblem(message)
            time.sleep(0.02)


def _command(descriptor: int, *, is_bare: bool) -> list[str | Path]:
    command: list[str | Path] = [EMULATOR / "bin" / "python", "-m", "infra.local.emulator"]
    return [*command, str(descriptor), *(["--bare"] if is_bare else [])]


def last_lines(log: Path, count: int = 25) -> str:
    return "\n".join(log.read_text(errors="replace").splitlines()[-count:])


def _environment(temporary: Path) -> dict[str, str]:
    """All that the emulator sees of this machine."""
    return {
        "PATH": "/usr/local/bin:/usr/bin:/bin",
        "HOME": str(temporary),
        "TMPDIR": str(temporary),
        "LOG_LEVEL": "WARNING",
        "MINISTACK_ACCOUNT_ID": ACCOUNT,
        "MINISTACK_REGION": REGION,
        "LAMBDA_ACCOUNT_CONCURRENCY": str(EXECUTION_COUNT_MAX),
        # These two listen on all interfaces, whatever address the rest is on.
        "IOT_MTLS_ENABLED": "0",
        "SFTP_ENABLED": "0",
        # No look for a Docker daemon.
        "DOCKER_HOST": "unix:///nonexistent",
    }
