from collections.abc import Sequence

import pytest
from hypothesis import given
from hypothesis import strategies as st

from evenkeel.errors import LedgerBusy, LedgerUnconfirmed
from evenkeel.ledger.folding import FOLD_TRANSFER_COUNT_MAX, Folding
from evenkeel.ledger.ports import JournalRecord, Movement, Receipt
from evenkeel.ledger.transfer import Leg, Transfer, TransferKind
from evenkeel.money import Money
from tests.fakes.clock import NOON
from tests.fakes.fold_store import InMemoryFoldStore
from tests.fakes.retry import instant_retry

COFFEE = ("cli_a", "merchant:coffee:EUR")


def record(number: int, *, client_id: str = "cli_a", debit: str = "wal_alice") -> JournalRecord:
    transfer = Transfer(
        id=f"trf_{client_id}_{number}",
        client_id=client_id,
        kind=TransferKind.PAYMENT,
        debit=Leg(debit),
        credit=Leg("merchant:coffee:EUR"),
        amount=Money(number, "EUR"),
        posted_at=NOON,
        fingerprint="same",
    )
    return JournalRecord(1000 + number, transfer)


def records(first: int, last: int) -> list[JournalRecord]:
    return [record(number) for number in range(first, last + 1)]


@pytest.fixture
def store() -> InMemoryFoldStore:
    return InMemoryFoldStore()


@pytest.fixture
def folding(store: InMemoryFoldStore) -> Folding:
    return Folding(store, instant_retry())


def test_a_batch_is_added_to_its_accounts_and_wallets_are_left_alone(
    folding: Folding, store: InMemoryFoldStore
) -> None:
    assert folding.fold(records(1, 4)) == 4

    assert store.totals == {COFFEE: (0, 10)}


def test_both_sides_are_folded_where_neither_is_a_wallet(
    folding: Folding, store: InMemoryFoldStore
) -> None:
    folding.fold([record(5, debit="external:EUR")])

    assert store.totals == {("cli_a", "external:EUR"): (5, 0), COFFEE: (0, 5)}


def test_the_suspense_account_is_folded_like_any_other(
    folding: Folding, store: InMemoryFoldStore
) -> None:
    folding.fold([record(5, debit="suspense:EUR"), record(6, debit="suspense:EUR")])

    assert store.totals == {("cli_a", "suspense:EUR"): (11, 0), COFFEE: (0, 11)}


def test_merchants_of_two_clients_are_two_accounts_though_they_share_a_name(
    folding: Folding, store: InMemoryFoldStore
) -> None:
    folding.fold([record(1), record(2, client_id="cli_b")])

    assert store.totals == {COFFEE: (0, 1), ("cli_b", "merchant:coffee:EUR"): (0, 2)}


def test_a_batch_that_comes_again_adds_nothing(folding: Folding, store: InMemoryFoldStore) -> None:
    folding.fold(records(1, 4))

    assert folding.fold(records(1, 4)) == 0
    assert store.totals == {COFFEE: (0, 10)}


def test_a_batch_that_comes_again_longer_adds_only_what_is_new(
    folding: Folding, store: InMemoryFoldStore
) -> None:
    folding.fold(records(1, 4))

    assert folding.fold(records(1, 6)) == 2
    assert store.totals == {COFFEE: (0, 21)}


def test_a_batch_that_comes_again_shorter_leaves_its_rest_known(
    folding: Folding, store: InMemoryFoldStore
) -> None:
    folding.fold(records(1, 6))

    assert folding.fold(records(1, 3)) == 0
    assert folding.fold(records(4, 8)) == 2
    assert store.totals == {COFFEE: (0, 36)}


def test_a_batch_larger_than_a_transaction_is_folded_in_runs(
    folding: Folding, store: InMemoryFoldStore
) -> None:
    last = FOLD_TRANSFER_COUNT_MAX * 2 + 5
    folding.fold(records(1, last))

    assert store.totals == {COFFEE: (0, last * (last + 1) // 2)}
    assert len(store.receipts) == 3


def test_an_empty_batch_is_nothing_to_do(folding: Folding, store: InMemoryFoldStore) -> None:
    assert folding.fold([]) == 0

    assert store.receipts == {}


def test_after_a_lost_answer_the_fold_is_found_and_not_made_again() -> None:
    class ForgetfulStore(InMemoryFoldStore):
        forgot = False

        def fold(self, receipt: Receipt, movements: Sequence[Movement]) -> None:
            super().fold(receipt, movements)
            if not self.forgot:
                self.forgot = True
                raise LedgerUnconfirmed

    store = ForgetfulStore()
    Folding(store, instant_retry()).fold(records(1, 4))

    assert store.totals == {COFFEE: (0, 10)}


def test_a_store_that_stays_busy_sends_the_batch_back() -> None:
    class BusyStore(InMemoryFoldStore):
        def fold(self, receipt: Receipt, movements: Sequence[Movement]) -> None:
            raise LedgerBusy

    with pytest.raises(LedgerBusy):
        Folding(BusyStore(), instant_retry()).fold(records(1, 4))


@given(st.lists(st.tuples(st.integers(1, 60), st.booleans()), max_size=12))
def test_however_a_shard_is_cut_and_repeated_each_transfer_counts_once(
    batches: list[tuple[int, bool]],
) -> None:
    """The reader of a shard goes back to what it last acknowledged, and cuts anew from there."""
    last = 130
    store = InMemoryFoldStore()
    folding = Folding(store, instant_retry())
    acknowledged = 0

    for length, is_acknowledged in [*batches, (last, True)]:
        end = min(last, acknowledged + length)
        folding.fold(records(acknowledged + 1, end))
        acknowledged = end if is_acknowledged else acknowledged

    assert store.totals == {COFFEE: (0, last * (last + 1) // 2)}


def test_a_record_that_was_taken_out_and_put_back_is_known_and_passed(
    folding: Folding, store: InMemoryFoldStore
) -> None:
    """It comes under its old name and a new sequence number, behind the end of its receipt."""
    folding.fold(records(1, 3))
    [put_back] = records(1, 1)
    later = JournalRecord(put_back.sequence + 100, put_back.transfer)

    assert folding.fold([later]) == 0
    assert store.totals == {COFFEE: (0, 6)}
