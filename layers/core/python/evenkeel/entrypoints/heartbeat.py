"""The check whether reconciliation goes on, made by somebody who has other work to do."""

from __future__ import annotations

from aws_lambda_powertools import Logger

from evenkeel import bootstrap

logger = Logger()


def check_heartbeat() -> None:
    """Tell people if reconciliation has stopped. That this fails is logged: it comes again."""
    try:
        bootstrap.heartbeat().check()
    except Exception:
        # Whatever it is: the work of the one who asks must not stop with it.
        logger.exception("nobody knows whether reconciliation goes on")
