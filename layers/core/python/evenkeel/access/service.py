"""Use cases of access: know a caller by its key; make clients, issue and revoke keys."""

from __future__ import annotations

import hmac
from collections import OrderedDict
from collections.abc import Iterable
from dataclasses import dataclass, field
from datetime import datetime, timedelta

from evenkeel.access.model import (
    KEY_LENGTH_MAX,
    ApiKey,
    Client,
    Principal,
    Scope,
    digest_of,
    key_id_of,
    new_key,
)
from evenkeel.access.ports import AccessStore
from evenkeel.clock import Clock
from evenkeel.errors import Unauthorized
from evenkeel.ids import random_id
from evenkeel.resilience.retry import Retry

CLIENT_PREFIX = "cli"

# A revoked key must be refused everywhere within 60 s, so it may be believed for less.
KNOWN_FOR = timedelta(seconds=45)
KNOWN_COUNT_MAX = 1024


@dataclass(frozen=True, slots=True)
class Doorkeeper:
    """Knows callers by their keys, and remembers each for a while.

    By the clock on the wall: a clock that counts seconds stands still while Lambda
    has the environment frozen, and would believe a key for hours.

    Only keys in force are remembered: an unknown key costs the caller a look-up
    each time, and cannot push anybody else's out.
    """

    store: AccessStore
    retry: Retry
    clock: Clock
    _known: OrderedDict[str, tuple[Principal, datetime]] = field(default_factory=OrderedDict)

    def admit(self, key: str | None) -> Principal:
        """Return who the key belongs to.

        Raises:
            Unauthorized: The key is missing, unknown or revoked.
        """
        if not key or len(key) > KEY_LENGTH_MAX or not key.isascii():
            raise Unauthorized
        key_id = key_id_of(key)
        known = self._known.get(key_id)
        if known is not None and timedelta(0) <= self.clock() - known[1] < KNOWN_FOR:
            return known[0]
        principal = self._look_up(key, key_id)
        self._remember(key_id, principal)
        return principal

    def _look_up(self, key: str, key_id: str) -> Principal:
        stored = self.retry.call(lambda: self.store.key(key_id))
        if stored is None or stored.revoked_at is not None:
            self._known.pop(key_id, None)
            raise Unauthorized
        if not hmac.compare_digest(stored.digest, digest_of(key)):
            raise Unauthorized
        return Principal(stored.client_id, stored.id, stored.scopes)

    def _remember(self, key_id: str, principal: Principal) -> None:
        self._known[key_id] = (principal, self.clock())
        if len(self._known) > KNOWN_COUNT_MAX:
            self._known.popitem(last=False)


@dataclass(frozen=True, slots=True)
class Keyring:
    """Makes clients, and issues and revokes their keys."""

    store: AccessStore
    clock: Clock

    def create_client(self, name: str, client_id: str | None = None) -> Client:
        """Make a client; under a given id, once, however often it is asked for."""
        client = Client(client_id or random_id(CLIENT_PREFIX), name, self.clock())
        self.store.add_client(client)
        return self.store.client(client.id)

    def issue(self, client_id: str, name: str, scopes: Iterable[Scope]) -> tuple[ApiKey, str]:
        """Issue a key, and return what is stored and the key itself, which nobody sees again.

        Raises:
            ObjectNotFound: There is no such client.
        """
        client = self.store.client(client_id)
        key = new_key()
        stored = ApiKey(
            id=key_id_of(key),
            digest=digest_of(key),
            client_id=client.id,
            name=name,
            scopes=frozenset(scopes),
            created_at=self.clock(),
        )
        self.store.add_key(stored)
        return stored, key

    def revoke(self, key_id: str) -> datetime:
        """Revoke a key, and return since when it is revoked.

        Raises:
            ObjectNotFound: There is no such key.
        """
        return self.store.revoke(key_id, self.clock())
