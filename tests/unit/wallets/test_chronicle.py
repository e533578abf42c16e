"""A wallet as it was, and what happened to it between two moments."""

from datetime import datetime, timedelta
from math import ceil, log2

import pytest
from hypothesis import given
from hypothesis import strategies as st

from evenkeel.errors import ObjectNotFound, ValidationFailed
from evenkeel.ledger.transfer import Transfer
from evenkeel.wallets.model import Wallet, WalletAction, WalletStatus
from evenkeel.wallets.service import StatementQuery, Wallets
from tests import requests
from tests.fakes.clock import NOON, ManualClock
from tests.fakes.retry import instant_retry
from tests.fakes.wallet_store import InMemoryWalletStore
from tests.unit.wallets.conftest import CLIENT

MINUTE = timedelta(minutes=1)
LATER = NOON + timedelta(days=1)


class CountingStore(InMemoryWalletStore):
    def __init__(self) -> None:
        super().__init__()
        self.looks = 0

    def entry(self, client_id: str, wallet_id: str, number: int) -> Transfer | None:
        self.looks += 1
        return super().entry(client_id, wallet_id, number)


def at(minute: float) -> datetime:
    return NOON + minute * MINUTE


def grown(store: InMemoryWalletStore, clock: ManualClock, entry_count: int) -> Wallet:
    """A wallet that is credited 1 in each minute after the one in which it was opened."""
    wallets = Wallets(store, instant_retry(), clock)
    wallet = wallets.open(CLIENT, "alice", "EUR")[0]
    for number in range(1, entry_count + 1):
        clock.advance(MINUTE)
        wallets.move(requests.credit(str(number), wallet.id, 1))
    clock.advance(MINUTE)
    return wallet


def balance_at(wallets: Wallets, wallet: Wallet, moment: datetime) -> int:
    return wallets.as_of(CLIENT, wallet.id, moment).balance_minor


@pytest.mark.parametrize("entry_count", [0, 1, 2, 3, 7, 8, 9])
def test_a_balance_is_that_of_the_last_entry_by_then(
    store: InMemoryWalletStore, clock: ManualClock, wallets: Wallets, entry_count: int
) -> None:
    wallet = grown(store, clock, entry_count)

    for number in range(entry_count + 1):
        for seconds in (0, 59):
            moment = at(number) + timedelta(seconds=seconds)
            assert balance_at(wallets, wallet, moment) == number
    assert balance_at(wallets, wallet, LATER) == entry_count


@given(st.integers(0, 40), st.integers(1, 41), st.floats(0, 42))
def test_a_balance_is_right_however_far_the_indexes_are_behind(
    entry_count: int, missing_from: int, minute: float
) -> None:
    store, clock = InMemoryWalletStore(), ManualClock()
    wallet = grown(store, clock, entry_count)
    store.indexed_number_max = missing_from - 1
    wallets = Wallets(store, instant_retry(), clock)

    assert balance_at(wallets, wallet, at(minute)) == min(int(minute), entry_count)


def test_a_balance_of_long_ago_takes_as_many_looks_as_the_number_of_entries_has_bits(
    clock: ManualClock,
) -> None:
    store, entry_count = CountingStore(), 2000
    wallet = grown(store, clock, entry_count)
    wallets = Wallets(store, instant_retry(), clock)

    for minute in (0, 1, 777, 1999, 2000):
        store.looks = 0
        assert balance_at(wallets, wallet, at(minute)) == minute
        assert store.looks <= ceil(log2(entry_count + 1))


def test_what_was_on_hold_then_is_told(wallets: Wallets, alice: Wallet, clock: ManualClock) -> None:
    clock.advance(MINUTE)
    wallets.move(requests.hold("p", alice.id, 400))
    clock.advance(MINUTE)
    wallets.end_hold(requests.hold_end("p", alice.id, 150))
    clock.advance(MINUTE)

    stands = [
        (then.balance_minor, then.pending_minor, then.available_minor)
        for then in (wallets.as_of(CLIENT, alice.id, at(minute)) for minute in (0, 1, 2))
    ]
    assert stands == [(1000, 0, 1000), (1000, 400, 600), (850, 0, 850)]


def test_a_moment_to_come_shows_the_wallet_as_it_is(wallets: Wallets, alice: Wallet) -> None:
    wallets.act(CLIENT, alice.id, WalletAction.FREEZE)

    now = wallets.get(CLIENT, alice.id)
    assert wallets.as_of(CLIENT, alice.id, LATER) == now.snapshot()


def test_a_moment_just_past_shows_the_status_that_the_last_entry_left(
    wallets: Wallets, alice: Wallet, clock: ManualClock
) -> None:
    clock.advance(MINUTE)
    wallets.act(CLIENT, alice.id, WalletAction.FREEZE)
    clock.advance(MINUTE)

    assert wallets.as_of(CLIENT, alice.id, at(1)).status is WalletStatus.ACTIVE
    assert wallets.as_of(CLIENT, alice.id, at(2)).status is WalletStatus.FROZEN


def test_before_it_was_opened_there_is_nothing_to_tell(wallets: Wallets, alice: Wallet) -> None:
    with pytest.raises(ValidationFailed) as caught:
        wallets.as_of(CLIENT, alice.id, NOON - timedelta.resolution)
    assert caught.value.errors[0].field == "at"
    with pytest.raises(ObjectNotFound):
        wallets.as_of("cli_other", alice.id, NOON)


def numbers(
    wallets: Wallets,
    wallet: Wallet,
    since: datetime | None,
    until: datetime | None,
    limit: int = 3,
) -> list[int]:
    """Return the numbers of all entries of a range, page by page."""
    found: list[int] = []
    query = StatementQuery(limit, since=since, until=until)
    while True:
        page = wallets.statement(CLIENT, wallet.id, query)
        found += [each.entry_of(wallet.id).number for each in page.transfers]
        if page.next is None:
            return found
        query = StatementQuery(limit, page.next, since, until)


@pytest.mark.parametrize("limit", [1, 3, 100])
@pytest.mark.parametrize(
    ("since", "until", "expected"),
    [
        (None, None, range(9, 0, -1)),
        (at(3), None, range(9, 2, -1)),
        (None, at(4), range(3, 0, -1)),
        (at(3), at(6), range(5, 2, -1)),
        (at(3.5), at(6.5), range(6, 3, -1)),
        (at(6), at(6), []),
        (at(6), at(3), []),
        (at(100), None, []),
        (None, at(-100), []),
    ],
)
def test_a_range_takes_its_beginning_in_and_leaves_its_end_out(
    store: InMemoryWalletStore,
    clock: ManualClock,
    wallets: Wallets,
    since: datetime | None,
    until: datetime | None,
    expected: list[int],
    limit: int,
) -> None:
    wallet = grown(store, clock, 9)

    assert numbers(wallets, wallet, since, until, limit) == list(expected)


def test_a_clock_that_goes_back_changes_no_order(store: InMemoryWalletStore) -> None:
    times = iter([NOON, at(5), at(3), at(9), at(10)])

    def clock() -> datetime:
        return next(times)

    wallets = Wallets(store, instant_retry(), clock)
    wallet = wallets.open(CLIENT, "alice", "EUR")[0]
    for key in ("a", "b", "c"):
        wallets.move(requests.credit(key, wallet.id, 1))

    assert wallets.as_of(CLIENT, wallet.id, at(5)).balance_minor == 2
