"""What webhooks need from the outside."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Protocol

from evenkeel.webhooks.delivery import Delivery, DeliveryRef, Outcome
from evenkeel.webhooks.model import Endpoint, Health, Roster


class EndpointStore(Protocol):
    """Reads are strongly consistent. Each write is conditional on the version before it."""

    def roster(self, client_id: str) -> Roster:
        """Return who is on the client's list: nobody, if there is none."""

    def add(self, endpoint: Endpoint, roster: Roster) -> Endpoint:
        """Record a new endpoint and the list with it, both or none.

        Returns:
            What is stored under the endpoint's id: it is not replaced.

        Raises:
            VersionConflict: The list has changed since it was read.
        """

    def remove(self, endpoint: Endpoint, roster: Roster) -> None:
        """Record that an endpoint is deleted and the list without it, both or none.

        Raises:
            VersionConflict: One of them has changed since it was read.
        """

    def find(self, client_id: str, endpoint_id: str) -> Endpoint | None:
        """Return the endpoint of this client, a deleted one too."""

    def of_ids(self, client_id: str, endpoint_ids: Sequence[str]) -> Sequence[Endpoint]:
        """Return these endpoints, in this order, without those that are not there."""

    def save(self, endpoint: Endpoint) -> None:
        """Record a change.

        Raises:
            VersionConflict: The endpoint has changed since it was read.
        """

    def look(self, client_id: str, endpoint_id: str) -> tuple[Endpoint | None, Health]:
        """Return the endpoint, and how it has been answering."""

    def save_health(self, client_id: str, endpoint_id: str, health: Health) -> None:
        """Record how an endpoint is.

        Raises:
            VersionConflict: That has changed since it was read.
        """


@dataclass(frozen=True, slots=True)
class EndpointQuery:
    """The deliveries to one endpoint, newest first, below *after*."""

    client_id: str
    endpoint_id: str
    limit: int
    after: DeliveryRef | None = None


@dataclass(frozen=True, slots=True)
class DeliveryPage:
    deliveries: Sequence[Delivery]
    next: DeliveryRef | None


class DeliveryStore(Protocol):
    def add(self, delivery: Delivery) -> Delivery:
        """Record a new delivery, and return what is stored under its id: it is not replaced."""

    def find(self, client_id: str, delivery_id: str) -> Delivery | None:
        """Return the delivery of this client as it is now, strongly consistent."""

    def save(self, delivery: Delivery) -> None:
        """Record a change.

        Raises:
            VersionConflict: The delivery has changed since it was read, or has expired.
        """

    def of_endpoint(self, query: EndpointQuery) -> DeliveryPage:
        """Return a page of deliveries; one that was made a moment ago may not be in it yet."""


@dataclass(frozen=True, slots=True)
class Due:
    """A delivery that waits for its attempt *number*."""

    client_id: str
    endpoint_id: str
    delivery_id: str
    number: int


class DeliveryQueue(Protocol):
    """Messages come at least once, in any order; those of one endpoint do not hold up others."""

    def put(self, due: Due, *, delay_s: float) -> None:
        """Have the delivery come after the delay, or sooner: whoever gets it looks at its time."""


class Postman(Protocol):
    def post(self, url: str, body: bytes, headers: Mapping[str, str]) -> Outcome:
        """Send it, once, and return what became of it.

        It takes bounded time, and raises nothing, whatever the receiver does.
        """
