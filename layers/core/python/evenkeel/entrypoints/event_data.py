"""What events say, type by type. `docs/events` has the JSON Schemas, made from these models."""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Annotated, Any, Generic, Literal, TypeVar

from pydantic import Field, create_model

from evenkeel.entrypoints.payment_reply import PaymentReply, RefundedReply
from evenkeel.entrypoints.reconciliation_data import MismatchData, RunData
from evenkeel.entrypoints.schema import Reply, Time
from evenkeel.events.model import EventType
from evenkeel.ledger.accounts import is_wallet
from evenkeel.ledger.events import released_minor
from evenkeel.ledger.ports import Tampering
from evenkeel.ledger.transfer import Leg, Transfer, TransferKind
from evenkeel.payments.model import Payment
from evenkeel.payments.refunding import Refund
from evenkeel.reconciliation.mismatch import Mismatch
from evenkeel.reconciliation.run import Run
from evenkeel.resilience.circuit import Transition

# Two images of this size and the rest are within what the bus takes. An item of the journal as we
# write it has 1 KB; somebody else's may have 400.
IMAGE_BYTES_MAX = 100_000

Minor = Annotated[int, Field(description="In minor units of the currency.")]
Image = Annotated[
    dict[str, Any] | None, Field(description="As DynamoDB writes it: each value under its type.")
]


class WalletData(Reply):
    """How the transfer left a wallet."""

    id: str
    entry_number: Annotated[int, Field(description="1, 2, 3 … without a gap, per wallet.")]
    balance_after: Minor
    pending_after: Minor
    version_after: Annotated[int, Field(description="Of the wallet: a higher one is newer.")]
    status: str

    @classmethod
    def of(cls, leg: Leg) -> WalletData:
        entry = leg.require_entry()
        return cls(
            id=leg.account_id,
            entry_number=entry.number,
            balance_after=entry.balance_after_minor,
            pending_after=entry.pending_after_minor,
            version_after=entry.version_after,
            status=entry.status,
        )


class TransferData(Reply):
    id: str
    kind: Annotated[str, Field(description=f"One of {', '.join(TransferKind)}; others may come.")]
    debit_account_id: str
    credit_account_id: str
    amount: Minor
    currency: str
    payment_id: str | None
    original_id: Annotated[
        str | None, Field(description="The transfer that it ends or corrects, if it does.")
    ]
    released: Annotated[
        int, Field(description="How much of a hold it gives back to the wallet, in minor units.")
    ]
    reference: str | None
    description: str | None
    wallets: Annotated[
        list[WalletData], Field(description="Those that took part: two, one or none.")
    ]
    posted_at: Time

    @classmethod
    def of(cls, transfer: Transfer) -> TransferData:
        legs = (transfer.debit, transfer.credit)
        return cls(
            id=transfer.id,
            kind=transfer.kind,
            debit_account_id=transfer.debit.account_id,
            credit_account_id=transfer.credit.account_id,
            amount=transfer.amount.amount_minor,
            currency=transfer.amount.currency,
            payment_id=transfer.payment_id,
            original_id=transfer.original_id,
            released=released_minor(transfer),
            reference=transfer.reference,
            description=transfer.description,
            wallets=[WalletData.of(leg) for leg in legs if is_wallet(leg.account_id)],
            posted_at=transfer.posted_at,
        )


class TamperedData(Reply):
    transfer_id: str
    change: Literal["MODIFY", "REMOVE"]
    sequence_number: Annotated[str, Field(description="Of the change in the table's stream.")]
    before: Image
    after: Image
    is_cut_off: Annotated[
        bool, Field(description="Whether attributes are left out because they are too large.")
    ]

    @classmethod
    def of(cls, tampering: Tampering) -> TamperedData:
        before, after = _cut(tampering.before), _cut(tampering.after)
        return cls(
            transfer_id=tampering.transfer_id,
            change="REMOVE" if tampering.change == "REMOVE" else "MODIFY",
            sequence_number=tampering.sequence,
            before=before,
            after=after,
            is_cut_off=(before, after) != (tampering.before, tampering.after),
        )


class CircuitData(Reply):
    name: str
    number: Annotated[int, Field(description="Of the transition: 1, 2, 3 … without a gap.")]
    state: str
    previous_state: str
    signal: Annotated[str, Field(description="What moved it.")]
    by: Annotated[str, Field(description="An environment, or a client of the operations API.")]
    reason: str | None

    @classmethod
    def of(cls, name: str, transition: Transition) -> CircuitData:
        return cls(
            name=name,
            number=transition.number,
            state=transition.after,
            previous_state=transition.before,
            signal=transition.signal,
            by=transition.by,
            reason=transition.reason,
        )


Data = TypeVar("Data", bound=Reply)


class Envelope(Reply, Generic[Data]):
    id: Annotated[str, Field(pattern="^evt_", description="The same on every redelivery.")]
    type: str
    version: Annotated[int, Field(ge=1, description="Of the object: a higher one is newer.")]
    client_id: Annotated[str | None, Field(description="Null for what belongs to no client.")]
    occurred_at: Time
    data: Data


DATA: Mapping[EventType, type[Reply]] = {
    EventType.PAYMENT_CREATED: PaymentReply,
    EventType.PAYMENT_AUTHORIZED: PaymentReply,
    EventType.PAYMENT_COMPLETED: PaymentReply,
    EventType.PAYMENT_FAILED: PaymentReply,
    EventType.PAYMENT_CANCELLED: PaymentReply,
    EventType.PAYMENT_REFUNDED: RefundedReply,
    EventType.PAYMENT_FLAGGED: PaymentReply,
    EventType.TRANSFER_POSTED: TransferData,
    EventType.HOLD_PLACED: TransferData,
    EventType.HOLD_RELEASED: TransferData,
    EventType.LEDGER_TAMPERED: TamperedData,
    EventType.CIRCUIT_OPENED: CircuitData,
    EventType.CIRCUIT_HALF_OPENED: CircuitData,
    EventType.CIRCUIT_CLOSED: CircuitData,
    EventType.MISMATCH_FOUND: MismatchData,
    EventType.MISMATCH_RESOLVED: MismatchData,
    EventType.RECONCILIATION_COMPLETED: RunData,
}


def envelope_of(type_: EventType) -> type[Reply]:
    """Return the model of a whole event, as it is in `detail`."""
    envelope: Any = Envelope
    its_type: Any = Literal[type_.value]
    model: Any = create_model(
        type_.value, __base__=envelope[DATA[type_]], type=(its_type, Field(description="Its name."))
    )
    return model  # type: ignore[no-any-return]  # Made from values that no checker knows.


def shown_payment(payment: Payment, refund: Refund | None) -> Mapping[str, Any]:
    if refund is not None:
        return _shown(RefundedReply.of_refund(payment, refund))
    return _shown(PaymentReply.of(payment))


def shown_transfer(transfer: Transfer) -> Mapping[str, Any]:
    return _shown(TransferData.of(transfer))


def shown_tampering(tampering: Tampering) -> Mapping[str, Any]:
    return _shown(TamperedData.of(tampering))


def shown_transition(name: str, transition: Transition) -> Mapping[str, Any]:
    return _shown(CircuitData.of(name, transition))


def shown_mismatch(mismatch: Mismatch) -> Mapping[str, Any]:
    return _shown(MismatchData.of(mismatch))


def shown_run(run: Run) -> Mapping[str, Any]:
    return _shown(RunData.of(run))


def _shown(data: Reply) -> Mapping[str, Any]:
    return data.model_dump(by_alias=True, mode="json")


def _cut(image: Mapping[str, Any] | None) -> dict[str, Any] | None:
    """Return as many of an image's attributes as fit, the small ones first."""
    if image is None:
        return None
    sizes = {name: len(json.dumps({name: value})) for name, value in image.items()}
    kept: set[str] = set()
    room = IMAGE_BYTES_MAX
    for name in sorted(sizes, key=lambda name: (sizes[name], name)):
        room -= sizes[name]
        if room < 0:
            break
        kept.add(name)
    return {name: value for name, value in image.items() if name in kept}
