"""The readers of the streams are killed at each of their calls to the bus, and no event is lost.

The records come from real streams of the emulator; the process is a real one, and it gets a
SIGKILL: nothing is caught, nothing is cleaned up.
"""

import json
import os
import signal
import subprocess
import sys
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Any
from uuid import uuid4

import pytest

from evenkeel import bootstrap
from evenkeel.clock import utc_now
from evenkeel.payments.model import Payment
from evenkeel.reconciliation.changes import Change, ChangedObject, stretches
from evenkeel.resilience.circuit import Circuit, CircuitState
from evenkeel.resilience.limits import Limits
from evenkeel.resilience.trial import Ballot, Trial
from tests import requests
from tests.emulator import Emulator
from tests.fakes.clock import NOON
from tests.integration.environment import forget
from tests.listener import Listener, listening
from tests.payments import order
from tests.tables import TABLES

PAYMENT_COUNT = 12  # Ten fit into a call: so there are two calls for each of two versions.
CALL_COUNT = 4

# The function as it is shipped, in a process that dies at one of its calls to the bus.
FUNCTION = """
import importlib, json, os, signal, sys
from evenkeel.adapters import clients
from tests.context import Context

moment, die_at = sys.argv[2], int(sys.argv[3])
calls = [0]
make = clients.events

def dying(**_):
    calls[0] += 1
    if calls[0] == die_at:
        os.kill(os.getpid(), signal.SIGKILL)

def events():
    client = make()
    client.meta.events.register(f"{moment}.eventbridge.PutEvents", dying)
    return client

clients.events = events
handler = importlib.import_module(f"functions.{sys.argv[1]}.handler").handler
handler({"Records": json.load(sys.stdin)}, Context())
"""
BEFORE, AFTER = "before-send", "response-received"
NEVER = 0


@dataclass(frozen=True)
class Outbox:
    """Tables with streams, a bus, and somebody who listens."""

    emulator: Emulator
    streams: Mapping[str, str]
    listener: Listener

    def records(self, variable: str) -> list[dict[str, Any]]:
        """Return all that was written to a table, as Lambda hands it over."""
        client = self.emulator.client("dynamodbstreams")
        arn = self.streams[variable]
        [shard] = client.describe_stream(StreamArn=arn)["StreamDescription"]["Shards"]
        iterator = client.get_shard_iterator(
            StreamArn=arn, ShardId=shard["ShardId"], ShardIteratorType="TRIM_HORIZON"
        )["ShardIterator"]
        found = client.get_records(ShardIterator=iterator)["Records"]
        return json.loads(json.dumps(found, default=datetime.timestamp))  # type: ignore[no-any-return]  # It was one.

    def run(self, folder: str, variable: str, moment: str = BEFORE, die_at: int = NEVER) -> int:
        done = subprocess.run(  # noqa: S603 - Our own code, in our own interpreter.
            [sys.executable, "-c", FUNCTION, folder, moment, str(die_at)],
            input=json.dumps(self.records(variable)),
            env=dict(os.environ),
            capture_output=True,
            text=True,
            check=False,
        )
        assert done.returncode in (0, -signal.SIGKILL), done.stderr
        return done.returncode


@pytest.fixture
def outbox(emulator: Emulator, monkeypatch: pytest.MonkeyPatch) -> Iterator[Outbox]:
    """Nobody else's tables: a test reads all that was written to them."""
    name = f"test-{uuid4().hex[:8]}"
    dynamodb, events = emulator.client("dynamodb"), emulator.client("events")
    streams = {}
    for variable in ("PAYMENTS_TABLE", "LEDGER_TABLE", "BREAKERS_TABLE"):
        table = f"{name}-{variable.lower()}"
        made = dynamodb.create_table(
            **TABLES[variable].definition(table),
            StreamSpecification={"StreamEnabled": True, "StreamViewType": "NEW_AND_OLD_IMAGES"},
        )
        streams[variable] = made["TableDescription"]["LatestStreamArn"]
        monkeypatch.setenv(variable, table)
    events.create_event_bus(Name=name)
    monkeypatch.setenv("EVENT_BUS", name)
    monkeypatch.setenv("PYTHONPATH", os.pathsep.join(sys.path))
    forget()
    with listening(emulator.client, name) as listener:
        yield Outbox(emulator, streams, listener)
    events.delete_event_bus(Name=name)
    for variable in streams:
        dynamodb.delete_table(TableName=os.environ[variable])
    forget()


def pay(client_id: str) -> dict[str, list[str]]:
    """Make payments that are cancelled, and return what has to be heard of each."""
    store = bootstrap.payment_store()
    payments = [Payment.created(order(f"{n}", client_id), NOON) for n in range(PAYMENT_COUNT)]
    for payment in payments:
        store.add(payment)
    for payment in payments:
        store.save(payment.expired(NOON))
    return {payment.id: ["PaymentCreated", "PaymentCancelled"] for payment in payments}


def first_heard(listener: Listener) -> dict[str, list[str]]:
    """Return the types that were heard of each object, repeats aside, in their order."""
    found: dict[str, list[str]] = {}
    for detail in listener.listen():
        types = found.setdefault(detail["data"]["id"], [])
        types += [] if detail["type"] in types else [detail["type"]]
    return found


@pytest.mark.parametrize("moment", [BEFORE, AFTER])
@pytest.mark.parametrize("die_at", range(1, CALL_COUNT + 1))
def test_a_reader_that_dies_at_a_call_to_the_bus_loses_no_event(
    outbox: Outbox, client_id: str, moment: str, die_at: int
) -> None:
    expected = pay(client_id)
    died = outbox.run("payment_stream", "PAYMENTS_TABLE", moment, die_at)
    told_count = len(outbox.listener.listen())
    assert outbox.run("payment_stream", "PAYMENTS_TABLE") == 0

    assert died == -signal.SIGKILL
    assert told_count < 2 * PAYMENT_COUNT or moment == AFTER
    assert first_heard(outbox.listener) == expected
    contents = {detail["id"]: detail for detail in outbox.listener.heard}
    assert len(contents) == 2 * PAYMENT_COUNT
    assert all(contents[detail["id"]] == detail for detail in outbox.listener.heard)


def test_a_reader_that_dies_between_the_fold_and_the_bus_folds_once_and_tells_all(
    outbox: Outbox, client_id: str
) -> None:
    began_at = utc_now()
    wallets = bootstrap.wallets()
    wallet, _ = wallets.open(client_id, "alice", "EUR")
    moved = [wallets.move(requests.credit(f"{n}", wallet.id, 10, client_id)) for n in range(5)]
    died = outbox.run("ledger_stream", "LEDGER_TABLE", BEFORE, 1)
    folded, told_count = outside(outbox.emulator, client_id), len(outbox.listener.listen())
    noted = noted_since(began_at)
    assert outbox.run("ledger_stream", "LEDGER_TABLE") == 0

    assert died == -signal.SIGKILL
    assert (folded, told_count) == (50, 0)
    assert noted == {each.transfer.id for each in moved}
    assert outside(outbox.emulator, client_id) == 50
    assert set(first_heard(outbox.listener)) == {each.transfer.id for each in moved}
    assert set(outbox.listener.types()) == {"TransferPosted"}


def test_what_is_done_to_the_journal_is_read_from_its_stream_with_what_it_said_before(
    outbox: Outbox, client_id: str
) -> None:
    dynamodb, table = outbox.emulator.client("dynamodb"), os.environ["LEDGER_TABLE"]
    record = {
        "id": {"S": f"{client_id}/trf_1"},
        "payment_id": {"S": "pay_1"},
        "debit_wallet": {"S": f"{client_id}/wal_1"},
    }
    dynamodb.put_item(TableName=table, Item=record)
    dynamodb.put_item(TableName=table, Item={"id": record["id"]})
    dynamodb.delete_item(TableName=table, Key={"id": record["id"]})

    added = Change(client_id, ChangedObject.RECORD, "trf_1", "pay_1")
    changes = [bootstrap.journal_changes().read(raw) for raw in outbox.records("LEDGER_TABLE")]
    assert changes == [
        added,
        replace(added, account_ids=("wal_1",)),
        replace(added, payment_id=None),
    ]


def test_each_transition_of_a_circuit_is_told_once_whatever_else_is_written(
    outbox: Outbox,
) -> None:
    """Votes, the steps of a ramp, and the transition that is put away for the next one."""
    store, limits = bootstrap.circuit_store(), Limits()
    circuit = store.open_trial("wallet", Trial("tri_1", NOON), instead_of=None)
    circuit = store.vote("wallet", Ballot("tri_1", 1, calls=7, failures=7))
    moves: list[Callable[[Circuit], Circuit]] = [
        lambda it: it.tripped(NOON, limits, "env_1"),
        lambda it: it.probing("env_2", NOON, limits),
        lambda it: it.probe_answered(NOON, "env_2"),
        *[lambda it: it.stepped_up(NOON, "env_2")] * 3,
    ]
    for move in moves:
        circuit = store.save(move(circuit), instead_of=circuit)
    for _ in range(2):
        assert outbox.run("circuit_stream", "BREAKERS_TABLE") == 0

    once = ["CircuitOpened", "CircuitHalfOpened", "CircuitClosed"]
    assert circuit.state is CircuitState.CLOSED
    assert outbox.listener.types() == 2 * once
    assert outbox.listener.heard[:3] == outbox.listener.heard[3:]


def noted_since(moment: datetime) -> set[str]:
    """Return the ids of what was noted as changed; a bus that nobody reaches hides nothing."""
    log = bootstrap.change_log()
    return {each.object_id for part in stretches(moment, utc_now()) for each in log.read(part)}


def outside(emulator: Emulator, client_id: str) -> int:
    """Return what has come from outside, as it is folded."""
    found = emulator.client("dynamodb").get_item(
        TableName=os.environ["ACCOUNTS_TABLE"],
        Key={"id": {"S": f"{client_id}/external:EUR"}},
        ConsistentRead=True,
    )
    return int(found["Item"]["debits_posted"]["N"])
