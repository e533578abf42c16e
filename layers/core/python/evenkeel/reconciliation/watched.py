"""Runs, each with a word to those who watch over them."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import TypeVar

from evenkeel.clock import Deadline
from evenkeel.reconciliation.engine import Engine
from evenkeel.reconciliation.ports import RunWatch
from evenkeel.reconciliation.run import Run, RunStatus, Trigger

Ran = TypeVar("Ran", Run, Run | None)


@dataclass(frozen=True, slots=True)
class WatchedEngine:
    """An engine whose runs are told to a watch; it does, and raises, what the engine does."""

    engine: Engine
    watch: RunWatch

    def run(self, wanted: Run, by: str, deadline: Deadline) -> Run:
        return self._watched(lambda: self.engine.run(wanted, by, deadline))

    def resume(self, run_id: str, by: str, deadline: Deadline) -> Run | None:
        return self._watched(lambda: self.engine.resume(run_id, by, deadline))

    def resume_unfinished(self, by: str, deadline: Deadline) -> None:
        try:
            runs = self.engine.resume_unfinished(by, deadline)
        except Exception as error:
            self.watch.failed(error)
            raise
        for run in runs:
            self._tell(run)

    def _watched(self, work: Callable[[], Ran]) -> Ran:
        try:
            run = work()
        except Exception as error:
            self.watch.failed(error)
            raise
        if run is not None:
            self._tell(run)
        return run

    def _tell(self, run: Run) -> None:
        if run.status is RunStatus.COMPLETED and run.trigger is Trigger.SCHEDULE:
            self.watch.completed(run)
