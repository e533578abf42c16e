"""What the reconciliation is asked for, and what it says of a run."""

from __future__ import annotations

from datetime import datetime
from typing import Annotated, Literal

from pydantic import Field, TypeAdapter

from evenkeel.entrypoints.schema import Moment, Reply, Request, Time
from evenkeel.reconciliation.run import Run, RunStatus, Trigger, Window
from evenkeel.reconciliation.timetable import Pass, scheduled


class ScheduledRun(Request):
    """One that a rule asks for, which says when; or an operator, now."""

    command: Literal["schedule"]
    pass_: Annotated[Pass, Field(alias="pass", strict=False)]
    at: Annotated[Moment | None, Field(strict=False)] = None

    def run(self, now: datetime, watermark: datetime | None) -> Run:
        return scheduled(self.pass_, self.at or now, now, watermark)


class WantedRun(Request):
    """One that a client waits for, perhaps: its objects only."""

    command: Literal["run"]
    run_id: str
    client_id: str
    since: Annotated[Moment, Field(alias="from", strict=False)]
    until: Annotated[Moment, Field(alias="to", strict=False)]

    def run(self, now: datetime) -> Run:
        return Run(
            self.run_id,
            Trigger.MANUAL,
            Window(self.since, self.until),
            started_at=now,
            client_id=self.client_id,
        )


class RestOfRun(Request):
    command: Literal["resume"]
    run_id: str


Command = Annotated[ScheduledRun | WantedRun | RestOfRun, Field(discriminator="command")]
COMMANDS: TypeAdapter[ScheduledRun | WantedRun | RestOfRun] = TypeAdapter(Command)


class RunReply(Reply):
    id: str
    status: RunStatus
    finished_at: Time | None
    payments: int
    mismatched: int

    @classmethod
    def of(cls, run: Run) -> RunReply:
        tally = run.total
        return cls(
            id=run.id,
            status=run.status,
            finished_at=run.finished_at,
            payments=tally.payments,
            mismatched=tally.mismatched,
        )
