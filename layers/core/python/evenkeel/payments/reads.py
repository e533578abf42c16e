"""Looking at payments: it needs where they are stored, and nothing that moves money."""

from __future__ import annotations

from dataclasses import dataclass

from evenkeel.payments.model import Payment
from evenkeel.payments.pages import filtered
from evenkeel.payments.ports import PaymentPage, UserQuery
from evenkeel.payments.records import PaymentRecords
from evenkeel.payments.states import PaymentStatus


@dataclass(frozen=True, slots=True)
class PaymentReads:
    records: PaymentRecords

    def get(self, client_id: str, payment_id: str) -> Payment:
        """Return the payment as it is now.

        Raises:
            ObjectNotFound: This client has no such payment.
        """
        return self.records.get(client_id, payment_id)

    def of_user(self, query: UserQuery, status: PaymentStatus | None = None) -> PaymentPage:
        """Return a page of a user's payments, newest first; it may be short and not the last."""
        return filtered(query, self.records.of_user, lambda each: status in (None, each.status))
