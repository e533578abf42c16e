"""Sweeps on real threads: beside each other, beside clients, and past what is broken."""

import secrets
from collections import Counter
from collections.abc import Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest
from mypy_boto3_dynamodb import DynamoDBClient
from pynamodb.exceptions import QueryError

from evenkeel import bootstrap
from evenkeel.adapters import clients
from evenkeel.adapters.dynamodb.journal import DynamoDBJournal
from evenkeel.clock import Deadline, utc_now
from evenkeel.errors import Declined, RequestInProgress, TransferNotApplied
from evenkeel.ledger.commands import Command, Posted
from evenkeel.ledger.transfer import Decline, Transfer
from evenkeel.payments.answers import Attempt
from evenkeel.payments.lane import Settlement
from evenkeel.payments.leases import LEASE_FOR
from evenkeel.payments.model import Payment
from evenkeel.payments.order import Order
from evenkeel.payments.ports import DUE_SHARD_COUNT, PaymentKey
from evenkeel.payments.states import PaymentStatus
from evenkeel.payments.sweeper import Sweep, Sweeper
from functions.sweeper import handler as sweeper_function
from functions.sweeper.handler import handler
from tests.context import Context
from tests.emulator import Emulator
from tests.fakes.clock import ManualSeconds
from tests.fakes.payment_store import shard_of
from tests.faults import Faults, answer
from tests.integration.environment import forget
from tests.payments import order
from tests.tables import TABLES
from tests.unit.logs import Logs

BACKLOG_COUNT = 200
OPENING_MINOR = 100_000
AMOUNT_MINOR = 400
LONG_AGO = LEASE_FOR + timedelta(seconds=10)


@pytest.fixture(autouse=True)
def own_tables(aws: None, emulator: Emulator, monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """Tables in which nobody else leaves anything that is due, and no open circuit."""
    for variable in ("PAYMENTS_TABLE", "BREAKERS_TABLE"):
        name = f"sweep-{variable.lower()}-{secrets.token_hex(4)}"
        emulator.client("dynamodb").create_table(**TABLES[variable].definition(name))
        monkeypatch.setenv(variable, name)
    forget()
    yield
    forget()


class Backlog:
    """Payments whose makers have died, some before the debit and some after it."""

    def __init__(self, client_id: str) -> None:
        self._client_id = client_id
        self._owners: dict[str, str] = {}
        wallets = bootstrap.wallets()
        self.rich = [self._wallet(f"rich{number}", OPENING_MINOR) for number in range(10)]
        self.poor = [self._wallet(f"poor{number}", 0) for number in range(10)]
        self.journal = DynamoDBJournal(bootstrap.dynamodb(), bootstrap.settings().ledger_table)
        self.store, self.wallets = bootstrap.payment_store(), wallets

    def _wallet(self, user_id: str, opening_minor: int) -> str:
        wallet, _ = bootstrap.wallets().open(
            self._client_id, user_id, "EUR", opening_minor=opening_minor
        )
        self._owners[wallet.id] = user_id
        return wallet.id

    def order(self, key: str, wallet_id: str) -> Order:
        return order(
            key,
            self._client_id,
            amount_minor=AMOUNT_MINOR,
            wallet_id=wallet_id,
            user_id=self._owners[wallet_id],
        )

    def leave(self, wanted: Order, *, has_asked: bool) -> Payment:
        """Leave a payment behind that is due, and whose debit was asked for, or was not."""
        payment = Payment.created_and_claimed(wanted, utc_now() - LONG_AGO, "dead")
        self.store.add(payment)
        if has_asked:
            with suppress(Declined):
                bootstrap.wallet_gateway().ask(payment.debit("dead"))
        return payment

    def leave_many(self, payment_count: int) -> list[Order]:
        """Leave payments of four kinds: debited, declined, and to be debited or declined."""

        def leave(number: int) -> Order:
            is_covered, has_asked = number % 2 == 0, number % 4 < 2
            wallets = self.rich if is_covered else self.poor
            wanted = self.order(secrets.token_hex(6), wallets[number % len(wallets)])
            self.leave(wanted, has_asked=has_asked)
            return wanted

        with ThreadPoolExecutor(4) as threads:
            return list(threads.map(leave, range(payment_count)))

    def disagreements(self, orders: Sequence[Order]) -> list[str]:
        """Return what the payments say and the ledger does not, or the other way round."""
        found = []
        for each in orders:
            payment = self.store.get(each.client_id, each.payment_id)
            record = self.journal.record(each.client_id, payment.transfer_id_wanted)
            match record:
                case Transfer():
                    agrees = (payment.status, payment.transfer_id) == ("COMPLETED", record.id)
                case Decline():
                    agrees = payment.status is PaymentStatus.FAILED
                case None:
                    agrees = False
            if not agrees:
                found.append(f"{payment.id} is {payment.status}, {record}")
        return found

    def spent_minor(self, wallet_id: str) -> int:
        assert self.wallets.check(self._client_id, wallet_id).is_balanced
        return OPENING_MINOR - self.wallets.get(self._client_id, wallet_id).balance_minor

    def due(self) -> list[PaymentKey]:
        a_day_from_now = utc_now() + timedelta(days=2)
        return [
            key for shard in range(DUE_SHARD_COUNT) for key in self.store.due(a_day_from_now, shard)
        ]


@pytest.fixture
def backlog(client_id: str) -> Backlog:
    return Backlog(client_id)


def another_sweeper() -> Sweeper:
    """Build one as another execution environment would, with lanes of its own."""
    bootstrap.sweeper.cache_clear()
    return bootstrap.sweeper()


def swept(sweeper: Sweeper) -> Sweep:
    return sweeper.sweep(Attempt("sweep", Deadline.after(60.0)))


def asked_again(orders: Sequence[Order]) -> None:
    """Send requests again, as a client does that has heard nothing."""
    payments = bootstrap.payment_desk.__wrapped__().payments
    for each in orders:
        try:
            payments.create_and_process(each, Attempt("client", Deadline.after(20.0)))
        except (Declined, RequestInProgress):
            continue


def test_two_sweepers_and_some_clients_settle_a_backlog_once(backlog: Backlog) -> None:
    orders = backlog.leave_many(BACKLOG_COUNT)
    sweepers = [another_sweeper(), another_sweeper()]
    impatient = [orders[first::12] for first in range(4)]

    with ThreadPoolExecutor(8) as threads:
        clients_done = [threads.submit(asked_again, each) for each in impatient]
        sweeps = list(threads.map(swept, sweepers))
        for each in clients_done:
            each.result()

    counts = sum((sweep.counts for sweep in sweeps), Counter[Settlement]())
    spent_minor = sum(backlog.spent_minor(wallet) for wallet in backlog.rich)
    by_both = (Settlement.COMPLETED, Settlement.DECLINED, Settlement.RESUMED)

    assert backlog.disagreements(orders) == []
    assert backlog.due() == []
    assert spent_minor == AMOUNT_MINOR * BACKLOG_COUNT // 2
    assert all(counts[each] for each in by_both), counts
    assert counts[Settlement.LEFT] == counts[Settlement.STUCK] == 0


def spoil(dynamodb: DynamoDBClient, payment: Payment, attribute: str, value: str) -> None:
    dynamodb.update_item(
        TableName=bootstrap.settings().payments_table,
        Key={"id": {"S": f"{payment.client_id}/{payment.id}"}},
        UpdateExpression="SET #name = :value",
        ExpressionAttributeNames={"#name": attribute},
        ExpressionAttributeValues={":value": {"S": value}},
    )


def key_in(shard: int) -> str:
    return next(
        key for key in iter(lambda: secrets.token_hex(6), "") if shard_of(f"pay_{key}") == shard
    )


@pytest.mark.parametrize(
    ("attribute", "value"),
    [("history", "no JSON"), ("due_at", "1"), ("lease", '["r1", "soon"]'), ("status", "LOST")],
)
def test_what_cannot_be_read_stays_and_is_counted_and_stops_nobody(
    backlog: Backlog, dynamodb: DynamoDBClient, attribute: str, value: str
) -> None:
    broken, *others = [
        backlog.leave(backlog.order(key_in(5), backlog.rich[0]), has_asked=True) for _ in range(4)
    ]
    spoil(dynamodb, broken, attribute, value)

    first, second = (handler({"command": "sweep"}, Context()) for _ in range(2))

    assert (first["stuck"], first["completed"], first["left"]) == (1, len(others), 0)
    assert (second["stuck"], second["completed"], second["looked"]) == (1, 0, 1)
    assert backlog.due() == [PaymentKey(broken.client_id, broken.id)]


def one_in_each_shard(backlog: Backlog) -> list[Order]:
    orders = [backlog.order(key_in(shard), backlog.rich[0]) for shard in range(DUE_SHARD_COUNT)]
    for each in orders:
        backlog.leave(each, has_asked=True)
    return orders


def test_a_sweep_that_cannot_see_one_shard_settles_the_others_and_fails_all_the_same(
    backlog: Backlog, monkeypatch: pytest.MonkeyPatch
) -> None:
    one_in_each_shard(backlog)
    forget()
    Faults(bootstrap.dynamodb(), "Query", answer(400, "AccessDeniedException"))
    logs = Logs(monkeypatch, sweeper_function.logger)

    with pytest.raises(QueryError, match="AccessDenied"):
        handler({"command": "sweep"}, Context())

    [swept] = [line for line in logs.lines if line["message"] == "swept"]
    assert swept["completed"] == DUE_SHARD_COUNT - 1
    assert len(backlog.due()) == 1


def test_lanes_that_all_begin_cold_share_tables_and_clients(backlog: Backlog) -> None:
    orders = one_in_each_shard(backlog)
    forget()
    reply = handler({"command": "sweep"}, Context())

    assert reply["completed"] == DUE_SHARD_COUNT
    assert backlog.disagreements(orders) == []


def test_each_lane_has_a_breaker_and_a_place_in_the_pool_of_connections_of_its_own() -> None:
    lanes = bootstrap.sweeper().lanes
    breakers = {id(lane.wallets.breaker) for lane in lanes}

    assert len(breakers) == len(lanes) == DUE_SHARD_COUNT
    assert pool_size(clients.TABLE_CONFIG) > DUE_SHARD_COUNT
    assert pool_size(clients.INVOKE_CONFIG) > DUE_SHARD_COUNT


class DeadWallets:
    def ask(self, command: Command) -> Posted:
        raise TransferNotApplied


def test_the_lanes_of_a_sweep_speak_against_the_wallets_with_one_voice(
    backlog: Backlog, monkeypatch: pytest.MonkeyPatch
) -> None:
    for _ in range(3):
        for shard in range(DUE_SHARD_COUNT):
            backlog.leave(backlog.order(key_in(shard), backlog.rich[0]), has_asked=False)
    monkeypatch.setattr(bootstrap, "wallet_gateway", DeadWallets)
    seconds = ManualSeconds()
    sweeper = replace(bootstrap.sweeper(), sleep=seconds.sleep)
    sweep = sweeper.sweep(Attempt("sweep", Deadline.after(13.0, seconds)))
    trial = bootstrap.circuit_store().get(bootstrap.WALLET_CIRCUIT).trial

    assert sweep.counts[Settlement.LEFT] == 3 * DUE_SHARD_COUNT
    assert trial is not None
    assert trial.failures > 0
    assert len(trial.voters) == 1


def pool_size(config: Any) -> int:
    size: int = config.max_pool_connections
    return size
