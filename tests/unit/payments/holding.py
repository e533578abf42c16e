"""A payment on hold, and requests to end its hold."""

from collections.abc import Callable

from evenkeel.ledger.commands import Posted
from evenkeel.payments.answers import Answer
from evenkeel.payments.ports import PaymentKey
from tests.fakes.guard import attempt
from tests.unit.payments.platform import CLIENT, Platform

KEY = PaymentKey(CLIENT, "pay_k1")
Ask = Callable[[], Posted]
End = Callable[[Platform], Answer]


def capture(platform: Platform, amount_minor: int | None = None) -> Answer:
    return platform.desk.holds.capture(KEY, amount_minor, attempt(f"c{platform.next_number}"))


def void(platform: Platform) -> Answer:
    return platform.desk.holds.void(KEY, attempt(f"v{platform.next_number}"))


def stand(platform: Platform) -> tuple[int, int]:
    """Return the wallet's balance, and what of it is available."""
    wallet = platform.wallets.get(CLIENT, platform.wallet_id)
    return wallet.balance_minor, wallet.available_minor
