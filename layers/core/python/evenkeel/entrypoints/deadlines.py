"""How much of a function's time may go into its work."""

from __future__ import annotations

from aws_lambda_powertools.utilities.typing import LambdaContext

from evenkeel.clock import Deadline

# To record an outcome with all the attempts of a store, which may take 4.1 s, and to answer.
RESERVE_S = 4.5


def deadline_of(context: LambdaContext) -> Deadline:
    return Deadline.after(context.get_remaining_time_in_millis() / 1000 - RESERVE_S)
