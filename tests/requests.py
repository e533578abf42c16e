"""Requests to move money, as tests make them."""

from evenkeel.ids import derived_id
from evenkeel.ledger.commands import Correction, Debit, HoldEnd, Refund, Reversal
from evenkeel.ledger.transfer import Transfer
from evenkeel.money import Money
from evenkeel.wallets import requests
from evenkeel.wallets.posting import TransferRequest
from evenkeel.wallets.requests import Amount, Asked


def asked(key: str, client_id: str = "cli_a", fingerprint: str = "same") -> Asked:
    return Asked(client_id, derived_id("trf", client_id, key), fingerprint, f"request-{key}")


def credit(
    key: str, wallet_id: str, amount_minor: int, client_id: str = "cli_a"
) -> TransferRequest:
    return requests.credit(asked(key, client_id), wallet_id, Amount(amount_minor, "reference"))


def debit(key: str, wallet_id: str, amount_minor: int, client_id: str = "cli_a") -> TransferRequest:
    return requests.debit(asked(key, client_id), wallet_id, Amount(amount_minor, description="x"))


def transfer(
    key: str, from_wallet_id: str, to_wallet_id: str, amount: int, client_id: str = "cli_a"
) -> TransferRequest:
    return requests.transfer(asked(key, client_id), from_wallet_id, to_wallet_id, Amount(amount))


def payment(
    key: str,
    wallet_id: str,
    amount_minor: int,
    client_id: str = "cli_a",
    *,
    user_id: str = "alice",
    currency: str = "EUR",
    is_hold: bool = False,
) -> TransferRequest:
    wish = Debit(
        client_id=client_id,
        transfer_id=derived_id("trf", key),
        payment_id=derived_id("pay", key),
        wallet_id=wallet_id,
        user_id=user_id,
        merchant_id="coffee",
        amount=Money(amount_minor, currency),
        request_id=f"request-{key}",
        is_hold=is_hold,
    )
    return requests.payment(wish)


def hold(key: str, wallet_id: str, amount_minor: int, client_id: str = "cli_a") -> TransferRequest:
    return payment(key, wallet_id, amount_minor, client_id, is_hold=True)


def hold_end(
    key: str, wallet_id: str, captured_minor: int, client_id: str = "cli_a", request: str = "end"
) -> HoldEnd:
    """Of the hold that was asked for under the key."""
    return HoldEnd(
        client_id=client_id,
        payment_id=derived_id("pay", key),
        original_id=derived_id("trf", key),
        wallet_id=wallet_id,
        captured_minor=captured_minor,
        request_id=f"request-{request}",
    )


def refund(
    key: str, original_id: str, wallet_id: str, amount_minor: int, client_id: str = "cli_a"
) -> Refund:
    return Refund(
        client_id=client_id,
        transfer_id=derived_id("trf", client_id, "refund", key),
        payment_id=derived_id("pay", "p"),
        original_id=original_id,
        wallet_id=wallet_id,
        amount_minor=amount_minor,
        request_id=f"request-{key}",
    )


def reversal(
    original: Transfer, reason: str = "it was refused", request: str = "repair"
) -> Reversal:
    return Reversal(
        client_id=original.client_id,
        original_id=original.id,
        payment_id=original.payment_id,
        reason=reason,
        request_id=f"request-{request}",
    )


def correction(
    key: str,
    amount_minor: int,
    client_id: str = "cli_a",
    *,
    debit_id: str = "",
    reason: str = "it was never debited",
) -> Correction:
    """In place of the debit that was asked for under the key, or of the end of its hold."""
    return Correction(
        client_id=client_id,
        debit_id=debit_id or derived_id("trf", key),
        payment_id=derived_id("pay", key),
        merchant_id="coffee",
        amount=Money(amount_minor, "EUR"),
        reason=reason,
        request_id="request-repair",
    )
