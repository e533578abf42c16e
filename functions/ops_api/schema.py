"""The JSON of the operations API."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Annotated, Literal

from pydantic import Field

from evenkeel import __version__
from evenkeel.entrypoints.health import Finding
from evenkeel.entrypoints.schema import ListReply, Reply, Request, Time
from evenkeel.resilience.circuit import Circuit, CircuitState, Transition
from evenkeel.resilience.switchboard import Action

Status = Literal["ok", "unhealthy"]


class HealthReply(Reply):
    status: Status
    version: str


class DependencyReply(Reply):
    name: str
    status: Status
    latency_ms: float


class DeepHealthReply(Reply):
    status: Status
    version: str
    dependencies: list[DependencyReply]

    @classmethod
    def of(cls, findings: list[Finding]) -> DeepHealthReply:
        return cls(
            status=_status(is_well=all(finding.is_well for finding in findings)),
            version=__version__,
            dependencies=[
                DependencyReply(
                    name=finding.name,
                    status=_status(is_well=finding.is_well),
                    latency_ms=finding.latency_ms,
                )
                for finding in findings
            ],
        )


class ActRequest(Request):
    # Not strict, or only an enumeration's own member would do, and JSON has none.
    action: Annotated[
        Action,
        Field(strict=False, description="Force the circuit, or leave it to the evidence again."),
    ]
    reason: Annotated[str, Field(min_length=1, max_length=255)]


class TransitionReply(Reply):
    number: int
    at: Time
    before: CircuitState
    after: CircuitState
    signal: str
    by: Annotated[str, Field(description="An execution environment, or a client.")]
    reason: str | None

    @classmethod
    def of(cls, transition: Transition) -> TransitionReply:
        return cls(
            number=transition.number,
            at=transition.at,
            before=transition.before,
            after=transition.after,
            signal=transition.signal,
            by=transition.by,
            reason=transition.reason,
        )


class CircuitReply(Reply):
    """A circuit; calls, failures and voters are those of its latest trial."""

    name: str
    state: CircuitState
    since: Time | None
    share: Annotated[float, Field(description="Of the calls that are let through, 0 to 1.")]
    next_probe_at: Time | None
    failure_rate: float | None
    calls: int
    failures: int
    voters: Annotated[int, Field(description="Environments that have reported calls.")]
    transitions: Annotated[list[TransitionReply], Field(description="The latest, newest first.")]

    @classmethod
    def of(cls, circuit: Circuit, transitions: Sequence[Transition]) -> CircuitReply:
        trial = circuit.trial
        return cls(
            name=circuit.name,
            state=circuit.state,
            since=circuit.since,
            share=circuit.share,
            next_probe_at=circuit.retry_at,
            failure_rate=trial.failures / trial.calls if trial and trial.calls else None,
            calls=trial.calls if trial else 0,
            failures=trial.failures if trial else 0,
            voters=len(trial.voters) if trial else 0,
            transitions=[TransitionReply.of(transition) for transition in transitions],
        )


CircuitList = ListReply[CircuitReply]


def _status(*, is_well: bool) -> Status:
    return "ok" if is_well else "unhealthy"
