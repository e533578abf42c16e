"""Webhooks over fakes: one client with an endpoint, the fan-out, and a sender."""

from datetime import timedelta

from evenkeel.webhooks.addresses import Reach
from evenkeel.webhooks.delivery import Delivery, DeliveryStatus
from evenkeel.webhooks.fanout import FanOut
from evenkeel.webhooks.model import Endpoint, Health
from evenkeel.webhooks.ports import Due, EndpointQuery
from evenkeel.webhooks.sender import Sender
from evenkeel.webhooks.service import Webhooks
from evenkeel.webhooks.signing import new_secret
from tests.fakes.clock import ManualClock
from tests.fakes.delivery_queue import InMemoryDeliveryQueue
from tests.fakes.delivery_store import InMemoryDeliveryStore
from tests.fakes.endpoint_store import InMemoryEndpointStore
from tests.fakes.event_bus import RecordedAlerts
from tests.fakes.postman import ScriptedPostman
from tests.fakes.retry import instant_retry
from tests.webhooks import notice, wish

CLIENT = "cli_a"


class Office:
    def __init__(self, clock: ManualClock | None = None) -> None:
        self.clock = clock or ManualClock()
        self.endpoints = InMemoryEndpointStore()
        self.deliveries = InMemoryDeliveryStore()
        self.queue = InMemoryDeliveryQueue(self.clock)
        self.postman = ScriptedPostman()
        self.alerts = RecordedAlerts()
        self.webhooks = Webhooks(
            self.endpoints,
            self.deliveries,
            lambda: self.queue,
            instant_retry(),
            self.clock,
            new_secret,
            Reach.PUBLIC,
        )
        self.fan_out = FanOut(
            self.endpoints, self.deliveries, self.queue, instant_retry(), self.clock
        )
        self.sender = Sender(
            self.endpoints,
            self.deliveries,
            self.queue,
            self.postman,
            lambda: self.alerts,
            instant_retry(),
            self.clock,
            draw=lambda: 0.0,
        )

    def register(self, key: str = "k1", client_id: str = CLIENT, **fields: object) -> Endpoint:
        return self.webhooks.register(wish(key, client_id, **fields)).endpoint  # type: ignore[arg-type]  # Passed on as they are.

    def happen(self, key: str = "e1", event_type: str = "PaymentCompleted") -> None:
        """Have something happen now, and told."""
        self.fan_out.tell(notice(key, event_type=event_type, occurred_at=self.clock()))

    def send_next(self) -> DeliveryStatus | None:
        return self.sender.send(self.queue.take())

    def send_all(self) -> None:
        """Work off the queue until it is empty, however long that takes."""
        while self.queue.waiting:
            self.send_next()

    def endpoint(self, key: str = "k1") -> Endpoint:
        return self.endpoints.endpoints[CLIENT, f"whk_{key}"]

    def health(self, key: str = "k1") -> Health:
        return self.endpoints.look(CLIENT, f"whk_{key}")[1]

    def log(self, key: str = "k1") -> list[Delivery]:
        page = self.deliveries.of_endpoint(EndpointQuery(CLIENT, f"whk_{key}", 100))
        return list(page.deliveries)

    def delivery(self, event: str = "e1", key: str = "k1") -> Delivery:
        [found] = [each for each in self.log(key) if each.event_id == f"evt_{event}"]
        return found

    def due(self, number: int = 1, event: str = "e1") -> Due:
        delivery = self.delivery(event)
        return Due(CLIENT, delivery.endpoint_id, delivery.id, number)

    def later(self, **amount: float) -> None:
        self.clock.advance(timedelta(**amount))
