from dataclasses import replace
from datetime import timedelta

import pytest

from evenkeel.errors import (
    Declined,
    DeclineReason,
    IdempotencyKeyReused,
    InvalidState,
    LedgerBusy,
    LedgerUnconfirmed,
    ObjectNotFound,
    ValidationFailed,
    VersionConflict,
    WalletExists,
)
from evenkeel.ledger.transfer import Record, Transfer
from evenkeel.wallets.model import Wallet, WalletAction, WalletStatus
from evenkeel.wallets.posting import Posting, TransferRequest
from evenkeel.wallets.service import StatementQuery, Wallets
from tests import requests
from tests.fakes.clock import ManualClock
from tests.fakes.retry import instant_retry
from tests.fakes.wallet_store import InMemoryWalletStore

CLIENT = "cli_a"


def balance(wallets: Wallets, wallet: Wallet) -> int:
    return wallets.get(CLIENT, wallet.id).balance_minor


def declined(wallets: Wallets, request: TransferRequest) -> Declined:
    with pytest.raises(Declined) as caught:
        wallets.move(request)
    return caught.value


def test_an_opening_balance_is_the_first_entry(wallets: Wallets, alice: Wallet) -> None:
    [opening] = wallets.statement(CLIENT, alice.id, StatementQuery(limit=10)).transfers

    assert (alice.balance_minor, alice.version, alice.entry_count) == (1000, 1, 1)
    assert (opening.debit.account_id, opening.credit.account_id) == ("external:EUR", alice.id)
    assert opening.entry_of(alice.id).balance_after_minor == 1000


def test_opening_the_same_wallet_again_returns_it_as_it_is_now(
    wallets: Wallets, alice: Wallet
) -> None:
    wallets.move(requests.debit("d", alice.id, 400))

    again, is_new = wallets.open(CLIENT, "alice", "EUR", opening_minor=1000)

    assert (again.id, is_new, again.balance_minor) == (alice.id, False, 600)


def test_opening_it_with_another_balance_is_refused(wallets: Wallets, alice: Wallet) -> None:
    with pytest.raises(WalletExists):
        wallets.open(CLIENT, "alice", "EUR", opening_minor=1)


def test_a_user_may_have_a_wallet_in_each_currency(wallets: Wallets, alice: Wallet) -> None:
    yen, is_new = wallets.open(CLIENT, "alice", "JPY")

    assert is_new
    assert yen.id != alice.id


def test_a_transfer_moves_money_between_two_wallets(
    wallets: Wallets, alice: Wallet, bob: Wallet
) -> None:
    moved = wallets.move(requests.transfer("t", alice.id, bob.id, 300))

    assert (balance(wallets, alice), balance(wallets, bob)) == (700, 300)
    assert {id_: wallet.balance_minor for id_, wallet in moved.wallets.items()} == {
        alice.id: 700,
        bob.id: 300,
    }


def test_a_repeated_request_is_answered_as_it_was_whatever_has_happened_since(
    wallets: Wallets, alice: Wallet, clock: ManualClock
) -> None:
    first = wallets.move(requests.credit("c", alice.id, 50))
    wallets.move(requests.debit("d", alice.id, 500))
    wallets.act(CLIENT, alice.id, WalletAction.FREEZE)
    clock.advance(timedelta(days=400))

    again = wallets.move(requests.credit("c", alice.id, 50))

    assert again.replayed
    assert (again.transfer, again.wallets) == (first.transfer, first.wallets)
    assert balance(wallets, alice) == 550


def test_a_key_with_other_contents_is_refused(wallets: Wallets, alice: Wallet) -> None:
    wallets.move(requests.credit("c", alice.id, 50))

    with pytest.raises(IdempotencyKeyReused):
        wallets.move(replace(requests.credit("c", alice.id, 60), fingerprint="other"))

    assert balance(wallets, alice) == 1050


def test_a_decline_stays_even_when_the_money_has_come(wallets: Wallets, alice: Wallet) -> None:
    first = declined(wallets, requests.debit("d", alice.id, 1001))
    wallets.move(requests.credit("c", alice.id, 500))

    again = declined(wallets, requests.debit("d", alice.id, 1001))

    assert (first.reason, first.replayed) == (DeclineReason.INSUFFICIENT_FUNDS, False)
    assert (again.reason, again.message, again.replayed) == (first.reason, first.message, True)
    assert again.first_request_id == "request-d"
    assert balance(wallets, alice) == 1500


def test_a_wallet_that_does_not_exist_is_not_found(wallets: Wallets) -> None:
    with pytest.raises(ObjectNotFound):
        wallets.move(requests.credit("c", "wal_nobody", 1))


def test_a_payment_is_declined_for_want_of_a_wallet(wallets: Wallets) -> None:
    refused = declined(wallets, requests.payment("p", "wal_nobody", 1))

    assert refused.reason is DeclineReason.WALLET_NOT_FOUND


def test_a_lost_race_is_run_again_with_the_wallet_as_it_is_then(
    alice: Wallet, store: InMemoryWalletStore, clock: ManualClock
) -> None:
    class OvertakenStore(InMemoryWalletStore):
        overtaken_count = 0

        def post(self, posting: Posting) -> Record:
            if self.overtaken_count < 2:
                self.overtaken_count += 1
                key = (CLIENT, alice.id)
                self.wallets[key] = replace(self.wallets[key], version=100 + self.overtaken_count)
            return super().post(posting)

    overtaken = OvertakenStore()
    overtaken.wallets, overtaken.records = store.wallets, store.records
    wallets = Wallets(overtaken, instant_retry(), clock)

    moved = wallets.move(requests.debit("d", alice.id, 400))

    assert moved.wallets[alice.id].version == 103
    assert balance(wallets, alice) == 600


def test_after_a_lost_answer_the_transfer_is_found_and_not_made_again(
    alice: Wallet, store: InMemoryWalletStore, clock: ManualClock
) -> None:
    class ForgetfulStore(InMemoryWalletStore):
        forgot = False

        def post(self, posting: Posting) -> Record:
            record = super().post(posting)
            if not self.forgot:
                self.forgot = True
                raise LedgerUnconfirmed
            return record

    forgetful = ForgetfulStore()
    forgetful.wallets, forgetful.records = store.wallets, store.records
    wallets = Wallets(forgetful, instant_retry(), clock)

    moved = wallets.move(requests.debit("d", alice.id, 400))

    assert not moved.replayed, "it is this request's own"
    assert balance(wallets, alice) == 600


def test_a_ledger_that_stays_busy_applies_nothing_and_says_so(
    alice: Wallet, store: InMemoryWalletStore, clock: ManualClock
) -> None:
    class BusyStore(InMemoryWalletStore):
        def post(self, posting: Posting) -> Record:
            raise LedgerBusy

    busy = BusyStore()
    busy.wallets, busy.records = store.wallets, store.records
    wallets = Wallets(busy, instant_retry(), clock)

    with pytest.raises(LedgerBusy):
        wallets.move(requests.debit("d", alice.id, 400))

    assert balance(wallets, alice) == 1000


def test_freezing_and_unfreezing_again_changes_nothing(wallets: Wallets, alice: Wallet) -> None:
    frozen = wallets.act(CLIENT, alice.id, WalletAction.FREEZE)
    again = wallets.act(CLIENT, alice.id, WalletAction.FREEZE)

    assert frozen.status is WalletStatus.FROZEN
    assert again == frozen


def test_a_frozen_wallet_takes_money_and_gives_none(wallets: Wallets, alice: Wallet) -> None:
    wallets.act(CLIENT, alice.id, WalletAction.FREEZE)

    wallets.move(requests.credit("c", alice.id, 1))
    refused = declined(wallets, requests.debit("d", alice.id, 1))

    assert refused.reason is DeclineReason.WALLET_FROZEN
    assert balance(wallets, alice) == 1001


def test_a_wallet_with_money_in_it_does_not_close(wallets: Wallets, alice: Wallet) -> None:
    with pytest.raises(InvalidState) as caught:
        wallets.act(CLIENT, alice.id, WalletAction.CLOSE)

    assert (caught.value.subject, caught.value.status) == ("wallet", WalletStatus.ACTIVE)


def test_a_closed_wallet_takes_no_money_and_does_not_open_again(
    wallets: Wallets, bob: Wallet
) -> None:
    wallets.act(CLIENT, bob.id, WalletAction.CLOSE)

    refused = declined(wallets, requests.credit("c", bob.id, 1))

    assert refused.reason is DeclineReason.WALLET_CLOSED
    with pytest.raises(InvalidState):
        wallets.act(CLIENT, bob.id, WalletAction.UNFREEZE)


def test_a_lost_race_for_a_status_is_run_again(
    wallets: Wallets, alice: Wallet, store: InMemoryWalletStore, clock: ManualClock
) -> None:
    class OvertakenStore(InMemoryWalletStore):
        overtaken = False

        def save(self, wallet: Wallet, *, follows: Wallet) -> None:
            if not self.overtaken:
                self.overtaken = True
                raise VersionConflict
            super().save(wallet, follows=follows)

    overtaken = OvertakenStore()
    overtaken.wallets, overtaken.records = store.wallets, store.records

    frozen = Wallets(overtaken, instant_retry(), clock).act(CLIENT, alice.id, WalletAction.FREEZE)

    assert frozen.status is WalletStatus.FROZEN


def test_a_statement_is_paged_newest_first_without_a_gap(wallets: Wallets, bob: Wallet) -> None:
    for amount in range(1, 8):
        wallets.move(requests.credit(f"c{amount}", bob.id, amount))

    numbers: list[int] = []
    page = wallets.statement(CLIENT, bob.id, StatementQuery(limit=3))
    numbers += [transfer.entry_of(bob.id).number for transfer in page.transfers]
    while page.next is not None:
        page = wallets.statement(CLIENT, bob.id, StatementQuery(limit=3, start=page.next))
        numbers += [transfer.entry_of(bob.id).number for transfer in page.transfers]

    assert numbers == [7, 6, 5, 4, 3, 2, 1]


def test_a_wallet_without_entries_has_an_empty_statement(wallets: Wallets, bob: Wallet) -> None:
    assert wallets.statement(CLIENT, bob.id, StatementQuery(limit=3)).transfers == ()


def test_entries_never_go_back_in_time_though_the_clock_does(
    wallets: Wallets, bob: Wallet, clock: ManualClock
) -> None:
    first = wallets.move(requests.credit("c1", bob.id, 1)).transfer
    clock.advance(timedelta(minutes=-5))
    second = wallets.move(requests.credit("c2", bob.id, 1)).transfer

    assert second.posted_at == first.posted_at


def test_a_wallet_agrees_with_its_entries(wallets: Wallets, alice: Wallet, bob: Wallet) -> None:
    for number in range(20):
        wallets.move(requests.transfer(f"t{number}", alice.id, bob.id, 10 + number))

    check = wallets.check(CLIENT, alice.id)

    assert check.is_balanced
    assert (check.difference_minor, check.chain.entries_checked) == (0, 21)


def test_money_that_appeared_without_an_entry_is_found(
    wallets: Wallets, alice: Wallet, store: InMemoryWalletStore
) -> None:
    store.wallets[CLIENT, alice.id] = replace(alice, credits_posted=1005)

    check = wallets.check(CLIENT, alice.id)

    assert not check.is_balanced
    assert check.difference_minor == 5


@pytest.mark.parametrize(
    "change",
    [
        lambda transfer: replace(transfer, fingerprint="x"),
        lambda transfer: replace(transfer, reference="x"),
        lambda transfer: replace(transfer, posted_at=transfer.posted_at + timedelta(seconds=1)),
    ],
)
def test_an_altered_entry_is_found_though_the_sums_agree(
    wallets: Wallets, alice: Wallet, store: InMemoryWalletStore, change: object
) -> None:
    for number in range(3):
        wallets.move(requests.credit(f"c{number}", alice.id, 10))
    key = (CLIENT, requests.asked("c1").transfer_id)
    altered = store.records[key]
    assert isinstance(altered, Transfer)
    assert callable(change)
    store.records[key] = change(altered)

    check = wallets.check(CLIENT, alice.id)

    assert check.difference_minor == 0
    assert not check.is_balanced


def test_a_missing_entry_is_found(
    wallets: Wallets, alice: Wallet, store: InMemoryWalletStore
) -> None:
    for number in range(3):
        wallets.move(requests.credit(f"c{number}", alice.id, 10))
    del store.records[CLIENT, requests.asked("c1").transfer_id]

    check = wallets.check(CLIENT, alice.id)

    assert not check.is_balanced
    assert check.chain.entries_checked == 1


def test_an_entry_that_was_added_beside_the_chain_is_found(
    wallets: Wallets, alice: Wallet, store: InMemoryWalletStore
) -> None:
    real = wallets.move(requests.credit("c", alice.id, 10)).transfer
    store.records[CLIENT, "trf_forged"] = replace(real, id="trf_forged")

    check = wallets.check(CLIENT, alice.id)

    assert not check.is_balanced
    assert (check.difference_minor, check.stranger_count) == (0, 1)


def test_a_place_in_another_wallets_chain_is_no_place_to_start(
    wallets: Wallets, alice: Wallet, bob: Wallet
) -> None:
    for number in range(3):
        wallets.move(requests.credit(f"c{number}", alice.id, 10))
    wallets.move(requests.credit("b", bob.id, 10))
    foreign = wallets.statement(CLIENT, alice.id, StatementQuery(limit=1)).next

    with pytest.raises(ValidationFailed):
        wallets.statement(CLIENT, bob.id, StatementQuery(limit=1, start=foreign))


def test_another_client_has_none_of_these_wallets(wallets: Wallets, alice: Wallet) -> None:
    with pytest.raises(ObjectNotFound):
        wallets.get("cli_b", alice.id)
    with pytest.raises(ObjectNotFound):
        wallets.act("cli_b", alice.id, WalletAction.FREEZE)
    with pytest.raises(ObjectNotFound):
        wallets.move(replace(requests.debit("d", alice.id, 1), client_id="cli_b"))

    assert balance(wallets, alice) == 1000
