"""Use cases of remarkable payments: look through them, and record what was found late."""

from __future__ import annotations

from dataclasses import dataclass

from evenkeel.events.model import Severity
from evenkeel.payments.model import Payment
from evenkeel.payments.pages import filtered
from evenkeel.payments.ports import FlagQuery, PaymentKey, PaymentPage
from evenkeel.payments.records import PaymentRecords
from evenkeel.screening.anomaly import Unusual


@dataclass(frozen=True, slots=True)
class Flags:
    records: PaymentRecords

    def of_client(
        self, query: FlagQuery, user_id: str | None = None, severity: Severity | None = None
    ) -> PaymentPage:
        """Return a page of remarkable payments, newest first; it may be short and not the last."""

        def is_wanted(payment: Payment) -> bool:
            return user_id in (None, payment.order.user_id) and severity in (
                None,
                payment.anomaly_now.severity,
            )

        return filtered(query, self.records.flagged, is_wanted)

    def mark(self, client_id: str, payment_id: str, unusual: Unusual) -> None:
        """Record what the learned model has found in a payment; twice is the same as once.

        Raises:
            ObjectNotFound: This client has no such payment.
            StoreBusy, StoreUnconfirmed: It may not be recorded.
        """
        self.records.mark_unusual(PaymentKey(client_id, payment_id), unusual)
