"""Synchronous code in virtual time: whoever sleeps lets the others go on.

A breaker's `call` returns when the call has ended, so calls that overlap need a
stack each. These are threads, of which only one runs at any moment: there is no
race, and the same seed gives the same history.
"""

from __future__ import annotations

import threading
from collections.abc import Callable
from typing import Self

from tests.simulation.circuit.timeline import Timeline


class Worker:
    def __init__(self) -> None:
        self.may_go = threading.Semaphore(0)
        self.work: Callable[[], None] | None = None


class Tasks:
    def __init__(self, timeline: Timeline) -> None:
        self._timeline = timeline
        self._idle: list[Worker] = []
        self._threads: list[threading.Thread] = []
        self._is_back = threading.Semaphore(0)
        self._current: Worker | None = None
        self._error: BaseException | None = None

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        for worker in self._idle:
            worker.work = None
            worker.may_go.release()
        for thread in self._threads:
            thread.join(timeout=1)

    def start(self, work: Callable[[], None]) -> None:
        """Run *work* until it ends or sleeps."""
        worker = self._idle.pop() if self._idle else self._new_worker()
        worker.work = work
        self._resume(worker)

    def sleep(self, duration_s: float) -> None:
        worker = self._current
        assert worker is not None, "only a task sleeps"
        self._timeline.at(self._timeline.now_s + duration_s, lambda: self._resume(worker))
        self._is_back.release()
        worker.may_go.acquire()

    def _resume(self, worker: Worker) -> None:
        self._current = worker
        worker.may_go.release()
        self._is_back.acquire()
        self._current = None
        if self._error is not None:
            raise self._error

    def _new_worker(self) -> Worker:
        worker = Worker()
        thread = threading.Thread(target=self._serve, args=(worker,), daemon=True)
        self._threads.append(thread)
        thread.start()
        return worker

    def _serve(self, worker: Worker) -> None:
        while True:
            worker.may_go.acquire()
            if worker.work is None:
                return
            try:
                worker.work()
            except BaseException as error:  # Raised where somebody sees it.
                self._error = error
            self._idle.append(worker)
            self._is_back.release()
