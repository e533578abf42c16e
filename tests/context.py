"""What Lambda tells a function about its invocation."""

from aws_lambda_powertools.utilities.typing import LambdaContext


class Context(LambdaContext):
    """A function at the beginning of its time."""

    _aws_request_id = "request-1"

    @staticmethod
    def get_remaining_time_in_millis() -> int:
        return 26_000
