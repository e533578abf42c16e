"""The ground that a repair stands on: all that speaks of a payment, and whether its wallets hold.

Nothing is posted on what may be missing a part. So the wallets are walked from end to end:
what names the payment in them is looked at with it, expected or not, and a wallet whose chain
does not hold is none to post to. It may have been paid already by an entry that is gone.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime

from evenkeel.errors import RequestInProgress
from evenkeel.ledger.accounts import is_wallet
from evenkeel.ledger.transfer import Record, Transfer
from evenkeel.payments.ports import PaymentKey
from evenkeel.reconciliation.case import Case, expected_transfer_ids
from evenkeel.reconciliation.examiner import Examiner
from evenkeel.reconciliation.mismatch import Finding, Subject
from evenkeel.reconciliation.payment_rules import judge
from evenkeel.reconciliation.ports import Books, ObjectKey, StoredWallet, Unreadable
from evenkeel.reconciliation.trail import Trail
from evenkeel.reconciliation.wallet_rules import diagnose
from evenkeel.resilience.retry import Retry
from evenkeel.wallets.ports import WalletStore


@dataclass(frozen=True, slots=True)
class Survey:
    """A payment, if it is there, and all that names it, as they were at one moment.

    Attributes:
        claimed: The transfers that are said to be the payment's.
        unsound_ids: The wallets of these transfers whose entries do not hold together.
        is_readable: Whether all of it is as we write it.
    """

    case: Case
    claimed: frozenset[str]
    unsound_ids: Sequence[str] = ()
    is_readable: bool = True

    def record(self, transfer_id: str | None) -> Record | None:
        return next((each for each in self.case.records if each.id == transfer_id), None)

    def finding(self, id_: str, now: datetime) -> Finding | None:
        """Return what is found of that id, if it is."""
        return next((each for each in judge(self.case, now) if each.id == id_), None)


@dataclass(frozen=True, slots=True)
class Surveyor:
    """Looks closely.

    Attributes:
        store: For the walk along a chain.
    """

    books: Books
    examiner: Examiner
    store: WalletStore
    retry: Retry

    def survey(self, subject: Subject) -> Survey:
        """Look at a payment, at its wallets from end to end, and at what they know of it.

        Raises:
            RequestInProgress: The payment would not hold still.
            StoreBusy, LedgerBusy: It could not be read.
        """
        assert subject.payment_id is not None
        key = PaymentKey(subject.client_id, subject.payment_id)
        claimed = frozenset([subject.transfer_id] if subject.transfer_id else [])
        found = self._case(key, claimed)
        unsound: list[str] = []
        for wallet_id in sorted(_wallet_ids(found)):
            named, holds = self._walked(ObjectKey(key.client_id, wallet_id), key.payment_id)
            claimed |= named
            unsound += [] if holds else [wallet_id]
        return Survey(
            self._case(key, claimed), claimed, unsound, is_readable=self._is_readable(key, claimed)
        )

    def case_again(self, survey: Survey) -> Survey:
        """Look at the payment and its transfers once more, and at no wallet.

        Raises:
            RequestInProgress, StoreBusy: As for `survey`.
        """
        return Survey(self._case(survey.case.key, survey.claimed), survey.claimed)

    def _case(self, key: PaymentKey, claimed: frozenset[str]) -> Case:
        case = self.retry.call(lambda: self.examiner.case_at_one_moment(key, claimed))
        if case is None:
            raise RequestInProgress(key.payment_id)
        return case

    def _walked(self, key: ObjectKey, payment_id: str) -> tuple[frozenset[str], bool]:
        """Return which entries of a wallet name the payment, and whether all of them hold."""
        stored = self.retry.call(lambda: self.books.wallets([key], strong=True)).get(key)
        if not isinstance(stored, StoredWallet):
            return frozenset(), False
        trail = Trail(stored.wallet, self.store, self.retry)
        named: set[str] = set()

        def entries() -> Iterator[Transfer]:
            for entry in trail.walk():
                if entry.payment_id == payment_id:
                    named.add(entry.id)
                yield entry

        available_minor = stored.available_minor
        found = diagnose(stored.wallet, entries(), trail.strangers, available_minor=available_minor)
        is_sound = not list(found)
        return frozenset(named), is_sound

    def _is_readable(self, key: PaymentKey, claimed: frozenset[str]) -> bool:
        payment = self.retry.call(lambda: self.books.payments([key], strong=True)).get(key)
        if isinstance(payment, Unreadable):
            return False
        ids = claimed.union(expected_transfer_ids(payment) if payment else ())
        keys = [ObjectKey(key.client_id, id_) for id_ in sorted(ids)]
        records = self.retry.call(lambda: self.books.records(keys, strong=True))
        return not any(isinstance(each, Unreadable) for each in records.values())


def _wallet_ids(case: Case) -> set[str]:
    legs = [
        leg.account_id
        for record in case.records
        if isinstance(record, Transfer)
        for leg in (record.debit, record.credit)
    ]
    own = case.payment.wallet_id if case.payment else None
    return {each for each in (*legs, own) if each is not None and is_wallet(each)}
