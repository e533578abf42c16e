"""A batch of a queue: what fails comes again by itself, and is in nobody's way."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

from aws_lambda_powertools import Logger

logger = Logger()


def failures_of(records: Sequence[dict[str, Any]], work: Callable[[str], None]) -> dict[str, Any]:
    """Have each message worked off, and return the partial batch answer of SQS."""
    failed: list[dict[str, str]] = []
    for record in records:
        logger.clear_state()
        logger.append_keys(message_id=record["messageId"])
        try:
            work(record["body"])
        except Exception:
            # Whatever it is: the others must not wait for it, and the dead letters know it.
            logger.exception("a message failed")
            failed.append({"itemIdentifier": record["messageId"]})
        else:
            logger.info("a message is done")
    return {"batchItemFailures": failed}
