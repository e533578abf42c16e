"""The look at what was changed: cheap at first, and thorough where something seems wrong.

The first look reads a hundred objects at a time, without waiting for the newest copy. What
it suspects is no finding: a payment that is being worked on differs from the ledger for a
moment. So whatever is suspected is read again, with strong reads and in the order of cause
and effect: the payment, then its transfers, then the payment once more. If it has not
changed meanwhile, what was seen is how things were at one moment, and that moment is judged.
Clocks play no part in it.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from evenkeel.clock import Clock
from evenkeel.ledger.transfer import Record, Transfer, reversal_id, suspense_id
from evenkeel.payments.model import Payment
from evenkeel.payments.ports import PaymentKey
from evenkeel.payments.states import PaymentStatus
from evenkeel.reconciliation.case import Case
from evenkeel.reconciliation.changes import Change
from evenkeel.reconciliation.examination import Examination
from evenkeel.reconciliation.mismatch import Finding, MismatchType, Subject
from evenkeel.reconciliation.payment_rules import judge
from evenkeel.reconciliation.ports import Books, ObjectKey, Unreadable
from evenkeel.reconciliation.run import Tallies, Tally, added
from evenkeel.reconciliation.sight import Noted, Sight, expected_ids
from evenkeel.reconciliation.stray_rules import unnamed
from evenkeel.reconciliation.wallet_examiner import WalletExaminer

# A payment that has changed at each look is alive, and will be noted again.
LOOK_COUNT_MAX = 3


@dataclass(frozen=True, slots=True)
class Examiner:
    books: Books
    wallets: WalletExaminer
    clock: Clock

    def examine(self, changes: Sequence[Change]) -> Examination:
        """Look at what was changed, and at what belongs to it.

        Raises:
            StoreBusy: It could not be read.
        """
        sight = Sight.of(Noted.of(changes), self.books)
        findings = [*self._unreadable(sight), *self._loose(sight)]
        unjudged = {(key.client_id, key.payment_id) for key in sight.unreadable_payments}
        tallies: Tallies = {}
        for case in sight.cases():
            found, tally = self._verdict(case, sight.noted.claims[case.key])
            tallies = added(tallies, {case.key.client_id: tally})
            if found is None:
                unjudged.add((case.key.client_id, case.key.payment_id))
            else:
                findings += found
        findings += self.wallets.examine(sight)
        distinct = list({each.id: each for each in findings}.values())
        return Examination(distinct, tallies, frozenset(unjudged))

    def _verdict(
        self, case: Case, claimed: frozenset[str]
    ) -> tuple[Sequence[Finding] | None, Tally]:
        """Return what is wrong with a payment, or nothing if nobody can say, and its counts."""
        tally = Tally(
            payments=case.payment is not None,
            transfers=sum(isinstance(record, Transfer) for record in case.records),
        )
        if not judge(case, self.clock()):
            return (), tally + (SKIPPED if _is_worked_on(case.payment) else MATCHED)
        found = self._judged_again(case.key, claimed)
        if found is None:
            return None, tally + SUSPICIOUS + SKIPPED
        return found, tally + SUSPICIOUS + (Tally() if found else MATCHED)

    def case_at_one_moment(self, key: PaymentKey, claimed: frozenset[str]) -> Case | None:
        """Return the payment and its transfers by strong reads.

        Nothing, if it will not hold still, or cannot be read.

        Raises:
            StoreBusy: It could not be read.
        """
        for _ in range(LOOK_COUNT_MAX):
            before = self._payment(key)
            if isinstance(before, Unreadable):
                return None
            records = self._with_corrections(key, claimed | set(expected_ids(key, before)))
            if self._payment(key) == before:
                return Case(key, before, records)
        return None

    def _judged_again(self, key: PaymentKey, claimed: frozenset[str]) -> Sequence[Finding] | None:
        case = self.case_at_one_moment(key, claimed)
        return None if case is None else judge(case, self.clock())

    def _with_corrections(self, key: PaymentKey, ids: frozenset[str]) -> Sequence[Record]:
        """Return the transfers, what was posted to put them right, and what that puts right."""
        found = self._records(key, ids)
        beside = {each(id_) for id_ in ids for each in (reversal_id, suspense_id)}
        beside |= {
            record.original_id
            for record in found
            if isinstance(record, Transfer) and record.original_id is not None
        }
        return [*found, *self._records(key, frozenset(beside - ids))]

    def _payment(self, key: PaymentKey) -> Payment | Unreadable | None:
        return self.books.payments([key], strong=True).get(key)

    def _records(self, key: PaymentKey, ids: frozenset[str]) -> Sequence[Record]:
        keys = [ObjectKey(key.client_id, id_) for id_ in sorted(ids)]
        found = self.books.records(keys, strong=True).values()
        return [each for each in found if not isinstance(each, Unreadable)]

    def _loose(self, sight: Sight) -> Iterator[Finding]:
        """Judge the transfers that name no payment: they never change, so one look is enough."""
        for key in sight.noted.loose:
            record = sight.records.get(key)
            finding = unnamed(record) if isinstance(record, Transfer) else None
            if finding is not None:
                yield finding

    def _unreadable(self, sight: Sight) -> Iterator[Finding]:
        for key, reason in sight.unreadable():
            if isinstance(key, PaymentKey):
                subject = Subject(key.client_id, payment_id=key.payment_id)
            else:
                subject = Subject(key.client_id, transfer_id=key.id)
            yield Finding(
                MismatchType.ENTRY_ALTERED, subject, {"record": "readable"}, {"record": reason}
            )


SKIPPED = Tally(skipped=1)
MATCHED = Tally(matched=1)
SUSPICIOUS = Tally(suspicious=1)


def _is_worked_on(payment: Payment | None) -> bool:
    if payment is None:
        return False
    is_open = payment.ending is not None or bool(payment.open_refunds)
    return is_open or payment.status is PaymentStatus.PROCESSING
