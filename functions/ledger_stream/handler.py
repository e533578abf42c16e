"""The ledger's stream: folds merchants' and external accounts from the journal."""

from typing import Any

from aws_lambda_powertools.utilities.typing import LambdaContext

from evenkeel.entrypoints.journal import fold_batch


def handler(event: dict[str, Any], context: LambdaContext) -> None:
    fold_batch(event["Records"])
