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
from evenkeel.payments.model import Debit
from evenkeel.wallets.requests import PaymentDebit
from evenkeel.wallets.service import Wallets


@dataclass(frozen=True, slots=True)
class InlineWalletGateway:
    wallets: Wallets

    def debit(self, debit: Debit, request_id: str) -> str:
        command = PaymentDebit(
            client_id=debit.client_id,
            transfer_id=debit.transfer_id,
            payment_id=debit.payment_id,
            wallet_id=debit.wallet_id,
            user_id=debit.user_id,
            merchant_id=debit.merchant_id,
            amount=debit.amount,
            request_id=request_id,
        )
        try:
            moved = self.wallets.move(command.request())
        except (VersionConflict, WalletContended) as error:
            raise TransferContended from error
        except Unavailable as error:
            raise TransferNotApplied from error
        except OutcomeUnknown as error:
            raise TransferUnconfirmed from error
        return moved.transfer.id
