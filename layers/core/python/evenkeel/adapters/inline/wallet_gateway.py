"""The wallet service in this very process: no network between, and no isolation either."""

from __future__ import annotations

from dataclasses import dataclass

from evenkeel.errors import (
    OutcomeUnknown,
    TransferContended,
    TransferNotApplied,
    TransferUnconfirmed,
    Unavailable,
    VersionConflict,
    WalletContended,
)
from evenkeel.ledger.commands import Command, Posted
from evenkeel.wallets.service import Wallets


@dataclass(frozen=True, slots=True)
class InlineWalletGateway:
    wallets: Wallets

    def ask(self, command: Command) -> Posted:
        try:
            return self.wallets.obey(command)
        except (VersionConflict, WalletContended) as error:
            raise TransferContended from error
        except Unavailable as error:
            raise TransferNotApplied from error
        except OutcomeUnknown as error:
            raise TransferUnconfirmed from error
