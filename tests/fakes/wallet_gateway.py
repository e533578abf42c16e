from __future__ import annotations

from collections.abc import Callable

from evenkeel.ledger.commands import Command, Posted
from evenkeel.payments.ports import WalletGateway


class FlakyGateway:
    """A gateway that fails as it is told to, one fault per call, and then works.

    A fault is called with the way to the real gateway, so that it can fail
    before it is asked, after it, or while something else happens.
    """

    def __init__(self, gateway: WalletGateway, *faults: Fault) -> None:
        self._gateway = gateway
        self.faults = list(faults)
        self.call_count = 0

    def ask(self, command: Command) -> Posted:
        self.call_count += 1
        if self.faults:
            return self.faults.pop(0)(lambda: self._gateway.ask(command))
        return self._gateway.ask(command)


Fault = Callable[[Callable[[], Posted]], Posted]
