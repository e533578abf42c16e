"""Settles what was left open: to what the ledger says, or by asking for it again.

Whoever worked on a payment may have died, or may not have been told what became
of the transfer. The ledger knows, and it is asked with a strong read. A transfer that
is not there may still be under way, so it is never taken back: it is asked for
again, under the same id, and posted once. Every change is conditional on the
version, so live requests and other sweepers do no harm, and are done none.

The payments that are due are in shards, and a sweep goes through them in lanes,
each on a thread of its own. A payment that cannot be looked after is in nobody's
way, and neither is a lane that breaks off.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
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
    TransferUnconfirmed,
    Unavailable,
    VersionConflict,
)
from evenkeel.ledger.transfer import Decline, Record
from evenkeel.payments import matters
from evenkeel.payments.answers import Attempt
from evenkeel.payments.desk import PaymentDesk
from evenkeel.payments.matters import OpenMatter
from evenkeel.payments.model import Payment
from evenkeel.payments.ports import (
    DUE_SHARD_COUNT,
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


class Settlement(StrEnum):
    COMPLETED = "completed"
    DECLINED = "declined"
    EXPIRED = "expired"
    RESUMED = "resumed"  # Posted, or refused, now.
    LEFT = "left"  # The wallets, or the tables, could not be asked.
    STUCK = "stuck"  # It fails as nobody expects, or again and again: a person must look.
    NOT_DUE = "not_due"  # Somebody was first, or the index was late.


@dataclass(frozen=True, slots=True)
class Sweep:
    """What came of the payments that were due, by number.

    Attributes:
        counts: *Left* are those that still are due, as far as they were looked at; an index
            that could not be read, or time that was over before its end, counts as one.
        errors: Of the lanes that broke off.
    """

    counts: Counter[Settlement]
    errors: Sequence[Exception] = ()

    @property
    def looked(self) -> int:
        return self.counts.total()


@dataclass(frozen=True, slots=True)
class Sweeper:
    """Looks through what is due.

    Attributes:
        lanes: The means of each lane to have money moved: a breaker is not for several
            threads. The shards are shared out among the lanes.
        watch: Told of what goes wrong, by all lanes.
    """

    store: PaymentStore
    journal: Journal
    lanes: Sequence[PaymentDesk]
    watch: SweepWatch
    clock: Clock
    sleep: Callable[[float], None]

    def sweep(self, attempt: Attempt) -> Sweep:
        """Settle all that is due, and stay with what cannot be settled yet until time is over."""
        lanes = [
            _Lane(self, desk, range(number, DUE_SHARD_COUNT, len(self.lanes)), attempt)
            for number, desk in enumerate(self.lanes)
        ]
        with ThreadPoolExecutor(len(lanes)) as threads:
            errors = [error for error in threads.map(_Lane.run, lanes) if error is not None]
        counts = sum((lane.counts for lane in lanes), Counter[Settlement]())
        return Sweep(counts, errors)


@dataclass(slots=True)
class _Visit:
    """A look at all that is open in one payment.

    Attributes:
        seen: The transfers that had their turn.
        records: What the ledger holds of each, as far as it was asked.
    """

    seen: set[str] = field(default_factory=set)
    records: dict[str, Record | None] = field(default_factory=dict)
    is_over: bool = False


@dataclass(slots=True)
class _Lane:
    """Some of the shards, for the time of one sweep.

    Attributes:
        counts: What came of its payments; those that are left are counted anew in each pass.
    """

    sweeper: Sweeper
    desk: PaymentDesk
    shards: Sequence[int]
    attempt: Attempt
    counts: Counter[Settlement] = field(default_factory=Counter)
    _stuck: set[PaymentKey] = field(default_factory=set)
    _not_posted: set[PaymentKey] = field(default_factory=set)  # As the ledger said, once.
    _in_vain: set[str] = field(default_factory=set)  # Transfers asked for, and nobody knows.
    _hopeless: set[str] = field(default_factory=set)  # And of which people were told.
    _was_turned_away: bool = False  # By the circuit, in this pass.

    def run(self) -> Exception | None:
        """Go through the shards again and again; return what made it break off, if it did."""
        try:
            self._pass()
            while self.counts[Settlement.LEFT] and self.attempt.deadline.remaining_s > PAUSE_S:
                self.sweeper.sleep(PAUSE_S)
                self._pass()
        except Exception as error:
            # Whatever it is: what this lane and the others have done is to be told all the same.
            self.sweeper.watch.broke_off(self.shards, error)
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
        now = self.sweeper.clock()
        for shard in self.shards:
            for key in self.sweeper.store.due(now, shard):
                if key not in self._stuck:
                    yield key

    def _look_after(self, key: PaymentKey) -> None:
        """Settle what is open in a payment, one matter after the other."""
        if key in self._not_posted and not self._may_ask():
            self.counts[Settlement.LEFT] += 1
            return
        visit = _Visit()
        while not visit.is_over:
            settlement = self._tried(key, visit)
            if settlement is not None:
                self.counts[settlement] += 1

    def _tried(self, key: PaymentKey, visit: _Visit) -> Settlement | None:
        visit.is_over = True  # Unless something else is found to be open.
        try:
            payment = self.sweeper.store.get(key.client_id, key.payment_id)
            return self._settled(key, payment, visit)
        except (VersionConflict, RequestInProgress, InvalidState):
            return Settlement.NOT_DUE
        except Declined:
            return Settlement.RESUMED
        except (Unavailable, OutcomeUnknown) as error:
            self._was_turned_away |= isinstance(error.__cause__, CircuitOpen)
            return Settlement.LEFT
        except Exception as error:
            # Whatever it is: one payment must not keep those behind it from being settled.
            self._stuck.add(key)
            return self._told(key, error)

    def _told(self, key: PaymentKey, error: Exception) -> Settlement:
        self.sweeper.watch.failed(key, error)
        return Settlement.STUCK

    def _settled(self, key: PaymentKey, payment: Payment, visit: _Visit) -> Settlement | None:
        now = self.sweeper.clock()
        if payment.due_at is None or now < payment.due_at:
            return Settlement.NOT_DUE
        if payment.status is PaymentStatus.PENDING:
            self.sweeper.store.save(payment.expired(now))
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
        self, key: PaymentKey, open_: Sequence[OpenMatter], visit: _Visit
    ) -> Settlement | None:
        """Settle a matter that has not had its turn, first those that the ledger knows."""
        rest = [each for each in open_ if each.transfer_id not in visit.seen | self._hopeless]
        if not rest:
            return None
        matter = next((each for each in rest if self._record(each, visit) is not None), rest[0])
        visit.seen.add(matter.transfer_id)
        visit.is_over = len(rest) == 1
        record = self._record(matter, visit)
        if record is not None:
            self.sweeper.store.save(matter.settled(record, self.sweeper.clock()))
            return Settlement.DECLINED if isinstance(record, Decline) else Settlement.COMPLETED
        self._not_posted.add(key)
        if matter.transfer_id in self._in_vain or not self._may_ask():
            return Settlement.LEFT
        return self._resumed(key, matter)

    def _record(self, matter: OpenMatter, visit: _Visit) -> Record | None:
        """Return what the ledger holds of it; it is read once in a visit."""
        id_ = matter.transfer_id
        if id_ not in visit.records:
            visit.records[id_] = self.sweeper.journal.record(matter.payment.client_id, id_)
        return visit.records[id_]

    def _resumed(self, key: PaymentKey, matter: OpenMatter) -> Settlement:
        answer = matter.resumed(self.desk, self.attempt)
        if not answer.is_open:
            return Settlement.RESUMED
        # A circuit that recovers lets few calls through: a claim for each of them is in vain.
        self._was_turned_away = answer.cause == CircuitOpen.code
        if answer.cause != TransferUnconfirmed.code:
            return Settlement.LEFT
        if matter.attempts + 1 >= ATTEMPT_COUNT_TOLD:
            self._hopeless.add(matter.transfer_id)
            return self._told(key, TransferUnconfirmed())
        # Once in a sweep, or what breaks the wallets each time would be an outage.
        self._in_vain.add(matter.transfer_id)
        return Settlement.LEFT

    def _may_ask(self) -> bool:
        """Whether it is worth while to claim a payment and ask the wallets for its transfer."""
        wallets = self.desk.wallets
        if self._was_turned_away:
            return False
        return wallets.refuses_for_s is None and wallets.has_time(self.attempt.deadline)
