"""Who asks, for what, and under which idempotency key."""

from __future__ import annotations

from dataclasses import dataclass

from evenkeel.access.model import Principal
from evenkeel.clock import Deadline
from evenkeel.entrypoints.meter import Meter
from evenkeel.ids import derived_id


@dataclass(frozen=True, slots=True)
class Caller:
    """The one who makes a request.

    Attributes:
        route: Method and path of the route, as in `POST /api/payments`.
        fingerprint: Of the request's body, where it has one.
        deadline: When work on the outcome must end, so that it can be recorded and answered.
        meter: Of the requests of its client; a route that screens takes the token itself.
        may_wait: Whether the client prefers a later outcome to none (`respond-async`).
    """

    principal: Principal
    request_id: str
    route: str
    idempotency_key: str | None
    fingerprint: str | None
    deadline: Deadline
    meter: Meter
    may_wait: bool = False

    @property
    def client_id(self) -> str:
        return self.principal.client_id

    def require_fingerprint(self) -> str:
        assert self.fingerprint is not None, "a route that takes a body has one"
        return self.fingerprint

    def keyed_id(self, prefix: str, *path: str) -> str:
        """Return the id that belongs to the idempotency key, on this route and for this client.

        What the *path* names is a part of the route: a key may serve another object again.
        """
        assert self.idempotency_key is not None
        return derived_id(prefix, self.client_id, self.route, self.idempotency_key, *path)
