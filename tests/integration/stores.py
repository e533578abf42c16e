"""The stores on the test tables."""

import os

from mypy_boto3_dynamodb import DynamoDBClient

from evenkeel.adapters.dynamodb.access_store import DynamoDBAccessStore
from evenkeel.adapters.dynamodb.alert_marks import DynamoDBAlertMarks
from evenkeel.adapters.dynamodb.change_log import DynamoDBChangeLog
from evenkeel.adapters.dynamodb.delivery_store import DynamoDBDeliveryStore
from evenkeel.adapters.dynamodb.endpoint_store import DynamoDBEndpointStore
from evenkeel.adapters.dynamodb.fold_store import DynamoDBFoldStore
from evenkeel.adapters.dynamodb.kept_bytes import KeptBytes
from evenkeel.adapters.dynamodb.mismatch_store import DynamoDBMismatchStore
from evenkeel.adapters.dynamodb.payment_store import DynamoDBPaymentStore
from evenkeel.adapters.dynamodb.run_store import DynamoDBRunStore
from evenkeel.adapters.dynamodb.wallet_store import DynamoDBWalletStore
from evenkeel.clock import utc_now


def wallet_store(dynamodb: DynamoDBClient) -> DynamoDBWalletStore:
    return DynamoDBWalletStore(
        dynamodb,
        ledger_table=os.environ["LEDGER_TABLE"],
        accounts_table=os.environ["ACCOUNTS_TABLE"],
    )


def payment_store(dynamodb: DynamoDBClient) -> DynamoDBPaymentStore:
    return DynamoDBPaymentStore(dynamodb, os.environ["PAYMENTS_TABLE"])


def access_store(dynamodb: DynamoDBClient) -> DynamoDBAccessStore:
    return DynamoDBAccessStore(dynamodb, os.environ["CLIENTS_TABLE"])


def endpoint_store(dynamodb: DynamoDBClient) -> DynamoDBEndpointStore:
    return DynamoDBEndpointStore(dynamodb, os.environ["WEBHOOKS_TABLE"])


def delivery_store(dynamodb: DynamoDBClient) -> DynamoDBDeliveryStore:
    return DynamoDBDeliveryStore(dynamodb, os.environ["DELIVERIES_TABLE"])


def alert_marks(dynamodb: DynamoDBClient) -> DynamoDBAlertMarks:
    return DynamoDBAlertMarks(dynamodb, os.environ["CHECKPOINTS_TABLE"], clock=utc_now)


def fold_store(dynamodb: DynamoDBClient) -> DynamoDBFoldStore:
    return DynamoDBFoldStore(
        dynamodb,
        accounts_table=os.environ["ACCOUNTS_TABLE"],
        checkpoints_table=os.environ["CHECKPOINTS_TABLE"],
        clock=utc_now,
    )


def change_log(dynamodb: DynamoDBClient) -> DynamoDBChangeLog:
    return DynamoDBChangeLog(dynamodb, os.environ["CHANGES_TABLE"])


def run_store(dynamodb: DynamoDBClient) -> DynamoDBRunStore:
    return DynamoDBRunStore(dynamodb, os.environ["REPORTS_TABLE"])


def mismatch_store(dynamodb: DynamoDBClient) -> DynamoDBMismatchStore:
    return DynamoDBMismatchStore(dynamodb, os.environ["REPORTS_TABLE"])


def kept_bytes(dynamodb: DynamoDBClient) -> KeptBytes:
    return KeptBytes(dynamodb, os.environ["LEARNED_TABLE"], utc_now)
