"""Records as items and back, without a table; times and numbers keep every digit."""

from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from evenkeel.adapters.dynamodb.account_items import WalletItem
from evenkeel.adapters.dynamodb.item import client_of, id_of, key_of
from evenkeel.adapters.dynamodb.journal_stream import DynamoDBJournalStream
from evenkeel.adapters.dynamodb.ledger_items import RecordItem
from evenkeel.adapters.dynamodb.payment_item import PaymentItem
from evenkeel.errors import Declined, DeclineReason
from evenkeel.events.ports import UnreadableRecord
from evenkeel.ledger.commands import Posted
from evenkeel.ledger.ports import JournalRecord, JournalTampered, Tampering
from evenkeel.ledger.transfer import Decline, Entry, Leg, Record, Transfer, TransferKind
from evenkeel.money import AMOUNT_MINOR_MAX, Money
from evenkeel.payments import ending, refunding
from evenkeel.payments.ending import Ending, EndingKind
from evenkeel.payments.failure import Failure
from evenkeel.payments.leases import Lease
from evenkeel.payments.model import Payment
from evenkeel.payments.order import Capture, Order
from evenkeel.payments.refunding import RefundOrder
from evenkeel.wallets.model import Wallet, WalletStatus
from tests.fakes.clock import NOON

LATER = NOON + timedelta(microseconds=1)
ENTRY = Entry(7, "trf_6", 10**15, 5, 9, "ACTIVE", "f" * 64)
FIRST = Entry(1, None, 0, 0, 1, "FROZEN", "0" * 64)
TRANSFER = Transfer(
    id="trf_7",
    client_id="cli_a",
    kind=TransferKind.PAYMENT,
    debit=Leg("wal_alice", ENTRY),
    credit=Leg("merchant:coffee:EUR"),
    amount=Money(AMOUNT_MINOR_MAX, "EUR"),
    posted_at=LATER,
    fingerprint="same",
    payment_id="pay_a",
    reference="référence",
    description="two cups",
)
DECLINE = Decline(
    "trf_8", "cli_a", DeclineReason.WALLET_FROZEN, "non, gelé", LATER, "same", "pay_a", "request-1"
)
RECORDS: list[Record] = [
    TRANSFER,
    replace(TRANSFER, kind=TransferKind.HOLD),
    replace(TRANSFER, kind=TransferKind.CAPTURE, original_id="trf_6", held_minor=10**15),
    replace(TRANSFER, payment_id=None, reference=None, description=None),
    replace(TRANSFER, debit=Leg("external:EUR"), credit=Leg("wal_bob", FIRST)),
    replace(TRANSFER, credit=Leg("wal_bob", FIRST)),
    replace(TRANSFER, debit=Leg("external:EUR")),
    DECLINE,
    replace(DECLINE, payment_id=None, request_id=None),
]
WALLET = Wallet(
    id="wal_alice",
    client_id="cli_a",
    user_id="alice",
    currency="EUR",
    created_at=NOON,
    opening_minor=10**15,
    status=WalletStatus.FROZEN,
    debits_pending=1,
    debits_posted=2,
    credits_pending=3,
    credits_posted=10**15 + 4,
    version=5,
    entry_count=6,
    head_transfer_id="trf_6",
    head_hash="f" * 64,
    last_posted_at=LATER,
)
ORDER = Order(
    payment_id="pay_a",
    fingerprint="same",
    client_id="cli_a",
    user_id="alice",
    merchant_id="coffee",
    amount=Money(AMOUNT_MINOR_MAX, "EUR"),
    wallet_id="wal_alice",
    description="two cups",
    metadata={"table": "5", "é": '"'},
)
CLAIMED = Payment.created_and_claimed(ORDER, NOON, "r1")
REFUSED = Declined(DeclineReason.WALLET_FROZEN, "no", first_request_id="request-1")
LEASE = Lease.taken("r2", LATER)
HELD = replace(CLAIMED, order=replace(ORDER, capture=Capture.MANUAL)).debited(LATER, "trf_7")
CAPTURED = ending.ended(
    ending.begun(HELD, Ending(EndingKind.CAPTURE, 5), LEASE, LATER),
    Posted("trf_8", TransferKind.CAPTURE, 5),
    LATER,
)
REFUNDING = refunding.begun(CAPTURED, RefundOrder("ref_a", "same", 3, "salt"), LEASE, LATER)
PAYMENTS = [
    Payment.created(ORDER, LATER),
    Payment.created(replace(ORDER, wallet_id=None, description=None, metadata={}), NOON),
    CLAIMED,
    CLAIMED.debited(LATER, "trf_7"),
    CLAIMED.declined(LATER, REFUSED),
    CLAIMED.left_open(LATER, "transfer_unconfirmed"),
    CLAIMED.released(LATER, "transfer_not_applied"),
    HELD,
    ending.begun(HELD, Ending(EndingKind.CAPTURE, 5), LEASE, LATER),
    ending.left_open(
        ending.begun(HELD, Ending(EndingKind.CAPTURE, 5), LEASE, LATER), LATER, "lost"
    ),
    CAPTURED,
    REFUNDING,
    refunding.succeeded(REFUNDING, REFUNDING.refunds["ref_a"], LATER),
    refunding.failed(
        REFUNDING, REFUNDING.refunds["ref_a"], LATER, Failure(REFUSED.reason, "no", None)
    ),
]
EACH_ON_ITS_OWN = st.text(st.characters(exclude_characters="/", codec="utf-8"), min_size=1)


def inserted(record: Record, **more: Any) -> dict[str, Any]:
    image = RecordItem.of(record).to_dynamodb_dict()
    change: dict[str, Any] = {
        "SequenceNumber": "49590338271490256608559692538361571095921575989136588898"
    }
    change |= {"Keys": {"id": image["id"]}, "ApproximateCreationDateTime": NOON.timestamp()}
    return {"eventName": "INSERT", "dynamodb": change | {"NewImage": image}, **more}


@pytest.mark.parametrize("record", RECORDS)
def test_a_record_of_the_journal_comes_back_as_it_was(record: Record) -> None:
    assert RecordItem.from_raw_data(RecordItem.of(record).to_dynamodb_dict()).record() == record


@pytest.mark.parametrize("wallet", [WALLET, Wallet("wal_a", "cli_a", "alice", "EUR", NOON)])
def test_a_wallet_comes_back_as_it_was(wallet: Wallet) -> None:
    assert WalletItem.from_raw_data(WalletItem.of(wallet).to_dynamodb_dict()).wallet() == wallet


@pytest.mark.parametrize("payment", PAYMENTS)
def test_a_payment_comes_back_as_it_was(payment: Payment) -> None:
    raw = PaymentItem.of(payment).to_dynamodb_dict()

    assert PaymentItem.from_raw_data(raw).payment() == payment


def test_what_a_wallet_may_spend_is_kept_beside_its_counters() -> None:
    raw = WalletItem.of(WALLET).to_dynamodb_dict()

    assert raw["available_minor"] == {"N": str(10**15 + 4 - 2 - 1)}


@given(EACH_ON_ITS_OWN, st.text(min_size=1))
def test_a_key_falls_apart_into_what_it_was_made_of(client_id: str, id_: str) -> None:
    key = key_of(client_id, id_)

    assert (client_of(key), id_of(key)) == (client_id, id_)


def test_a_posted_transfer_is_read_from_the_stream_with_its_place() -> None:
    sequence = 49590338271490256608559692538361571095921575989136588898

    assert DynamoDBJournalStream().read(inserted(TRANSFER)) == JournalRecord(sequence, TRANSFER)


def test_a_decline_in_the_stream_moves_nothing() -> None:
    assert DynamoDBJournalStream().read(inserted(DECLINE)) is None


@pytest.mark.parametrize(
    "raw",
    [
        inserted(TRANSFER, dynamodb={"SequenceNumber": "1"}),
        inserted(TRANSFER, dynamodb={"SequenceNumber": "1", "NewImage": {}}),
        inserted(TRANSFER, dynamodb={"SequenceNumber": "1", "NewImage": {"id": {"S": "a/trf_a"}}}),
        inserted(TRANSFER, dynamodb={"SequenceNumber": "1", "NewImage": {"id": {"N": "1"}}}),
    ],
)
def test_anything_else_in_the_stream_cannot_be_read(raw: dict[str, Any]) -> None:
    with pytest.raises(UnreadableRecord):
        DynamoDBJournalStream().read(raw)


@pytest.mark.parametrize("name", ["MODIFY", "REMOVE"])
def test_a_change_of_a_record_is_read_with_both_images(name: str) -> None:
    raw = inserted(TRANSFER, eventName=name)
    image = raw["dynamodb"]["NewImage"]
    raw["dynamodb"]["OldImage"] = image | {"amount_minor": {"N": "1"}}
    with pytest.raises(JournalTampered) as met:
        DynamoDBJournalStream().read(raw)

    assert met.value.tampering == Tampering(
        client_id="cli_a",
        transfer_id="trf_7",
        change=name,
        sequence=raw["dynamodb"]["SequenceNumber"],
        occurred_at=NOON,
        before=image | {"amount_minor": {"N": "1"}},
        after=image,
    )
