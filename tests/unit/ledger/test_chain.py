"""What the chain of a wallet covers: all that an entry says."""

from dataclasses import replace

import pytest

from evenkeel.ledger.chain import GENESIS, entry_hash
from evenkeel.ledger.transfer import Entry, Leg, Transfer, TransferKind
from evenkeel.money import Money
from tests.fakes.clock import NOON

ENTRY = Entry(7, "trf_6", 1000, 400, 9, "ACTIVE", "")
CAPTURE = Transfer(
    id="trf_7",
    client_id="cli_a",
    kind=TransferKind.CAPTURE,
    debit=Leg("wal_alice", ENTRY),
    credit=Leg("merchant:coffee:EUR"),
    amount=Money(150, "EUR"),
    posted_at=NOON,
    fingerprint="same",
    payment_id="pay_a",
    original_id="trf_6",
    held_minor=400,
)


REVERSAL = replace(
    CAPTURE,
    kind=TransferKind.REVERSAL,
    debit=Leg("merchant:coffee:EUR"),
    credit=Leg("wal_alice", ENTRY),
    description="it was refused",
    held_minor=0,
)


def hash_of(transfer: Transfer) -> str:
    return entry_hash(transfer, "wal_alice", previous_hash=GENESIS)


@pytest.mark.parametrize(
    "altered",
    [
        replace(CAPTURE, kind=TransferKind.PAYMENT),
        replace(CAPTURE, amount=Money(151, "EUR")),
        replace(CAPTURE, held_minor=399),
        replace(CAPTURE, original_id="trf_5"),
        replace(CAPTURE, original_id=None),
        replace(CAPTURE, debit=Leg("wal_alice", replace(ENTRY, pending_after_minor=0))),
        replace(CAPTURE, debit=Leg("wal_alice", replace(ENTRY, balance_after_minor=0))),
    ],
)
def test_whatever_is_altered_alters_the_hash(altered: Transfer) -> None:
    assert hash_of(altered) != hash_of(CAPTURE)


@pytest.mark.parametrize(
    "altered",
    [
        replace(REVERSAL, kind=TransferKind.REFUND),
        replace(REVERSAL, original_id="trf_5"),
        replace(REVERSAL, payment_id=None),
        replace(REVERSAL, description="it was asked for"),
    ],
)
def test_what_a_reversal_takes_back_and_why_is_sealed(altered: Transfer) -> None:
    assert hash_of(altered) != hash_of(REVERSAL)
