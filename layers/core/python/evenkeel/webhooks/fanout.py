"""From an event to its deliveries: one for each endpoint that wants to hear of it.

A delivery is recorded before it is queued, under an id that follows from endpoint
and event. So an event that comes again, from the queue or from the bus's archive,
finds its deliveries, and queues only one that nobody has tried: its message may
never have been sent.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import partial

from evenkeel.clock import Clock
from evenkeel.resilience.retry import Retry
from evenkeel.webhooks.delivery import Delivery
from evenkeel.webhooks.model import Endpoint, Notice
from evenkeel.webhooks.ports import DeliveryQueue, DeliveryStore, Due, EndpointStore


@dataclass(frozen=True, slots=True)
class FanOut:
    endpoints: EndpointStore
    deliveries: DeliveryStore
    queue: DeliveryQueue
    retry: Retry
    clock: Clock

    def tell(self, notice: Notice) -> int:
        """Have each endpoint told that wants to hear of it; return how many have to be."""
        hearing = self.retry.call(lambda: self._hearing(notice))
        return sum(self._deliver(endpoint, notice) for endpoint in hearing)

    def _hearing(self, notice: Notice) -> list[Endpoint]:
        ids = self.endpoints.roster(notice.client_id).endpoint_ids
        found = self.endpoints.of_ids(notice.client_id, ids) if ids else ()
        return [endpoint for endpoint in found if endpoint.hears(notice)]

    def _deliver(self, endpoint: Endpoint, notice: Notice) -> bool:
        delivery = Delivery.of(endpoint, notice, self.clock())
        stored = self.retry.call(partial(self.deliveries.add, delivery))
        if stored.is_over or stored.attempt_count > 0:
            return False
        due = Due(endpoint.client_id, endpoint.id, stored.id, number=1)
        self.retry.call(partial(self.queue.put, due, delay_s=0.0))
        return True
