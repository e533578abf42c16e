from __future__ import annotations

from collections.abc import Callable

from evenkeel.payments.model import Debit
from evenkeel.payments.ports import WalletGateway


class FlakyGateway:
    """A gateway that fails as it is told to, one fault per call, and then works.

    A fault is called with the way to the real gateway, so that it can fail
    before the debit, after it, or while something else happens.
    """

    def __init__(self, gateway: WalletGateway, *faults: Fault) -> None:
        self._gateway = gateway
        self.faults = list(faults)
        self.call_count = 0

    def debit(self, debit: Debit, request_id: str) -> str:
        self.call_count += 1
        if self.faults:
            return self.faults.pop(0)(lambda: self._gateway.debit(debit, request_id))
        return self._gateway.debit(debit, request_id)


Fault = Callable[[Callable[[], str]], str]
