"""Payments over wallets in memory, with a sweeper, a worker, and a network that fails when told."""

import itertools
from collections.abc import Sequence
from datetime import timedelta

from evenkeel.adapters.inline.wallet_gateway import InlineWalletGateway
from evenkeel.errors import TransferNotApplied
from evenkeel.ledger.commands import Posted
from evenkeel.ledger.transfer import Record
from evenkeel.payments.desk import PaymentDesk
from evenkeel.payments.model import Payment
from evenkeel.payments.ports import PaymentKey
from evenkeel.payments.sweeper import Sweeper
from evenkeel.payments.worker import PaymentWorker
from evenkeel.resilience.breaker import Breaker
from evenkeel.resilience.circuit import Signal
from evenkeel.wallets.service import Wallets
from tests.fakes.circuit_store import InMemoryCircuitStore
from tests.fakes.clock import ManualClock
from tests.fakes.desk import payment_desk
from tests.fakes.guard import attempt, breaker, guarded
from tests.fakes.payment_queue import InMemoryPaymentQueue
from tests.fakes.payment_store import InMemoryPaymentStore
from tests.fakes.retry import instant_retry
from tests.fakes.wallet_gateway import FlakyGateway
from tests.fakes.wallet_store import InMemoryWalletStore
from tests.payments import order

CLIENT = "cli_a"
OPENING_MINOR = 1000


class Killed(BaseException):
    """The process is gone."""


class InMemoryJournal:
    """The ledger as payments see it, over the wallets' own store.

    Attributes:
        asked: The ids that were looked for.
        fault: Raised by the next look.
    """

    def __init__(self, store: InMemoryWalletStore) -> None:
        self.store = store
        self.asked: list[str] = []
        self.fault: Exception | None = None

    def record(self, client_id: str, transfer_id: str) -> Record | None:
        self.asked.append(transfer_id)
        if self.fault is not None:
            fault, self.fault = self.fault, None
            raise fault
        return self.store.look(client_id, [transfer_id], ()).records.get(transfer_id)


class RecordingSweepWatch:
    def __init__(self) -> None:
        self.failures: list[tuple[PaymentKey, str | None, Exception]] = []
        self.broken_off: list[tuple[Sequence[int], Exception]] = []

    def failed(self, key: PaymentKey, transfer_id: str | None, error: Exception) -> None:
        self.failures.append((key, transfer_id, error))

    def broke_off(self, shards: Sequence[int], error: Exception) -> None:
        self.broken_off.append((shards, error))


class Platform:
    """Its sweeper has one lane, so that what it does comes in one order."""

    def __init__(self) -> None:
        self.clock = ManualClock()
        ledger = InMemoryWalletStore()
        self.wallets = Wallets(ledger, instant_retry(), self.clock)
        self.journal = InMemoryJournal(ledger)
        self.gateway = FlakyGateway(InlineWalletGateway(self.wallets))
        self.store = InMemoryPaymentStore()
        self.queue = InMemoryPaymentQueue()
        self.circuits = InMemoryCircuitStore()
        self.breaker = breaker(self.clock, self.circuits)
        self.desk = self.lane(self.breaker)
        self.payments = self.desk.payments
        self.pauses: list[float] = []
        self.watch = RecordingSweepWatch()
        self.sweeper = Sweeper(
            self.store,
            self.journal,
            [self.desk],
            self.watch,
            self.clock,
            self.pauses.append,
        )
        self.worker = PaymentWorker(self.payments, self.queue, lambda: 0.5)
        self.wallet_id = self.wallets.open(CLIENT, "alice", "EUR", opening_minor=OPENING_MINOR)[
            0
        ].id
        self._numbers = itertools.count(1)

    def lane(self, circuit: Breaker) -> PaymentDesk:
        """Return the means to have money moved, behind a breaker of its own."""
        guard = guarded(self.gateway, circuit=circuit)
        return payment_desk(self.store, guard, self.clock, queue=lambda: self.queue)

    @property
    def next_number(self) -> int:
        return next(self._numbers)

    @property
    def balance(self) -> int:
        return self.wallets.get(CLIENT, self.wallet_id).balance_minor

    def pay(self, key: str = "k1", amount_minor: int = 400, *, may_wait: bool = False) -> Payment:
        wanted = order(key, CLIENT, amount_minor=amount_minor, wallet_id=self.wallet_id)
        asked = attempt(f"r{self.next_number}", may_wait=may_wait)
        return self.payments.create_and_process(wanted, asked).payment

    def stored(self, key: str = "k1") -> Payment:
        return self.store.get(CLIENT, f"pay_{key}")

    def wait(self, **duration: float) -> None:
        self.clock.advance(timedelta(**duration))

    def force(self, signal: Signal) -> None:
        """Move the circuit by hand, and let the environment see it."""
        circuit = self.circuits.get("wallet")
        forced = circuit.forced(signal, self.clock(), "ops", "a test")
        self.circuits.save(forced, instead_of=circuit)
        self.wait(seconds=6)


def not_applied(_: object) -> Posted:
    raise TransferNotApplied(retry_after_s=7.0)
