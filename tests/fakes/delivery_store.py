from collections.abc import Callable

from evenkeel.errors import VersionConflict
from evenkeel.webhooks.delivery import Delivery
from evenkeel.webhooks.ports import DeliveryPage, EndpointQuery


class InMemoryDeliveryStore:
    """Keeps deliveries, and lets a test in before each write.

    Attributes:
        before_save: Called with what is about to be written; what it raises is raised.
    """

    def __init__(self) -> None:
        self.deliveries: dict[tuple[str, str], Delivery] = {}
        self.before_save: Callable[[Delivery], None] = lambda _: None

    def add(self, delivery: Delivery) -> Delivery:
        return self.deliveries.setdefault((delivery.client_id, delivery.id), delivery)

    def find(self, client_id: str, delivery_id: str) -> Delivery | None:
        return self.deliveries.get((client_id, delivery_id))

    def save(self, delivery: Delivery) -> None:
        self.before_save(delivery)
        stored = self.find(delivery.client_id, delivery.id)
        if stored is None or stored.version != delivery.version - 1:
            raise VersionConflict
        self.deliveries[delivery.client_id, delivery.id] = delivery

    def of_endpoint(self, query: EndpointQuery) -> DeliveryPage:
        newest_first = sorted(
            (
                delivery
                for delivery in self.deliveries.values()
                if (delivery.client_id, delivery.endpoint_id)
                == (query.client_id, query.endpoint_id)
            ),
            key=_position,
            reverse=True,
        )
        after = query.after
        wanted = [
            delivery
            for delivery in newest_first
            if after is None or _position(delivery) < (after.created_at, after.delivery_id)
        ]
        page = wanted[: query.limit]
        return DeliveryPage(page, page[-1].ref if len(page) == query.limit else None)


def _position(delivery: Delivery) -> tuple[object, str]:
    return delivery.created_at, delivery.id
