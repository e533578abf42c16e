"""All that can be done to payments, behind one breaker: not for several threads."""

from __future__ import annotations

from dataclasses import dataclass

from evenkeel.payments.guard import WalletGuard
from evenkeel.payments.holds import Holds
from evenkeel.payments.refunds import Refunds
from evenkeel.payments.service import Payments


@dataclass(frozen=True, slots=True)
class PaymentDesk:
    payments: Payments
    holds: Holds
    refunds: Refunds

    @property
    def wallets(self) -> WalletGuard:
        return self.payments.wallets
