"""The verdict on a wallet: what is wrong with it, told from all of its entries.

Where two entries meet there is a seam. The upper one says how it found the wallet and was
sealed over the hash of the lower one, so each seam can be judged without the others, and
what is wrong at one is no reproach to the entries below. Above the newest entry stands the
wallet, below the first one stands nothing.

One cause gives one finding:

- An entry's contents are changed under its old seal: ENTRY_ALTERED.
- It is sealed anew as well, or all from it on up to some entry: ENTRY_ALTERED, of the entry
  whose sums do not fit. Where all fit, only the first seal above that is not over the new
  one tells: at the head that is the altered entry itself. In the middle it may be either of
  two, and the finding names the one whose seal is broken, and its neighbour in the facts.
- All is sealed anew up to the wallet: BALANCE_DRIFT of the entry whose sums do not fit, or
  of the wallet where it was left as it was; CHAIN_BROKEN if it is the numbers or links.
- An entry is gone: CHAIN_BROKEN of what the link names. Of several in a row only one link
  is left, so they are one finding with a count.
- A transfer claims a place, or stands after the head: CHAIN_BROKEN of it. A record moved to
  another id is one entry gone and one too many.
- A counter is changed: BALANCE_DRIFT of the wallet. If its head hash is, that looks as if
  the newest entry was altered and sealed anew.

What cannot be told from here: the newest entries removed and the wallet set back to the one
before them, and a chain made anew from an entry on that fits in itself and fits the wallet.
The other side of those transfers knows: its chain if that is a wallet, its counters in
`account_sums` if not.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Iterator, Sequence
from dataclasses import dataclass, field, replace
from itertools import pairwise

from evenkeel.ledger.chain import GENESIS, entry_hash
from evenkeel.ledger.transfer import Transfer, TransferKind
from evenkeel.money import AMOUNT_MINOR_MAX, Money
from evenkeel.reconciliation.account_sums import Sums
from evenkeel.reconciliation.entry_rules import Standing, relinked
from evenkeel.reconciliation.mismatch import Facts, Finding, MismatchType, Subject
from evenkeel.wallets.model import Wallet

BROKEN_SEAM_COUNT_MAX = 1000  # More of them say nothing new, and would fill the memory.


def diagnose(
    wallet: Wallet,
    newest_first: Iterable[Transfer],
    strangers: Collection[str],
    *,
    available_minor: int | None = None,
) -> Iterator[Finding]:
    """Yield what is wrong with a wallet and its chain, each cause once.

    Args:
        wallet: As it was read, strongly consistent, before the walk.
        newest_first: What is left of its chain; see `Trail.walk`.
        strangers: What claims to be an entry beside the chain; looked at after the walk.
        available_minor: What is stored of that beside the counters, if that was read.
    """
    diagnosis = _Diagnosis(wallet)
    sums = diagnosis.read(newest_first)
    found = {finding.id: finding for finding in diagnosis.causes()}
    yield from found.values()
    for stranger in strangers:
        yield diagnosis.broken(stranger, {"transferId": None}, {"transferId": stranger})
    drift = diagnosis.drift(sums, available_minor)
    if drift is not None and drift.id not in found:
        yield drift


@dataclass(frozen=True, slots=True)
class _Seam:
    """Where one entry stands on another one.

    Attributes:
        above: None is the wallet.
        below: None is the beginning, or what nobody finds.
        found: How *above* says that it found the wallet.
        left: How *below* says that it left it.
        sealed_hash: What *above* was sealed with.
        hash: What that seal should be over what is below.
        is_below_relabelled: It was sealed over the contents below, but they have another hash.
    """

    above: Transfer | None
    below: Transfer | None
    found: Standing
    left: Standing
    sealed_hash: str
    hash: str
    is_below_relabelled: bool

    @property
    def is_sealed(self) -> bool:
        return self.hash == self.sealed_hash

    @property
    def is_gap(self) -> bool:
        """Tell whether something was between the two: nothing was if the seal is over the lower."""
        is_linked = self.is_sealed or self.found.transfer_id == self.left.transfer_id
        return not is_linked and self.found.number > self.left.number

    @property
    def is_in_place(self) -> bool:
        here = (self.left.number, self.left.transfer_id)
        return here == (self.found.number, self.found.transfer_id)

    @property
    def is_even(self) -> bool:
        return self.found == self.left

    @property
    def steps(self) -> tuple[int, int, int]:
        """By how much it is uneven."""
        found, left = self.found, self.left
        return (
            found.number - left.number,
            found.balance_minor - left.balance_minor,
            found.pending_minor - left.pending_minor,
        )

    def is_above(self, other: _Seam) -> bool:
        """Tell whether the entry below this seam is the one above the other."""
        return self.below is not None and self.below is other.above

    def levels(self, other: _Seam) -> bool:
        """Tell whether the other takes back what this one is uneven by: the entry between erred."""
        return self.is_above(other) and not any(map(sum, zip(self.steps, other.steps, strict=True)))


@dataclass(frozen=True, slots=True)
class _Diagnosis:
    wallet: Wallet
    seams: list[_Seam] = field(default_factory=list)  # Those that do not hold, newest first.

    def read(self, newest_first: Iterable[Transfer]) -> Sums:
        """Keep the seams that do not hold, and return what the entries sum up to."""
        sums = Sums()
        for seam in self._seams_of(newest_first):
            if seam.below is not None:
                sums = sums.with_leg(seam.below, seam.below.side_of(self.wallet.id))
            holds = seam.is_even and seam.is_sealed
            if not holds and len(self.seams) < BROKEN_SEAM_COUNT_MAX:
                self.seams.append(seam)
        return sums

    def causes(self) -> Iterator[Finding]:
        """Find the causes from run to run: in a run each seal is over the next."""
        head: _Seam | None = None  # The broken seal that the run begins below.
        run: list[_Seam] = []
        for seam in self.seams:
            if seam.is_sealed:
                run.append(seam)
                continue
            # An entry that fits neither what is above nor what is below is itself wrong.
            is_disputed = bool(run) and run[-1].is_above(seam) and not seam.is_gap
            yield from self._causes_in(head, run[:-1] if is_disputed else run)
            head, run = None, []
            if seam.is_gap:
                yield self._missing(seam)
            elif is_disputed:
                yield self._altered(seam, seam.above)
            else:
                head = seam
        yield from self._causes_in(head, run)

    def drift(self, sums: Sums, available_minor: int | None) -> Finding | None:
        """Compare the counters with the sums, if nothing is wrong with the entries."""
        wallet = self.wallet
        expected: dict[str, str | int | None] = {"creditsPending": 0}
        actual: dict[str, str | int | None] = {"creditsPending": wallet.credits_pending}
        if not self.seams:
            expected |= sums.counters()
            actual |= _stored(wallet).counters()
        if available_minor is not None:
            expected["available"] = wallet.available_minor
            actual["available"] = available_minor
        return None if expected == actual else self._drifted(None, expected, actual)

    def broken(self, transfer_id: str | None, expected: Facts, actual: Facts) -> Finding:
        wallet = self.wallet
        subject = Subject(wallet.client_id, transfer_id=transfer_id, account_id=wallet.id)
        return Finding(MismatchType.CHAIN_BROKEN, subject, expected, actual)

    def _drifted(self, transfer_id: str | None, expected: Facts, actual: Facts) -> Finding:
        wallet = self.wallet
        subject = Subject(wallet.client_id, transfer_id=transfer_id, account_id=wallet.id)
        return Finding(MismatchType.BALANCE_DRIFT, subject, *_differing(expected, actual))

    def _causes_in(self, head: _Seam | None, run: Sequence[_Seam]) -> Iterator[Finding]:
        if head is not None:
            culprit = self._proven(head)
            if culprit is None and run:
                # All was sealed anew from the lowest of them on, at the latest.
                yield self._altered(head, run[-1].above)
                return
            yield self._altered(head, culprit or _likely(head))
        for upper, lower in pairwise(run):
            if not upper.levels(lower):
                yield self._uneven(upper)
        if run:
            yield self._uneven(run[-1])

    def _proven(self, seam: _Seam) -> Transfer | None:
        """Return the altered entry at a broken seal, if what it said before can be found out."""
        if seam.is_below_relabelled:
            return seam.below
        if seam.above is None or seam.below is None:
            return seam.above
        below = seam.below.entry_of(self.wallet.id).hash
        for guess in _guesses(seam.above, seam, self.wallet.id):
            if entry_hash(guess, self.wallet.id, previous_hash=below) == seam.sealed_hash:
                return seam.above
        return None

    def _altered(self, seam: _Seam, culprit: Transfer | None) -> Finding:
        expected = {"transferId": seam.above.id if seam.above else None, "hash": seam.sealed_hash}
        actual = {"previousTransferId": seam.left.transfer_id, "hash": seam.hash}
        if culprit is None:
            return self.broken(self.wallet.head_transfer_id, expected, actual)
        subject = Subject(self.wallet.client_id, transfer_id=culprit.id)
        return Finding(MismatchType.ENTRY_ALTERED, subject, expected, actual)

    def _missing(self, seam: _Seam) -> Finding:
        found = seam.found
        expected = {
            "transferId": found.transfer_id,
            "number": found.number,
            "count": found.number - seam.left.number,
        }
        return self.broken(found.transfer_id, expected, {"transferId": None})

    def _uneven(self, seam: _Seam) -> Finding:
        """Say that an entry, or the wallet, does not go on where the entries before it end."""
        expected, actual = _facts(seam.left), _facts(seam.found)
        if seam.is_in_place:
            return self._drifted(seam.above.id if seam.above else None, expected, actual)
        named = seam.above.id if seam.above else self.wallet.head_transfer_id
        return self.broken(named, *_differing(expected, actual))

    def _seams_of(self, newest_first: Iterable[Transfer]) -> Iterator[_Seam]:
        entries = iter(newest_first)
        above, below = None, next(entries, None)
        while True:
            lower = next(entries, None) if below is not None else None
            yield self._seam(above, below, lower)
            if below is None:
                return
            above, below = below, lower

    def _seam(
        self, above: Transfer | None, below: Transfer | None, lower: Transfer | None
    ) -> _Seam:
        wallet = self.wallet
        found = Standing.before(above, wallet.id) if above else Standing.of(wallet)
        left = Standing.after(below, wallet.id) if below else Standing.at_first(found.currency)
        sealed_hash = above.entry_of(wallet.id).hash if above else wallet.head_hash
        hash_ = self._seal(above, _hash_of(below, wallet.id))
        is_relabelled = False
        if hash_ != sealed_hash and below is not None:
            contents = self._seal(below, _hash_of(lower, wallet.id))
            is_relabelled = self._seal(above, contents) == sealed_hash
        return _Seam(above, below, found, left, sealed_hash, hash_, is_relabelled)

    def _seal(self, above: Transfer | None, hash_: str) -> str:
        """Return the hash over one: the entry's own, while the wallet keeps it as it is."""
        return entry_hash(above, self.wallet.id, previous_hash=hash_) if above else hash_


def _likely(seam: _Seam) -> Transfer | None:
    """Return the entry that is likely the altered one at a broken seal."""
    if seam.above is None or (seam.below is not None and not seam.is_even):
        return seam.below
    return seam.above


def _guesses(transfer: Transfer, seam: _Seam, wallet_id: str) -> Iterator[Transfer]:
    """Yield what an entry may have said if one thing of it was changed, so that it did fit."""
    yield relinked(transfer, wallet_id, seam.left.transfer_id)
    yield from (replace(transfer, kind=kind) for kind in TransferKind)
    _, balance_minor, pending_minor = seam.steps
    yield replace(transfer, held_minor=transfer.held_minor - pending_minor)
    posted_minor = transfer.effect_on(wallet_id) + balance_minor
    for amount_minor in (abs(posted_minor), transfer.pending_minor + pending_minor):
        if 0 < amount_minor <= AMOUNT_MINOR_MAX:
            yield replace(transfer, amount=Money(amount_minor, transfer.amount.currency))


def _hash_of(entry: Transfer | None, wallet_id: str) -> str:
    return GENESIS if entry is None else entry.entry_of(wallet_id).hash


def _stored(wallet: Wallet) -> Sums:
    return Sums(
        debits_pending=wallet.debits_pending,
        debits_posted=wallet.debits_posted,
        credits_pending=wallet.credits_pending,
        credits_posted=wallet.credits_posted,
    )


def _facts(standing: Standing) -> dict[str, str | int | None]:
    return {
        "transferId": standing.transfer_id,
        "number": standing.number,
        "balance": standing.balance_minor,
        "pending": standing.pending_minor,
        "currency": standing.currency,
    }


def _differing(expected: Facts, actual: Facts) -> tuple[Facts, Facts]:
    names = [name for name in expected if expected[name] != actual[name]]
    return {name: expected[name] for name in names}, {name: actual[name] for name in names}
