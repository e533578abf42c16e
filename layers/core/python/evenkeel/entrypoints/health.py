"""How the dependencies are, each by itself, so that one does not hide another."""

from __future__ import annotations

import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass

from aws_lambda_powertools import Logger

logger = Logger()


@dataclass(frozen=True, slots=True)
class Finding:
    name: str
    is_well: bool
    latency_ms: float


def examine(dependencies: Mapping[str, Callable[[], None]]) -> list[Finding]:
    """Ping every dependency; whatever one of them raises is a finding, not an error."""
    return [_examine(name, ping) for name, ping in dependencies.items()]


def _examine(name: str, ping: Callable[[], None]) -> Finding:
    began_at = time.perf_counter()
    try:
        ping()
    except Exception:
        logger.exception("unhealthy", dependency=name)
        is_well = False
    else:
        is_well = True
    return Finding(name, is_well, round((time.perf_counter() - began_at) * 1000, 1))
