"""One contract, both books: what is read of the tables is what is in them."""

import os
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from datetime import timedelta
from functools import partial
from itertools import count
from typing import Any

import pytest
from mypy_boto3_dynamodb import DynamoDBClient

from evenkeel.adapters.dynamodb.books import DynamoDBBooks
from evenkeel.adapters.dynamodb.item import key_of
from evenkeel.adapters.dynamodb.step_store import DynamoDBStepStore
from evenkeel.ledger.folding import Folding
from evenkeel.ledger.ports import JournalRecord
from evenkeel.ledger.transfer import Transfer
from evenkeel.payments.ports import DUE_SHARD_COUNT, PaymentKey
from evenkeel.reconciliation.changes import Change, ChangedObject
from evenkeel.reconciliation.ports import (
    FULL_PART_COUNT,
    JOURNAL_PART_COUNT,
    Books,
    ObjectKey,
    StepStore,
    StoredWallet,
    Unreadable,
)
from tests.fakes.books import InMemoryBooks
from tests.fakes.clock import ManualClock
from tests.fakes.report_store import InMemoryStepStore
from tests.fakes.retry import instant_retry
from tests.integration.planted.tables import Tables
from tests.integration.planted.town import Town
from tests.integration.stores import fold_store

PAID_COUNT = 130  # More than one call brings.


@dataclass
class Library:
    """The same lives in memory and, perhaps, in the tables."""

    town: Town
    books: Books

    @property
    def transfers(self) -> Sequence[Transfer]:
        return [each for each in self.town.records if isinstance(each, Transfer)]


def lived(client_id: str) -> Town:
    town = Town(client_id)
    household = town.household()
    for number in range(PAID_COUNT):
        household.pay(1 + number % 3)
    household.create(5)
    return town


def in_memory(town: Town) -> Books:
    books = InMemoryBooks(town.platform.store, town.platform.journal.store)
    books.fold()
    return books


def in_tables(town: Town, dynamodb: DynamoDBClient) -> Books:
    tables = Tables(dynamodb, {name: os.environ[name] for name in os.environ if "_TABLE" in name})
    tables.fill([*town.payments, *town.records, *town.wallets])
    transfers = [each for each in town.records if isinstance(each, Transfer)]
    records = [JournalRecord(number, each) for number, each in enumerate(transfers)]
    Folding(fold_store(dynamodb), instant_retry()).fold(records)
    return DynamoDBBooks(
        dynamodb,
        payments_table=os.environ["PAYMENTS_TABLE"],
        ledger_table=os.environ["LEDGER_TABLE"],
        accounts_table=os.environ["ACCOUNTS_TABLE"],
    )


@pytest.fixture(params=["fake", "dynamodb"])
def library(request: pytest.FixtureRequest, dynamodb: DynamoDBClient, client_id: str) -> Library:
    town = lived(client_id)
    is_fake = request.param == "fake"
    return Library(town, in_memory(town) if is_fake else in_tables(town, dynamodb))


@pytest.fixture
def steps(dynamodb: DynamoDBClient) -> Sequence[StepStore]:
    table = os.environ["CHECKPOINTS_TABLE"]
    return [InMemoryStepStore(), DynamoDBStepStore(dynamodb, table, clock=ManualClock())]


@pytest.mark.parametrize("strong", [False, True])
def test_any_number_of_objects_is_read_and_what_is_not_there_is_missing(
    library: Library, client_id: str, *, strong: bool
) -> None:
    books, town = library.books, library.town
    payments = {PaymentKey(each.client_id, each.id): each for each in town.payments}
    records = {ObjectKey(each.client_id, each.id): each for each in town.records}
    wallets = {
        ObjectKey(each.client_id, each.id): StoredWallet(each, each.available_minor)
        for each in town.wallets
    }
    nobody = ObjectKey(client_id, "trf_nobody")

    found = books.payments([*payments, PaymentKey(client_id, "pay_nobody")], strong=strong)
    assert found == payments
    assert books.records([*records, nobody], strong=strong) == records
    assert books.wallets([*wallets, nobody], strong=strong) == wallets
    assert books.payments([], strong=strong) == {}


def test_everything_is_met_once_and_again_from_any_place_on(
    library: Library, client_id: str
) -> None:
    wanted = {
        *(Change(client_id, ChangedObject.PAYMENT, each.id) for each in library.town.payments),
        *(
            Change(client_id, ChangedObject.RECORD, each.id, each.payment_id)
            for each in library.town.records
        ),
        *(
            Change(client_id, ChangedObject.ACCOUNT, each.id, None, (each.id,))
            for each in library.town.wallets
        ),
    }
    met: list[Change] = []
    for part in range(FULL_PART_COUNT):
        placed = list(library.books.all(part, None))
        met += [change for _, change in placed if change.client_id == client_id]
        middle = len(placed) // 2
        if middle:
            assert list(library.books.all(part, placed[middle - 1][0])) == placed[middle:]

    is_wallet_or_more = [each for each in met if not each.object_id.startswith("merchant:")]
    met_here = [each for each in is_wallet_or_more if not each.object_id.startswith("external")]
    assert len(met_here) == len(set(met_here))
    assert set(met_here) == wanted


def test_what_is_overdue_in_a_time_is_found_by_its_shard(library: Library, client_id: str) -> None:
    [pending] = [each for each in library.town.payments if each.due_at is not None]
    assert pending.due_at is not None
    moment = timedelta(microseconds=1)

    def found(since: timedelta, until: timedelta) -> set[str]:
        assert pending.due_at is not None
        return {
            change.object_id
            for shard in range(DUE_SHARD_COUNT)
            for change in library.books.overdue(
                pending.due_at + since, pending.due_at + until, shard
            )
            if change.client_id == client_id
        }

    assert found(timedelta(0), moment) == {pending.id}
    assert found(moment, timedelta(hours=1)) == set()
    assert found(-timedelta(hours=1), -moment) == set()


def test_the_journal_is_read_whole_and_the_accounts_that_it_folds_to(
    library: Library, client_id: str
) -> None:
    journal = {
        transfer.id
        for part in range(JOURNAL_PART_COUNT)
        for _, page in library.books.journal(part, None)
        for transfer in page
        if transfer.client_id == client_id
    }
    assert journal == {each.id for each in library.transfers}

    accounts = {
        account_id: (reading.sums.debits_posted, reading.sums.credits_posted)
        for _, page in library.books.accounts(None)
        for (client, account_id), reading in page
        if client == client_id
    }
    paid_minor = sum(each.order.amount.amount_minor for each in library.town.payments) - 5
    assert paid_minor in {credited for _, credited in accounts.values()}
    assert not any(account_id.startswith("wal_") for account_id in accounts)


@pytest.fixture
def short_pages(dynamodb: DynamoDBClient) -> Iterator[None]:
    """Have a page hold three items instead of a megabyte."""

    def shorten(params: dict[str, Any], **_: object) -> None:
        params["Limit"] = 3

    event = "before-parameter-build.dynamodb.Scan"
    dynamodb.meta.events.register(event, shorten)
    yield
    dynamodb.meta.events.unregister(event, shorten)


@pytest.mark.usefixtures("short_pages")
def test_journal_and_accounts_are_gone_on_with_behind_each_page(library: Library) -> None:
    books = library.books
    parts: list[Callable[[str | None], Iterator[tuple[str | None, Sequence[Any]]]]] = [
        books.accounts,
        *(partial(books.journal, part) for part in range(JOURNAL_PART_COUNT)),
    ]
    for pages in parts:
        whole = list(pages(None))

        *places, last = [beyond for beyond, _ in whole]
        assert last is None
        assert None not in places
        for number in {0, len(places) // 2, len(places) - 1} if places else ():
            assert list(pages(places[number])) == whole[number + 1 :]


def test_accounts_are_read_by_their_keys(library: Library, client_id: str) -> None:
    whole = {
        key: reading
        for _, page in library.books.accounts(None)
        for key, reading in page
        if key[0] == client_id
    }

    nobodies = [(client_id, "merchant:nobody:EUR"), (client_id, f"merchant:{'x' * 3000}:EUR")]
    assert library.books.accounts_of([*whole, *nobodies]) == whole
    assert library.books.accounts_of([]) == {}


def test_an_account_that_is_not_as_we_write_it_is_told_and_hides_no_other(
    dynamodb: DynamoDBClient, client_id: str
) -> None:
    books = in_tables(lived(client_id), dynamodb)
    key = {"id": {"S": key_of(client_id, "merchant:strange:EUR")}}
    table = os.environ["ACCOUNTS_TABLE"]
    dynamodb.put_item(TableName=table, Item={**key, "kind": {"S": "merchant"}})

    pages = list(books.accounts(None))
    dynamodb.delete_item(TableName=table, Key=key)  # Other tests read all accounts, too.

    problems = {
        account_id: reading.problem
        for _, page in pages
        for (client, account_id), reading in page
        if client == client_id
    }
    assert problems.pop("merchant:strange:EUR") == "not as we write it: KeyError"
    assert problems
    assert set(problems.values()) == {None}


def test_what_is_not_as_we_write_it_is_told_and_hides_nothing(
    dynamodb: DynamoDBClient, client_id: str
) -> None:
    town = lived(client_id)
    books = in_tables(town, dynamodb)
    first, *others = [PaymentKey(each.client_id, each.id) for each in town.payments]
    dynamodb.put_item(
        TableName=os.environ["PAYMENTS_TABLE"],
        Item={"id": {"S": key_of(client_id, first.payment_id)}, "status": {"S": "LOST"}},
    )

    found = books.payments([first, *others], strong=True)

    assert isinstance(found[first], Unreadable)
    assert not any(isinstance(found[key], Unreadable) for key in others)


def test_what_a_step_leaves_behind_is_found_as_it_was(
    steps: Sequence[StepStore], client_id: str
) -> None:
    pages = [
        {"begin": 0, "end": number, "accounts": [["cli_ä", "merchant:a:EUR", 1]]}
        for number in range(3)
    ]
    for store in steps:
        store.save(client_id, pages)
        store.save(client_id, pages)

        assert list(store.load(client_id)) == pages


def test_a_step_that_is_kept_again_takes_the_place_of_all_that_it_was(
    steps: Sequence[StepStore], client_id: str
) -> None:
    for store in steps:
        store.save(client_id, [{"end": number} for number in range(3)])
        store.save(client_id, [{"end": 7}])

        assert list(store.load(client_id)) == [{"end": 7}]


def test_a_step_that_is_kept_in_part_leaves_what_was_kept_before(
    steps: Sequence[StepStore], dynamodb: DynamoDBClient, client_id: str
) -> None:
    store = steps[-1]
    kept = [{"end": number} for number in range(3)]
    store.save(client_id, kept)
    puts = count(1)

    def die(**_: object) -> None:
        if next(puts) == len(kept):
            raise RuntimeError

    event = "before-parameter-build.dynamodb.PutItem"
    dynamodb.meta.events.register(event, die)
    with pytest.raises(RuntimeError):
        store.save(client_id, [{"end": number} for number in range(3, 6)])
    dynamodb.meta.events.unregister(event, die)

    assert list(store.load(client_id)) == kept
