from typing import Any

import pytest
from aws_lambda_powertools.utilities.typing import LambdaContext

from evenkeel import bootstrap
from evenkeel.adapters.dynamodb.journal_stream import DynamoDBJournalStream
from evenkeel.adapters.dynamodb.ledger_items import RecordItem
from evenkeel.ledger.folding import Folding
from evenkeel.ledger.transfer import Transfer
from evenkeel.wallets.service import Wallets
from functions.ledger_stream.handler import handler
from tests import requests
from tests.fakes.change_log import InMemoryChangeLog
from tests.fakes.clock import ManualClock
from tests.fakes.event_bus import RecordedBus
from tests.fakes.fold_store import InMemoryFoldStore
from tests.fakes.retry import instant_retry
from tests.fakes.wallet_store import InMemoryWalletStore


def stream_event(*transfers: Transfer) -> dict[str, Any]:
    return {
        "Records": [
            {
                "eventID": f"event {number}",
                "eventName": "INSERT",
                "eventSource": "aws:dynamodb",
                "dynamodb": {
                    "Keys": {"id": {"S": f"{transfer.client_id}/{transfer.id}"}},
                    "SequenceNumber": str(number),
                    "NewImage": RecordItem.of(transfer).to_dynamodb_dict(),
                },
            }
            for number, transfer in enumerate(transfers, start=1)
        ]
    }


def test_what_the_wallets_have_posted_is_folded_into_the_other_accounts(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    store, bus, log = InMemoryFoldStore(), RecordedBus(), InMemoryChangeLog()
    monkeypatch.setattr(bootstrap, "journal_stream", DynamoDBJournalStream)
    monkeypatch.setattr(bootstrap, "folding", lambda: Folding(store, instant_retry()))
    monkeypatch.setattr(bootstrap, "event_bus", lambda: bus)
    monkeypatch.setattr(bootstrap, "change_log", lambda: log)
    wallets = Wallets(InMemoryWalletStore(), instant_retry(), ManualClock())
    wallet = wallets.open("cli_a", "alice", "EUR")[0]
    credited = wallets.move(requests.credit("one", wallet.id, 100)).transfer
    paid = wallets.move(requests.payment("two", wallet.id, 40)).transfer
    event = stream_event(credited, paid)
    handler(event, LambdaContext())
    handler(event, LambdaContext())

    assert store.totals == {
        ("cli_a", "external:EUR"): (100, 0),
        ("cli_a", "merchant:coffee:EUR"): (0, 40),
    }
    assert [event.object_id for event in bus.events] == 2 * [credited.id, paid.id]
    assert bus.events[:2] == bus.events[2:]
    assert {(change.client_id, change.object_id, change.payment_id) for change in log.noted} == {
        ("cli_a", credited.id, None),
        ("cli_a", paid.id, paid.payment_id),
    }
