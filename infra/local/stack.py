"""One local stack: up, down, and what it is doing."""

import hashlib
from dataclasses import dataclass, replace
from pathlib import Path

from infra.local import stackfile
from infra.local.archive import keep_what_is_told
from infra.local.assembly import synthesize
from infra.local.deploy import bootstrap, deploy
from infra.local.locks import alone
from infra.local.ministack import MiniStack
from infra.local.paths import StackFolder
from infra.local.processes import kill_marked
from infra.local.seed import seed
from infra.local.stackfile import Stack
from infra.local.state import State
from infra.local.tools import REQUIREMENTS, build_what_is_missing
from infra.local.valkey import Valkey
from infra.local.warm import importing, warm


@dataclass(frozen=True)
class Ports:
    """Asked for, or None for whichever is free."""

    emulator: int | None = None
    valkey: int | None = None


class LocalStack:
    def __init__(self, name: str) -> None:
        self.files = StackFolder(name)

    def up(self, ports: Ports) -> Stack:
        with alone(self.files.lock_file):
            build_what_is_missing()
            assembly = synthesize()
            state = self._running() or self._start(ports)
            if state.deployed != assembly.name:
                self._deploy(state, assembly)
            stack = stackfile.read(self.files.stack_file)
            assert stack is not None
            return stack

    def down(self) -> bool:
        """Whether there was anything to stop."""
        with alone(self.files.lock_file):
            return self._stop()

    def status(self) -> Stack | None:
        """The stack, if it is up and answers."""
        state = State.read(self.files.state_file)
        is_up = state is not None and state.deployed is not None and state.is_healthy()
        return stackfile.read(self.files.stack_file) if is_up else None

    def _running(self) -> State | None:
        state = State.read(self.files.state_file)
        # One that was interrupted before it was complete is begun again.
        if state is None or state.deployed is None or state.engine != _engine():
            return None
        return state if state.is_healthy() else None

    def _start(self, ports: Ports) -> State:
        self._stop()  # What a crash has left.
        self.files.make()
        print("Starting the emulator and Valkey ...", flush=True)
        try:
            ministack = MiniStack.start(self.files, ports.emulator)
            valkey = Valkey.start(self.files, ports.valkey)
            state = State(ministack, valkey, _engine())
            state.write(self.files.state_file)
            bootstrap(ministack.url)
        except BaseException:
            self._stop()
            raise
        return state

    def _deploy(self, state: State, assembly: Path) -> None:
        print("Deploying ...", flush=True)
        url = state.ministack.url
        try:
            outputs = deploy(
                assembly,
                url,
                cache=state.valkey.address,
                outputs=self.files.outputs_file,
                log=self.files.logs / "deploy.log",
            )
            stack = stackfile.described(url, state.valkey.url, outputs)
            keep_what_is_told(url)
            with importing(url, stack["functions"]):
                known = stackfile.read(self.files.stack_file)
                stack["keys"] = known["keys"] if known else seed(url, stack["functions"])
            warm(stack)
        except BaseException:
            if state.deployed is None:
                self._stop()  # Half a stack is no use; one that worked before goes on.
            raise
        stackfile.write(self.files.stack_file, stack)
        replace(state, deployed=assembly.name).write(self.files.state_file)

    def _stop(self) -> bool:
        state = State.read(self.files.state_file)
        if state is not None:
            state.stop()
        left_count = kill_marked(self.files.folder)
        self.files.remove()
        return state is not None or left_count > 0


def _engine() -> str:
    """Names the emulator's code, so that a stack that runs another one is started again."""
    digest = hashlib.sha256(REQUIREMENTS.read_bytes())
    for path in sorted((Path(__file__).parent / "emulator").glob("*.py")):
        digest.update(path.read_bytes())
    return digest.hexdigest()
