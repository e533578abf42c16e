"""The whole API over fakes: its functions, two clients, and keys with any scopes."""

import itertools
from collections.abc import Callable, Iterable, Mapping
from datetime import timedelta
from typing import Any

import pytest

from evenkeel import bootstrap
from evenkeel.access.model import Scope
from evenkeel.access.service import Doorkeeper, Keyring
from evenkeel.adapters.inline.wallet_gateway import InlineWalletGateway
from evenkeel.payments.flags import Flags
from evenkeel.payments.outcomes import ScreenedOutcomes
from evenkeel.payments.reads import PaymentReads
from evenkeel.payments.records import PaymentRecords
from evenkeel.reconciliation.examiner import Examiner
from evenkeel.reconciliation.repairs import Repairs
from evenkeel.reconciliation.survey import Surveyor
from evenkeel.reconciliation.wallet_examiner import WalletExaminer
from evenkeel.resilience.switchboard import Switchboard
from evenkeel.screening.policies import Policies
from evenkeel.screening.service import Screening
from evenkeel.wallets.service import Wallets
from functions.anomalies_api import handler as anomalies_api
from functions.ops_api import handler as ops_api
from functions.payments_api import handler as payments_api
from functions.reconciliation_api import handler as reconciliation_api
from functions.wallets_api import handler as wallets_api
from functions.webhooks_api import handler as webhooks_api
from tests.context import Context
from tests.events import event
from tests.fakes.access_store import InMemoryAccessStore
from tests.fakes.books import InMemoryBooks
from tests.fakes.circuit_store import InMemoryCircuitStore
from tests.fakes.clock import ManualClock
from tests.fakes.desk import payment_desk
from tests.fakes.guard import RecordingWatch, breaker, guarded
from tests.fakes.payment_queue import InMemoryPaymentQueue
from tests.fakes.payment_store import InMemoryPaymentStore
from tests.fakes.policy_store import InMemoryPolicyStore
from tests.fakes.retry import instant_retry
from tests.fakes.screen_watch import RecordingScreenWatch
from tests.fakes.wallet_gateway import Fault, FlakyGateway
from tests.fakes.wallet_store import InMemoryWalletStore
from tests.fakes.windows import InMemoryWindows
from tests.unit.answer import Answer
from tests.unit.reconciliation.desk import Desk
from tests.unit.webhooks.office import Office

FUNCTIONS = (
    payments_api,
    wallets_api,
    webhooks_api,
    reconciliation_api,
    anomalies_api,
    ops_api,
)
MINE = "cli_a"
OTHER = "cli_b"


class Site:
    """Answers as the deployed API does; a request is sent with a key of ours that may all."""

    def __init__(self, monkeypatch: pytest.MonkeyPatch) -> None:
        self.clock = ManualClock()
        self.ledger = InMemoryWalletStore()
        self.wallets = Wallets(self.ledger, instant_retry(), self.clock)
        self.gateway = FlakyGateway(InlineWalletGateway(self.wallets))
        self.circuits = InMemoryCircuitStore()
        self.queue = InMemoryPaymentQueue()
        self.payments = InMemoryPaymentStore()
        self.desk = payment_desk(
            self.payments,
            guarded(self.gateway, circuit=breaker(self.clock, self.circuits)),
            self.clock,
            queue=lambda: self.queue,
            outcomes=ScreenedOutcomes(lambda: self.screening),
        )
        self.switchboard = Switchboard(
            ["wallet"], self.circuits, RecordingWatch(), instant_retry(), self.clock
        )
        self.office = Office(self.clock)
        self.reconciliation = Desk(self.clock)
        self.repairs = self._repairs()
        self.keyring = Keyring(InMemoryAccessStore(), self.clock)
        for client_id in (MINE, OTHER):
            self.keyring.create_client("a client", client_id)
        self.key = self.key_of(MINE, Scope)
        doorkeeper = Doorkeeper(self.keyring.store, instant_retry(), self.clock)
        self.watch = RecordingScreenWatch()
        self.policies = InMemoryPolicyStore()
        self.windows = InMemoryWindows(self.clock)
        self.screening = Screening(
            self.windows, Policies(self.policies, self.watch, self.clock), self.watch
        )
        records = PaymentRecords(self.payments, instant_retry())
        flags, reads = Flags(records), PaymentReads(records)
        monkeypatch.setattr(bootstrap, "doorkeeper", lambda: doorkeeper)
        monkeypatch.setattr(bootstrap, "screening", lambda: self.screening)
        monkeypatch.setattr(bootstrap, "policy_store", lambda: self.policies)
        monkeypatch.setattr(bootstrap, "flags", lambda: flags)
        monkeypatch.setattr(bootstrap, "keyring", lambda: self.keyring)
        monkeypatch.setattr(bootstrap, "wallets", lambda: self.wallets)
        monkeypatch.setattr(bootstrap, "payment_desk", lambda: self.desk)
        monkeypatch.setattr(bootstrap, "payment_reads", lambda: reads)
        monkeypatch.setattr(bootstrap, "switchboard", lambda: self.switchboard)
        monkeypatch.setattr(bootstrap, "webhooks", lambda: self.office.webhooks)
        monkeypatch.setattr(bootstrap, "reports", lambda: self.reconciliation.reports)
        monkeypatch.setattr(bootstrap, "repairs", lambda: self.repairs)
        self._numbers = itertools.count(1)

    def key_of(self, client_id: str, scopes: Iterable[Scope]) -> str:
        return self.keyring.issue(client_id, "a key", scopes)[1]

    def fail_next_debit(self, fault: Fault) -> None:
        self.gateway.faults.append(fault)

    def later(self) -> None:
        self.clock.advance(timedelta(seconds=1))

    def get(
        self,
        resource: str,
        query: Mapping[str, str] | None = None,
        *,
        key: str | None = None,
        **params: str,
    ) -> Answer:
        headers = {"X-API-Key": key or self.key}
        return self.ask(event("GET", resource, params, None, headers, query))

    def post(
        self,
        resource: str,
        body: Any = None,
        *,
        idempotency_key: str | None = None,
        key: str | None = None,
        **params: str,
    ) -> Answer:
        """Send it under an idempotency key of its own, unless it is given one."""
        headers = {
            "X-API-Key": key or self.key,
            "Idempotency-Key": idempotency_key or f"key-{next(self._numbers)}",
        }
        return self.ask(event("POST", resource, params, body, headers))

    def ask(self, raw: dict[str, Any]) -> Answer:
        return Answer.of(_handler_of(raw)(raw, Context()))

    def _repairs(self) -> Repairs:
        ledger, retry = self.ledger, instant_retry()
        books = InMemoryBooks(self.payments, ledger)
        examiner = Examiner(books, WalletExaminer(books, ledger, retry), self.clock)
        return Repairs(
            self.reconciliation.mismatches,
            Surveyor(books, examiner, ledger, retry),
            guarded(self.gateway, circuit=breaker(self.clock, self.circuits)),
            retry,
            self.clock,
        )

    def wallet(self, user_id: str = "alice", currency: str = "EUR", balance: int = 0) -> str:
        """Open a wallet and return its id."""
        body = {"userId": user_id, "currency": currency, "initialBalance": balance}
        opened = self.post("/api/wallets/create", body)
        assert opened.status == 201
        wallet_id: str = opened.json["id"]
        return wallet_id

    def webhook(self, **fields: Any) -> str:
        """Register a webhook and return its id."""
        created = self.post("/api/webhooks", webhook(**fields))
        assert created.status == 201
        webhook_id: str = created.json["id"]
        return webhook_id

    def run(self) -> str:
        """Have a reconciliation run, and return its id."""
        done = self.get("/api/payments/reconcile/run")
        assert done.status == 200
        run_id: str = done.json["id"]
        return run_id

    def payment(self, **fields: Any) -> str:
        """Create a payment and return its id."""
        created = self.post("/api/payments", order(**fields))
        assert created.status == 201
        payment_id: str = created.json["id"]
        return payment_id


def order(**fields: Any) -> dict[str, Any]:
    """Return the body of a payment, complete and valid, with other *fields* put in."""
    sound = {"userId": "alice", "merchantId": "coffee", "amount": 40, "currency": "EUR"}
    return sound | fields


def webhook(**fields: Any) -> dict[str, Any]:
    """Return the body of a webhook, complete and valid, with other *fields* put in."""
    sound = {"url": "https://hooks.example/evenkeel", "events": ["*"]}
    return sound | fields


def _handler_of(raw: Mapping[str, Any]) -> Callable[..., dict[str, Any]]:
    route = (raw["httpMethod"], raw["resource"])
    [function] = [function for function in FUNCTIONS if route in function.api.accesses]
    handler: Callable[..., dict[str, Any]] = function.handler
    return handler
