from dataclasses import replace
from datetime import datetime

from evenkeel.access.model import ApiKey, Client
from evenkeel.errors import ObjectNotFound


class InMemoryAccessStore:
    def __init__(self) -> None:
        self.clients: dict[str, Client] = {}
        self.keys: dict[str, ApiKey] = {}
        self.key_look_up_count = 0

    def add_client(self, client: Client) -> None:
        self.clients.setdefault(client.id, client)

    def client(self, client_id: str) -> Client:
        if client_id not in self.clients:
            raise ObjectNotFound
        return self.clients[client_id]

    def add_key(self, key: ApiKey) -> None:
        assert key.id not in self.keys
        self.keys[key.id] = key

    def key(self, key_id: str) -> ApiKey | None:
        self.key_look_up_count += 1
        return self.keys.get(key_id)

    def revoke(self, key_id: str, at: datetime) -> datetime:
        if key_id not in self.keys:
            raise ObjectNotFound
        key = self.keys[key_id]
        revoked_at = key.revoked_at or at
        self.keys[key_id] = replace(key, revoked_at=revoked_at)
        return revoked_at
