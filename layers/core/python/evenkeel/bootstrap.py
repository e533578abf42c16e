"""The composition root: the one place where ports meet adapters.

Everything is built once per execution environment, on the first event that
needs it: never at import.
"""

from __future__ import annotations

import os
import random
import time
from collections.abc import Callable, Mapping
from functools import cache, partial
from typing import TYPE_CHECKING

from evenkeel.access.service import Doorkeeper, Keyring
from evenkeel.adapters import clients
from evenkeel.adapters.dynamodb.access_store import DynamoDBAccessStore
from evenkeel.adapters.dynamodb.fold_store import DynamoDBFoldStore
from evenkeel.adapters.dynamodb.journal_stream import DynamoDBJournalStream
from evenkeel.adapters.dynamodb.payment_store import DynamoDBPaymentStore
from evenkeel.adapters.dynamodb.wallet_store import DynamoDBWalletStore
from evenkeel.adapters.health import ping_function, ping_table
from evenkeel.adapters.inline.wallet_gateway import InlineWalletGateway
from evenkeel.adapters.lambda_.wallet_gateway import LambdaWalletGateway
from evenkeel.adapters.memory.seen_payments import SeenInThisProcess
from evenkeel.adapters.sqs.quarantine import SqsQuarantine
from evenkeel.clock import utc_now
from evenkeel.config import Settings
from evenkeel.ledger.folding import Folding
from evenkeel.ledger.ports import Quarantine
from evenkeel.payments.ports import WalletGateway
from evenkeel.payments.service import Payments
from evenkeel.resilience.retry import Retry
from evenkeel.wallets.service import Wallets

if TYPE_CHECKING:
    from mypy_boto3_dynamodb import DynamoDBClient


@cache
def settings() -> Settings:
    return Settings(os.environ)


@cache
def dynamodb() -> DynamoDBClient:
    return clients.dynamodb()


@cache
def ledger_retry() -> Retry:
    """For lost races on a wallet: many short waits, and over well before the function's time."""
    return Retry(
        attempt_count_max=40,
        total_s_max=4.0,
        delay_s_base=0.01,
        delay_s_max=0.3,
        jitter=random.random,
        sleep=time.sleep,
        elapsed_s=time.monotonic,
    )


@cache
def wallets() -> Wallets:
    store = DynamoDBWalletStore(
        dynamodb(),
        ledger_table=settings().ledger_table,
        accounts_table=settings().accounts_table,
    )
    return Wallets(store, ledger_retry(), utc_now)


@cache
def wallet_gateway() -> WalletGateway:
    function_name = settings().wallet_function
    if function_name is None:
        return InlineWalletGateway(wallets())
    return LambdaWalletGateway(clients.lambda_(), function_name)


@cache
def payments() -> Payments:
    store = DynamoDBPaymentStore(dynamodb(), settings().payments_table)
    return Payments(store, wallet_gateway(), SeenInThisProcess(), utc_now)


@cache
def access_store() -> DynamoDBAccessStore:
    return DynamoDBAccessStore(dynamodb(), settings().clients_table)


@cache
def doorkeeper() -> Doorkeeper:
    return Doorkeeper(access_store(), time.monotonic)


@cache
def keyring() -> Keyring:
    return Keyring(access_store(), utc_now)


@cache
def folding() -> Folding:
    store = DynamoDBFoldStore(
        dynamodb(),
        accounts_table=settings().accounts_table,
        checkpoints_table=settings().checkpoints_table,
        clock=utc_now,
    )
    return Folding(store, ledger_retry())


@cache
def journal_stream() -> DynamoDBJournalStream:
    return DynamoDBJournalStream()


@cache
def quarantine() -> Quarantine:
    return SqsQuarantine(clients.sqs(), settings().quarantine_queue_url)


@cache
def dependencies() -> Mapping[str, Callable[[], None]]:
    """What the API stands on, each with a call that raises unless it is well."""
    tables = {
        "payments": settings().payments_table,
        "ledger": settings().ledger_table,
        "accounts": settings().accounts_table,
        "clients": settings().clients_table,
    }
    pings: dict[str, Callable[[], None]] = {
        f"table {name}": partial(ping_table, dynamodb(), table) for name, table in tables.items()
    }
    function_name = settings().wallet_function
    if function_name is not None:
        pings["wallet service"] = partial(ping_function, clients.lambda_(), function_name)
    return pings
