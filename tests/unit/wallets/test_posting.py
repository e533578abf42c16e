from dataclasses import replace

import pytest

from evenkeel.errors import DeclineReason
from evenkeel.ledger.chain import GENESIS, entry_hash
from evenkeel.wallets.model import BALANCE_MINOR_MAX, Wallet, WalletStatus
from evenkeel.wallets.posting import TransferRequest, draft, refusal
from tests import requests
from tests.fakes.clock import NOON

ALICE = Wallet("wal_alice", "cli_a", "alice", "EUR", NOON, credits_posted=100)
BOB = Wallet("wal_bob", "cli_a", "bob", "EUR", NOON)
WALLETS = {"wal_alice": ALICE, "wal_bob": BOB}

PAYMENT = requests.payment("p", "wal_alice", 60)

FROZEN = replace(ALICE, status=WalletStatus.FROZEN)
CLOSED = replace(ALICE, status=WalletStatus.CLOSED)
FULL = replace(BOB, credits_posted=BALANCE_MINOR_MAX)
IN_YEN = replace(ALICE, currency="JPY")

# In the order in which they are given: each row breaks its own rule and all the later ones.
REASONS = {
    DeclineReason.WALLET_NOT_FOUND: (requests.payment("p", "wal_nobody", 999, user_id="x"), ALICE),
    DeclineReason.WALLET_NOT_OWNED: (
        requests.payment("p", "wal_alice", 999, user_id="x"),
        replace(CLOSED, currency="JPY"),
    ),
    DeclineReason.WALLET_CLOSED: (
        requests.payment("p", "wal_alice", 999),
        replace(CLOSED, currency="JPY"),
    ),
    DeclineReason.WALLET_FROZEN: (
        requests.payment("p", "wal_alice", 999),
        replace(FROZEN, currency="JPY"),
    ),
    DeclineReason.CURRENCY_MISMATCH: (requests.payment("p", "wal_alice", 999), IN_YEN),
    DeclineReason.INSUFFICIENT_FUNDS: (requests.payment("p", "wal_alice", 101), ALICE),
}


@pytest.mark.parametrize("reason", REASONS)
def test_the_first_reason_in_order_is_given(reason: DeclineReason) -> None:
    request, wallet = REASONS[reason]
    refused = refusal(request, {wallet.id: wallet})

    assert refused is not None
    assert refused.reason is reason


@pytest.mark.parametrize(
    "request_",
    [
        requests.payment("p", "wal_alice", 100),
        requests.debit("d", "wal_alice", 100),
        requests.transfer("t", "wal_alice", "wal_bob", 100),
        requests.credit("c", "wal_bob", BALANCE_MINOR_MAX),
    ],
    ids=lambda request: request.kind,
)
def test_all_that_is_there_may_be_moved(request_: TransferRequest) -> None:
    assert refusal(request_, WALLETS) is None


def test_what_is_on_hold_cannot_be_spent() -> None:
    held = replace(ALICE, debits_pending=1)
    refused = refusal(requests.debit("d", "wal_alice", 100), {"wal_alice": held})

    assert refused is not None
    assert refused.reason is DeclineReason.INSUFFICIENT_FUNDS


def test_a_wallet_holds_no_more_than_its_limit() -> None:
    refused = refusal(requests.credit("c", "wal_bob", 1), {"wal_bob": FULL})

    assert refused is not None
    assert refused.reason is DeclineReason.LIMIT_EXCEEDED


def test_a_transfer_to_a_wallet_in_another_currency_is_refused() -> None:
    wallets = {"wal_alice": ALICE, "wal_bob": replace(BOB, currency="JPY")}
    refused = refusal(requests.transfer("t", "wal_alice", "wal_bob", 1), wallets)

    assert refused is not None
    assert refused.reason is DeclineReason.CURRENCY_MISMATCH


def test_the_second_wallet_of_a_transfer_must_exist_too() -> None:
    refused = refusal(requests.transfer("t", "wal_alice", "wal_nobody", 1), WALLETS)

    assert refused is not None
    assert refused.reason is DeclineReason.WALLET_NOT_FOUND


def test_a_payment_is_booked_from_the_wallet_to_the_merchant_in_its_currency() -> None:
    posting = draft(PAYMENT, WALLETS, NOON)
    [change] = posting.changes

    assert posting.transfer.debit.account_id == "wal_alice"
    assert posting.transfer.credit.account_id == "merchant:coffee:EUR"
    assert (change.before, change.after.available_minor) == (ALICE, 40)
    assert change.after.version == ALICE.version + 1


def test_each_wallet_gets_the_next_entry_of_its_own_chain() -> None:
    first = draft(requests.transfer("t1", "wal_alice", "wal_bob", 30), WALLETS, NOON)
    debited, credited = (change.after for change in first.changes)
    second = draft(
        requests.transfer("t2", "wal_bob", "wal_alice", 10),
        {"wal_alice": debited, "wal_bob": credited},
        NOON,
    )

    for wallet_id, balance_minor in (("wal_alice", 80), ("wal_bob", 20)):
        entry = second.transfer.entry_of(wallet_id)
        before = first.transfer.entry_of(wallet_id)
        assert (entry.number, entry.balance_after_minor) == (2, balance_minor)
        assert entry.previous_transfer_id == first.transfer.id
        assert entry.hash == entry_hash(second.transfer, wallet_id, previous_hash=before.hash)
        assert before.hash == entry_hash(first.transfer, wallet_id, previous_hash=GENESIS)


def test_the_head_of_the_chain_is_in_the_wallet() -> None:
    posting = draft(PAYMENT, WALLETS, NOON)
    [change] = posting.changes

    assert change.after.head_transfer_id == posting.transfer.id
    assert change.after.head_hash == posting.transfer.entry_of("wal_alice").hash
