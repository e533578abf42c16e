import itertools
from collections.abc import Callable
from dataclasses import replace
from datetime import timedelta
from typing import TypeVar

import pytest

from evenkeel.adapters.inline.wallet_gateway import InlineWalletGateway
from evenkeel.adapters.memory.seen_payments import SeenInThisProcess
from evenkeel.errors import (
    Declined,
    DeclineReason,
    IdempotencyKeyReused,
    InvalidState,
    ObjectNotFound,
    RequestInProgress,
    StoreBusy,
    StoreUnconfirmed,
    TransferNotApplied,
    TransferUnconfirmed,
    WalletUnavailable,
)
from evenkeel.ledger.commands import Posted
from evenkeel.money import Money
from evenkeel.payments.leases import LEASE_FOR
from evenkeel.payments.model import Payment
from evenkeel.payments.order import Order
from evenkeel.payments.ports import PaymentStore, SeenPayments, UserQuery
from evenkeel.payments.reads import PaymentReads
from evenkeel.payments.records import PaymentRecords
from evenkeel.payments.service import Payments
from evenkeel.payments.states import PaymentStatus
from evenkeel.wallets.service import Wallets
from tests import requests
from tests.fakes.clock import NOON, ManualClock
from tests.fakes.desk import payment_desk
from tests.fakes.guard import attempt, guarded
from tests.fakes.payment_queue import InMemoryPaymentQueue
from tests.fakes.payment_store import InMemoryPaymentStore
from tests.fakes.retry import instant_retry
from tests.fakes.seen_payments import NeverSeen
from tests.fakes.wallet_gateway import Fault, FlakyGateway
from tests.fakes.wallet_store import InMemoryWalletStore

CLIENT = "cli_a"

T = TypeVar("T")


class Platform:
    """Payments over wallets, with a network between that fails as it is told to."""

    def __init__(self, seen: SeenPayments | None = None) -> None:
        self.clock = ManualClock()
        self.request_numbers = itertools.count(1)
        self.wallets = Wallets(InMemoryWalletStore(), instant_retry(), self.clock)
        self.gateway = FlakyGateway(InlineWalletGateway(self.wallets))
        self.store = InMemoryPaymentStore()
        self.queue = InMemoryPaymentQueue()
        self.seen = seen or NeverSeen()
        self.payments = self.payments_on(self.store)
        self.reads = PaymentReads(PaymentRecords(self.store, instant_retry()))
        self.wallet_id = self.wallets.open(CLIENT, "alice", "EUR", opening_minor=1000)[0].id

    def payments_on(self, store: PaymentStore) -> Payments:
        guard = guarded(self.gateway)
        return payment_desk(
            store, guard, self.clock, queue=lambda: self.queue, seen=self.seen
        ).payments

    @property
    def balance(self) -> int:
        return self.wallets.get(CLIENT, self.wallet_id).balance_minor

    def order(self, key: str = "k1", amount: int = 400, fingerprint: str = "same") -> Order:
        return Order(
            payment_id=f"pay_{key}",
            fingerprint=fingerprint,
            client_id=CLIENT,
            user_id="alice",
            merchant_id="coffee",
            amount=Money(amount, "EUR"),
            wallet_id=self.wallet_id,
        )

    def pay(self, key: str = "k1", amount: int = 400) -> Payment:
        request_id = f"r{next(self.request_numbers)}"
        return self.payments.create_and_process(
            self.order(key, amount), attempt(request_id)
        ).payment

    def process(self, payment_id: str = "pay_k1") -> Payment:
        return self.payments.process(
            CLIENT, payment_id, self.wallet_id, attempt("r-process")
        ).payment

    def fail(self, *faults: Fault) -> None:
        self.gateway.faults += faults


def lost_request(_: Callable[[], Posted]) -> Posted:
    raise TransferNotApplied


def lost_answer(debit: Callable[[], Posted]) -> Posted:
    debit()
    raise TransferUnconfirmed


def never_arrived(_: Callable[[], Posted]) -> Posted:
    raise TransferUnconfirmed


class Killed(BaseException):
    """The process is gone: nothing catches it, nothing is recorded after it."""


def killed_before(_: Callable[[], Posted]) -> Posted:
    raise Killed


def killed_after(debit: Callable[[], Posted]) -> Posted:
    debit()
    raise Killed


@pytest.fixture
def platform() -> Platform:
    return Platform()


def test_a_payment_is_created_and_then_debited(platform: Platform) -> None:
    created = platform.payments.create(platform.order()).payment
    completed = platform.process()

    assert (created.status, created.version) == (PaymentStatus.PENDING, 1)
    assert (completed.status, completed.attempts) == (PaymentStatus.COMPLETED, 1)
    assert platform.balance == 600


def test_one_call_creates_and_debits(platform: Platform) -> None:
    assert platform.pay().status is PaymentStatus.COMPLETED

    assert platform.balance == 600


@pytest.mark.parametrize("seen", [NeverSeen(), SeenInThisProcess()], ids=["cold", "warm"])
def test_the_same_request_is_answered_the_same_and_debited_once(seen: SeenPayments) -> None:
    platform = Platform(seen)
    first = platform.payments.create_and_process(platform.order(), attempt("r1"))
    platform.clock.advance(timedelta(days=400))
    again = platform.payments.create_and_process(platform.order(), attempt("r2"))

    assert (first.replayed, again.replayed) == (False, True)
    assert again.payment == first.payment
    assert platform.balance == 600


def test_a_replayed_creation_shows_the_payment_as_it_was_created(platform: Platform) -> None:
    first = platform.payments.create(platform.order())
    platform.process()
    again = platform.payments.create(platform.order())

    assert again.replayed
    assert again.payment == first.payment


@pytest.mark.parametrize("seen", [NeverSeen(), SeenInThisProcess()], ids=["cold", "warm"])
def test_a_key_with_other_contents_is_refused(seen: SeenPayments) -> None:
    platform = Platform(seen)
    platform.pay()

    with pytest.raises(IdempotencyKeyReused):
        platform.payments.create_and_process(platform.order(fingerprint="other"), attempt("r2"))

    assert platform.balance == 600


def test_processing_again_is_answered_the_same(platform: Platform) -> None:
    platform.payments.create(platform.order())
    first = platform.process()
    platform.clock.advance(timedelta(days=400))

    assert platform.process() == first
    assert platform.balance == 600


def test_a_decline_is_final_though_the_money_comes_later(platform: Platform) -> None:
    with pytest.raises(Declined) as first:
        platform.pay(amount=1001)
    platform.wallets.move(requests.credit("c", platform.wallet_id, 500))
    with pytest.raises(Declined) as again:
        platform.pay(amount=1001)

    assert first.value.reason is again.value.reason is DeclineReason.INSUFFICIENT_FUNDS
    assert first.value.first_request_id == again.value.first_request_id == "r1"
    assert (first.value.replayed, again.value.replayed) == (False, True)
    assert platform.store.get(CLIENT, "pay_k1").status is PaymentStatus.FAILED
    assert platform.balance == 1500


def test_a_payment_from_somebody_elses_wallet_is_declined(platform: Platform) -> None:
    order = replace(platform.order(), user_id="mallory")

    with pytest.raises(Declined) as caught:
        platform.payments.create_and_process(order, attempt("r1"))

    assert caught.value.reason is DeclineReason.WALLET_NOT_OWNED
    assert platform.balance == 1000


def test_what_was_not_applied_is_pending_and_the_same_key_goes_on(platform: Platform) -> None:
    platform.fail(lost_request)

    with pytest.raises(WalletUnavailable) as caught:
        platform.pay()

    assert caught.value.payment_id == "pay_k1"
    assert platform.store.get(CLIENT, "pay_k1").status is PaymentStatus.PENDING
    assert platform.pay().status is PaymentStatus.COMPLETED
    assert platform.balance == 600


@pytest.mark.parametrize("fault", [lost_answer, never_arrived])
def test_an_unknown_outcome_is_neither_success_nor_failure(
    platform: Platform, fault: Fault
) -> None:
    platform.fail(fault)

    assert platform.pay().status is PaymentStatus.PROCESSING
    assert platform.pay().status is PaymentStatus.COMPLETED
    assert platform.balance == 600


def test_not_applied_after_an_unknown_outcome_is_still_unknown(platform: Platform) -> None:
    platform.fail(lost_answer, lost_request)

    assert platform.pay().status is PaymentStatus.PROCESSING
    assert platform.pay().status is PaymentStatus.PROCESSING
    assert platform.pay().status is PaymentStatus.COMPLETED
    assert platform.balance == 600


@pytest.mark.parametrize("fault", [killed_before, killed_after])
def test_a_crash_leaves_a_lease_that_ends(platform: Platform, fault: Fault) -> None:
    platform.fail(fault)
    with pytest.raises(Killed):
        platform.pay()

    with pytest.raises(RequestInProgress):
        platform.pay()
    platform.clock.advance(LEASE_FOR)

    assert platform.pay().status is PaymentStatus.COMPLETED
    assert platform.balance == 600


def test_who_lost_the_lease_answers_what_the_other_one_achieved(platform: Platform) -> None:
    def slow(debit: Callable[[], Posted]) -> Posted:
        platform.clock.advance(LEASE_FOR)
        assert platform.pay().status is PaymentStatus.COMPLETED
        return debit()

    platform.fail(slow)

    assert platform.pay().status is PaymentStatus.COMPLETED
    assert platform.balance == 600


def test_a_late_copy_of_a_declined_debit_cannot_take_the_money_after_all(
    platform: Platform,
) -> None:
    """The first copy hangs; the second is declined; money comes; the first goes on."""

    def hanging(debit: Callable[[], Posted]) -> Posted:
        platform.clock.advance(LEASE_FOR)
        with pytest.raises(Declined):
            platform.pay(amount=1001)
        platform.wallets.move(requests.credit("c", platform.wallet_id, 500))
        return debit()

    platform.fail(hanging)
    with pytest.raises(Declined):
        platform.pay(amount=1001)

    assert platform.store.get(CLIENT, "pay_k1").status is PaymentStatus.FAILED
    assert platform.balance == 1500


def test_an_outcome_that_could_not_be_recorded_is_found_by_the_next_attempt(
    platform: Platform,
) -> None:
    class Busy(InMemoryPaymentStore):
        is_busy = True

        def save(self, payment: Payment) -> None:
            if payment.is_processed and self.is_busy:
                raise StoreBusy
            super().save(payment)

    store = Busy()
    payments = platform.payments_on(store)
    with pytest.raises(StoreUnconfirmed):
        payments.create_and_process(platform.order(), attempt("r1"))
    store.is_busy = False
    platform.clock.advance(LEASE_FOR)

    assert (
        payments.create_and_process(platform.order(), attempt("r2")).payment.status == "COMPLETED"
    )
    assert platform.balance == 600


class Forgetful(InMemoryPaymentStore):
    """Writes, and loses the first answer to each write."""

    def __init__(self) -> None:
        super().__init__()
        self.forgotten: set[tuple[str, int]] = set()

    def add(self, payment: Payment) -> Payment:
        return self._lost_once("add", payment, lambda: super(Forgetful, self).add(payment))

    def save(self, payment: Payment) -> None:
        self._lost_once("save", payment, lambda: super(Forgetful, self).save(payment))

    def _lost_once(self, what: str, payment: Payment, write: Callable[[], T]) -> T:
        answer = write()
        if (what, payment.version) not in self.forgotten:
            self.forgotten.add((what, payment.version))
            raise StoreUnconfirmed
        return answer


def test_a_write_of_ones_own_is_known_again_when_its_answer_was_lost(platform: Platform) -> None:
    payments = platform.payments_on(Forgetful())
    created = payments.create(platform.order())
    processed = payments.process(CLIENT, "pay_k1", platform.wallet_id, attempt("r1"))

    assert (created.replayed, processed.replayed) == (False, False)
    assert processed.payment.status is PaymentStatus.COMPLETED
    assert platform.balance == 600


class Raced(InMemoryPaymentStore):
    """Lets somebody else be first with the next write."""

    def __init__(self, first: Callable[[], object]) -> None:
        super().__init__()
        self.first: Callable[[], object] | None = first

    def save(self, payment: Payment) -> None:
        if self.first is not None:
            first, self.first = self.first, None
            first()
        super().save(payment)


def test_of_two_claims_of_one_version_one_asks_for_the_debit(platform: Platform) -> None:
    def other() -> None:
        payments.records.store.save(
            payments.get(CLIENT, "pay_k1").claimed(platform.wallet_id, NOON, "r2")
        )

    payments = platform.payments_on(Raced(other))
    payments.create(platform.order())

    with pytest.raises(RequestInProgress):
        payments.process(CLIENT, "pay_k1", platform.wallet_id, attempt("r1"))

    assert platform.gateway.call_count == 0


def test_who_lost_the_race_to_another_wallet_is_told_so(platform: Platform) -> None:
    def other() -> None:
        claimed = payments.get(CLIENT, "pay_k1").claimed("wal_other", NOON, "r2")
        payments.records.store.save(claimed)
        payments.records.store.save(claimed.debited(NOON, "trf_other"))

    payments = platform.payments_on(Raced(other))
    payments.create(replace(platform.order(), wallet_id=None))

    with pytest.raises(InvalidState):
        payments.process(CLIENT, "pay_k1", platform.wallet_id, attempt("r1"))

    assert platform.balance == 1000


def test_another_wallet_is_a_conflict(platform: Platform) -> None:
    platform.pay()

    with pytest.raises(InvalidState) as caught:
        platform.payments.process(CLIENT, "pay_k1", "wal_other", attempt("r2"))

    assert caught.value.status is PaymentStatus.COMPLETED


@pytest.mark.parametrize("payment_id", ["pay_unknown", "k1", "", "pay_" + "x" * 100])
def test_an_unknown_payment_is_not_found(platform: Platform, payment_id: str) -> None:
    with pytest.raises(ObjectNotFound):
        platform.payments.get(CLIENT, payment_id)
    with pytest.raises(ObjectNotFound):
        platform.process(payment_id)


def test_another_client_has_none_of_these_payments(platform: Platform) -> None:
    platform.pay()

    with pytest.raises(ObjectNotFound):
        platform.payments.get("cli_b", "pay_k1")
    with pytest.raises(ObjectNotFound):
        platform.payments.process("cli_b", "pay_k1", platform.wallet_id, attempt("r"))
    assert platform.reads.of_user(UserQuery("cli_b", "alice", 10)).payments == []


def test_a_users_payments_are_listed_newest_first_in_pages(platform: Platform) -> None:
    for number in range(7):
        platform.clock.advance(timedelta(seconds=1))
        platform.payments.create(platform.order(f"k{number}"))

    page = platform.reads.of_user(UserQuery(CLIENT, "alice", 3))
    ids = [payment.id for payment in page.payments]
    while page.next is not None:
        page = platform.reads.of_user(UserQuery(CLIENT, "alice", 3, after=page.next))
        ids += [payment.id for payment in page.payments]

    assert ids == [f"pay_k{number}" for number in (6, 5, 4, 3, 2, 1, 0)]


def test_a_filter_by_status_fills_its_page_from_the_next_ones(platform: Platform) -> None:
    for number in range(9):
        platform.clock.advance(timedelta(seconds=1))
        platform.payments.create(platform.order(f"k{number}", amount=1))
        if number % 3 == 0:
            platform.process(f"pay_k{number}")

    first = platform.reads.of_user(UserQuery(CLIENT, "alice", 2), PaymentStatus.COMPLETED)
    rest = platform.reads.of_user(
        UserQuery(CLIENT, "alice", 2, after=first.next), PaymentStatus.COMPLETED
    )

    assert [payment.id for payment in first.payments] == ["pay_k6", "pay_k3"]
    assert [payment.id for payment in rest.payments] == ["pay_k0"]
    assert rest.next is None
