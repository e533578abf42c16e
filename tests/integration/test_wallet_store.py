"""One contract, every store. The fake may be trusted because it passes this too."""

import os
from dataclasses import replace

import pytest
from mypy_boto3_dynamodb import DynamoDBClient

from evenkeel.adapters import clients
from evenkeel.adapters.dynamodb.ledger_items import RecordItem
from evenkeel.errors import DeclineReason, ObjectNotFound, VersionConflict
from evenkeel.ledger.transfer import Decline, Transfer
from evenkeel.wallets.model import Wallet, WalletAction
from evenkeel.wallets.ports import EntryRef, WalletStore, ref_before
from evenkeel.wallets.posting import Posting, TransferRequest, draft
from evenkeel.wallets.requests import correction, hold_end, reversal
from tests import requests
from tests.fakes.clock import NOON
from tests.fakes.wallet_store import InMemoryWalletStore
from tests.integration.stores import wallet_store


@pytest.fixture(params=["fake", "dynamodb"])
def store(request: pytest.FixtureRequest, dynamodb: DynamoDBClient) -> WalletStore:
    return InMemoryWalletStore() if request.param == "fake" else wallet_store(dynamodb)


@pytest.fixture
def alice(store: WalletStore, client_id: str) -> Wallet:
    return opened(store, Wallet("wal_alice", client_id, "alice", "EUR", NOON, opening_minor=1000))


@pytest.fixture
def bob(store: WalletStore, client_id: str) -> Wallet:
    return opened(store, Wallet("wal_bob", client_id, "bob", "EUR", NOON))


def opened(store: WalletStore, blank: Wallet) -> Wallet:
    if not blank.opening_minor:
        store.open(blank, None)
        return blank
    request = requests.credit("opening", blank.id, blank.opening_minor, blank.client_id)
    opening = draft(request, {blank.id: replace(blank, version=0)}, NOON)
    store.open(opening.changes[0].after, opening)
    return opening.changes[0].after


def drafted(store: WalletStore, request: TransferRequest) -> Posting:
    sight = store.look(request.client_id, [request.id], request.wallet_ids())
    return draft(request, sight.wallets, NOON)


def posted(store: WalletStore, request: TransferRequest) -> Transfer:
    record = store.post(drafted(store, request))
    assert isinstance(record, Transfer)
    return record


def decline_of(request: TransferRequest) -> Decline:
    return Decline(
        request.id,
        request.client_id,
        DeclineReason.INSUFFICIENT_FUNDS,
        "too little",
        NOON,
        request.fingerprint,
        request.payment_id,
        request.request_id,
    )


def test_a_wallet_is_read_as_it_was_opened(store: WalletStore, alice: Wallet) -> None:
    assert store.wallet(alice.client_id, alice.id) == alice


def test_a_wallet_is_opened_once_and_its_money_comes_once(
    store: WalletStore, alice: Wallet
) -> None:
    other = replace(alice, user_id="mallory", opening_minor=5)

    with pytest.raises(VersionConflict):
        store.open(other, None)

    assert store.wallet(alice.client_id, alice.id) == alice


def test_an_unknown_wallet_is_not_found(store: WalletStore, alice: Wallet) -> None:
    with pytest.raises(ObjectNotFound):
        store.wallet(alice.client_id, "wal_nobody")
    with pytest.raises(ObjectNotFound):
        store.wallet("cli_other", alice.id)


def test_a_look_finds_the_wallets_that_exist_and_no_record_yet(
    store: WalletStore, alice: Wallet, bob: Wallet
) -> None:
    sight = store.look(alice.client_id, ["trf_new"], [alice.id, bob.id])

    assert (sight.records, sight.wallets) == ({}, {alice.id: alice, bob.id: bob})
    assert store.look(alice.client_id, ["trf_new"], ["wal_nobody"]).wallets == {}


def test_a_posting_moves_every_wallet_and_is_found_under_its_id(
    store: WalletStore, alice: Wallet, bob: Wallet
) -> None:
    posting = drafted(store, requests.transfer("t", alice.id, bob.id, 300, alice.client_id))

    assert store.post(posting) == posting.transfer

    sight = store.look(alice.client_id, [posting.transfer.id], [alice.id, bob.id])
    assert sight.records == {posting.transfer.id: posting.transfer}
    assert dict(sight.wallets) == {change.after.id: change.after for change in posting.changes}


@pytest.mark.parametrize("kind", ["credit", "debit", "payment", "hold"])
def test_every_kind_of_transfer_is_read_as_it_was_written(
    store: WalletStore, alice: Wallet, kind: str
) -> None:
    request = getattr(requests, kind)("key", alice.id, 10, alice.client_id)
    transfer = posted(store, request)

    assert store.look(alice.client_id, [request.id], [alice.id]).records == {request.id: transfer}


def test_a_posting_sent_twice_is_applied_once(store: WalletStore, alice: Wallet) -> None:
    posting = drafted(store, requests.debit("d", alice.id, 300, alice.client_id))
    store.post(posting)
    after = store.wallet(alice.client_id, alice.id)

    assert store.post(posting) == posting.transfer
    assert store.wallet(alice.client_id, alice.id) == after


def test_a_taken_id_returns_what_is_stored_and_moves_nothing(
    store: WalletStore, alice: Wallet
) -> None:
    first = posted(store, requests.debit("d", alice.id, 300, alice.client_id))
    after = store.wallet(alice.client_id, alice.id)

    assert store.post(drafted(store, requests.debit("d", alice.id, 7, alice.client_id))) == first
    assert store.wallet(alice.client_id, alice.id) == after


def test_a_posting_over_an_outdated_wallet_is_refused_and_moves_nothing(
    store: WalletStore, alice: Wallet, bob: Wallet
) -> None:
    outdated = drafted(store, requests.transfer("t", alice.id, bob.id, 300, alice.client_id))
    posted(store, requests.credit("c", bob.id, 1, alice.client_id))

    with pytest.raises(VersionConflict):
        store.post(outdated)

    assert store.wallet(alice.client_id, alice.id) == alice
    assert store.look(alice.client_id, [outdated.transfer.id], [alice.id]).records == {}


def test_a_decline_holds_the_id_against_the_transfer(store: WalletStore, alice: Wallet) -> None:
    request = requests.payment("p", alice.id, 300, alice.client_id)
    posting, decline = drafted(store, request), decline_of(request)

    assert store.decline(decline) == decline
    assert store.post(posting) == decline
    assert store.wallet(alice.client_id, alice.id) == alice


def test_a_transfer_holds_the_id_against_the_decline(store: WalletStore, alice: Wallet) -> None:
    request = requests.payment("p", alice.id, 300, alice.client_id)
    transfer = posted(store, request)

    assert store.decline(decline_of(request)) == transfer


def test_a_status_is_saved_over_the_wallet_that_it_follows_and_no_other(
    store: WalletStore, alice: Wallet
) -> None:
    frozen = alice.acted(WalletAction.FREEZE)
    store.save(frozen, follows=alice)

    with pytest.raises(VersionConflict):
        store.save(frozen, follows=alice)
    assert store.wallet(alice.client_id, alice.id) == frozen


def test_a_debit_drafted_before_a_freeze_does_not_pass_after_it(
    store: WalletStore, alice: Wallet
) -> None:
    posting = drafted(store, requests.debit("d", alice.id, 300, alice.client_id))
    frozen = alice.acted(WalletAction.FREEZE)
    store.save(frozen, follows=alice)

    with pytest.raises(VersionConflict):
        store.post(posting)
    assert store.wallet(alice.client_id, alice.id) == frozen


def test_entries_of_both_sides_come_newest_first_without_a_gap(
    store: WalletStore, alice: Wallet, bob: Wallet
) -> None:
    posted(store, requests.transfer("t1", alice.id, bob.id, 10, alice.client_id))
    posted(store, requests.credit("c", alice.id, 20, alice.client_id))
    newest = posted(store, requests.transfer("t2", bob.id, alice.id, 5, alice.client_id))

    entries = store.entries(alice.client_id, alice.id, EntryRef(4, newest.id), 10).transfers

    assert [transfer.entry_of(alice.id).number for transfer in entries] == [4, 3, 2, 1]
    assert [transfer.effect_on(alice.id) for transfer in entries] == [5, 20, -10, 1000]


def test_a_page_of_entries_begins_where_it_is_told_and_ends_at_its_limit(
    store: WalletStore, alice: Wallet
) -> None:
    transfers = [
        posted(store, requests.credit(f"c{number}", alice.id, 1, alice.client_id))
        for number in range(5)
    ]

    entries = store.entries(alice.client_id, alice.id, EntryRef(5, transfers[3].id), 3)

    assert list(entries.transfers) == [transfers[3], transfers[2], transfers[1]]


def test_the_walk_stops_where_an_entry_is_missing(store: WalletStore, alice: Wallet) -> None:
    page = store.entries(alice.client_id, alice.id, EntryRef(9, "trf_missing"), 3)

    assert list(page.transfers) == []


@pytest.mark.parametrize("number", [0, 1, 2, 3])
@pytest.mark.parametrize("limit", [1, 2, 3, 10])
def test_what_stands_beside_the_chain_is_set_aside(
    store: WalletStore, alice: Wallet, bob: Wallet, number: int, limit: int
) -> None:
    """A record that was put into the journal behind the ledger's back, under any number."""
    for key in ("c1", "c2"):
        newest = posted(store, requests.credit(key, alice.id, 20, alice.client_id))
    beside = replace(alice, entry_count=number - 1)
    request = requests.transfer("forged", alice.id, bob.id, 5, alice.client_id)
    put_beside(store, draft(request, {alice.id: beside, bob.id: bob}, NOON).transfer)

    found: list[int] = []
    strangers: list[str] = []
    ref: EntryRef | None = EntryRef(3, newest.id)
    while ref is not None:
        page = store.entries(alice.client_id, alice.id, ref, limit)
        found += [transfer.entry_of(alice.id).number for transfer in page.transfers]
        strangers += page.strangers
        ref = ref_before(page.transfers[-1], alice.id)

    assert found == [3, 2, 1]
    assert strangers == [request.id]


def put_beside(store: WalletStore, transfer: Transfer) -> None:
    if isinstance(store, InMemoryWalletStore):
        store.records[transfer.client_id, transfer.id] = transfer
        return
    clients.dynamodb().put_item(
        TableName=os.environ["LEDGER_TABLE"], Item=RecordItem.of(transfer).to_dynamodb_dict()
    )


def test_two_clients_share_no_id_and_no_wallet(
    store: WalletStore, alice: Wallet, client_id: str
) -> None:
    other = opened(store, replace(alice, client_id=f"{client_id}x", opening_minor=7))
    request = requests.debit("d", alice.id, 300, alice.client_id)
    transfer = posted(store, request)

    assert store.look(other.client_id, [transfer.id], [other.id]).records == {}
    assert store.wallet(other.client_id, other.id) == other


@pytest.mark.parametrize("captured_minor", [300, 100, 0])
def test_a_hold_and_its_end_are_read_as_they_were_written(
    store: WalletStore, alice: Wallet, captured_minor: int
) -> None:
    hold = posted(store, requests.hold("h", alice.id, 300, alice.client_id))
    wish = requests.hold_end("h", alice.id, captured_minor, alice.client_id)
    end = posted(store, hold_end(wish, hold))

    sight = store.look(alice.client_id, [hold.id, end.id], [alice.id])
    assert sight.records == {hold.id: hold, end.id: end}
    assert sight.wallets[alice.id].balance_minor == 1000 - captured_minor
    assert sight.wallets[alice.id].debits_pending == 0


def test_a_reversal_and_a_correction_are_read_as_they_were_written(
    store: WalletStore, alice: Wallet
) -> None:
    paid = posted(store, requests.payment("p", alice.id, 300, alice.client_id))
    reversed_ = posted(store, reversal(requests.reversal(paid), paid))
    corrected = posted(store, correction(requests.correction("q", 300, alice.client_id)))

    sight = store.look(alice.client_id, [reversed_.id, corrected.id], ())
    assert sight.records == {reversed_.id: reversed_, corrected.id: corrected}
    assert sight.wallets == {}
    assert store.wallet(alice.client_id, alice.id).balance_minor == 1000


def test_a_correction_sent_twice_is_one_and_what_is_stored_is_returned(
    store: WalletStore, alice: Wallet
) -> None:
    wish = requests.correction("q", 300, alice.client_id)
    first = posted(store, correction(wish))

    assert posted(store, correction(replace(wish, reason="in other words"))) == first


def test_a_hold_has_one_end(store: WalletStore, alice: Wallet) -> None:
    hold = posted(store, requests.hold("h", alice.id, 300, alice.client_id))
    capture, release = (
        drafted(store, hold_end(requests.hold_end("h", alice.id, captured, alice.client_id), hold))
        for captured in (300, 0)
    )

    assert store.post(capture) == capture.transfer
    assert store.post(release) == capture.transfer


def test_no_hold_is_captured_from_a_wallet_frozen_since_it_was_read(
    store: WalletStore, alice: Wallet
) -> None:
    hold = posted(store, requests.hold("h", alice.id, 300, alice.client_id))
    wish = requests.hold_end("h", alice.id, 300, alice.client_id)
    capture = drafted(store, hold_end(wish, hold))
    wallet = store.wallet(alice.client_id, alice.id)
    store.save(wallet.acted(WalletAction.FREEZE), follows=wallet)

    with pytest.raises(VersionConflict):
        store.post(capture)


def test_an_entry_is_found_by_its_number_on_either_side(
    store: WalletStore, alice: Wallet, bob: Wallet
) -> None:
    transfer = posted(store, requests.transfer("t", alice.id, bob.id, 300, alice.client_id))

    assert store.entry(alice.client_id, alice.id, 2) == transfer
    assert store.entry(alice.client_id, bob.id, 1) == transfer
    assert store.entry(alice.client_id, alice.id, 3) is None
    assert store.entry("cli_other", alice.id, 2) is None


def test_what_is_seen_at_one_moment_is_what_is_there(store: WalletStore, alice: Wallet) -> None:
    transfer = posted(store, requests.debit("p", alice.id, 100, alice.client_id))

    sight = store.look_at_one_moment(alice.client_id, [transfer.id, "trf_none"], [alice.id])

    assert sight.records == {transfer.id: transfer}
    assert sight.wallets == {alice.id: store.wallet(alice.client_id, alice.id)}
    assert store.look_at_one_moment(alice.client_id, [], ["wal_none"]).wallets == {}
