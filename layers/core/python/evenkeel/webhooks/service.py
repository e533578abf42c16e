"""Use cases of those who own endpoints: register, look, rotate, enable, delete, redeliver."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import partial

from evenkeel.clock import Clock
from evenkeel.errors import (
    FieldError,
    IdempotencyKeyReused,
    InvalidState,
    ObjectNotFound,
    ValidationFailed,
)
from evenkeel.ids import is_id
from evenkeel.resilience.retry import Retry
from evenkeel.webhooks.addresses import Reach, UrlRefused, destination_of
from evenkeel.webhooks.delivery import DELIVERY_PREFIX, Delivery
from evenkeel.webhooks.model import ENDPOINT_PREFIX, Endpoint, EndpointStatus, Wish
from evenkeel.webhooks.ports import (
    DeliveryPage,
    DeliveryQueue,
    DeliveryStore,
    Due,
    EndpointQuery,
    EndpointStore,
)


@dataclass(frozen=True, slots=True)
class Registered:
    """An endpoint as the request that registers it is answered with it."""

    endpoint: Endpoint
    replayed: bool


@dataclass(frozen=True, slots=True)
class Webhooks:
    endpoints: EndpointStore
    deliveries: DeliveryStore
    queue: Callable[[], DeliveryQueue]  # Needed to redeliver only, and dear to build.
    retry: Retry
    clock: Clock
    new_secret: Callable[[], str]
    reach: Reach

    def register(self, wish: Wish) -> Registered:
        """Make an endpoint, once for its id, however often it is asked for.

        Raises:
            ValidationFailed: It is at a URL that we do not call.
            LimitReached: The client has as many as it may.
            IdempotencyKeyReused: The id belongs to another request.
        """
        try:
            destination_of(wish.url, self.reach)
        except UrlRefused as error:
            raise ValidationFailed(FieldError("url", str(error))) from error
        endpoint = Endpoint.created(wish, self.clock(), self.new_secret())
        stored = self.retry.call(lambda: self._added(endpoint))
        if stored.wish.fingerprint != wish.fingerprint:
            raise IdempotencyKeyReused
        # Whichever attempt wrote it: what is stored is ours if it has our secret.
        replayed = stored.first_secret != endpoint.first_secret
        return Registered(stored.as_created(), replayed)

    def _added(self, endpoint: Endpoint) -> Endpoint:
        stored = self.endpoints.find(endpoint.client_id, endpoint.id)
        if stored is not None:
            return stored
        roster = self.endpoints.roster(endpoint.client_id)
        return self.endpoints.add(endpoint, roster.joined_by(endpoint.id))

    def of_client(self, client_id: str) -> Sequence[Endpoint]:
        """Return the client's endpoints, newest first."""
        return self.retry.call(lambda: self._of_client(client_id))

    def _of_client(self, client_id: str) -> Sequence[Endpoint]:
        ids = self.endpoints.roster(client_id).endpoint_ids
        found = self.endpoints.of_ids(client_id, ids[::-1])
        return [each for each in found if each.status is not EndpointStatus.DELETED]

    def get(self, client_id: str, endpoint_id: str) -> Endpoint:
        """Return the endpoint.

        Raises:
            ObjectNotFound: The client has none of this id.
        """
        return self.retry.call(lambda: self._live(client_id, endpoint_id))

    def delete(self, client_id: str, endpoint_id: str) -> None:
        """Delete the endpoint; again changes nothing. Its deliveries end where they are.

        Raises:
            ObjectNotFound: The client has never had one of this id.
        """
        self.retry.call(lambda: self._delete(client_id, endpoint_id))

    def _delete(self, client_id: str, endpoint_id: str) -> None:
        endpoint = self._known(client_id, endpoint_id)
        if endpoint.status is not EndpointStatus.DELETED:
            roster = self.endpoints.roster(client_id)
            self.endpoints.remove(endpoint.deleted(), roster.left_by(endpoint_id))

    def rotate(self, client_id: str, endpoint_id: str) -> Endpoint:
        """Give the endpoint a new secret; the one before goes on signing for a day.

        Raises:
            ObjectNotFound: The client has none of this id.
            LimitReached: Too many of its secrets are in force.
        """
        secret = self.new_secret()
        return self.retry.call(lambda: self._rotate(client_id, endpoint_id, secret))

    def _rotate(self, client_id: str, endpoint_id: str, secret: str) -> Endpoint:
        endpoint = self._live(client_id, endpoint_id)
        if endpoint.secret == secret:
            return endpoint  # An attempt before this one was applied after all.
        return self._saved(endpoint.rotated(self.clock(), secret))

    def enable(self, client_id: str, endpoint_id: str) -> Endpoint:
        """Have the endpoint hear again of what happens from now on, as if it had never failed.

        Raises:
            ObjectNotFound: The client has none of this id.
        """
        return self.retry.call(lambda: self._enable(client_id, endpoint_id))

    def _enable(self, client_id: str, endpoint_id: str) -> Endpoint:
        endpoint = self._live(client_id, endpoint_id)
        if endpoint.status is EndpointStatus.ENABLED:
            return endpoint
        # First, or the next delivery that fails would disable it again.
        _, health = self.endpoints.look(client_id, endpoint_id)
        well = health.succeeded(is_slow=False)
        if well != health:
            self.endpoints.save_health(client_id, endpoint_id, well)
        return self._saved(endpoint.enabled())

    def log(self, query: EndpointQuery) -> DeliveryPage:
        """Return a page of the deliveries to an endpoint, newest first.

        Raises:
            ObjectNotFound: The client has no such endpoint.
        """
        self.get(query.client_id, query.endpoint_id)
        return self.retry.call(lambda: self.deliveries.of_endpoint(query))

    def redeliver(self, client_id: str, endpoint_id: str, delivery_id: str) -> Delivery:
        """Send it once more, now, with all attempts and all the time of a new one.

        It is recorded before it is queued: whoever is not answered asks again, and of two
        messages for one attempt the second comes to nothing.

        Raises:
            ObjectNotFound: The client has no such endpoint, or that no such delivery.
            InvalidState: The endpoint is disabled.
        """
        endpoint = self.get(client_id, endpoint_id)
        if endpoint.status is not EndpointStatus.ENABLED:
            message = "the webhook is disabled: enable it first"
            raise InvalidState(message, subject="webhook", status=endpoint.status)
        delivery = self.retry.call(partial(self._asked_again, endpoint, delivery_id))
        due = Due(client_id, endpoint_id, delivery_id, delivery.attempt_count + 1)
        self.retry.call(lambda: self.queue().put(due, delay_s=0.0))
        return delivery

    def _asked_again(self, endpoint: Endpoint, delivery_id: str) -> Delivery:
        if not is_id(DELIVERY_PREFIX, delivery_id):
            raise ObjectNotFound
        delivery = self.deliveries.find(endpoint.client_id, delivery_id)
        if delivery is None or delivery.endpoint_id != endpoint.id:
            raise ObjectNotFound
        again = delivery.asked_again(self.clock())
        self.deliveries.save(again)
        return again

    def _saved(self, endpoint: Endpoint) -> Endpoint:
        self.endpoints.save(endpoint)
        return endpoint

    def _live(self, client_id: str, endpoint_id: str) -> Endpoint:
        endpoint = self._known(client_id, endpoint_id)
        if endpoint.status is EndpointStatus.DELETED:
            raise ObjectNotFound
        return endpoint

    def _known(self, client_id: str, endpoint_id: str) -> Endpoint:
        if not is_id(ENDPOINT_PREFIX, endpoint_id):
            raise ObjectNotFound
        endpoint = self.endpoints.find(client_id, endpoint_id)
        if endpoint is None:
            raise ObjectNotFound
        return endpoint
