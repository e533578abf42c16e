"""What access control needs from the outside."""

from __future__ import annotations

from datetime import datetime
from typing import Protocol

from evenkeel.access.model import ApiKey, Client


class AccessStore(Protocol):
    def add_client(self, client: Client) -> None:
        """Record a client; one that is there already stays as it is."""

    def client(self, client_id: str) -> Client:
        """Return the client.

        Raises:
            ObjectNotFound: There is none.
        """

    def add_key(self, key: ApiKey) -> None:
        """Record a new key."""

    def key(self, key_id: str) -> ApiKey | None:
        """Return the key as it is now, strongly consistent, if there is one."""

    def revoke(self, key_id: str, at: datetime) -> datetime:
        """Revoke the key, and return since when it is: asking again changes nothing.

        Raises:
            ObjectNotFound: There is none.
        """
