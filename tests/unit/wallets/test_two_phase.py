"""Holds and what ends them, and refunds: as the wallets see them."""

import pytest

from evenkeel.errors import Declined, DeclineReason, IdempotencyKeyReused, InvalidState, LedgerBusy
from evenkeel.ledger.folding import movements
from evenkeel.ledger.ports import Movement
from evenkeel.ledger.transfer import Record, Transfer, TransferKind
from evenkeel.wallets.model import Wallet, WalletAction
from evenkeel.wallets.posting import Posting
from evenkeel.wallets.service import Wallets
from tests import requests
from tests.fakes.wallet_store import InMemoryWalletStore
from tests.unit.wallets.conftest import CLIENT


@pytest.fixture
def hold(wallets: Wallets, alice: Wallet) -> Transfer:
    """Of 400 of the 1000 in alice's wallet."""
    return wallets.move(requests.hold("p", alice.id, 400)).transfer


def stand(wallets: Wallets, wallet: Wallet) -> tuple[int, int]:
    """Return the balance, and what of it is available."""
    now = wallets.get(CLIENT, wallet.id)
    return now.balance_minor, now.available_minor


def ended(wallets: Wallets, wallet: Wallet, captured_minor: int) -> Transfer:
    return wallets.end_hold(requests.hold_end("p", wallet.id, captured_minor))


def is_sound(wallets: Wallets, wallet: Wallet) -> bool:
    return wallets.check(CLIENT, wallet.id).is_balanced


def test_a_hold_takes_from_what_is_available_and_leaves_the_balance(
    wallets: Wallets, alice: Wallet, hold: Transfer
) -> None:
    assert stand(wallets, alice) == (1000, 600)
    assert (hold.kind, hold.posted_minor, hold.pending_minor) == (TransferKind.HOLD, 0, 400)
    assert is_sound(wallets, alice)


@pytest.mark.usefixtures("hold")
def test_what_is_held_cannot_be_held_or_spent_again(wallets: Wallets, alice: Wallet) -> None:
    for request in (requests.hold("q", alice.id, 601), requests.debit("d", alice.id, 601)):
        with pytest.raises(Declined) as caught:
            wallets.move(request)
        assert caught.value.reason is DeclineReason.INSUFFICIENT_FUNDS


@pytest.mark.parametrize(
    ("captured_minor", "balance_minor", "kind"),
    [
        (400, 600, TransferKind.CAPTURE),
        (150, 850, TransferKind.CAPTURE),
        (0, 1000, TransferKind.RELEASE),
    ],
)
def test_a_hold_is_captured_or_released_whole(
    wallets: Wallets,
    alice: Wallet,
    hold: Transfer,
    captured_minor: int,
    balance_minor: int,
    kind: TransferKind,
) -> None:
    end = ended(wallets, alice, captured_minor)

    assert stand(wallets, alice) == (balance_minor, balance_minor)
    assert (end.kind, end.original_id, end.held_minor) == (kind, hold.id, 400)
    assert (end.debit.account_id, end.credit.account_id) == (alice.id, hold.credit.account_id)
    assert end.payment_id == hold.payment_id
    assert is_sound(wallets, alice)


def test_a_wallet_can_be_emptied_by_the_capture_of_all_that_it_has(
    wallets: Wallets, alice: Wallet
) -> None:
    wallets.move(requests.hold("p", alice.id, 1000))
    ended(wallets, alice, 1000)

    assert stand(wallets, alice) == (0, 0)


@pytest.mark.usefixtures("hold")
def test_whatever_ends_a_hold_first_has_ended_it(wallets: Wallets, alice: Wallet) -> None:
    first = ended(wallets, alice, 150)

    assert ended(wallets, alice, 150) == first
    assert ended(wallets, alice, 400) == first
    assert ended(wallets, alice, 0) == first
    assert stand(wallets, alice) == (850, 850)


@pytest.mark.usefixtures("hold")
def test_a_frozen_wallet_pays_no_hold_and_gives_it_back(wallets: Wallets, alice: Wallet) -> None:
    wallets.act(CLIENT, alice.id, WalletAction.FREEZE)

    with pytest.raises(Declined) as caught:
        ended(wallets, alice, 400)
    assert caught.value.reason is DeclineReason.WALLET_FROZEN
    assert stand(wallets, alice) == (1000, 600)

    assert ended(wallets, alice, 0).kind is TransferKind.RELEASE
    assert stand(wallets, alice) == (1000, 1000)


@pytest.mark.usefixtures("hold")
def test_a_capture_that_was_refused_is_possible_later(wallets: Wallets, alice: Wallet) -> None:
    wallets.act(CLIENT, alice.id, WalletAction.FREEZE)
    with pytest.raises(Declined):
        ended(wallets, alice, 400)
    wallets.act(CLIENT, alice.id, WalletAction.UNFREEZE)

    assert ended(wallets, alice, 400).kind is TransferKind.CAPTURE


def test_a_frozen_wallet_holds_nothing_more(wallets: Wallets, alice: Wallet) -> None:
    wallets.act(CLIENT, alice.id, WalletAction.FREEZE)

    with pytest.raises(Declined) as caught:
        wallets.move(requests.hold("p", alice.id, 1))
    assert caught.value.reason is DeclineReason.WALLET_FROZEN


def test_a_wallet_with_a_hold_cannot_be_closed(wallets: Wallets, bob: Wallet) -> None:
    wallets.move(requests.credit("c", bob.id, 10))
    wallets.move(requests.payment("p", bob.id, 10, user_id="bob", is_hold=True))

    with pytest.raises(InvalidState):
        wallets.act(CLIENT, bob.id, WalletAction.CLOSE)


@pytest.mark.usefixtures("hold")
def test_the_end_of_a_hold_whose_answer_was_lost_is_found(
    wallets: Wallets, store: InMemoryWalletStore, alice: Wallet, monkeypatch: pytest.MonkeyPatch
) -> None:
    posted = store.post
    lost = iter([True, False])

    def lossy(posting: Posting) -> Record:
        record = posted(posting)
        if next(lost):
            raise LedgerBusy
        return record

    monkeypatch.setattr(store, "post", lossy)

    assert ended(wallets, alice, 150).amount.amount_minor == 150
    assert stand(wallets, alice) == (850, 850)


def test_a_hold_that_the_ledger_does_not_know_cannot_be_ended(
    wallets: Wallets, alice: Wallet
) -> None:
    with pytest.raises(AssertionError):
        ended(wallets, alice, 0)


def test_a_refund_goes_back_to_the_wallet_that_paid(wallets: Wallets, alice: Wallet) -> None:
    payment = wallets.move(requests.payment("p", alice.id, 400)).transfer

    refund = wallets.refund(requests.refund("r", payment.id, alice.id, 150)).transfer

    assert stand(wallets, alice) == (750, 750)
    assert (refund.kind, refund.original_id) == (TransferKind.REFUND, payment.id)
    assert refund.debit.account_id == payment.credit.account_id
    assert is_sound(wallets, alice)


def test_a_refund_asked_for_again_is_one(wallets: Wallets, alice: Wallet) -> None:
    payment = wallets.move(requests.payment("p", alice.id, 400)).transfer
    wish = requests.refund("r", payment.id, alice.id, 150)

    first, second = wallets.refund(wish), wallets.refund(wish)

    assert (first.transfer, first.replayed, second.replayed) == (second.transfer, False, True)
    assert stand(wallets, alice) == (750, 750)
    with pytest.raises(IdempotencyKeyReused):
        wallets.refund(requests.refund("r", payment.id, alice.id, 151))


def test_a_capture_is_refunded_like_a_payment(
    wallets: Wallets, alice: Wallet, hold: Transfer
) -> None:
    end = ended(wallets, alice, 150)

    wallets.refund(requests.refund("r", end.id, alice.id, 150))

    assert stand(wallets, alice) == (1000, 1000)
    with pytest.raises(Declined):
        wallets.refund(requests.refund("s", hold.id, alice.id, 1))


def test_a_frozen_wallet_takes_a_refund_and_a_closed_one_refuses_it_for_good(
    wallets: Wallets, alice: Wallet
) -> None:
    payment = wallets.move(requests.payment("p", alice.id, 1000)).transfer
    wallets.act(CLIENT, alice.id, WalletAction.FREEZE)
    wallets.refund(requests.refund("r", payment.id, alice.id, 10))
    wallets.act(CLIENT, alice.id, WalletAction.UNFREEZE)
    wallets.move(requests.debit("d", alice.id, 10))
    wallets.act(CLIENT, alice.id, WalletAction.CLOSE)

    for is_again in (False, True):
        with pytest.raises(Declined) as caught:
            wallets.refund(requests.refund("s", payment.id, alice.id, 10))
        assert caught.value.reason is DeclineReason.WALLET_CLOSED
        assert caught.value.replayed is is_again


def test_merchants_are_folded_with_what_is_pending_for_them(
    wallets: Wallets, alice: Wallet, hold: Transfer
) -> None:
    [pending] = movements([hold])
    [captured] = movements([hold, ended(wallets, alice, 150)])

    assert of(pending) == (400, 0)
    assert of(captured) == (0, 150)


def of(movement: Movement) -> tuple[int, int]:
    assert (movement.debits_pending, movement.debits_posted) == (0, 0)
    return movement.credits_pending, movement.credits_posted
