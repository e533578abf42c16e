"""Payments as tests make them."""

from evenkeel.money import Money
from evenkeel.payments.order import Capture, Order


def order(
    key: str,
    client_id: str = "cli_a",
    *,
    amount_minor: int = 400,
    wallet_id: str | None = None,
    user_id: str = "alice",
    fingerprint: str = "same",
    capture: Capture = Capture.AUTOMATIC,
) -> Order:
    return Order(
        payment_id=f"pay_{key}",
        fingerprint=fingerprint,
        client_id=client_id,
        user_id=user_id,
        merchant_id="coffee",
        amount=Money(amount_minor, "EUR"),
        wallet_id=wallet_id,
        capture=capture,
    )
