"""A lane of a sweep: some of the shards, and what is settled of their payments.

What the ledger knows is settled first. Of the rest one transfer after the other is asked
for again, unless the wallets cannot be asked now: that is left for the next pass. An error
at one payment, or at one of its refunds, is in no other's way.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field
from enum import StrEnum

from evenkeel.clock import Clock
from evenkeel.errors import (
    CircuitOpen,
    Declined,
    InvalidState,
    OutcomeUnknown,
    RequestInProgress,
    StoreBusy,
    TransferContended,
    TransferNotApplied,
    TransferUnconfirmed,
    Unavailable,
    VersionConflict,
    WalletUnavailable,
)
from evenkeel.ledger.transfer import Decline, Record
from evenkeel.payments import matters
from evenkeel.payments.answers import Attempt
from evenkeel.payments.desk import PaymentDesk
from evenkeel.payments.matters import OpenMatter, OpenRefund
from evenkeel.payments.model import Payment
from evenkeel.payments.ports import (
    Journal,
    PaymentKey,
    PaymentStore,
    SweepWatch,
)
from evenkeel.payments.states import PaymentStatus

# Between two passes, while the wallets cannot be asked: the outage may end any moment.
PAUSE_S = 3.0
# A transfer that has come to nothing so often may break the wallets: it is no matter of waiting.
ATTEMPT_COUNT_TOLD = 10
# What is worth another try in the same sweep.
NOT_APPLIED = frozenset({CircuitOpen.code, TransferContended.code, TransferNotApplied.code})


class Settlement(StrEnum):
    COMPLETED = "completed"
    DECLINED = "declined"
    EXPIRED = "expired"
    RESUMED = "resumed"  # Posted, or refused, now.
    LEFT = "left"  # The wallets, or the tables, could not be asked.
    STUCK = "stuck"  # It fails as nobody expects, or again and again: a person must look.
    NOT_DUE = "not_due"  # Somebody was first, or the index was late.


@dataclass(slots=True)
class Visit:
    """A look at all that is open in one payment.

    Attributes:
        matter: What is being looked up, or asked for.
        done: The transfers that were settled, asked for, or met an error.
        not_posted: Those that the ledger does not have.
        is_left: Whether something is left for another visit.
        is_over: Whether there is nothing more to do in this one.
    """

    matter: OpenMatter | None = None
    done: set[str] = field(default_factory=set)
    not_posted: set[str] = field(default_factory=set)
    is_left: bool = False
    is_over: bool = False

    def end_matter(self) -> None:
        if self.matter is not None:
            self.done.add(self.matter.transfer_id)


@dataclass(slots=True)
class Lane:
    """Some of the shards, for the time of one sweep.

    Attributes:
        desk: Its own means to have money moved: a breaker is not for several threads.
        watch: Told of what goes wrong, by all lanes.
        counts: What came of its payments; those that are left are counted anew in each pass.
    """

    store: PaymentStore
    journal: Journal
    desk: PaymentDesk
    watch: SweepWatch
    clock: Clock
    sleep: Callable[[float], None]
    shards: Sequence[int]
    attempt: Attempt
    counts: Counter[Settlement] = field(default_factory=Counter)
    _stuck: set[PaymentKey] = field(default_factory=set)
    _not_posted: set[PaymentKey] = field(default_factory=set)  # As the ledger said, once.
    _in_vain: set[str] = field(default_factory=set)  # Transfers asked for, and nobody knows.
    _hopeless: set[str] = field(default_factory=set)  # Transfers that a person must look at.
    _was_turned_away: bool = False  # By the circuit, in this pass.

    def run(self) -> Exception | None:
        """Go through the shards again and again; return what made it break off, if it did."""
        try:
            self._pass()
            while self.counts[Settlement.LEFT] and self.attempt.deadline.remaining_s > PAUSE_S:
                self.sleep(PAUSE_S)
                self._pass()
        except Exception as error:
            # Whatever it is: what this lane and the others have done is to be told all the same.
            self.watch.broke_off(self.shards, error)
            return error
        return None

    def _pass(self) -> None:
        self.counts[Settlement.LEFT] = 0
        self._was_turned_away = False
        try:
            for key in self._due():
                if self.attempt.deadline.remaining_s <= 0:
                    self.counts[Settlement.LEFT] += 1
                    break
                self._look_after(key)
        except StoreBusy:
            self.counts[Settlement.LEFT] += 1

    def _due(self) -> Iterator[PaymentKey]:
        now = self.clock()
        for shard in self.shards:
            for key in self.store.due(now, shard):
                if key not in self._stuck:
                    yield key

    def _look_after(self, key: PaymentKey) -> None:
        """Settle what is open in a payment, one matter after the other."""
        if key in self._not_posted and not self._may_ask():
            self.counts[Settlement.LEFT] += 1
            return
        visit = Visit()
        while not visit.is_over and self.attempt.deadline.remaining_s > 0:
            self._settle_next(key, visit)
        if visit.is_left or not visit.is_over:
            self.counts[Settlement.LEFT] += 1

    def _settle_next(self, key: PaymentKey, visit: Visit) -> None:
        visit.matter = None
        visit.is_over = True  # Unless something else is found to be open.
        try:
            settlement = self._settled(key, visit)
        except Exception as error:
            # Whatever it is: neither a payment nor a refund must keep others from being settled.
            settlement = self._met(error, visit) or self._stuck_over(key, visit, error)
        visit.end_matter()
        if settlement is Settlement.LEFT:
            visit.is_left = True
        elif settlement is not None:
            self.counts[settlement] += 1

    def _met(self, error: Exception, visit: Visit) -> Settlement | None:
        """Return what an error says of the payment; nothing, if nobody expects it."""
        match error:
            case VersionConflict() | RequestInProgress() | InvalidState():
                # Somebody is at the payment: perhaps only at another of its refunds.
                is_refund = isinstance(visit.matter, OpenRefund)
                return Settlement.LEFT if is_refund else Settlement.NOT_DUE
            case Declined():
                return Settlement.RESUMED
            case Unavailable() | OutcomeUnknown():
                self._was_turned_away |= isinstance(error.__cause__, CircuitOpen)
                # A table that cannot be reached is not asked again for each refund.
                visit.is_over |= not isinstance(error, WalletUnavailable)
                return Settlement.LEFT
            case _:
                return None

    def _stuck_over(self, key: PaymentKey, visit: Visit, error: Exception) -> Settlement:
        if visit.matter is None:
            self._stuck.add(key)
        else:
            self._hopeless.add(visit.matter.transfer_id)
        return self._told(key, visit, error)

    def _told(self, key: PaymentKey, visit: Visit, error: Exception) -> Settlement:
        self.watch.failed(key, visit.matter.transfer_id if visit.matter else None, error)
        return Settlement.STUCK

    def _settled(self, key: PaymentKey, visit: Visit) -> Settlement | None:
        payment = self.store.get(key.client_id, key.payment_id)
        now = self.clock()
        if payment.due_at is None or now < payment.due_at:
            return Settlement.NOT_DUE
        if payment.status is PaymentStatus.PENDING:
            self.store.save(payment.expired(now))
            return Settlement.EXPIRED
        if payment.has_lapsed(now):
            return self._released(payment)
        open_ = matters.of(payment, now)
        return self._next(key, open_, visit) if open_ else Settlement.NOT_DUE

    def _released(self, payment: Payment) -> Settlement:
        """End a hold of which nobody has made anything for its time."""
        if not self._may_ask():
            return Settlement.LEFT
        answer = self.desk.holds.expire(payment, self.attempt)
        return Settlement.LEFT if answer.is_open else Settlement.EXPIRED

    def _next(
        self, key: PaymentKey, open_: Sequence[OpenMatter], visit: Visit
    ) -> Settlement | None:
        """Settle a matter that the ledger knows, or ask for one, if it knows none of them."""
        rest = [each for each in open_ if each.transfer_id not in visit.done | self._hopeless]
        visit.is_over = len(rest) <= 1
        for visit.matter in rest:
            if self.attempt.deadline.remaining_s <= 0:
                return Settlement.LEFT
            record = self._looked_up(visit.matter, visit)
            if record is not None:
                self.store.save(visit.matter.settled(record, self.clock()))
                return Settlement.DECLINED if isinstance(record, Decline) else Settlement.COMPLETED
        if not rest:
            return None
        self._not_posted.add(key)
        visit.matter = rest[0]
        if not self._may_ask():
            visit.is_over = True
            return Settlement.LEFT
        if rest[0].transfer_id in self._in_vain:
            return Settlement.LEFT
        return self._resumed(key, rest[0], visit)

    def _looked_up(self, matter: OpenMatter, visit: Visit) -> Record | None:
        """Return what the ledger holds of it, if it was not asked in this visit."""
        if matter.transfer_id in visit.not_posted:
            return None
        record = self.journal.record(matter.payment.client_id, matter.transfer_id)
        if record is None:
            visit.not_posted.add(matter.transfer_id)
        return record

    def _resumed(self, key: PaymentKey, matter: OpenMatter, visit: Visit) -> Settlement:
        answer = matter.resumed(self.desk, self.attempt)
        if not answer.is_open:
            return Settlement.RESUMED
        # A circuit that recovers lets few calls through: a claim for each of them is in vain.
        self._was_turned_away = answer.cause == CircuitOpen.code
        if answer.cause in NOT_APPLIED:
            return Settlement.LEFT
        # Once in a sweep, or what breaks the wallets each time would be an outage.
        self._in_vain.add(matter.transfer_id)
        if answer.cause == TransferUnconfirmed.code and matter.attempts + 1 >= ATTEMPT_COUNT_TOLD:
            self._hopeless.add(matter.transfer_id)
            return self._told(key, visit, TransferUnconfirmed())
        return Settlement.LEFT

    def _may_ask(self) -> bool:
        """Whether it is worth while to claim a payment and ask the wallets for its transfer."""
        wallets = self.desk.wallets
        if self._was_turned_away:
            return False
        return wallets.refuses_for_s is None and wallets.has_time(self.attempt.deadline)
