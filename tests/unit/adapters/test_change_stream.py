"""Which object a record of a stream is about, whatever somebody has made of it."""

from dataclasses import replace
from typing import Any

import pytest

from evenkeel.adapters.dynamodb.change_stream import (
    KEY_LENGTH_MAX,
    DynamoDBChangeStream,
    DynamoDBJournalChangeStream,
)
from evenkeel.adapters.dynamodb.ledger_items import RecordItem
from evenkeel.events.ports import UnreadableRecord
from evenkeel.ids import derived_id
from evenkeel.ledger.transfer import TRANSFER_PREFIX
from evenkeel.payments.refunding import REFUND_PREFIX
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


def wallet_image(**numbers: int) -> Image:
    said = {
        "entry_count": 4,
        "debits_posted": 5,
        "credits_posted": 9,
        "debits_pending": 1,
    } | numbers
    return {name: {"N": str(each)} for name, each in said.items()}


def of_wallet(new: Image | None, old: Image | None) -> Change:
    name = "REMOVE" if new is None else "INSERT" if old is None else "MODIFY"
    return ACCOUNTS.read(record(name, f"{CLIENT}/{WALLET}", new, old))


CHANGED_WALLET = Change(CLIENT, ChangedObject.ACCOUNT, WALLET)


@pytest.mark.parametrize(
    "new",
    [
        wallet_image(entry_count=5, debits_posted=6),
        wallet_image(entry_count=5, debits_posted=6, debits_pending=0),
        wallet_image(entry_count=5, credits_posted=20),
        wallet_image(entry_count=5, debits_pending=9),
        wallet_image() | {"status": {"S": "FROZEN"}},
    ],
)
def test_a_wallet_that_has_moved_on_by_an_entry_needs_no_walk(new: Image) -> None:
    assert of_wallet(new, wallet_image()) == CHANGED_WALLET
    assert of_wallet(new, None) == CHANGED_WALLET


@pytest.mark.parametrize(
    "new",
    [
        wallet_image(entry_count=3, debits_posted=4),
        wallet_image(entry_count=6, debits_posted=6),
        wallet_image(debits_posted=6, credits_posted=10),
        wallet_image(credits_posted=10),
        wallet_image(entry_count=5, debits_posted=6, credits_posted=10),
        wallet_image(entry_count=5, debits_posted=4),
        wallet_image() | {"head_hash": {"S": "other"}},
        wallet_image() | {"entry_count": {"S": "many"}},
        {},
        None,
    ],
)
def test_a_wallet_that_no_posting_has_made_so_is_noted_to_be_walked(new: Image | None) -> None:
    walked = replace(CHANGED_WALLET, account_ids=(WALLET,))

    assert of_wallet(new, wallet_image()) == walked


def test_an_account_that_has_no_chain_is_never_walked() -> None:
    raw = record("MODIFY", f"{CLIENT}/merchant:m:EUR", {}, wallet_image())

    assert ACCOUNTS.read(raw) == Change(CLIENT, ChangedObject.ACCOUNT, "merchant:m:EUR")


def refunds_image(*ids: str) -> Image:
    return {"refunds": {"M": {id_: {"S": "{}"} for id_ in ids}}}


@pytest.mark.parametrize("new", [refunds_image(), {}, {"refunds": {"S": "none"}}, None])
def test_a_payment_that_has_lost_refunds_is_noted_with_their_transfers(new: Image | None) -> None:
    refund_id = derived_id(REFUND_PREFIX, "a")
    name = "REMOVE" if new is None else "MODIFY"
    raw = record(name, f"{CLIENT}/{PAYMENT}", new, refunds_image(refund_id, "no id of ours"))
    transfer_ids = (derived_id(TRANSFER_PREFIX, refund_id),)

    assert PAYMENTS.read(raw) == Change(
        CLIENT, ChangedObject.PAYMENT, PAYMENT, transfer_ids=transfer_ids
    )


def test_a_payment_that_has_kept_its_refunds_is_noted_by_its_key() -> None:
    first, second = (derived_id(REFUND_PREFIX, each) for each in "ab")
    raw = record(
        "MODIFY", f"{CLIENT}/{PAYMENT}", refunds_image(first, second), refunds_image(first)
    )

    assert PAYMENTS.read(raw) == Change(CLIENT, ChangedObject.PAYMENT, PAYMENT)
