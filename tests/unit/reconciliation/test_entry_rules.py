"""What the cheap look at an entry and at a wallet takes for sound."""

from dataclasses import replace
from typing import Any

import pytest
from hypothesis import given

from evenkeel.errors import DeclineReason
from evenkeel.ledger.transfer import Decline, Transfer
from evenkeel.money import Money
from evenkeel.reconciliation.entry_rules import is_sound_entry, is_sound_head
from tests.fakes.clock import NOON
from tests.unit.reconciliation.ledgers import Ledger, driven, moves, unhurried, with_entry

DECLINE = Decline("trf_no", "cli_a", DeclineReason.INSUFFICIENT_FUNDS, "too little", NOON, "same")


@pytest.fixture
def ledger() -> Ledger:
    """Alice has six entries: the opening, a payment, a hold, a gift, a capture and a refund."""
    ledger = Ledger()
    ledger.pay(100)
    key = ledger.hold(300)
    ledger.give(50)
    captured = ledger.end(key, 250)
    ledger.refund(captured, 20)
    return ledger


def entries(ledger: Ledger, wallet_id: str) -> list[Transfer]:
    """Return the wallet's entries, oldest first."""
    count = ledger.wallet(wallet_id).entry_count
    return [ledger.entry(number, wallet_id) for number in range(1, count + 1)]


def previous(ledger: Ledger, transfer: Transfer, wallet_id: str) -> Transfer | None:
    number = transfer.entry_of(wallet_id).number
    return None if number == 1 else ledger.entry(number - 1, wallet_id)


@unhurried
@given(moves())
def test_whatever_the_service_writes_is_sound(history: list[tuple[str, int]]) -> None:
    ledger = driven(history)

    for wallet_id in (ledger.alice, ledger.bob):
        chain = entries(ledger, wallet_id)
        wallet = ledger.wallet(wallet_id)
        assert all(
            is_sound_entry(each, wallet_id, previous(ledger, each, wallet_id)) for each in chain
        )
        assert is_sound_head(
            wallet, chain[-1] if chain else None, available_minor=wallet.available_minor
        )


# An entry.


@pytest.mark.parametrize("number", range(1, 7))
@pytest.mark.parametrize(
    "change",
    [
        {"number": 9},
        {"previous_transfer_id": "trf_nowhere"},
        {"balance_after_minor": 1},
        {"pending_after_minor": 1},
        {"version_after": 99},
        {"hash": "f" * 64},
    ],
    ids=str,
)
def test_an_entry_with_another_place_is_suspicious(
    ledger: Ledger, number: int, change: dict[str, Any]
) -> None:
    entry = ledger.entry(number)
    edited = with_entry(entry, ledger.alice, **change)

    assert not is_sound_entry(edited, ledger.alice, previous(ledger, entry, ledger.alice))


@pytest.mark.parametrize("number", range(1, 7))
def test_an_entry_with_other_contents_is_suspicious(ledger: Ledger, number: int) -> None:
    entry = ledger.entry(number)
    below = previous(ledger, entry, ledger.alice)

    for edited in (
        replace(entry, amount=Money(1, "EUR")),
        replace(entry, amount=Money(entry.amount.amount_minor, "USD")),
        replace(entry, held_minor=entry.held_minor + 1),
        replace(entry, reference="another"),
    ):
        assert not is_sound_entry(edited, ledger.alice, below)


@pytest.mark.parametrize(
    "change",
    [
        {"number": 9},
        {"previous_transfer_id": "trf_nowhere"},
        {"balance_after_minor": 1},
        {"pending_after_minor": 1},
    ],
    ids=str,
)
@pytest.mark.parametrize("number", range(1, 7))
def test_an_entry_that_was_sealed_anew_is_suspicious_if_it_does_not_follow(
    ledger: Ledger, number: int, change: dict[str, Any]
) -> None:
    entry = ledger.entry(number)
    sealed = ledger.seal(with_entry(entry, ledger.alice, **change), number)

    assert not is_sound_entry(sealed, ledger.alice, previous(ledger, entry, ledger.alice))


def test_an_entry_of_another_currency_is_suspicious_though_it_was_sealed_anew(
    ledger: Ledger,
) -> None:
    sealed = ledger.seal(replace(ledger.entry(4), amount=Money(50, "USD")))

    assert not is_sound_entry(sealed, ledger.alice, ledger.entry(3))


@pytest.mark.parametrize("number", range(2, 7))
def test_an_entry_over_nothing_is_suspicious_unless_it_is_the_first(
    ledger: Ledger, number: int
) -> None:
    assert not is_sound_entry(ledger.entry(number), ledger.alice, None)
    assert is_sound_entry(ledger.entry(1), ledger.alice, None)


def test_an_entry_over_a_refusal_is_suspicious(ledger: Ledger) -> None:
    assert not is_sound_entry(ledger.entry(1), ledger.alice, DECLINE)


def test_an_entry_over_one_of_another_wallet_is_suspicious(ledger: Ledger) -> None:
    assert not is_sound_entry(ledger.entry(1, ledger.bob), ledger.bob, ledger.entry(1))


def test_an_entry_over_an_altered_one_is_suspicious_where_that_one_ends(ledger: Ledger) -> None:
    below = ledger.entry(3)

    for edited in (
        with_entry(below, ledger.alice, balance_after_minor=1),
        with_entry(below, ledger.alice, pending_after_minor=1),
        with_entry(below, ledger.alice, number=7),
        with_entry(below, ledger.alice, hash="f" * 64),
        replace(below, id="trf_copy"),
    ):
        assert not is_sound_entry(ledger.entry(4), ledger.alice, edited)


# A wallet.


@pytest.mark.parametrize(
    "change",
    [
        {"debits_pending": 5},
        {"debits_posted": 5},
        {"credits_pending": 5},
        {"credits_posted": 5},
        {"entry_count": 5},
        {"head_transfer_id": "trf_nowhere"},
        {"head_hash": "f" * 64},
        {"currency": "USD"},
    ],
    ids=str,
)
def test_a_changed_wallet_is_suspicious_with_entries_and_without(
    ledger: Ledger, change: dict[str, Any]
) -> None:
    alice = replace(ledger.wallet(), **change)
    blank = Ledger()
    bob = replace(blank.wallet(blank.bob), **change)

    assert not is_sound_head(alice, ledger.entry(6))
    assert is_sound_head(bob, None) == (change == {"currency": "USD"})


def test_a_wallet_that_is_rich_without_entries_is_suspicious() -> None:
    ledger = Ledger()
    bob = replace(ledger.wallet(ledger.bob), debits_posted=5, credits_posted=5)

    assert not is_sound_head(bob, None)


def test_a_wallet_whose_head_is_missing_or_of_others_is_suspicious(ledger: Ledger) -> None:
    wallet = ledger.wallet()

    for head in (None, DECLINE, ledger.entry(5), replace(ledger.entry(6), id="trf_copy")):
        assert not is_sound_head(wallet, head)
    assert not is_sound_head(ledger.wallet(ledger.bob), ledger.entry(6))


def test_what_is_available_is_held_to_the_counters(ledger: Ledger) -> None:
    wallet, head = ledger.wallet(), ledger.entry(6)

    assert is_sound_head(wallet, head, available_minor=wallet.available_minor)
    assert not is_sound_head(wallet, head, available_minor=wallet.available_minor - 1)
    assert not is_sound_head(wallet, head, available_minor=0)
