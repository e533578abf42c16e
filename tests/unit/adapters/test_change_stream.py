"""Which object a record of a stream is about, whatever somebody has made of it."""

from typing import Any

import pytest

from evenkeel.adapters.dynamodb.change_stream import (
    KEY_LENGTH_MAX,
    DynamoDBChangeStream,
    DynamoDBJournalChangeStream,
)
from evenkeel.adapters.dynamodb.ledger_items import RecordItem
from evenkeel.events.ports import UnreadableRecord
from evenkeel.reconciliation.changes import Change, ChangedObject, ChangeStream
from tests.event_samples import CLIENT, HOLD, PAYMENT, WALLET

PAYMENTS = DynamoDBChangeStream(ChangedObject.PAYMENT)
ACCOUNTS = DynamoDBChangeStream(ChangedObject.ACCOUNT)
JOURNAL = DynamoDBJournalChangeStream()
IMAGE = RecordItem.of(HOLD).to_dynamodb_dict()
OTHER_WALLET = "wal_k5v7c2hpodvlmh3b5nhrfq3cuw"

Image = dict[str, Any]


def record(name: str, key: str, new: Image | None = None, old: Image | None = None) -> Image:
    images = {"NewImage": new, "OldImage": old}
    change = {"Keys": {"id": {"S": key}}} | {k: v for k, v in images.items() if v is not None}
    return {"eventName": name, "dynamodb": change}


def of_journal(name: str, new: Image | None = None, old: Image | None = None) -> Change:
    return JOURNAL.read(record(name, f"{CLIENT}/{HOLD.id}", new, old))


def change(payment_id: str | None = None, *account_ids: str) -> Change:
    return Change(CLIENT, ChangedObject.RECORD, HOLD.id, payment_id, account_ids)


@pytest.mark.parametrize("name", ["INSERT", "MODIFY", "REMOVE"])
@pytest.mark.parametrize(
    ("stream", "object_"), [(PAYMENTS, ChangedObject.PAYMENT), (ACCOUNTS, ChangedObject.ACCOUNT)]
)
def test_a_payment_and_an_account_are_known_by_their_keys(
    stream: ChangeStream, object_: ChangedObject, name: str
) -> None:
    raw = record(name, "cli_a/merchant:a/b:EUR")

    assert stream.read(raw) == Change("cli_a", object_, "merchant:a/b:EUR")


def test_a_new_record_of_the_journal_is_noted_with_its_payment() -> None:
    assert of_journal("INSERT", IMAGE) == change(PAYMENT)


def test_an_altered_record_is_noted_with_its_payment_before_and_the_wallets_of_both() -> None:
    other = {
        "payment_id": {"S": "pay_other"},
        "debit_wallet": {"S": f"{CLIENT}/{OTHER_WALLET}"},
    }

    assert of_journal("MODIFY", IMAGE | other, IMAGE) == change(
        PAYMENT, *sorted((WALLET, OTHER_WALLET))
    )


def test_a_record_that_named_no_payment_is_noted_with_the_one_that_it_names_now() -> None:
    before = {name: each for name, each in IMAGE.items() if name != "payment_id"}

    assert of_journal("MODIFY", IMAGE, before) == change(PAYMENT, WALLET)


def test_a_record_that_was_removed_is_noted_with_all_that_nobody_can_ask_it_any_more() -> None:
    assert of_journal("REMOVE", None, IMAGE) == change(PAYMENT, WALLET)


@pytest.mark.parametrize(
    "planted",
    [
        {},
        {"id": {"S": f"{CLIENT}/{HOLD.id}"}},
        {"payment_id": {"N": "1"}, "debit_wallet": {"L": []}},
        {"payment_id": {"S": "pay_" + "x" * 300_000}, "debit_wallet": {"S": "x" * 50_000}},
        {"payment_id": {"S": ""}, "credit_wallet": {"S": "merchant"}},
        {"credit_wallet": {"S": f"cli_other/{WALLET}"}},
    ],
)
def test_what_cannot_be_read_is_noted_all_the_same(planted: Image) -> None:
    assert of_journal("INSERT", planted) == change()
    assert of_journal("MODIFY", planted, planted) == change()
    assert of_journal("REMOVE", None, planted) == change()


@pytest.mark.parametrize(
    "key", ["", "/", "pay_1", "cli_a/", "/pay_1", f"cli_a/{'x' * KEY_LENGTH_MAX}"]
)
@pytest.mark.parametrize("stream", [PAYMENTS, ACCOUNTS, JOURNAL])
def test_what_belongs_to_no_client_is_nobodys_change(stream: ChangeStream, key: str) -> None:
    with pytest.raises(UnreadableRecord, match="no object of a client"):
        stream.read(record("INSERT", key, {}))
