"""The JSON of the operations API."""

from __future__ import annotations

from typing import Literal

from evenkeel import __version__
from evenkeel.entrypoints.health import Finding
from evenkeel.entrypoints.schema import Reply

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


def _status(*, is_well: bool) -> Status:
    return "ok" if is_well else "unhealthy"
