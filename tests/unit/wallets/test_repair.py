"""Transfers that put others right: reversals, and corrections from the suspense account."""

from collections.abc import Sequence
from dataclasses import replace
from datetime import timedelta

import pytest

from evenkeel.errors import (
    Declined,
    DeclineReason,
    IdempotencyKeyReused,
    LedgerUnconfirmed,
    ObjectNotFound,
    ValidationFailed,
)
from evenkeel.ledger.accounts import AccountKind
from evenkeel.ledger.commands import Posted, Reversal
from evenkeel.ledger.folding import movements
from evenkeel.ledger.transfer import (
    Record,
    Transfer,
    TransferKind,
    resolution_id,
    reversal_id,
    suspense_id,
)
from evenkeel.wallets.model import BALANCE_MINOR_MAX, Wallet, WalletAction
from evenkeel.wallets.ports import Sight
from evenkeel.wallets.posting import Posting
from evenkeel.wallets.service import StatementQuery, Wallets
from tests import requests
from tests.fakes.clock import ManualClock
from tests.fakes.retry import instant_retry
from tests.fakes.wallet_store import InMemoryWalletStore
from tests.unit.wallets.conftest import CLIENT


@pytest.fixture
def payment(wallets: Wallets, alice: Wallet) -> Transfer:
    """Of 400 of the 1000 in alice's wallet."""
    return wallets.move(requests.payment("p", alice.id, 400)).transfer


def reverse(wallets: Wallets, original: Transfer, reason: str = "it was refused") -> Transfer:
    return found(wallets, wallets.obey(requests.reversal(original, reason)))


def found(wallets: Wallets, posted: Posted) -> Transfer:
    record = wallets.store.look(CLIENT, [posted.transfer_id], ()).records[posted.transfer_id]
    assert isinstance(record, Transfer)
    assert posted == Posted(record.id, record.kind, record.amount.amount_minor)
    return record


def accounts_of(transfer: Transfer) -> tuple[str, str]:
    return transfer.debit.account_id, transfer.credit.account_id


def balance(wallets: Wallets, wallet: Wallet) -> int:
    assert wallets.check(CLIENT, wallet.id).is_balanced
    return wallets.get(CLIENT, wallet.id).balance_minor


def refused(wallets: Wallets, original: Transfer) -> DeclineReason:
    with pytest.raises(Declined) as caught:
        reverse(wallets, original)
    return caught.value.reason


def wrong_field(wallets: Wallets, wish: Reversal) -> str:
    with pytest.raises(ValidationFailed) as caught:
        wallets.obey(wish)
    [error] = caught.value.errors
    return error.field


def test_a_reversal_takes_a_payment_back_the_way_it_came(
    wallets: Wallets, alice: Wallet, payment: Transfer
) -> None:
    reversal = reverse(wallets, payment)

    assert (reversal.id, reversal.original_id) == (reversal_id(payment.id), payment.id)
    assert (reversal.kind, reversal.amount) == (TransferKind.REVERSAL, payment.amount)
    assert accounts_of(reversal) == accounts_of(payment)[::-1]
    assert (reversal.payment_id, reversal.description) == (payment.payment_id, "it was refused")
    assert balance(wallets, alice) == 1000


def test_a_reversal_asked_for_again_is_one_whatever_the_reason(
    wallets: Wallets, alice: Wallet, payment: Transfer
) -> None:
    first = reverse(wallets, payment)

    assert reverse(wallets, payment, "it was never asked for") == first
    assert balance(wallets, alice) == 1000


def test_a_reversal_is_an_entry_like_any_other(
    wallets: Wallets, clock: ManualClock, alice: Wallet, payment: Transfer
) -> None:
    before = clock()
    clock.advance(timedelta(seconds=1))
    reversal = reverse(wallets, payment)
    clock.advance(timedelta(seconds=1))
    newest, *_ = wallets.statement(CLIENT, alice.id, StatementQuery(limit=3)).transfers

    assert newest == reversal
    assert reversal.entry_of(alice.id).number == 3
    assert wallets.as_of(CLIENT, alice.id, before).balance_minor == 600
    assert wallets.as_of(CLIENT, alice.id, reversal.posted_at).balance_minor == 1000


def test_every_kind_that_posts_is_reversed_wallet_by_wallet(
    wallets: Wallets, alice: Wallet, bob: Wallet
) -> None:
    originals = [
        wallets.move(requests.transfer("t", alice.id, bob.id, 100)).transfer,
        wallets.move(requests.credit("c", alice.id, 10)).transfer,
        wallets.move(requests.debit("d", alice.id, 1)).transfer,
    ]

    assert [balance(wallets, alice), balance(wallets, bob)] == [909, 100]
    for original in originals:
        assert accounts_of(reverse(wallets, original)) == accounts_of(original)[::-1]
    assert [balance(wallets, alice), balance(wallets, bob)] == [1000, 0]


def test_the_reversal_of_a_capture_gives_back_what_was_captured_and_no_hold(
    wallets: Wallets, alice: Wallet
) -> None:
    wallets.move(requests.hold("p", alice.id, 400))
    capture = wallets.end_hold(requests.hold_end("p", alice.id, 150))
    reversal = reverse(wallets, capture)

    assert (reversal.posted_minor, reversal.pending_minor) == (150, 0)
    assert wallets.get(CLIENT, alice.id).available_minor == balance(wallets, alice) == 1000


def test_the_reversal_of_a_refund_takes_the_money_from_the_wallet_again(
    wallets: Wallets, alice: Wallet, payment: Transfer
) -> None:
    refund = wallets.refund(requests.refund("r", payment.id, alice.id, 150)).transfer
    reversal = reverse(wallets, refund)

    assert accounts_of(reversal) == accounts_of(payment)
    assert balance(wallets, alice) == 600


def test_what_a_wallet_has_spent_since_cannot_be_taken_back_before_it_is_there_again(
    wallets: Wallets, alice: Wallet
) -> None:
    credit = wallets.move(requests.credit("c", alice.id, 200)).transfer
    wallets.move(requests.debit("d", alice.id, 1001))

    assert refused(wallets, credit) is DeclineReason.INSUFFICIENT_FUNDS
    wallets.move(requests.credit("e", alice.id, 1))
    assert reverse(wallets, credit).amount.amount_minor == 200
    assert balance(wallets, alice) == 0


def test_a_frozen_wallet_is_given_back_what_it_paid_and_gives_back_nothing_itself(
    wallets: Wallets, alice: Wallet, payment: Transfer
) -> None:
    credit = wallets.move(requests.credit("c", alice.id, 10)).transfer
    wallets.act(CLIENT, alice.id, WalletAction.FREEZE)
    reverse(wallets, payment)

    assert balance(wallets, alice) == 1010
    assert refused(wallets, credit) is DeclineReason.WALLET_FROZEN
    wallets.act(CLIENT, alice.id, WalletAction.UNFREEZE)
    reverse(wallets, credit)
    assert balance(wallets, alice) == 1000


def test_a_closed_wallet_is_given_nothing_and_no_refusal_takes_the_id(
    wallets: Wallets, store: InMemoryWalletStore, alice: Wallet
) -> None:
    payment = wallets.move(requests.payment("p", alice.id, 1000)).transfer
    wallets.act(CLIENT, alice.id, WalletAction.CLOSE)

    assert refused(wallets, payment) is DeclineReason.WALLET_CLOSED
    assert (CLIENT, reversal_id(payment.id)) not in store.records


def test_a_full_wallet_is_given_back_nothing_for_now(
    wallets: Wallets, alice: Wallet, payment: Transfer
) -> None:
    wallets.move(requests.credit("c", alice.id, BALANCE_MINOR_MAX - 600))

    assert refused(wallets, payment) is DeclineReason.LIMIT_EXCEEDED
    wallets.move(requests.debit("d", alice.id, 400))
    assert reverse(wallets, payment).kind is TransferKind.REVERSAL


def test_what_posts_nothing_is_not_reversed_and_no_reversal_is(
    wallets: Wallets, alice: Wallet, payment: Transfer
) -> None:
    hold = wallets.move(requests.hold("h", alice.id, 100)).transfer
    release = wallets.end_hold(requests.hold_end("h", alice.id, 0))
    reversal = reverse(wallets, payment)

    for original in (hold, release, reversal):
        assert wrong_field(wallets, requests.reversal(original)) == "originalId"
    assert balance(wallets, alice) == 1000


def test_what_is_no_transfer_is_not_found(
    wallets: Wallets, alice: Wallet, payment: Transfer
) -> None:
    too_much = requests.payment("q", alice.id, 1001)
    with pytest.raises(Declined):
        wallets.move(too_much)
    named = requests.reversal(payment)

    for wish in (
        replace(named, original_id="trf_nobody"),
        replace(named, original_id=too_much.id, payment_id=too_much.payment_id),
        replace(named, client_id="cli_b"),
    ):
        with pytest.raises(ObjectNotFound):
            wallets.obey(wish)


def test_a_transfer_is_not_reversed_for_another_payment(
    wallets: Wallets, alice: Wallet, payment: Transfer
) -> None:
    credit = wallets.move(requests.credit("c", alice.id, 10)).transfer

    for original, payment_id in ((payment, "pay_other"), (payment, None), (credit, "pay_other")):
        wish = replace(requests.reversal(original), payment_id=payment_id)
        assert wrong_field(wallets, wish) == "paymentId"
    assert balance(wallets, alice) == 610


class ForgetfulStore(InMemoryWalletStore):
    """The answer to the first posting of such a kind is lost."""

    def __init__(self, kind: TransferKind) -> None:
        super().__init__()
        self._lost = {kind}

    def post(self, posting: Posting) -> Record:
        record = super().post(posting)
        if posting.transfer.kind in self._lost:
            self._lost.clear()
            raise LedgerUnconfirmed
        return record


def test_a_reversal_whose_answer_was_lost_is_found(clock: ManualClock) -> None:
    wallets = Wallets(ForgetfulStore(TransferKind.REVERSAL), instant_retry(), clock)
    alice, _ = wallets.open(CLIENT, "alice", "EUR")
    credit = wallets.move(requests.credit("c", alice.id, 200)).transfer

    assert reverse(wallets, credit).original_id == credit.id
    assert balance(wallets, alice) == 0


def test_who_was_overtaken_by_the_same_reversal_is_told_of_it_and_not_of_the_empty_wallet(
    clock: ManualClock,
) -> None:
    class OvertakenStore(InMemoryWalletStore):
        """Another one posts the reversal as soon as this one has looked for it."""

        overtake = False

        def look(
            self, client_id: str, transfer_ids: Sequence[str], wallet_ids: Sequence[str]
        ) -> Sight:
            sight = super().look(client_id, transfer_ids, wallet_ids)
            if self.overtake:
                self.overtake = False
                reverse(wallets, credit)
            return sight

    store = OvertakenStore()
    wallets = Wallets(store, instant_retry(), clock)
    alice, _ = wallets.open(CLIENT, "alice", "EUR")
    credit = wallets.move(requests.credit("c", alice.id, 200)).transfer
    store.overtake = True

    assert reverse(wallets, credit).original_id == credit.id
    assert balance(wallets, alice) == 0


@pytest.fixture
def declined_id(wallets: Wallets, alice: Wallet) -> str:
    """Of a payment of more than alice has."""
    request = requests.payment("p", alice.id, 1001)
    with pytest.raises(Declined):
        wallets.move(request)
    return request.id


@pytest.mark.usefixtures("alice")
def test_a_merchant_is_paid_from_the_suspense_account_in_place_of_a_debit_that_was_refused(
    wallets: Wallets, declined_id: str
) -> None:
    correction = found(wallets, wallets.obey(requests.correction("p", 1001)))

    assert (correction.id, correction.kind) == (suspense_id(declined_id), TransferKind.CORRECTION)
    assert accounts_of(correction) == ("suspense:EUR", "merchant:coffee:EUR")
    assert correction.amount.amount_minor == correction.posted_minor == 1001
    assert correction.payment_id == requests.correction("p", 1001).payment_id
    assert (correction.original_id, correction.description) == (None, "it was never debited")


@pytest.mark.usefixtures("declined_id")
def test_a_correction_touches_no_wallet_and_is_folded_on_both_sides(
    wallets: Wallets, alice: Wallet
) -> None:
    correction = found(wallets, wallets.obey(requests.correction("p", 1001)))
    suspense, merchant = movements([correction])

    assert wallets.get(CLIENT, alice.id) == alice
    assert (suspense.kind, suspense.account_id) == (AccountKind.SUSPENSE, "suspense:EUR")
    assert (suspense.debits_posted, suspense.credits_posted) == (1001, 0)
    assert (merchant.kind, merchant.account_id) == (AccountKind.MERCHANT, "merchant:coffee:EUR")
    assert (merchant.debits_posted, merchant.credits_posted) == (0, 1001)


@pytest.mark.usefixtures("declined_id")
def test_a_correction_asked_for_again_is_one_and_with_other_contents_none(
    wallets: Wallets, store: InMemoryWalletStore
) -> None:
    wish = requests.correction("p", 1001)
    posted = wallets.obey(wish)
    records = dict(store.records)

    assert wallets.obey(replace(wish, reason="in other words")) == posted
    for other in (replace(wish, merchant_id="tea"), requests.correction("p", 1000)):
        with pytest.raises(IdempotencyKeyReused):
            wallets.obey(other)
    assert store.records == records


@pytest.mark.usefixtures("alice")
def test_no_merchant_is_paid_in_place_of_what_is_posted_or_may_be(
    wallets: Wallets, alice: Wallet, payment: Transfer
) -> None:
    hold = wallets.move(requests.hold("h", alice.id, 100)).transfer

    for wish in (
        requests.correction("p", 400),
        requests.correction("h", 100),
        requests.correction("h", 100, debit_id=resolution_id(hold.id)),
        requests.correction("nobody", 400),
    ):
        with pytest.raises(ValidationFailed) as caught:
            wallets.obey(wish)
        assert [error.field for error in caught.value.errors] == ["debitId"]


def test_a_capture_whose_hold_was_released_is_corrected_and_one_that_stands_is_not(
    wallets: Wallets, alice: Wallet
) -> None:
    ends = []
    for key, captured_minor in (("released", 0), ("captured", 100)):
        wallets.move(requests.hold(key, alice.id, 100))
        ends.append(wallets.end_hold(requests.hold_end(key, alice.id, captured_minor)).id)
    released_id, captured_id = ends

    posted = wallets.obey(requests.correction("released", 100, debit_id=released_id))
    assert posted == Posted(suspense_id(released_id), TransferKind.CORRECTION, 100)
    with pytest.raises(ValidationFailed):
        wallets.obey(requests.correction("captured", 100, debit_id=captured_id))


@pytest.mark.usefixtures("declined_id")
def test_no_merchant_is_paid_for_another_payment_than_the_one_that_was_refused(
    wallets: Wallets,
) -> None:
    with pytest.raises(ValidationFailed) as caught:
        wallets.obey(replace(requests.correction("p", 1001), payment_id="pay_other"))

    assert [error.field for error in caught.value.errors] == ["paymentId"]


@pytest.mark.usefixtures("declined_id")
def test_a_correction_is_taken_back_when_the_money_is_found(wallets: Wallets) -> None:
    correction = found(wallets, wallets.obey(requests.correction("p", 1001)))
    reversal = reverse(wallets, correction)

    assert accounts_of(reversal) == ("merchant:coffee:EUR", "suspense:EUR")
    assert reversal.original_id == correction.id
