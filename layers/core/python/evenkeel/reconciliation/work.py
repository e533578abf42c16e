"""What is left to do in a run, in pieces that can be done side by side, and done again.

Which pieces there are, and in what order, follows from the run's record and from what is
stored, so whoever goes on with a run does what was not done, and nothing else twice.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass

from evenkeel.ledger.accounts import is_wallet
from evenkeel.payments.model import PENDING_FOR
from evenkeel.payments.ports import DUE_SHARD_COUNT
from evenkeel.reconciliation.changes import Change, ChangedObject, ChangeLog, stretches
from evenkeel.reconciliation.mismatch import Mismatch
from evenkeel.reconciliation.ports import FULL_PART_COUNT, Books, MismatchStore
from evenkeel.reconciliation.run import Place, Run, Scope, Stage
from evenkeel.reconciliation.stuck_rules import OVERDUE_FOR_MAX, PENDING_FOR_MAX
from evenkeel.reconciliation.timetable import SETTLED_AFTER

# Payments, as many as one read of a table takes.
PIECE_COUNT = 100

# So often a run is saved at least, though nothing of its client's may be noted anywhere.
STRETCH_COUNT = 200
BEHIND_ALL = "~"  # Greater than every owner.

# How long before it is stuck a payment is due: one that waits lapses long after that.
LEADS = (OVERDUE_FOR_MAX, PENDING_FOR_MAX - PENDING_FOR)


@dataclass(frozen=True, slots=True)
class Piece:
    """Some of it, small enough to be done at once.

    Attributes:
        place: Where the run is when it is done.
        suspects: The mismatches of earlier runs that have led to these changes.
    """

    place: Place
    changes: Sequence[Change]
    suspects: Sequence[Mismatch] = ()

    def by_object(self) -> Sequence[Sequence[Change]]:
        """Return what is of one payment, or of one account, together."""
        found: dict[str, list[Change]] = {}
        for change in self.changes:
            found.setdefault(_owner(change), []).append(change)
        return list(found.values())


_Placed = tuple[Place, Change | None]  # A place without a change: the run has come so far.


@dataclass(frozen=True, slots=True)
class Work:
    log: ChangeLog
    books: Books
    mismatches: MismatchStore

    def pieces(self, run: Run) -> Iterator[Piece]:
        """Yield what the run has not done.

        Raises:
            StoreBusy: It cannot be told now.
        """
        for stage in run.stages_left:
            match stage:
                case Stage.OBJECTS if run.scope is Scope.EVERYTHING:
                    yield from _in_pieces(self._all(run), run.client_id)
                case Stage.OBJECTS:
                    yield from _in_pieces(self._noted(run), run.client_id)
                case Stage.OVERDUE:
                    yield from _in_pieces(self._overdue(run), run.client_id)
                case Stage.OPEN:
                    yield from self._open(run)

    def _noted(self, run: Run) -> Iterator[_Placed]:
        """Yield what was noted, stretch by stretch, all that is of one payment together."""
        place, window = run.place_in(Stage.OBJECTS), run.window
        # What was changed last is noted a little later.
        noted = stretches(window.since, window.until + SETTLED_AFTER)
        for part, stretch in enumerate(noted):
            if part < place.part:
                continue
            after = place.after if part == place.part else None
            for owner, change in _by_owner(set(self.log.read(stretch))):
                if after is None or owner > after:
                    yield Place(Stage.OBJECTS, part, owner), change
            if part % STRETCH_COUNT == STRETCH_COUNT - 1:
                yield Place(Stage.OBJECTS, part, BEHIND_ALL), None

    def _all(self, run: Run) -> Iterator[_Placed]:
        place = run.place_in(Stage.OBJECTS)
        for part in range(place.part, FULL_PART_COUNT):
            after = place.after if part == place.part else None
            for behind, change in self.books.all(part, after):
                yield Place(Stage.OBJECTS, part, behind), change

    def _overdue(self, run: Run) -> Iterator[_Placed]:
        """Yield the payments whose time has come in the window, although nobody touched them."""
        window, place = run.window, run.place_in(Stage.OVERDUE)
        for shard in range(place.part, DUE_SHARD_COUNT):
            after = place.after if shard == place.part else None
            found = {
                change
                for lead in LEADS
                for change in self.books.overdue(window.since - lead, window.until - lead, shard)
            }
            for owner, change in _by_owner(found):
                if after is None or owner > after:
                    yield Place(Stage.OVERDUE, shard, owner), change

    def _open(self, run: Run) -> Iterator[Piece]:
        """Yield what was found before, to be looked at again."""
        after = run.place_in(Stage.OPEN).after
        suspects: list[Mismatch] = []
        for mismatch in self.mismatches.unsettled(run.client_id):
            is_done = after is not None and mismatch.listed_as <= after
            if is_done or not mismatch.is_open or not can_be_seen_again(mismatch):
                continue
            suspects.append(mismatch)
            if len(suspects) == PIECE_COUNT:
                yield _reopened(suspects)
                suspects = []
        if suspects:
            yield _reopened(suspects)


def _reopened(suspects: Sequence[Mismatch]) -> Piece:
    place = Place(Stage.OPEN, after=suspects[-1].listed_as)
    return Piece(place, changes_to(suspects), suspects)


def _in_pieces(placed: Iterable[_Placed], client_id: str | None) -> Iterator[Piece]:
    """Cut the changes into pieces of so many places each; what is at one place stays together."""
    piece: list[Change] = []
    count, last = 0, Place()
    for place, change in placed:
        if change is None:
            yield Piece(place, piece)
            piece, count = [], 0
        elif client_id in (None, change.client_id):
            if count == PIECE_COUNT and place != last:
                yield Piece(last, piece)
                piece, count = [], 0
            count += not piece or place != last
            piece.append(change)
            last = place
    if piece:
        yield Piece(last, piece)


def _by_owner(changes: Iterable[Change]) -> Sequence[tuple[str, Change]]:
    """Return the changes in a fixed order, all that is of one payment together."""
    placed = ((_owner(each), each) for each in changes)
    return sorted(placed, key=lambda each: (each[0], each[1].object, each[1].object_id))


def _owner(change: Change) -> str:
    return f"{change.client_id}/{change.payment_id or change.object_id}"


def changes_to(mismatches: Iterable[Mismatch]) -> Sequence[Change]:
    """Return what leads to the subjects of mismatches, as if it had been changed just now."""
    found: list[Change] = []
    for mismatch in mismatches:
        subject = mismatch.finding.subject
        client_id, payment_id = subject.client_id, subject.payment_id
        if payment_id is not None:
            found.append(Change(client_id, ChangedObject.PAYMENT, payment_id))
        if subject.transfer_id is not None:
            found.append(Change(client_id, ChangedObject.RECORD, subject.transfer_id, payment_id))
        if (account_id := subject.account_id) is not None:
            found.append(
                Change(client_id, ChangedObject.ACCOUNT, account_id, account_ids=(account_id,))
            )
    return found


def can_be_seen_again(mismatch: Mismatch) -> bool:
    """Only a pass over the whole journal can say how an account stands that has no chain."""
    account_id = mismatch.finding.subject.account_id
    return account_id is None or is_wallet(account_id)
