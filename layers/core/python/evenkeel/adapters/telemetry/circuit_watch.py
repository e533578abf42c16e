"""What breakers do, in the log and as metrics."""

from __future__ import annotations

from aws_lambda_powertools import Logger

from evenkeel.adapters.telemetry.metrics import counted
from evenkeel.errors import EvenkeelError
from evenkeel.resilience.circuit import Transition

logger = Logger()


class LoggingCircuitWatch:
    def moved(self, name: str, transition: Transition) -> None:
        logger.warning(
            "a circuit has moved",
            before=transition.before,
            signal=transition.signal,
            by=transition.by,
            number=transition.number,
            **counted("CircuitTransitions", {"circuit": name, "after": transition.after}),
        )

    def refused(self, name: str) -> None:
        logger.info("a circuit let no call through", **counted("CircuitRefusals", _of(name)))

    def blind(self, name: str, error: Exception) -> None:
        # A table that is busy is to be expected; a right that is missing is to be mended.
        log = logger.warning if isinstance(error, EvenkeelError) else logger.error
        log(
            "a circuit could not be seen or moved",
            cause=repr(error),
            exc_info=error,
            **counted("CircuitBlind", _of(name)),
        )


def _of(name: str) -> dict[str, str]:
    return {"circuit": name}
