"""A wallet and its payments, lived by the product's own code in memory."""

from __future__ import annotations

from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass

from evenkeel.errors import Declined
from evenkeel.ids import derived_id
from evenkeel.ledger.transfer import Record, Transfer
from evenkeel.payments.answers import Attempt
from evenkeel.payments.desk import PaymentDesk
from evenkeel.payments.model import PAYMENT_PREFIX, Payment
from evenkeel.payments.order import Capture, Order
from evenkeel.payments.ports import PaymentKey
from evenkeel.payments.refunding import RefundOrder
from evenkeel.wallets.model import Wallet
from evenkeel.wallets.posting import TransferRequest
from tests import requests
from tests.fakes.guard import attempt, breaker
from tests.fakes.wallet_gateway import Fault
from tests.payments import order
from tests.unit.payments.platform import Killed, Platform

OPENING_MINOR = 1_000_000


@dataclass(frozen=True)
class Household:
    """One user with one wallet."""

    platform: Platform
    client_id: str
    user_id: str
    wallet_id: str

    @classmethod
    def opened(cls, platform: Platform, client_id: str) -> Household:
        user_id = f"user{platform.next_number}"
        wallet, _ = platform.wallets.open(client_id, user_id, "EUR", opening_minor=OPENING_MINOR)
        return cls(platform, client_id, user_id, wallet.id)

    # How it stands.

    @property
    def wallet(self) -> Wallet:
        return self.platform.journal.store.wallet(self.client_id, self.wallet_id)

    def record(self, transfer_id: str) -> Record:
        return self.platform.journal.store.records[self.client_id, transfer_id]

    def entry(self, number: int) -> Transfer:
        """Return the entry of a number, by the way of the links."""
        transfer_id, transfer = self.wallet.head_transfer_id, None
        while transfer is None or transfer.entry_of(self.wallet_id).number > number:
            assert transfer_id is not None
            record = self.record(transfer_id)
            assert isinstance(record, Transfer)
            transfer, transfer_id = record, record.entry_of(self.wallet_id).previous_transfer_id
        return transfer

    def stored(self, payment_id: str) -> Payment:
        return self.platform.store.get(self.client_id, payment_id)

    # What it does.

    def credit(self, amount_minor: int) -> Transfer:
        return self.move(
            requests.credit(self._next_key, self.wallet_id, amount_minor, self.client_id)
        )

    def spend(self, amount_minor: int) -> Transfer:
        return self.move(
            requests.debit(self._next_key, self.wallet_id, amount_minor, self.client_id)
        )

    def give(self, other: Household, amount_minor: int) -> Transfer:
        wallets = (self.wallet_id, other.wallet_id)
        return self.move(requests.transfer(self._next_key, *wallets, amount_minor, self.client_id))

    def move(self, request: TransferRequest) -> Transfer:
        return self.platform.wallets.move(request).transfer

    def order(self, amount_minor: int, capture: Capture = Capture.AUTOMATIC) -> Order:
        return order(
            derived_id(PAYMENT_PREFIX, self._next_key).removeprefix(f"{PAYMENT_PREFIX}_"),
            self.client_id,
            amount_minor=amount_minor,
            wallet_id=self.wallet_id,
            user_id=self.user_id,
            capture=capture,
        )

    def create(self, amount_minor: int, capture: Capture = Capture.AUTOMATIC) -> Payment:
        return self.desk.payments.create(self.order(amount_minor, capture)).payment

    def pay(
        self, amount_minor: int, capture: Capture = Capture.AUTOMATIC, *faults: Fault
    ) -> Payment:
        """Have it paid at once, or held; or leave it as it is when the process is killed."""
        wanted = self.order(amount_minor, capture)
        self._ask(faults, lambda desk: desk.payments.create_and_process(wanted, self.attempt))
        return self.stored(wanted.payment_id)

    def capture(self, payment: Payment, amount_minor: int | None, *faults: Fault) -> Payment:
        key = PaymentKey(self.client_id, payment.id)
        self._ask(faults, lambda desk: desk.holds.capture(key, amount_minor, self.attempt))
        return self.stored(payment.id)

    def void(self, payment: Payment, *faults: Fault) -> Payment:
        key = PaymentKey(self.client_id, payment.id)
        self._ask(faults, lambda desk: desk.holds.void(key, self.attempt))
        return self.stored(payment.id)

    def refund(self, payment: Payment, amount_minor: int | None, *faults: Fault) -> Payment:
        key = PaymentKey(self.client_id, payment.id)
        wanted = RefundOrder(derived_id("ref", self._next_key), "same", amount_minor)
        self._ask(faults, lambda desk: desk.refunds.refund(key, wanted, self.attempt))
        return self.stored(payment.id)

    def paid(self, amount_minor: int, capture: Capture = Capture.AUTOMATIC) -> Payment:
        """Have it paid, and captured if it must be."""
        payment = self.pay(amount_minor, capture)
        return payment if capture is Capture.AUTOMATIC else self.capture(payment, None)

    @property
    def desk(self) -> PaymentDesk:
        """A desk with a circuit of its own: what fails here must not stop the others."""
        return self.platform.lane(breaker(self.platform.clock))

    def _ask(self, faults: tuple[Fault, ...], ask: Callable[[PaymentDesk], object]) -> None:
        self.platform.wait(seconds=0.01)
        self.platform.gateway.faults += faults
        with suppress(Killed, Declined):
            ask(self.desk)

    @property
    def attempt(self) -> Attempt:
        return attempt(f"r{self.platform.next_number}")

    @property
    def _next_key(self) -> str:
        return f"{self.client_id}-{self.platform.next_number}"
