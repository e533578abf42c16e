"""Answering another function of ours: errors become outcomes that the caller can tell apart."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

from aws_lambda_powertools import Logger

from evenkeel.entrypoints.schema import Reply
from evenkeel.errors import EvenkeelError

logger = Logger()

Replies = Mapping[type[EvenkeelError], Callable[[Any], Reply]]


def outcome_of(
    ask: Callable[[], Reply], replies: Replies, *, request_id: str | None
) -> dict[str, Any]:
    """Return what *ask* answers, or the reply to its error's nearest base.

    An error without a reply is raised: the caller must take it for an unknown outcome.
    """
    logger.clear_state()
    logger.append_keys(request_id=request_id)
    try:
        reply = ask()
    except EvenkeelError as error:
        logger.append_keys(error=error.code)
        base = next((base for base in type(error).__mro__ if base in replies), None)
        if base is None:
            raise
        reply = replies[base](error)
    answer = reply.model_dump(by_alias=True, mode="json")
    logger.info("answered", outcome=answer.get("outcome"))
    return answer
