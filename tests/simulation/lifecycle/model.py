"""What payments and wallets are to do, said once more and as plainly as possible.

It has no versions, no records and no stores. It knows which fault it is told of, and so
always knows what the ledger holds; only when a sweep makes up for several debits at once
it does not know their order, and learns from the system which of them were covered.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import datetime, timedelta

LEASE = timedelta(seconds=30)
DAY = timedelta(hours=24)
HOLD = timedelta(days=7, minutes=10)

# Faults.
ANSWER_LOST, REQUEST_LOST, NOT_APPLIED = "answer lost", "request lost", "not applied"
KILLED_BEFORE, KILLED_AFTER = "killed before", "killed after"
# Answers.
OK, DECLINED, INVALID, BUSY = "ok", "declined", "invalid", "in progress"
OPEN, UNAVAILABLE, KILLED = "open", "unavailable", "killed"

Fault = str | None


@dataclass
class Purse:
    """A wallet."""

    balance: int
    pending: int = 0
    is_frozen: bool = False

    @property
    def available(self) -> int:
        return self.balance - self.pending


@dataclass
class Back:
    """A refund. Released, it reserves nothing, and its key may begin it again."""

    amount: int
    status: str = "PENDING"
    is_posted: bool = False
    may_be_posted: bool = False
    lease_until: datetime | None = None


@dataclass
class Deal:
    """A payment.

    Attributes:
        verdict: What the ledger holds of its debit, or hold: `ok`, `declined`, or nothing yet.
        end: How much of its hold the ledger says was captured; 0 is a release.
        wish: How much of it somebody wants, and has not been answered yet.
        may_be_ended: An earlier wish may have come true.
        lost_at: When the latest wish was made that may still arrive.
    """

    purse: Purse
    merchant: str
    amount: int
    is_manual: bool
    created_at: datetime
    status: str = "PENDING"
    verdict: str | None = None
    may_be_debited: bool = False
    end: int | None = None
    wish: int | None = None
    may_be_ended: bool = False
    lost_at: datetime | None = None
    processed_at: datetime | None = None
    lease_until: datetime | None = None
    captured: int = 0
    backs: dict[str, Back] = field(default_factory=dict)

    def may_arrive(self, now: datetime) -> bool:
        """Whether an earlier wish is on its way still, as far as anybody knows."""
        return self.lost_at is not None and now < self.lost_at + LEASE

    @property
    def refunded(self) -> int:
        return sum(back.amount for back in self.backs.values() if back.status == "SUCCEEDED")

    @property
    def refundable(self) -> int:
        reserved = (b.amount for b in self.backs.values() if b.status in ("SUCCEEDED", "PENDING"))
        return self.captured - sum(reserved)

    @property
    def is_open(self) -> bool:
        open_backs = any(back.status == "PENDING" for back in self.backs.values())
        return self.status == "PROCESSING" or self.wish is not None or open_backs


@dataclass(frozen=True)
class Verdict:
    """What the system has made of a debit, and when."""

    is_covered: bool
    at: datetime


@dataclass
class Model:
    deals: dict[str, Deal] = field(default_factory=dict)
    purses: dict[str, Purse] = field(default_factory=dict)
    merchants: dict[str, int] = field(default_factory=dict)

    # What wallets do.

    def credit(self, purse: Purse, amount: int) -> str:
        purse.balance += amount
        return OK

    def debit(self, purse: Purse, amount: int) -> str:
        if purse.is_frozen or amount > purse.available:
            return DECLINED
        purse.balance -= amount
        return OK

    def _debit(self, deal: Deal) -> str:
        if deal.verdict is None:
            covered = not deal.purse.is_frozen and deal.amount <= deal.purse.available
            self._decide(deal, OK if covered else DECLINED)
        assert deal.verdict is not None
        return deal.verdict

    def _decide(self, deal: Deal, verdict: str) -> None:
        deal.verdict = verdict
        if verdict == OK and deal.is_manual:
            deal.purse.pending += deal.amount
        elif verdict == OK:
            self._take(deal, deal.amount)

    def _end(self, deal: Deal, wish: int) -> str:
        if deal.end is not None:
            return OK
        if wish and deal.purse.is_frozen:
            return DECLINED
        deal.end = wish
        deal.purse.pending -= deal.amount
        self._take(deal, wish)
        return OK

    def _pay_back(self, deal: Deal, back: Back) -> str:
        if not back.is_posted:
            back.is_posted = True
            self._take(deal, -back.amount)
        return OK

    def _take(self, deal: Deal, amount: int) -> None:
        deal.purse.balance -= amount
        self.merchants[deal.merchant] = self.merchants.get(deal.merchant, 0) + amount

    # What clients ask for.

    def process(self, deal: Deal, now: datetime, fault: Fault) -> str:
        said = self._known(deal, now)
        if said is not None:
            return said
        deal.may_be_debited |= deal.status == "PROCESSING"
        deal.status, deal.lease_until = "PROCESSING", None
        match _asked(lambda: self._debit(deal), fault):
            case "ok" | "declined" as verdict:
                self._processed(deal, now)
                return verdict
            case "killed":
                deal.lease_until = now + LEASE
                return KILLED
            case "not applied" if not deal.may_be_debited:
                deal.status = "PENDING"
                return UNAVAILABLE
        return OPEN

    def end(self, deal: Deal, wish: int, now: datetime, fault: Fault) -> str:
        """Capture so much of a hold; nothing is a void."""
        said = self._unendable(deal, wish, now)
        if said is not None:
            return said
        deal.may_be_ended = deal.wish is not None
        deal.wish, deal.lease_until = wish, None
        match _asked(lambda: self._end(deal, wish), fault):
            case "ok":
                self._ended(deal)
                return _ended_as(deal, wish)
            case "declined" if not (deal.may_be_ended and deal.may_arrive(now)):
                deal.wish = None
                return DECLINED
            case "killed":
                deal.lost_at, deal.lease_until = now, now + LEASE
                return KILLED
            case "not applied" if not deal.may_be_ended:
                deal.wish = None
                return UNAVAILABLE
            case "open":
                deal.lost_at = now
        return OPEN

    def refund(self, deal: Deal, key: str, wanted: int | None, now: datetime, fault: Fault) -> str:
        said = self._unrefundable(deal, deal.backs.get(key), wanted, now)
        if said is not None:
            return said
        back = deal.backs.get(key)
        if back is not None and back.status == "PENDING":
            back.may_be_posted, back.lease_until = True, None
        else:
            # A key that has come to nothing stands where it stood.
            back = deal.backs[key] = Back(wanted or deal.refundable)
        match _asked(lambda: self._pay_back(deal, back), fault):
            case "ok":
                self._refunded(deal, back)
                return OK
            case "killed":
                back.lease_until = now + LEASE
                return KILLED
            case "not applied" if not back.may_be_posted:
                back.status = "RELEASED"
                return UNAVAILABLE
        return OPEN

    def _known(self, deal: Deal, now: datetime) -> str | None:
        """Return how one is answered without anybody's asking the wallets."""
        if deal.status == "CANCELLED":
            return INVALID
        if deal.processed_at is not None:
            return deal.verdict
        if _holds(deal.lease_until, now):
            return BUSY
        is_late = deal.status == "PENDING" and now >= deal.created_at + DAY
        return INVALID if is_late else None

    def _unendable(self, deal: Deal, wish: int, now: datetime) -> str | None:
        if deal.status == "PENDING" and not wish:
            deal.status = "CANCELLED"
            return OK
        if deal.status == "PROCESSING" or _holds(deal.lease_until, now):
            return BUSY
        if deal.status != "AUTHORIZED":
            return _ended_as(deal, wish)
        return INVALID if wish > deal.amount else None

    def _unrefundable(
        self, deal: Deal, back: Back | None, wanted: int | None, now: datetime
    ) -> str | None:
        if back is not None and back.status == "SUCCEEDED":
            return OK
        if deal.status not in ("COMPLETED", "PARTIALLY_REFUNDED"):
            return INVALID
        if back is not None and back.status == "PENDING":
            return BUSY if _holds(back.lease_until, now) else None
        return None if 0 < (wanted or deal.refundable) <= deal.refundable else INVALID

    # What the sweeper does.

    def sweep(self, now: datetime, told: Callable[[str], Verdict]) -> None:
        """Settle what is due. The system tells which debits were covered, if they had to race."""
        before = {id(purse): purse.available for purse in self.purses.values()}
        spent = dict.fromkeys(before, 0)
        declined = []
        for id_, deal in self.deals.items():
            if deal.status == "PROCESSING" and not _holds(deal.lease_until, now):
                said = told(id_)
                if deal.verdict is None and not deal.purse.is_frozen and said.is_covered:
                    self._decide(deal, OK)
                    spent[id(deal.purse)] += deal.amount
                elif deal.verdict is None:
                    self._decide(deal, DECLINED)
                    declined.append(deal)
                self._processed(deal, said.at)
            else:
                self._sweep(deal, now)
        for deal in declined:
            least = before[id(deal.purse)] - spent[id(deal.purse)]
            assert deal.purse.is_frozen or deal.amount > least, "declined, though it was covered"
        assert all(purse.available >= 0 for purse in self.purses.values()), "covered by nothing"

    def _sweep(self, deal: Deal, now: datetime) -> None:
        if deal.status == "PENDING" and now >= deal.created_at + DAY:
            deal.status = "CANCELLED"
        if deal.wish is not None and not _holds(deal.lease_until, now):
            if self._end(deal, deal.wish) == OK:
                self._ended(deal)
            deal.wish = None
        is_held = deal.status == "AUTHORIZED" and deal.wish is None
        if is_held and deal.processed_at is not None and now >= deal.processed_at + HOLD:
            self._end(deal, 0)
            self._ended(deal)
        open_ = [back for back in deal.backs.values() if back.status == "PENDING"]
        # A payment is due when the last of its refunds is in nobody's hands any more.
        if not any(_holds(back.lease_until, now) for back in open_):
            for back in open_:
                self._pay_back(deal, back)
                self._refunded(deal, back)

    # What is known then.

    def _processed(self, deal: Deal, now: datetime) -> None:
        deal.processed_at, deal.lease_until = now, None
        if deal.verdict == DECLINED:
            deal.status = "FAILED"
        elif deal.is_manual:
            deal.status = "AUTHORIZED"
        else:
            deal.status, deal.captured = "COMPLETED", deal.amount

    def _ended(self, deal: Deal) -> None:
        assert deal.end is not None
        deal.status = "COMPLETED" if deal.end else "CANCELLED"
        deal.captured, deal.wish, deal.lease_until = deal.end, None, None

    def _refunded(self, deal: Deal, back: Back) -> None:
        back.status, back.lease_until = "SUCCEEDED", None
        is_all = deal.refunded == deal.captured
        deal.status = "REFUNDED" if is_all else "PARTIALLY_REFUNDED"


def _ended_as(deal: Deal, wish: int) -> str:
    """Return how one is answered whose hold has ended, or never was."""
    if not wish:
        return OK if deal.status == "CANCELLED" else INVALID
    return OK if deal.end == wish else INVALID


def _holds(lease_until: datetime | None, now: datetime) -> bool:
    return lease_until is not None and now < lease_until


def _asked(ask: Callable[[], str], fault: Fault) -> str:
    """Return what one hears who asks the wallets; a refusal is not lost on its way."""
    match fault:
        case "request lost":
            return OPEN
        case "killed before":
            return KILLED
        case "not applied":
            return NOT_APPLIED
    said = ask()
    lost = {ANSWER_LOST: OPEN, KILLED_AFTER: KILLED}
    return lost.get(fault or "", said) if said == OK else said
