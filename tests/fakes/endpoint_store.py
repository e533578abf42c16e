from collections.abc import Sequence

from evenkeel.errors import VersionConflict
from evenkeel.webhooks.model import Endpoint, Health, Roster


class InMemoryEndpointStore:
    """Keeps endpoints, and fails as it is told: each fault is raised once, in its turn.

    Attributes:
        faults: Raised by the next writes, which are not made.
        late_faults: Raised by the next writes, after they were made.
    """

    def __init__(self) -> None:
        self.endpoints: dict[tuple[str, str], Endpoint] = {}
        self.rosters: dict[str, Roster] = {}
        self.healths: dict[tuple[str, str], Health] = {}
        self.faults: list[Exception] = []
        self.late_faults: list[Exception] = []
        self.write_count = 0

    def roster(self, client_id: str) -> Roster:
        return self.rosters.get(client_id, Roster(client_id))

    def add(self, endpoint: Endpoint, roster: Roster) -> Endpoint:
        self._begin()
        key = (endpoint.client_id, endpoint.id)
        if key in self.endpoints:
            return self.endpoints[key]
        self._follow(roster)
        self.endpoints[key] = endpoint
        self._end()
        return endpoint

    def remove(self, endpoint: Endpoint, roster: Roster) -> None:
        self._begin()
        self._follow_endpoint(endpoint)
        self._follow(roster)
        self.endpoints[endpoint.client_id, endpoint.id] = endpoint
        self._end()

    def find(self, client_id: str, endpoint_id: str) -> Endpoint | None:
        return self.endpoints.get((client_id, endpoint_id))

    def of_ids(self, client_id: str, endpoint_ids: Sequence[str]) -> Sequence[Endpoint]:
        found = (self.find(client_id, endpoint_id) for endpoint_id in endpoint_ids)
        return [endpoint for endpoint in found if endpoint is not None]

    def save(self, endpoint: Endpoint) -> None:
        self._begin()
        self._follow_endpoint(endpoint)
        self.endpoints[endpoint.client_id, endpoint.id] = endpoint
        self._end()

    def look(self, client_id: str, endpoint_id: str) -> tuple[Endpoint | None, Health]:
        health = self.healths.get((client_id, endpoint_id), Health())
        return self.find(client_id, endpoint_id), health

    def save_health(self, client_id: str, endpoint_id: str, health: Health) -> None:
        self._begin()
        if self.look(client_id, endpoint_id)[1].version != health.version - 1:
            raise VersionConflict
        self.healths[client_id, endpoint_id] = health
        self._end()

    def _follow_endpoint(self, endpoint: Endpoint) -> None:
        stored = self.find(endpoint.client_id, endpoint.id)
        if stored is None or stored.version != endpoint.version - 1:
            raise VersionConflict

    def _follow(self, roster: Roster) -> None:
        if self.roster(roster.client_id).version != roster.version - 1:
            raise VersionConflict
        self.rosters[roster.client_id] = roster

    def _begin(self) -> None:
        self.write_count += 1
        if self.faults:
            raise self.faults.pop(0)

    def _end(self) -> None:
        if self.late_faults:
            raise self.late_faults.pop(0)
