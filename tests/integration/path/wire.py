"""The clients of a payment's path, made once for many tests, with a tap on all of them."""

from typing import Any

from mypy_boto3_sqs import SQSClient

from evenkeel.adapters import clients
from functions.wallet_commands.handler import handler as wallet_commands
from tests.fakes.lambda_client import FunctionBehindClient
from tests.integration.path.tap import Tap


class Wire:
    """As functions have them, with our timeouts and our one attempt.

    Attributes:
        function: The wallets' side, at the far end of `lambda_`.
        quiet_sqs: Not tapped.
    """

    def __init__(self) -> None:
        self.tap = Tap()
        self.function = FunctionBehindClient(wallet_commands)
        self.dynamodb = clients.dynamodb()
        self.lambda_ = clients.lambda_()
        self.sqs = _undelayed(clients.sqs())
        self.quiet_sqs = clients.sqs()
        self.tap.attach(self.dynamodb)
        self.tap.attach(self.lambda_, self.function)
        self.tap.attach(self.sqs)


def _undelayed(client: SQSClient) -> SQSClient:
    """Have messages there at once: a queue's delays are real time."""

    def at_once(params: dict[str, Any], **_: object) -> None:
        params["DelaySeconds"] = 0

    client.meta.events.register("provide-client-params.sqs.SendMessage", at_once)
    return client
