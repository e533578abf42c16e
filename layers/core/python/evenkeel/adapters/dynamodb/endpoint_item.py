"""Endpoints, their health and a client's list of them as items, and back."""

from __future__ import annotations

from typing import Any

from pynamodb.attributes import UnicodeAttribute
from pynamodb.expressions.update import Action

from evenkeel.adapters.dynamodb.item import (
    DocumentAttribute,
    IntegerAttribute,
    Item,
    TimeAttribute,
    client_of,
    id_of,
    key_of,
)
from evenkeel.clock import from_rfc3339, to_rfc3339
from evenkeel.webhooks.model import (
    DisabledReason,
    Endpoint,
    EndpointStatus,
    Health,
    Roster,
    Secret,
    Wish,
)


class EndpointItem(Item):
    class Meta:
        table_name: str

    id = UnicodeAttribute(hash_key=True)  # <client id>/<endpoint id>
    fingerprint = UnicodeAttribute()
    url = UnicodeAttribute()
    events = DocumentAttribute()
    description = UnicodeAttribute(null=True)
    created_at = TimeAttribute()
    first_secret = UnicodeAttribute()

    secrets = DocumentAttribute()
    status = UnicodeAttribute()
    disabled_reason = UnicodeAttribute(null=True)
    version = IntegerAttribute()

    @classmethod
    def of(cls, endpoint: Endpoint) -> EndpointItem:
        wish = endpoint.wish
        return cls(
            key_of(wish.client_id, wish.endpoint_id),
            fingerprint=wish.fingerprint,
            url=wish.url,
            events=list(wish.events),
            description=wish.description,
            created_at=endpoint.created_at,
            first_secret=endpoint.first_secret,
            **_mutable(endpoint),
        )

    @classmethod
    def changes(cls, endpoint: Endpoint) -> list[Action]:
        """Return what an update writes: all that can change, and nothing else."""
        return [
            getattr(cls, name).remove() if value is None else getattr(cls, name).set(value)
            for name, value in _mutable(endpoint).items()
        ]

    def endpoint(self) -> Endpoint:
        wish = Wish(
            endpoint_id=id_of(self.id),
            client_id=client_of(self.id),
            fingerprint=self.fingerprint,
            url=self.url,
            events=tuple(self.events),
            description=self.description,
        )
        return Endpoint(
            wish,
            self.created_at,
            self.first_secret,
            tuple(_secret(*stored) for stored in self.secrets),
            EndpointStatus(self.status),
            DisabledReason(self.disabled_reason) if self.disabled_reason else None,
            self.version,
        )


class RosterItem(Item):
    class Meta:
        table_name: str

    id = UnicodeAttribute(hash_key=True)  # <client id>
    endpoint_ids = DocumentAttribute()
    version = IntegerAttribute()

    @classmethod
    def of(cls, roster: Roster) -> RosterItem:
        return cls(roster.client_id, endpoint_ids=list(roster.endpoint_ids), version=roster.version)

    def roster(self) -> Roster:
        return Roster(self.id, tuple(self.endpoint_ids), self.version)


class HealthItem(Item):
    class Meta:
        table_name: str

    id = UnicodeAttribute(hash_key=True)  # See `health_key`.
    strikes = IntegerAttribute()
    failing_since = TimeAttribute(null=True)
    trial_until = TimeAttribute(null=True)
    version = IntegerAttribute()

    @classmethod
    def of(cls, key: str, health: Health) -> HealthItem:
        return cls(
            key,
            strikes=health.strikes,
            failing_since=health.failing_since,
            trial_until=health.trial_until,
            version=health.version,
        )

    def health(self) -> Health:
        return Health(self.strikes, self.failing_since, self.trial_until, self.version)


def health_key(client_id: str, endpoint_id: str) -> str:
    return f"{key_of(client_id, endpoint_id)}/health"


def _mutable(endpoint: Endpoint) -> dict[str, Any]:
    return {
        "secrets": [
            [secret.value, to_rfc3339(secret.until) if secret.until else None]
            for secret in endpoint.secrets
        ],
        "status": endpoint.status.value,
        "disabled_reason": endpoint.disabled_reason,
        "version": endpoint.version,
    }


def _secret(value: str, until: str | None) -> Secret:
    return Secret(value, from_rfc3339(until) if until else None)
