"""What was laid down for a client, in the client's own item."""

from __future__ import annotations

from typing import TYPE_CHECKING

from pynamodb.exceptions import UpdateError

from evenkeel.adapters.dynamodb.access_store import ClientItem
from evenkeel.adapters.failures import CONDITION_FAILED_ERROR, code_of, reading, translated
from evenkeel.errors import ObjectNotFound, StoreBusy, StoreUnconfirmed
from evenkeel.screening.policy import Policy
from evenkeel.screening.policy_document import policy_document, read_policy

if TYPE_CHECKING:
    from mypy_boto3_dynamodb import DynamoDBClient


class DynamoDBPolicyStore:
    def __init__(self, client: DynamoDBClient, table_name: str) -> None:
        ClientItem.bind(client, table_name)

    def policy(self, client_id: str) -> Policy | None:
        try:
            with reading(StoreBusy):
                item = ClientItem.get(client_id)
        except ClientItem.DoesNotExist:
            return None
        return read_policy(item.policy) if item.policy is not None else None

    def lay_down(self, client_id: str, policy: Policy) -> None:
        try:
            with translated(StoreBusy, StoreUnconfirmed):
                ClientItem(client_id).update(
                    actions=[ClientItem.policy.set(policy_document(policy))],
                    condition=ClientItem.id.exists(),
                )
        except UpdateError as error:
            if code_of(error) != CONDITION_FAILED_ERROR:
                raise
            raise ObjectNotFound from error
