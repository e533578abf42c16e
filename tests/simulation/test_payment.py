"""One payment over a network that loses, delays and repeats, with processes that die.

Each history is drawn from a seed: how often calls fail and how, when the client
comes again, what else happens to the wallet meanwhile, and when a call that
hung somewhere arrives after all. After every step the payment must agree with
the ledger; when the faults have stopped it must come to an end, and every final
answer that was ever given must have been the same.

Two requests do not run at the same time here; the races have tests of their own.
"""

import random
from collections import Counter
from collections.abc import Callable
from datetime import timedelta
from typing import Any

import pytest

from evenkeel.adapters.inline.wallet_gateway import InlineWalletGateway
from evenkeel.errors import (
    Declined,
    EvenkeelError,
    LedgerBusy,
    LedgerUnconfirmed,
    StoreBusy,
    StoreUnconfirmed,
    TransferNotApplied,
    TransferUnconfirmed,
)
from evenkeel.ledger.commands import Command, Posted
from evenkeel.ledger.transfer import Decline, Transfer
from evenkeel.payments.leases import LEASE_FOR
from evenkeel.payments.states import PaymentStatus
from evenkeel.wallets.model import WalletAction
from evenkeel.wallets.service import Wallets
from tests import requests
from tests.fakes.clock import ManualClock
from tests.fakes.desk import payment_desk
from tests.fakes.guard import attempt, breaker, guarded
from tests.fakes.payment_store import InMemoryPaymentStore
from tests.fakes.retry import instant_retry
from tests.fakes.wallet_store import InMemoryWalletStore
from tests.payments import order

SEED_COUNT = 3000
SEEDS_PER_TEST = 500

CLIENT = "cli_a"
LEDGER_WRITES = {"post", "decline", "open", "save"}
PAYMENT_WRITES = {"add", "save"}
LOSSES_OF_WRITES = ("answer lost", "request lost", "late", "killed after")


class Killed(BaseException):
    """The process is gone: nothing catches it, nothing is recorded after it."""


class Network:
    """Between a caller and what it calls: lets a call through, or not, or late, or twice."""

    def __init__(self, rng: random.Random) -> None:
        self.rng = rng
        self.fault_rate = rng.choice([0.05, 0.15, 0.4])
        self.late: list[Callable[[], object]] = []
        self.faults: Counter[str] = Counter()

    def fault(self, *kinds: str) -> str | None:
        if self.rng.random() >= self.fault_rate:
            return None
        kind = self.rng.choice(kinds)
        self.faults[kind] += 1
        return kind

    def deliver_late(self) -> None:
        """Let a call that hung arrive now; nobody waits for its answer."""
        call = self.late.pop(self.rng.randrange(len(self.late)))
        try:
            call()
        except (EvenkeelError, Killed):
            self.faults["late and in vain"] += 1


class Store:
    """A store behind the network."""

    def __init__(
        self,
        network: Network,
        store: object,
        writes: set[str],
        busy: type[EvenkeelError],
        unknown: type[EvenkeelError],
    ) -> None:
        self._network, self._store, self._writes = network, store, writes
        self._busy, self._unknown = busy, unknown

    def __getattr__(self, name: str) -> Callable[..., Any]:
        def call(*args: Any, **named: Any) -> Any:
            return self._call(name, lambda: getattr(self._store, name)(*args, **named))

        return call

    def _call(self, name: str, ask: Callable[[], Any]) -> Any:
        lost = LOSSES_OF_WRITES if name in self._writes else ()
        match self._network.fault("turned away", "killed before", *lost):
            case None:
                return ask()
            case "turned away":
                raise self._busy
            case "killed before":
                raise Killed
            case "late":
                self._network.late.append(ask)
            case "answer lost":
                _ignoring_refusals(ask)
            case "killed after":
                _ignoring_refusals(ask)
                raise Killed
        raise self._unknown


class Gateway:
    """The wallet service behind a network; when its process dies, the caller hears nothing."""

    def __init__(self, network: Network, gateway: InlineWalletGateway) -> None:
        self._network, self._gateway = network, gateway

    def ask(self, command: Command) -> Posted:
        def ask() -> Posted:
            return self._gateway.ask(command)

        match self._network.fault("turned away", "answer lost", "late"):
            case "turned away":
                raise TransferNotApplied
            case "answer lost":
                _ignoring_refusals(ask)
                raise TransferUnconfirmed
            case "late":
                self._network.late.append(ask)
                raise TransferUnconfirmed
        try:
            return ask()
        except Killed as killed:
            raise TransferUnconfirmed from killed


def _ignoring_refusals(ask: Callable[[], object]) -> None:
    try:
        ask()
    except (EvenkeelError, Killed):
        return


class History:
    """One payment, from its first request to its end."""

    def __init__(self, seed: int) -> None:
        rng = random.Random(seed)  # noqa: S311  # A history, not a secret.
        self.rng, self.network, self.clock = rng, Network(rng), ManualClock()
        self.ledger, self.payments = InMemoryWalletStore(), InMemoryPaymentStore()
        retry = instant_retry(rng.choice([2, 3, 5]))
        self.wallets = Wallets(self.ledger, retry, self.clock)
        faulty: Any = Store(self.network, self.ledger, LEDGER_WRITES, LedgerBusy, LedgerUnconfirmed)
        kept: Any = Store(self.network, self.payments, PAYMENT_WRITES, StoreBusy, StoreUnconfirmed)
        gateway = Gateway(self.network, InlineWalletGateway(Wallets(faulty, retry, self.clock)))
        guard = guarded(gateway, circuit=breaker(self.clock), retry=retry)
        self.service = payment_desk(kept, guard, self.clock, retry=retry).payments
        opening_minor = rng.choice([100, 500])
        self.wallet = self.wallets.open(CLIENT, "alice", "EUR", opening_minor=opening_minor)[0]
        self.order = order("k", CLIENT, wallet_id=self.wallet.id)
        self.answers: Counter[str] = Counter()
        self.final_answers: set[str] = set()
        self.request_count = 0

    def run(self) -> None:
        for _ in range(self.rng.randint(1, 8)):
            self.ask()
            self.check()
            self.happen()
            self.clock.advance(self.rng.choice([timedelta(0), timedelta(seconds=1), LEASE_FOR]))
        self.end()

    def ask(self) -> None:
        """Send the request, as for the first time or once more."""
        self.request_count += 1
        try:
            answer = self.service.create_and_process(self.order, attempt(f"r{self.request_count}"))
        except Declined as declined:
            self.answers["declined"] += 1
            self.final_answers.add(f"{declined.reason} {declined.first_request_id}")
        except EvenkeelError as error:
            self.answers[error.code] += 1
        except Killed:
            self.answers["killed"] += 1
        else:
            self.answers[answer.payment.status] += 1
            if answer.payment.status is not PaymentStatus.PROCESSING:
                self.final_answers.add(repr(answer.payment))

    def happen(self) -> None:
        """Let something else happen to the wallet, or a call arrive that was given up."""
        key = f"other{self.request_count}"
        match self.rng.choice(["late", "credit", "debit", "freeze", "unfreeze", "nothing"]):
            case "late" if self.network.late:
                self.network.deliver_late()
            case "credit":
                self.wallets.move(requests.credit(key, self.wallet.id, 300))
            case "debit":
                _ignoring_refusals(
                    lambda: self.wallets.move(requests.debit(key, self.wallet.id, 50))
                )
            case "freeze":
                self.wallets.act(CLIENT, self.wallet.id, WalletAction.FREEZE)
            case "unfreeze":
                self.wallets.act(CLIENT, self.wallet.id, WalletAction.UNFREEZE)
        self.check()

    def end(self) -> None:
        """Stop the faults; everything must come to rest."""
        self.network.fault_rate = 0.0
        while self.network.late:
            self.network.deliver_late()
            self.check()
        for _ in range(3):
            self.clock.advance(LEASE_FOR)
            self.ask()
            self.check()

        status = self.service.get(CLIENT, self.order.payment_id).status
        assert status in (PaymentStatus.COMPLETED, PaymentStatus.FAILED)
        assert len(self.final_answers) == 1

    def check(self) -> None:
        """Hold what is stored to what must be true at any moment."""
        payment = self.payments.find(CLIENT, self.order.payment_id)
        transfers = [
            record
            for record in self.ledger.records.values()
            if record.payment_id == self.order.payment_id
        ]
        posted = [record for record in transfers if isinstance(record, Transfer)]
        declined = [record for record in transfers if isinstance(record, Decline)]
        status = payment.status if payment else None

        assert len(transfers) <= 1, "one verdict per payment"
        assert not posted or status in (PaymentStatus.PROCESSING, PaymentStatus.COMPLETED)
        assert posted or status is not PaymentStatus.COMPLETED
        assert declined or status is not PaymentStatus.FAILED
        assert self.wallets.get(CLIENT, self.wallet.id).available_minor >= 0
        assert self.wallets.check(CLIENT, self.wallet.id).is_balanced


@pytest.mark.parametrize("first_seed", range(0, SEED_COUNT, SEEDS_PER_TEST))
def test_whatever_fails_a_payment_agrees_with_the_ledger_and_comes_to_an_end(
    first_seed: int,
) -> None:
    answers: Counter[str] = Counter()
    faults: Counter[str] = Counter()
    for seed in range(first_seed, first_seed + SEEDS_PER_TEST):
        history = History(seed)
        try:
            history.run()
        except AssertionError as error:
            error.add_note(f"History({seed}).run() shows it again")
            raise
        answers += history.answers
        faults += history.network.faults

    # A campaign in which nothing happened proves nothing.
    assert set(answers) >= {
        "COMPLETED",
        "PROCESSING",
        "declined",
        "killed",
        "request_in_progress",
        "wallet_unavailable",
        "store_unconfirmed",
    }
    assert set(faults) >= {
        "answer lost",
        "killed after",
        "killed before",
        "late",
        "request lost",
        "turned away",
    }
