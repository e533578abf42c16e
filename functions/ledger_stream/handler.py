"""The ledger's stream: folds merchants' and external accounts, notes and tells what was posted."""

from typing import Any

from aws_lambda_powertools.utilities.typing import LambdaContext

from evenkeel.entrypoints.journal import fold_and_publish


def handler(event: dict[str, Any], context: LambdaContext) -> None:
    fold_and_publish(event["Records"])
