"""A run over a window with very many payments, and the memory that it takes.

All that is around the run is made here: what it asks for is generated, and forgotten. In a
process of its own: `python -m tests.bench.window 1000000`.
"""

import sys
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import replace
from datetime import timedelta
from threading import local

from evenkeel.clock import Deadline
from evenkeel.ledger.transfer import Record
from evenkeel.payments.model import Payment
from evenkeel.payments.ports import PaymentKey
from evenkeel.reconciliation.changes import (
    CHANGE_SHARD_COUNT,
    Change,
    ChangedObject,
    Stretch,
    bucket_of,
)
from evenkeel.reconciliation.examiner import Examiner
from evenkeel.reconciliation.isolation import Isolation
from evenkeel.reconciliation.ports import ObjectKey, Unreadable
from evenkeel.reconciliation.run import Tally, Window
from evenkeel.reconciliation.work import Work
from tests.bench.reconciliation import debit, paid
from tests.event_samples import ORDER
from tests.fakes.books import InMemoryBooks
from tests.fakes.change_log import InMemoryChangeLog
from tests.fakes.clock import NOON
from tests.fakes.payment_store import InMemoryPaymentStore
from tests.fakes.retry import instant_retry
from tests.fakes.wallet_store import InMemoryWalletStore
from tests.memory import peak_mib
from tests.unit.payments.platform import Platform
from tests.unit.reconciliation.office import Office

MIB_MAX = 256.0
HOUR = timedelta(hours=1)


class GeneratedLog(InMemoryChangeLog):
    """So many payments, all of them noted in the same quarter of an hour."""

    def __init__(self, count: int) -> None:
        super().__init__()
        self._count = count

    def read(self, stretch: Stretch) -> Iterator[Change]:
        if stretch.bucket == bucket_of(NOON):
            for number in range(stretch.shard, self._count, CHANGE_SHARD_COUNT):
                yield Change(ORDER.client_id, ChangedObject.PAYMENT, f"pay_{number:026}")


class GeneratedBooks(InMemoryBooks):
    """Every payment that is asked for is there, and after it the debit that it asks for."""

    def __init__(self) -> None:
        super().__init__(InMemoryPaymentStore(), InMemoryWalletStore())
        self._asked = local()

    def payments(
        self, keys: Sequence[PaymentKey], *, strong: bool
    ) -> Mapping[PaymentKey, Payment | Unreadable]:
        found = {key: paid(key.payment_id) for key in keys}
        self._asked.payment_ids = {each.transfer_id: each.id for each in found.values()}
        return found

    def records(
        self, keys: Sequence[ObjectKey], *, strong: bool
    ) -> Mapping[ObjectKey, Record | Unreadable]:
        return {key: debit(self._asked.payment_ids[key.id], key.id) for key in keys}


def tally(payment_count: int) -> Tally:
    """Return what a run over so many payments has counted."""
    office, books = Office(Platform()), GeneratedBooks()
    engine = replace(
        office.engine,
        work=Work(GeneratedLog(payment_count), books, office.mismatches),
        isolation=Isolation(
            Examiner(books, office.wallets, office.platform.clock), instant_retry()
        ),
    )
    window = Window(NOON - HOUR, NOON + HOUR)
    run = engine.run(replace(office.wanted(), window=window), "me", Deadline.after(3600))
    assert run.is_over
    return run.tally(ORDER.client_id)


if __name__ == "__main__":
    counted = tally(int(sys.argv[1]))
    assert counted.matched == counted.payments == int(sys.argv[1])
    print(f"{peak_mib():.1f}")
