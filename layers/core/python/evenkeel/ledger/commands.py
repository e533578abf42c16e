"""What payments ask the wallets for, and what they are told: the language that both speak.

Each command names the transfer that it wants, so that it can be repeated: it is posted once.
"""

from __future__ import annotations

from dataclasses import dataclass

from evenkeel.ledger.transfer import TransferKind, resolution_id, reversal_id, suspense_id
from evenkeel.money import Money


@dataclass(frozen=True, slots=True)
class Debit:
    """Money from a user's wallet to a merchant.

    Attributes:
        is_hold: Whether it is only to be held for the merchant, until that is captured or released.
        request_id: Of whoever asks; a refusal remembers it.
    """

    client_id: str
    transfer_id: str
    payment_id: str
    wallet_id: str
    user_id: str
    merchant_id: str
    amount: Money
    request_id: str
    is_hold: bool = False


@dataclass(frozen=True, slots=True)
class HoldEnd:
    """The end of a hold: all or part of it is captured and the rest released, or all of it.

    Attributes:
        original_id: The hold.
        captured_minor: 0 for a release.
    """

    client_id: str
    payment_id: str
    original_id: str
    wallet_id: str
    captured_minor: int
    request_id: str

    @property
    def transfer_id(self) -> str:
        return resolution_id(self.original_id)


@dataclass(frozen=True, slots=True)
class Refund:
    """Money from a merchant back to the wallet that paid, all or part of what was captured.

    Attributes:
        original_id: The transfer that took the money.
    """

    client_id: str
    transfer_id: str
    payment_id: str
    original_id: str
    wallet_id: str
    amount_minor: int
    request_id: str


@dataclass(frozen=True, slots=True)
class Reversal:
    """A posted transfer taken back whole: the same amount, the other way round.

    Attributes:
        original_id: The transfer that should not have been.
        payment_id: The one that it names, if it names one.
        reason: For whoever reads it in a statement.
    """

    client_id: str
    original_id: str
    payment_id: str | None
    reason: str
    request_id: str

    @property
    def transfer_id(self) -> str:
        return reversal_id(self.original_id)


@dataclass(frozen=True, slots=True)
class Correction:
    """Money from the suspense account to a merchant, for a payment that no wallet will pay.

    Attributes:
        debit_id: What was to pay, and was refused or released instead.
        reason: For whoever looks into the suspense account.
    """

    client_id: str
    debit_id: str
    payment_id: str
    merchant_id: str
    amount: Money
    reason: str
    request_id: str

    @property
    def transfer_id(self) -> str:
        return suspense_id(self.debit_id)


Command = Debit | HoldEnd | Refund | Reversal | Correction


@dataclass(frozen=True, slots=True)
class Posted:
    """The transfer that stands under the id that was asked for.

    It is the one that was asked for, but for the end of a hold: there the first has won.
    """

    transfer_id: str
    kind: TransferKind
    amount_minor: int
