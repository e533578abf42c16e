"""The accounts' stream: notes which accounts were changed, and tells nobody."""

from typing import Any

from aws_lambda_powertools.utilities.typing import LambdaContext

from evenkeel import bootstrap
from evenkeel.entrypoints.outbox import note_batch


def handler(event: dict[str, Any], context: LambdaContext) -> None:
    note_batch(event["Records"], bootstrap.account_changes())
