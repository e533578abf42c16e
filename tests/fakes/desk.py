"""All that can be done to payments, over the stores that a test gives."""

from collections.abc import Callable

from evenkeel.clock import Clock
from evenkeel.payments.desk import PaymentDesk
from evenkeel.payments.guard import WalletGuard
from evenkeel.payments.holds import Holds
from evenkeel.payments.outcomes import UnscreenedOutcomes
from evenkeel.payments.ports import OutcomeWatch, PaymentQueue, PaymentStore, SeenPayments
from evenkeel.payments.records import PaymentRecords
from evenkeel.payments.refunds import Refunds
from evenkeel.payments.service import Payments
from evenkeel.resilience.retry import Retry
from tests.fakes.payment_queue import InMemoryPaymentQueue
from tests.fakes.retry import instant_retry
from tests.fakes.seen_payments import NeverSeen


def payment_desk(
    store: PaymentStore,
    guard: WalletGuard,
    clock: Clock,
    *,
    queue: Callable[[], PaymentQueue] = InMemoryPaymentQueue,
    seen: SeenPayments | None = None,
    outcomes: OutcomeWatch | None = None,
    retry: Retry | None = None,
) -> PaymentDesk:
    retry = retry or instant_retry()
    records = PaymentRecords(store, retry)
    return PaymentDesk(
        Payments(
            records,
            guard,
            queue,
            seen or NeverSeen(),
            outcomes or UnscreenedOutcomes(),
            retry,
            clock,
        ),
        Holds(records, guard, clock),
        Refunds(records, guard, clock),
    )
