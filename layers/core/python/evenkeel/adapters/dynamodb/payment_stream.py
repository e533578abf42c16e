"""Records of the payments table's stream as images of payments."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from evenkeel.adapters.dynamodb.payment_item import PaymentItem
from evenkeel.adapters.dynamodb.stream import images
from evenkeel.payments.model import Payment


class DynamoDBPaymentStream:
    def read(self, raw: Mapping[str, Any]) -> tuple[Payment | None, Payment]:
        return images(raw, lambda image: PaymentItem.stored(image).payment())
