"""The tables, the queue and the wallets of a test, as all processes of it share them."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Self
from uuid import uuid4

from evenkeel.adapters.dynamodb.account_items import WalletItem
from evenkeel.adapters.dynamodb.circuit_store import DynamoDBCircuitStore
from evenkeel.adapters.dynamodb.item import key_of
from evenkeel.adapters.dynamodb.journal import DynamoDBJournal
from evenkeel.adapters.dynamodb.ledger_items import RecordItem
from evenkeel.adapters.dynamodb.payment_item import PaymentItem
from evenkeel.adapters.dynamodb.payment_store import DynamoDBPaymentStore
from evenkeel.adapters.dynamodb.reads import batch_get
from evenkeel.adapters.dynamodb.wallet_store import DynamoDBWalletStore
from evenkeel.adapters.lambda_.wallet_gateway import LambdaWalletGateway
from evenkeel.adapters.sqs.payment_queue import SqsPaymentQueue
from evenkeel.ledger.transfer import Record
from evenkeel.payments.model import Payment
from evenkeel.wallets.model import Wallet
from evenkeel.wallets.service import Wallets
from functions.payment_worker.schema import WaitingMessage
from tests.emulator import Emulator
from tests.fakes.clock import NOON, ManualClock
from tests.fakes.retry import instant_retry
from tests.integration.path.wire import Wire
from tests.tables import TABLES

MESSAGE_COUNT_MAX = 10


@dataclass(frozen=True)
class Resources:
    """Nobody else's: a sweeper and a worker take whatever there is."""

    payments: str
    ledger: str
    accounts: str
    breakers: str
    queue_url: str

    @classmethod
    def made(cls, emulator: Emulator) -> Self:
        token = uuid4().hex[:8]

        def table(kind: str) -> str:
            name = f"path-{kind}-{token}"
            definition = TABLES[f"{kind.upper()}_TABLE"].definition(name)
            emulator.client("dynamodb").create_table(**definition)
            return name

        return cls(
            payments=table("payments"),
            ledger=table("ledger"),
            accounts=table("accounts"),
            breakers=table("breakers"),
            queue_url=emulator.client("sqs").create_queue(QueueName=f"path-{token}")["QueueUrl"],
        )

    @property
    def names(self) -> dict[str, str]:
        """What each table is called here."""
        return {
            self.payments: "payments",
            self.ledger: "ledger",
            self.accounts: "accounts",
            self.breakers: "breakers",
        }


@dataclass(frozen=True)
class Message:
    body: WaitingMessage
    receipt: str


class Platform:
    """One clock for all: nothing waits for a lease, a cool-down or a delay."""

    def __init__(self, wire: Wire, resources: Resources) -> None:
        self.clock = ManualClock()
        self.tap, self.function = wire.tap, wire.function
        self.tap.names = resources.names
        self.tap.disarm()
        self._sqs, self._queue_url = wire.quiet_sqs, resources.queue_url
        self._dynamodb, self._resources = wire.dynamodb, resources

        self.payments = DynamoDBPaymentStore(wire.dynamodb, resources.payments)
        self.circuits = DynamoDBCircuitStore(wire.dynamodb, resources.breakers)
        self.ledger = DynamoDBWalletStore(
            wire.dynamodb, ledger_table=resources.ledger, accounts_table=resources.accounts
        )
        self.journal = DynamoDBJournal(wire.dynamodb, resources.ledger)
        self.wallets = Wallets(self.ledger, instant_retry(), self.clock)
        self.gateway = LambdaWalletGateway(wire.lambda_, "wallet_commands")
        self.queue = SqsPaymentQueue(wire.sqs, resources.queue_url)

    def elapsed_s(self) -> float:
        return (self.clock() - NOON).total_seconds()

    def sight(
        self, client_id: str, payment_id: str, transfer_id: str, wallet_id: str
    ) -> tuple[Payment | None, Record | None, Wallet]:
        """Return what is stored of a payment, all at one moment, and past the tap."""
        payment, records, wallet = self.wide_sight(client_id, payment_id, [transfer_id], wallet_id)
        return payment, next(iter(records), None), wallet

    def wide_sight(
        self, client_id: str, payment_id: str, transfer_ids: Sequence[str], wallet_id: str
    ) -> tuple[Payment | None, Sequence[Record], Wallet]:
        """Return the same of a payment with several transfers."""
        tables = self._resources
        ids = {
            tables.payments: [key_of(client_id, payment_id)],
            tables.ledger: [key_of(client_id, transfer_id) for transfer_id in transfer_ids],
            tables.accounts: [key_of(client_id, wallet_id)],
        }
        with self.tap.muted():
            found = batch_get(self._dynamodb, ids)
        payments = [PaymentItem.stored(item).payment() for item in found[tables.payments]]
        records = [RecordItem.stored(item).record() for item in found[tables.ledger]]
        [wallet] = [WalletItem.stored(item).wallet() for item in found[tables.accounts]]
        return next(iter(payments), None), records, wallet

    def messages(self) -> list[Message]:
        """Return what is in the queue; it stays there until it is deleted."""
        found = self._sqs.receive_message(
            QueueUrl=self._queue_url, MaxNumberOfMessages=MESSAGE_COUNT_MAX, VisibilityTimeout=0
        )
        return [
            Message(WaitingMessage.model_validate_json(each["Body"]), each["ReceiptHandle"])
            for each in found.get("Messages", [])
        ]

    def delete(self, message: Message) -> None:
        self._sqs.delete_message(QueueUrl=self._queue_url, ReceiptHandle=message.receipt)
