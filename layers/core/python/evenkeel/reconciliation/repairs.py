"""Putting mismatches right: looked at again, planned, posted by commands to the wallets, looked at.

Between any two calls the process may die. Each step has an id that follows from what it puts
right, and what is asked for is on the mismatch before the wallets are: so whoever comes next
plans anew from what stands in the ledger then, posts what is missing, and nothing twice.
Nothing is ever edited: not the payment, not a record, not a wallet.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, replace

from evenkeel.clock import Clock, Deadline
from evenkeel.errors import (
    Declined,
    EvenkeelError,
    IdempotencyKeyReused,
    InvalidState,
    ObjectNotFound,
    OutcomeUnknown,
    RequestInProgress,
    Unavailable,
    ValidationFailed,
)
from evenkeel.payments.guard import WalletGuard
from evenkeel.reconciliation import whys
from evenkeel.reconciliation.mismatch import Finding, Mismatch, MismatchStatus, Repair
from evenkeel.reconciliation.policy import (
    Plan,
    Policy,
    by_hand_always,
    is_ever_planned,
    may_be_automatic,
    plan,
)
from evenkeel.reconciliation.ports import MismatchStore
from evenkeel.reconciliation.remedy import Asker, Step
from evenkeel.reconciliation.survey import Survey, Surveyor
from evenkeel.reconciliation.work import can_be_seen_again, changes_to
from evenkeel.resilience.retry import Retry

RECONCILIATION = "reconciliation"

# For all that a piece of a run has found: the run's lease is longer, whoever does not answer.
AUTOMATIC_S_MAX = 15.0


@dataclass(frozen=True, slots=True)
class Wish:
    """That a mismatch is put right, or only that it is said how.

    Attributes:
        by: Who asks: a key of the client, or the reconciliation itself.
        policies: What may be applied.
    """

    client_id: str
    mismatch_id: str
    by: str
    request_id: str
    reason: str | None = None
    apply: bool = False
    policies: frozenset[Policy] = frozenset(Policy)

    @property
    def asker(self) -> Asker:
        return Asker(self.request_id, self.reason or f"repair of {self.mismatch_id}")


@dataclass(frozen=True, slots=True)
class Outcome:
    """What has become of a mismatch.

    Attributes:
        applied: Whether the steps of the plan, or of an earlier one that has ended it, are posted.
        cause: Why nobody knows whether they are, or what has become of the mismatch by that, as
            an error's code. Whoever asks again hears of it.
    """

    mismatch: Mismatch
    plan: Plan
    applied: bool = False
    cause: str | None = None


@dataclass(frozen=True, slots=True)
class _Planned:
    finding: Finding
    plan: Plan
    survey: Survey | None


@dataclass(frozen=True, slots=True)
class Repairs:
    store: MismatchStore
    surveyor: Surveyor
    wallets: WalletGuard
    retry: Retry
    clock: Clock

    def repair(self, wish: Wish, deadline: Deadline) -> Outcome:
        """Say what would put a mismatch right, and do it if that is wished for.

        Raises:
            ObjectNotFound: This client has no such mismatch.
            InvalidState: It is not open any more, or not what it was when it was looked at.
            Declined: A wallet cannot give, or take, the money. The mismatch is open.
            RequestInProgress: Somebody is at the payment.
            Unavailable: Nothing was posted by this call.
            StoreUnconfirmed: It may be posted, and not noted yet. Ask again.
        """
        mismatch = self.retry.call(lambda: self._get(wish.client_id, wish.mismatch_id))
        if not mismatch.is_open:
            if wish.apply:
                raise _refusal(mismatch, "it has ended")
            return _over(mismatch)
        planned = self._planned(mismatch, wish)
        if planned is None:
            return _over(self._ended(mismatch))
        if not wish.apply or not planned.plan.steps or planned.plan.policy not in wish.policies:
            return Outcome(mismatch, planned.plan)
        return self._applied(mismatch, planned, wish, deadline)

    def automatic(self, mismatches: Sequence[Mismatch], request_id: str) -> Iterator[Mismatch]:
        """Put right what needs no person, and yield each mismatch as it is then.

        What cannot be done now is left for the next run.
        """
        deadline = Deadline.after(AUTOMATIC_S_MAX)
        for mismatch in mismatches:
            if not may_be_automatic(mismatch.finding):
                continue
            wish = Wish(
                mismatch.client_id,
                mismatch.id,
                RECONCILIATION,
                request_id,
                whys.HELD_FOR_NOTHING,
                apply=True,
                policies=frozenset({Policy.AUTOMATIC}),
            )
            try:
                outcome = self.repair(wish, deadline)
            except (Unavailable, OutcomeUnknown):
                return
            except EvenkeelError:
                continue
            if outcome.cause is not None:
                if outcome.applied:
                    continue
                return
            yield outcome.mismatch

    def _planned(self, mismatch: Mismatch, wish: Wish) -> _Planned | None:
        """Look again, and plan from what is found; nothing, if it is not found any more."""
        if not is_ever_planned(mismatch.finding):
            found = self._found_again(mismatch)
            return _Planned(found, by_hand_always(found), None) if found else None
        survey = self.surveyor.survey(mismatch.finding.subject)
        found = survey.finding(mismatch.id, self.clock())
        if found is None and survey.is_readable:
            return None
        finding = found or mismatch.finding
        return _Planned(finding, plan(finding, survey, wish.asker), survey)

    def _found_again(self, mismatch: Mismatch) -> Finding | None:
        if not can_be_seen_again(mismatch):
            return mismatch.finding
        changes = changes_to([mismatch])
        examined = self.retry.call(lambda: self.surveyor.examiner.examine(changes))
        return next((each for each in examined.findings if each.id == mismatch.id), None)

    def _applied(
        self, mismatch: Mismatch, planned: _Planned, wish: Wish, deadline: Deadline
    ) -> Outcome:
        steps = planned.plan.steps
        mine = self._repair(steps, wish)
        claimed = self._changed(mismatch, lambda it: it.repaired_by(it.repair or mine))
        if not claimed.is_open:
            raise _refusal(claimed, "it has ended")
        try:
            posted = self._posted(steps, deadline)
        except OutcomeUnknown as unknown:
            return Outcome(claimed, planned.plan, cause=unknown.code)
        except (ObjectNotFound, ValidationFailed, IdempotencyKeyReused) as error:
            self._withdraw(claimed, mine)
            raise _refusal(claimed, whys.CHANGED) from error
        except EvenkeelError as error:
            self._withdraw(claimed, mine)
            error.payment_id = mismatch.finding.subject.payment_id
            raise
        try:
            return self._looked_after(claimed, planned, self._repair(posted, wish))
        except (RequestInProgress, Unavailable) as error:
            # It is posted: only what became of the mismatch is not known yet.
            return Outcome(claimed, planned.plan, applied=True, cause=error.code)

    def _posted(self, steps: Sequence[Step], deadline: Deadline) -> Sequence[Step]:
        """Have the steps posted, one after the other, and return those that were asked for."""
        posted: list[Step] = []
        refused: Declined | None = None
        for step in steps:
            if step.is_fallback and refused is None:
                continue
            try:
                self.wallets.ask(step.command, deadline)
            except Declined as declined:
                refused = declined
                continue
            refused = None
            posted.append(step)
        if refused is not None:
            raise refused
        return posted

    def _looked_after(self, mismatch: Mismatch, planned: _Planned, repair: Repair) -> Outcome:
        """Look whether it is gone, and say so if it is; else leave it open, as it is found now."""
        assert planned.survey is not None
        survey = self.surveyor.case_again(planned.survey)
        found = survey.finding(mismatch.id, self.clock())
        if found is None:
            noted = self._changed(mismatch, lambda it: it.repaired_by(_posted_by(it, repair)))
            return Outcome(self._ended(noted), planned.plan, applied=True)
        now = self.clock()
        left = self._changed(mismatch, lambda it: it.seen(found, it.run_id, now))
        return Outcome(left, planned.plan, applied=True)

    def _ended(self, mismatch: Mismatch) -> Mismatch:
        now = self.clock()
        return self._changed(mismatch, lambda it: it.ended(MismatchStatus.RESOLVED, now))

    def _withdraw(self, mismatch: Mismatch, mine: Repair) -> None:
        """Take back what was announced, if it was announced by this call and came to nothing."""
        self._changed(mismatch, lambda it: it.repaired_by(None) if it.repair == mine else it)

    def _changed(self, mismatch: Mismatch, change: Callable[[Mismatch], Mismatch]) -> Mismatch:
        """Write a change of the mismatch as it is by then, if it is open, and return it."""

        def changed() -> Mismatch:
            current = self._get(mismatch.client_id, mismatch.id)
            if not current.is_open:
                return current
            after = change(current)
            if after is not current:
                self.store.save(after)
            return after

        return self.retry.call(changed)

    def _get(self, client_id: str, mismatch_id: str) -> Mismatch:
        mismatch = self.store.get(client_id, mismatch_id)
        if mismatch is None:
            raise ObjectNotFound
        return mismatch

    def _repair(self, steps: Sequence[Step], wish: Wish) -> Repair:
        ids = tuple(step.transfer_id for step in steps)
        return Repair(wish.by, self.clock(), wish.asker.reason, ids)


def _over(mismatch: Mismatch) -> Outcome:
    is_repaired = mismatch.status is MismatchStatus.REPAIRED
    return Outcome(mismatch, Plan(Policy.AUTOMATIC, whys.GONE), applied=is_repaired)


def _refusal(mismatch: Mismatch, why: str) -> InvalidState:
    return InvalidState(why, subject="mismatch", status=mismatch.status)


def _posted_by(mismatch: Mismatch, repair: Repair) -> Repair:
    """Return what was posted, in the name of whoever has asked for it first."""
    first = mismatch.repair or repair
    return replace(first, transfer_ids=repair.transfer_ids)
