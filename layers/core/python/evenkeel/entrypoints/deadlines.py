"""How much of a function's time may go into its work."""

from __future__ import annotations

from aws_lambda_powertools.utilities.typing import LambdaContext

from evenkeel import bootstrap
from evenkeel.clock import Deadline

# What is left to do after the last answer of the wallets, in calls to a table or a queue.
BREAKER_CALL_COUNT = 3  # The vote, the transition of the circuit that it opens, the new state.
OUTCOME_CALL_COUNT = 2  # Of each attempt to record it: the write, and a look at who was first.
QUEUE_CALL_COUNT = 1  # Of each attempt to queue what was not applied.
ANSWER_S_MAX = 0.4


def reserve_s() -> float:
    """Return how long all of that takes if each call is as slow as it may be: 11.2 s."""
    call_s, last_begins_by_s = bootstrap.call_s_max(), bootstrap.store_retry().total_s_max
    call_count = BREAKER_CALL_COUNT + OUTCOME_CALL_COUNT + QUEUE_CALL_COUNT
    return call_count * call_s + 2 * last_begins_by_s + ANSWER_S_MAX


def deadline_of(context: LambdaContext) -> Deadline:
    return Deadline.after(context.get_remaining_time_in_millis() / 1000 - reserve_s())
