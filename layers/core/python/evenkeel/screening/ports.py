"""What screening needs from the outside."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Protocol

from evenkeel.learning.occurrence import Occurrence
from evenkeel.person import Person
from evenkeel.screening.anomaly import Anomaly, Unusual
from evenkeel.screening.policy import Policy
from evenkeel.screening.quota import Bucket, Lane, Quota
from evenkeel.screening.rules import Mode
from evenkeel.screening.windows import Entry, Outcome, Screened, Sight, Spans


class Windows(Protocol):
    """Counters that several processes share, by the clock of whoever keeps them.

    Every method raises WindowsUnavailable soon if there is no answer. What was asked for may
    then have been counted, or not. All but `note` are one round trip.
    """

    def take(self, client_id: str, lane: Lane, bucket: Bucket) -> Quota:
        """Take a token for a request, or say when there is one."""

    def screen(self, entry: Entry, bucket: Bucket, spans: Spans) -> Screened:
        """Take a token for a request to create, and count its payment, at once or not at all.

        A payment that is counted already is not counted again, and is answered with
        the counts of the moment in which it was.
        """

    def look(self, person: Person, spans: Spans) -> Sight:
        """Return what is counted of a user, and count nothing."""

    def note(self, outcomes: Sequence[Outcome]) -> None:
        """Count outcomes, each once, whatever their order; a success ends what failed before it.

        One round trip for each client.
        """


class PolicyStore(Protocol):
    def policy(self, client_id: str) -> Policy | None:
        """Return what was laid down for the client, if anything was.

        Raises:
            StoreBusy: Nobody knows.
            ValueError: No policy can be made of what is there.
        """

    def lay_down(self, client_id: str, policy: Policy) -> None:
        """Put a policy in the place of the client's earlier one.

        Raises:
            ObjectNotFound: There is no such client.
            StoreBusy, StoreUnconfirmed: It may not be there.
        """


class ScreenWatch(Protocol):
    """Hears of what no client is told."""

    def unavailable(self, error: Exception) -> None:
        """Hear that a request went on without its windows, or by an older policy."""

    def flagged(self, entry: Entry, anomaly: Anomaly) -> None:
        """Hear of what rules have said of a payment, those on trial too."""


class Marks(Protocol):
    def mark(self, client_id: str, payment_id: str, unusual: Unusual) -> None:
        """Record what the learned model has found in a payment; twice is the same as once.

        Raises:
            ObjectNotFound: This client has no such payment.
            StoreBusy, StoreUnconfirmed: It may not be recorded.
        """


class DetectionWatch(Protocol):
    """Hears of what the learned model says, and of what it cannot learn."""

    def found(self, occurrence: Occurrence, unusual: Unusual, mode: Mode) -> None:
        """Hear of an unusual payment, on trial too; of one that comes again, again."""

    def unshared(self, error: Exception) -> None:
        """Hear that an environment goes on with an older model of all users."""
