from typing import Any

import pytest

from evenkeel.entrypoints.event_data import IMAGE_BYTES_MAX, shown_tampering, shown_transfer
from evenkeel.ledger.ports import Tampering
from evenkeel.ledger.transfer import Leg, Transfer, TransferKind
from evenkeel.money import Money
from tests.fakes.clock import NOON

LARGE = {"S": "x" * IMAGE_BYTES_MAX}
SMALL = {"S": "trf_a"}


def tampering(before: dict[str, Any] | None, after: dict[str, Any] | None) -> Tampering:
    return Tampering("cli_a", "trf_a", "MODIFY", "111", NOON, before, after)


@pytest.mark.parametrize(
    "image", [{"a": LARGE, "id": SMALL}, {"id": SMALL, "z": LARGE}], ids=["before", "behind"]
)
def test_an_attribute_that_is_too_large_takes_no_small_one_with_it(image: dict[str, Any]) -> None:
    shown = shown_tampering(tampering(image, {"id": SMALL}))

    assert (shown["before"], shown["after"]) == ({"id": SMALL}, {"id": SMALL})
    assert shown["isCutOff"] is True


def test_images_that_fit_are_shown_whole() -> None:
    shown = shown_tampering(tampering({"b": SMALL, "a": SMALL}, None))

    assert (shown["before"], shown["after"]) == ({"b": SMALL, "a": SMALL}, None)
    assert shown["isCutOff"] is False


def test_a_transfer_between_accounts_that_are_no_wallets_is_shown_without_one() -> None:
    correction = Transfer(
        id="trf_a",
        client_id="cli_a",
        kind=TransferKind.CORRECTION,
        debit=Leg("suspense:EUR"),
        credit=Leg("merchant:coffee:EUR"),
        amount=Money(150, "EUR"),
        posted_at=NOON,
        fingerprint="same",
    )
    shown = shown_transfer(correction)

    assert (shown["kind"], shown["wallets"], shown["originalId"]) == ("correction", [], None)
    assert (shown["debitAccountId"], shown["released"]) == ("suspense:EUR", 0)
