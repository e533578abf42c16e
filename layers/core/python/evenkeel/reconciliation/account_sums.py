"""What the whole journal adds up to, account by account, and whether the accounts say so.

A pass reads the journal in any order and in pieces, while money goes on moving. So an
account is read before the pass and again after it, when the fold has taken in all that the
pass can have seen. Posted counters only grow: what the pass has seen of one lies between
its two readings, or the account has drifted by more than has moved meanwhile. An account
that was not folded to in between is compared to the minor unit, what is pending as well.

So what the pass has seen, and an account has not got yet, may be on its way through the fold;
an account that had more posted before the pass than there is in the journal is wrong already.

The pass must read strongly consistent, or begin later than reads lag.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Self

from evenkeel.ledger.accounts import AccountKind, booked, is_wallet, kind_of, named
from evenkeel.ledger.folding import movements
from evenkeel.ledger.ports import Movement
from evenkeel.ledger.transfer import Leg, Side, Transfer
from evenkeel.reconciliation.mismatch import Facts, Finding, MismatchType, Subject

ACCOUNT_COUNT_MAX = 20_000  # Some ten megabytes. Above it, half of the accounts are left out.
PAGE_ACCOUNT_COUNT = 1000  # A page stays below 200 KB: an item of a table holds twice that.
PLACE_COUNT = 2**32
STRANGE_NAME_LENGTH_MAX = 200  # What is no account of ours may have a name of any length.
JOURNAL = "journal"
POSTED = frozenset({"debitsPosted", "creditsPosted"})

AccountKey = tuple[str, str]  # The client, and the account as it is booked.


@dataclass(frozen=True, slots=True)
class Sums:
    """The four counters of an account, in minor units."""

    debits_pending: int = 0
    debits_posted: int = 0
    credits_pending: int = 0
    credits_posted: int = 0

    @classmethod
    def of(cls, movement: Movement) -> Self:
        return cls(
            movement.debits_pending,
            movement.debits_posted,
            movement.credits_pending,
            movement.credits_posted,
        )

    def plus(self, other: Sums) -> Sums:
        return Sums(
            self.debits_pending + other.debits_pending,
            self.debits_posted + other.debits_posted,
            self.credits_pending + other.credits_pending,
            self.credits_posted + other.credits_posted,
        )

    def with_leg(self, transfer: Transfer, side: Side) -> Sums:
        """Return the sums with what the transfer adds to an account on one side."""
        pending, posted = transfer.pending_minor, transfer.posted_minor
        leg = Sums(pending, posted) if side is Side.DEBIT else Sums(0, 0, pending, posted)
        return self.plus(leg)

    def counters(self) -> dict[str, int]:
        """Return them by the names that they have in facts."""
        return {
            "debitsPending": self.debits_pending,
            "debitsPosted": self.debits_posted,
            "creditsPending": self.credits_pending,
            "creditsPosted": self.credits_posted,
        }


@dataclass(frozen=True, slots=True)
class Reading:
    """An account as it was stored at a moment; one that is not there is all zero.

    Attributes:
        version: Each fold raises it.
        problem: Why it cannot be read, if it is not as we write it. All else says nothing then.
    """

    version: int = 0
    sums: Sums = Sums()
    problem: str | None = None


@dataclass(frozen=True, slots=True)
class Share:
    """Those of all accounts that have their places in [begin, end); a hash deals them out."""

    begin: int = 0
    end: int = PLACE_COUNT

    def holds(self, key: AccountKey) -> bool:
        digest = hashlib.sha256("/".join(key).encode()).digest()
        return self.begin <= int.from_bytes(digest[:4]) < self.end

    def lower_half(self) -> Share:
        return Share(self.begin, (self.begin + self.end) // 2)

    def rest(self) -> Share | None:
        """Return what a further pass has to look at, if this is not the end of all."""
        return Share(self.end) if self.end < PLACE_COUNT else None


@dataclass(slots=True)
class AccountSums:
    """What a pass has seen so far of a share of the accounts.

    It holds so many accounts at most. When one more comes, it goes on with the lower half
    of its share only; what is left out is for a further pass, see `Share.rest`.

    Beside the accounts it sums up each client's journal in each currency, as an account
    `journal:EUR`: all debits, and all credits, of wallets too.
    """

    share: Share = Share()
    sums: dict[AccountKey, Sums] = field(default_factory=dict)
    account_count_max: int = ACCOUNT_COUNT_MAX

    def add(self, transfers: Iterable[Transfer]) -> list[Finding]:
        """Take in a piece of the journal, each record once in all, and return what is no record.

        What is booked to an account that cannot be is left out; so the journal shows it.
        """
        findings, sound = list[Finding](), list[Transfer]()
        for transfer in transfers:
            strange = _strange_accounts(transfer)
            if strange:
                findings.append(_misbooked(transfer, strange))
            else:
                sound.append(transfer)
            self._book_journal(transfer, but_not=strange)
        for moved in movements(sound):
            self._book((moved.client_id, moved.account_id), Sums.of(moved))
        return findings

    def merge(self, other: AccountSums) -> None:
        """Take in what another one has seen, of other records and of the same share."""
        assert self.share.begin == other.share.begin, "they are of different passes"
        self._keep(Share(self.share.begin, min(self.share.end, other.share.end)))
        for key, sums in other.sums.items():
            self._book(key, sums)

    def pages(self) -> Iterator[dict[str, Any]]:
        """Yield all of it in pieces that JSON can hold."""
        rows = [[*key, *each.counters().values()] for key, each in sorted(self.sums.items())]
        for start in range(0, len(rows) or 1, PAGE_ACCOUNT_COUNT):
            page = rows[start : start + PAGE_ACCOUNT_COUNT]
            yield {"begin": self.share.begin, "end": self.share.end, "accounts": page}

    @classmethod
    def of(cls, pages: Iterable[Mapping[str, Any]]) -> Self:
        """Put together again what was taken apart; in any order, each page once."""
        sums = cls()
        for page in pages:
            sums.share = Share(page["begin"], page["end"])
            for client_id, account_id, *counters in page["accounts"]:
                sums.sums[client_id, account_id] = Sums(*counters)
        return sums

    def unbalanced(self) -> Iterator[Finding]:
        """Yield the journals in which debits and credits do not come to the same."""
        for key, sums in sorted(self.sums.items()):
            debits = {"pending": sums.debits_pending, "posted": sums.debits_posted}
            credits_ = {"pending": sums.credits_pending, "posted": sums.credits_posted}
            if _is_journal(key) and debits != credits_:
                yield _drifted(key, debits, credits_)

    def drifted(
        self, before: Mapping[AccountKey, Reading], after: Mapping[AccountKey, Reading]
    ) -> Iterator[Finding]:
        """Yield the accounts that are not what the pass has seen.

        Args:
            before: The accounts as they were before the pass; more than the share is no harm.
            after: The same after it, with all folded that was in the journal at its end.
        """
        seen = {key for key in self.sums if not _is_journal(key)}
        read = {key for key in before.keys() | after.keys() if self.share.holds(key)}
        for key in sorted(seen | read):
            lower, upper = before.get(key, Reading()), after.get(key, Reading())
            if upper.problem is not None:
                yield _drifted(key, {"problem": None}, {"problem": upper.problem})
                continue
            # It was mended meanwhile: from before it there is nothing to hold it to.
            lower = Reading() if lower.problem is not None else lower
            finding = _compared(key, self.sums.get(key, Sums()), lower, upper)
            if finding is not None:
                yield finding

    def _book_journal(self, transfer: Transfer, *, but_not: Sequence[str]) -> None:
        key = (transfer.client_id, booked(JOURNAL, transfer.amount.currency))
        for side, leg in ((Side.DEBIT, transfer.debit), (Side.CREDIT, transfer.credit)):
            if leg.account_id not in but_not:
                self._book(key, Sums().with_leg(transfer, side))

    def _book(self, key: AccountKey, moved: Sums) -> None:
        if key not in self.sums and not self.share.holds(key):
            return
        self.sums[key] = self.sums.get(key, Sums()).plus(moved)
        while len(self.sums) > self.account_count_max:
            self._keep(self.share.lower_half())

    def _keep(self, share: Share) -> None:
        if share == self.share:
            return
        self.share = share
        self.sums = {key: sums for key, sums in self.sums.items() if share.holds(key)}


def unreadable(client_id: str, transfer_id: str, problem: str) -> Finding:
    """Say that there is something in the journal that we did not write.

    A record has both legs and one amount, so it cannot be unequal in itself. An amount below
    one, an unknown currency, or a leg that is not there, make that it cannot be read at all.
    """
    subject = Subject(client_id, transfer_id=transfer_id)
    return Finding(MismatchType.ENTRY_ALTERED, subject, {"problem": None}, {"problem": problem})


def may_be_late(drift: Finding) -> bool:
    """Tell whether the account would fit, if it took in what the fold has not come to yet.

    What was posted to it before the pass is in the journal that the pass reads. If there is
    less in it, nothing that comes later puts that right.
    """
    minors = ((name, sum_, drift.actual[name]) for name, sum_ in drift.expected.items())
    return all(
        isinstance(sum_, int) and isinstance(minor, int) and (name not in POSTED or sum_ > minor)
        for name, sum_, minor in minors
    )


def _misbooked(transfer: Transfer, account_ids: Sequence[str]) -> Finding:
    # It names the account, since only a further pass can say that it is gone.
    account_id = account_ids[0][:STRANGE_NAME_LENGTH_MAX]
    subject = Subject(transfer.client_id, transfer_id=transfer.id, account_id=account_id)
    actual = {"accountId": account_id, "currency": transfer.amount.currency}
    return Finding(MismatchType.ENTRY_ALTERED, subject, {"accountId": None}, actual)


def _strange_accounts(transfer: Transfer) -> list[str]:
    legs = (transfer.debit, transfer.credit)
    return [leg.account_id for leg in legs if not _is_bookable(leg, transfer.amount.currency)]


def _is_bookable(leg: Leg, currency: str) -> bool:
    """Tell whether the leg is on an account of ours, and names it in the currency."""
    if is_wallet(leg.account_id):
        return leg.entry is not None
    try:
        is_folded = kind_of(leg.account_id) is not AccountKind.WALLET
    except ValueError:
        return False
    return is_folded and named(leg.account_id, currency) != leg.account_id


def _is_journal(key: AccountKey) -> bool:
    return key[1].startswith(f"{JOURNAL}:")


def _compared(key: AccountKey, seen: Sums, before: Reading, after: Reading) -> Finding | None:
    expected, actual = dict[str, int](), dict[str, int]()
    at_least, at_most = before.sums.counters(), after.sums.counters()
    for name, sum_minor in seen.counters().items():
        # What is pending goes up and down: while it moves nothing can be said.
        if before.version != after.version and name not in POSTED:
            continue
        for bound_minor, fits in (
            (at_most[name], sum_minor <= at_most[name]),
            (at_least[name], sum_minor >= at_least[name]),
        ):
            if not fits:
                expected[name], actual[name] = sum_minor, bound_minor
    return _drifted(key, expected, actual) if expected else None


def _drifted(key: AccountKey, expected: Facts, actual: Facts) -> Finding:
    client_id, account_id = key
    subject = Subject(client_id, account_id=account_id)
    return Finding(MismatchType.BALANCE_DRIFT, subject, expected, actual)
