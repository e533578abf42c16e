"""What is begun in a payment in one call, by one who has not read it.

The conditions say all that must hold for that; everything else needs a closer look. What
is stored then is what the pure `begun` makes of the payment as it was.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from evenkeel.adapters.dynamodb.item import document, key_of
from evenkeel.adapters.dynamodb.payment_item import (
    blind_line,
    due_shard,
    ending_document,
    lease_document,
    refund_document,
)
from evenkeel.clock import to_rfc3339
from evenkeel.payments.ending import Ending
from evenkeel.payments.leases import Lease
from evenkeel.payments.ports import PaymentKey
from evenkeel.payments.refunding import REFUND_COUNT_MAX, REFUNDABLE, Refund, RefundOrder
from evenkeel.payments.states import Event, PaymentStatus


@dataclass(frozen=True, slots=True)
class Begin:
    """An update of one payment, as the low-level client takes it."""

    key: PaymentKey
    sets: Sequence[str]
    conditions: Sequence[str]
    values: Mapping[str, Any]
    names: Mapping[str, str] = field(default_factory=dict)

    def update(self, table_name: str) -> dict[str, Any]:
        return {
            "TableName": table_name,
            "Key": {"id": {"S": key_of(self.key.client_id, self.key.payment_id)}},
            "UpdateExpression": f"SET {', '.join(self.sets)}",
            "ConditionExpression": " AND ".join(self.conditions),
            "ExpressionAttributeValues": self.values,
            "ExpressionAttributeNames": {"#status": "status", **self.names},
            "ReturnValues": "ALL_OLD",
            "ReturnValuesOnConditionCheckFailure": "ALL_OLD",
        }


def ending_begin(key: PaymentKey, wish: Ending, lease: Lease, now: datetime) -> Begin:
    is_held = "#status = :authorized"
    is_not_begun = "attribute_not_exists(ending)"
    conditions = [is_held, is_not_begun, IS_NO_LATE_COPY]
    values: dict[str, Any] = {
        ":authorized": {"S": PaymentStatus.AUTHORIZED.value},
        ":ending": {"S": document(ending_document(wish))},
        ":lease": {"S": document(lease_document(lease))},
    }
    if wish.amount_minor is not None:
        conditions.append("amount_minor >= :amount")
        values[":amount"] = {"N": str(wish.amount_minor)}
    line = blind_line(now, Event.CLAIMED, wish.kind)
    return Begin(
        key,
        ["ending = :ending", "lease = :lease", "due_at = :due_at", *_STEP],
        conditions,
        {**values, **_step(key, lease, now, line)},
    )


def refund_begin(key: PaymentKey, order: RefundOrder, lease: Lease, now: datetime) -> Begin:
    is_refundable = f"#status IN ({', '.join(_REFUNDABLE)})"
    is_unknown = "attribute_not_exists(refunds.#refund)"
    is_one_of_few = "size(refunds) < :count_max"
    # An older refund that was left open goes on saying when somebody must look.
    due_first = "due_at = if_not_exists(due_at, :due_at)"
    is_left, takes, amounts = _amount(order.amount_minor)
    # Its document is without the amount, which DynamoDB fills in where it is all that is left.
    refund = Refund.new(order, order.amount_minor or 0, lease, now)
    line = blind_line(now, Event.REFUND_BEGUN, order.refund_id)
    return Begin(
        key,
        ["refunds.#refund = :refund", due_first, *takes, *_STEP],
        [is_refundable, is_unknown, is_one_of_few, is_left, IS_NO_LATE_COPY],
        {
            **_REFUNDABLE,
            **amounts,
            ":count_max": {"N": str(REFUND_COUNT_MAX)},
            ":refund": {"S": document(refund_document(refund))},
            **_step(key, lease, now, line),
        },
        {"#refund": order.refund_id},
    )


def _amount(amount_minor: int | None) -> tuple[str, Sequence[str], Mapping[str, Any]]:
    """Return the condition that so much is left, what takes it, and the values of both."""
    if amount_minor is None:
        # All that is left, whatever that is when this is written.
        takes = ["refund_amounts.#refund = refundable_minor", "refundable_minor = :zero"]
        return "refundable_minor > :zero", takes, {":zero": {"N": "0"}}
    takes = [
        "refund_amounts.#refund = :amount",
        "refundable_minor = refundable_minor - :amount",
    ]
    return "refundable_minor >= :amount", takes, {":amount": {"N": str(amount_minor)}}


# A copy of this very update that comes after its caller was answered, and the payment has
# changed since, would begin what the caller was told has not begun. By clocks that agree.
IS_NO_LATE_COPY = "updated_at <= :now"

_REFUNDABLE = {f":{status.lower()}": {"S": status.value} for status in sorted(REFUNDABLE)}

# What every change of a payment does to it, and when somebody must look after it then.
_STEP = (
    "version = version + :one",
    "updated_at = :now",
    "history = list_append(history, :line)",
    "due_shard = :due_shard",
)


def _step(key: PaymentKey, lease: Lease, now: datetime, line: Any) -> Mapping[str, Any]:
    return {
        ":one": {"N": "1"},
        ":now": {"S": to_rfc3339(now)},
        ":line": {"L": [{"S": document(line)}]},
        ":due_shard": {"S": due_shard(key.payment_id)},
        ":due_at": {"S": to_rfc3339(lease.until)},
    }
