"""What is to be done about a mismatch: by itself, by a person who has seen the plan, or by hand.

Pure. A plan is made from what was found just now, never from what was found when the mismatch
was opened. Where two things could be right, or something may still go on by itself, it is
none of ours: then the plan says why only a person can decide.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from enum import StrEnum

from evenkeel.ledger import accounts
from evenkeel.ledger.transfer import Decline, Record, Transfer, TransferKind, suspense_id
from evenkeel.payments.model import Payment
from evenkeel.payments.refunding import RefundStatus
from evenkeel.payments.states import PaymentStatus
from evenkeel.reconciliation import remedy, whys
from evenkeel.reconciliation.claim import hold_claim
from evenkeel.reconciliation.evidence import Evidence, naming, reversed_in, transfers_in
from evenkeel.reconciliation.mismatch import Finding, MismatchType
from evenkeel.reconciliation.remedy import Asker, Step
from evenkeel.reconciliation.survey import Survey
from evenkeel.wallets import requests

_POSTED_DEBITS = frozenset({TransferKind.PAYMENT, TransferKind.CAPTURE})
_COMPLETED = frozenset(
    {PaymentStatus.COMPLETED, PaymentStatus.PARTIALLY_REFUNDED, PaymentStatus.REFUNDED}
)


class Policy(StrEnum):
    AUTOMATIC = "automatic"  # The scheduled run does it, or the sweeper.
    PROPOSED = "proposed"  # A person applies what a dry run has shown.
    HUMAN = "human"  # Nothing that we could post would be right for sure.


@dataclass(frozen=True, slots=True)
class Plan:
    policy: Policy
    why: str
    steps: Sequence[Step] = ()


@dataclass(frozen=True, slots=True)
class _Matter:
    """A mismatch, and all that is known of it now."""

    finding: Finding
    survey: Survey
    asker: Asker

    @property
    def transfer_id(self) -> str | None:
        return self.finding.subject.transfer_id

    @property
    def record(self) -> Record | None:
        return self.survey.record(self.transfer_id)

    @property
    def payment(self) -> Payment | None:
        return self.survey.case.payment

    def evidence(self, payment: Payment) -> Evidence:
        return Evidence.of(payment, self.survey.case.records)

    def reversal(self, why: str) -> Plan:
        """Propose to take back what was posted, unless something of it was given back before."""
        record, payment = self.record, self.payment
        if not isinstance(record, Transfer) or record.kind not in _POSTED_DEBITS:
            return by_hand(whys.NOT_A_DEBIT)
        if payment is not None and payment.open_refunds:
            return by_hand(whys.REFUND_OPEN)
        if self._is_refunded(record):
            return by_hand(whys.REFUNDED)
        return _proposed(why, remedy.reverse(record, self.asker))

    def _is_refunded(self, debit: Transfer) -> bool:
        records = naming(self.survey.case.key.payment_id, self.survey.case.records)
        reversed_ids = reversed_in(records)
        return any(
            each.kind is TransferKind.REFUND and each.original_id == debit.id
            for each in transfers_in(records)
            if each.id not in reversed_ids
        )


def is_ever_planned(finding: Finding) -> bool:
    """Tell whether there may be something to post for it."""
    return finding.type in _RULES and finding.subject.payment_id is not None


def may_be_automatic(finding: Finding) -> bool:
    """Tell whether a run may have something to post for it by itself."""
    return finding.type is MismatchType.STALE_HOLD


def by_hand(why: str) -> Plan:
    return Plan(Policy.HUMAN, why)


def by_hand_always(finding: Finding) -> Plan:
    """Return the plan for what no entry puts right."""
    return by_hand(whys.BY_HAND.get(finding.type, whys.NAMES_NO_PAYMENT))


def plan(finding: Finding, survey: Survey, asker: Asker) -> Plan:
    """Return what is to be done about what was found just now.

    Args:
        finding: As it was found in the survey.
        survey: All that is known of the payment.
        asker: Who will be named in what is posted.
    """
    if not survey.is_readable:
        return by_hand(whys.UNREADABLE)
    planned = _RULES[finding.type](_Matter(finding, survey, asker))
    return by_hand(whys.UNSOUND) if planned.steps and survey.unsound_ids else planned


def _stuck(matter: _Matter) -> Plan:
    return Plan(Policy.AUTOMATIC, whys.SWEPT)


def _stale_hold(matter: _Matter) -> Plan:
    payment = matter.payment
    if payment is None:
        return by_hand(whys.PAYMENT_GONE)
    evidence = matter.evidence(payment)
    hold, is_open = evidence.hold, evidence.end is None
    if hold is None or not is_open or hold.id != matter.transfer_id:
        return by_hand(whys.HOLD_ENDED)
    if payment.status is PaymentStatus.CANCELLED:
        release = remedy.end_hold(hold, 0, matter.asker)
        return Plan(Policy.AUTOMATIC, whys.HELD_FOR_NOTHING, [release])
    return Plan(Policy.AUTOMATIC, whys.SWEPT)


def _failed_but_debited(matter: _Matter) -> Plan:
    payment, record = matter.payment, matter.record
    if payment is None or not isinstance(record, Transfer):
        return by_hand(whys.PAYMENT_GONE)
    evidence = matter.evidence(payment)
    refund = evidence.refunds.get(record.id)
    if refund is not None:
        if refund.status is not RefundStatus.FAILED:
            return by_hand(whys.MAY_STILL_GO_ON)
        return _proposed(whys.REFUND_FAILED, remedy.reverse(record, matter.asker))
    is_its_own = record.id in (evidence.debit_id, evidence.end_id)
    if is_its_own and payment.status not in (PaymentStatus.FAILED, PaymentStatus.CANCELLED):
        return by_hand(whys.MAY_STILL_GO_ON)
    if record.kind is TransferKind.HOLD:
        return _proposed(whys.HELD_FOR_NOTHING, remedy.end_hold(record, 0, matter.asker))
    return matter.reversal(whys.NOT_PAID)


def _duplicate_debit(matter: _Matter) -> Plan:
    if matter.payment is not None and matter.payment.transfer_id == matter.transfer_id:
        return by_hand(whys.NAMED_BY_PAYMENT)
    return matter.reversal(whys.PAID_TWICE)


def _orphan(matter: _Matter) -> Plan:
    if matter.payment is None:
        return matter.reversal(whys.NO_PAYMENT)
    if matter.payment.transfer_id == matter.transfer_id:
        return by_hand(whys.NAMED_BY_PAYMENT)
    return matter.reversal(whys.UNKNOWN_TO_PAYMENT)


def _ledger_missing(matter: _Matter) -> Plan:
    payment = matter.payment
    if payment is None or payment.status not in _COMPLETED or payment.wallet_id is None:
        return by_hand(whys.NOT_COMPLETED)
    evidence = matter.evidence(payment)
    if matter.transfer_id in evidence.refunds:
        return _missing_refund(matter, payment, evidence)
    if evidence.paid is not None:
        return by_hand(whys.NAMES_ANOTHER)
    if not 0 < payment.captured_minor <= payment.order.amount.amount_minor:
        return by_hand(whys.STRANGE_AMOUNT)
    if any(_stands_as_debit(each, evidence) for each in evidence.strays):
        return by_hand(whys.ANOTHER_STANDS)
    return _missing_debit(matter, payment, evidence)


def _missing_debit(matter: _Matter, payment: Payment, evidence: Evidence) -> Plan:
    record, asker, wanted_id = matter.record, matter.asker, matter.transfer_id
    assert wanted_id is not None
    is_ordered = payment.captured_minor == payment.order.amount.amount_minor
    if evidence.end_id is None and not is_ordered:
        return by_hand(whys.STRANGE_AMOUNT)
    if _will_never_be_posted(record):
        return _payment_in_its_place(matter, payment, evidence)
    if record is not None:
        return by_hand(whys.TAKEN_BACK)
    if evidence.end_id is not None:
        return _missing_capture(matter, payment, evidence)
    debit, correction = remedy.debit(payment, asker), remedy.correct(payment, wanted_id, asker)
    return _proposed(whys.NOT_DEBITED, debit, correction.as_fallback())


def _payment_in_its_place(matter: _Matter, payment: Payment, evidence: Evidence) -> Plan:
    assert matter.transfer_id is not None
    if suspense_id(matter.transfer_id) in evidence.records:
        return by_hand(whys.PAID_OTHERWISE)
    if not _is_borne_out(payment, matter.record, evidence, matter.asker):
        return by_hand(whys.CONTRADICTED)
    correction = remedy.correct(payment, matter.transfer_id, matter.asker)
    return _proposed(whys.NOBODY_WILL_PAY, correction)


def _missing_capture(matter: _Matter, payment: Payment, evidence: Evidence) -> Plan:
    hold = evidence.hold
    if hold is None or matter.transfer_id != evidence.end_id:
        return by_hand(whys.HOLD_GONE)
    if payment.captured_minor > hold.amount.amount_minor:
        return by_hand(whys.STRANGE_AMOUNT)
    if _differs(payment, hold, evidence):
        return by_hand(whys.CONTRADICTED)
    capture = remedy.end_hold(hold, payment.captured_minor, matter.asker)
    return _proposed(whys.NOT_CAPTURED, capture)


def _missing_refund(matter: _Matter, payment: Payment, evidence: Evidence) -> Plan:
    if matter.record is not None:
        return by_hand(whys.REFUND_REFUSED)
    paid = evidence.paid
    if paid is None or paid.id != payment.transfer_id or paid.debit.account_id != payment.wallet_id:
        return by_hand(whys.NOTHING_TO_REFUND)
    if not _is_of_its_merchant(payment, paid):
        return by_hand(whys.CONTRADICTED)
    assert matter.transfer_id is not None
    refund = evidence.refunds[matter.transfer_id]
    refunds = (evidence.standing(id_, TransferKind.REFUND) for id_ in evidence.records)
    posted_minor = sum(each.amount.amount_minor for each in refunds if each is not None)
    reserved_minor = sum(each.amount_minor for each in payment.open_refunds)
    if posted_minor + reserved_minor + refund.amount_minor > paid.amount.amount_minor:
        return by_hand(whys.TOO_MUCH_REFUNDED)
    return _proposed(whys.NOT_REFUNDED, remedy.refund(payment, refund, matter.asker))


_RULES: Mapping[MismatchType, Callable[[_Matter], Plan]] = {
    MismatchType.STUCK_PENDING: _stuck,
    MismatchType.STUCK_PROCESSING: _stuck,
    MismatchType.STALE_HOLD: _stale_hold,
    MismatchType.FAILED_BUT_DEBITED: _failed_but_debited,
    MismatchType.DUPLICATE_DEBIT: _duplicate_debit,
    MismatchType.ORPHAN_TRANSFER: _orphan,
    MismatchType.COMPLETED_LEDGER_MISSING: _ledger_missing,
}


def _proposed(why: str, *steps: Step) -> Plan:
    return Plan(Policy.PROPOSED, why, steps)


def _stands_as_debit(stray: Transfer, evidence: Evidence) -> bool:
    return stray.kind in _POSTED_DEBITS and stray.id not in evidence.reversed_ids


def _is_borne_out(
    payment: Payment, record: Record | None, evidence: Evidence, asker: Asker
) -> bool:
    """Tell whether the ledger knows of what the payment says, as far as it was asked for it.

    A refusal has the fingerprint of what was asked for; a release stands on its hold.
    """
    if isinstance(record, Decline):
        asked = replace(payment, status=PaymentStatus.PROCESSING).debit(asker.request_id)
        return record.fingerprint == requests.payment(asked).fingerprint
    hold = evidence.hold
    return hold is not None and not _differs(payment, hold, evidence)


def _differs(payment: Payment, hold: Transfer, evidence: Evidence) -> bool:
    return any(True for _ in hold_claim(payment, evidence.debit_id).differences(hold))


def _is_of_its_merchant(payment: Payment, paid: Transfer) -> bool:
    order = payment.order
    merchant = accounts.booked(accounts.merchant(order.merchant_id), order.amount.currency)
    return paid.credit.account_id == merchant and paid.amount.currency == order.amount.currency


def _will_never_be_posted(record: Record | None) -> bool:
    """Tell whether the id is taken by a refusal, or by the release of what was to be captured."""
    if isinstance(record, Transfer):
        return record.kind is TransferKind.RELEASE
    return isinstance(record, Decline)
