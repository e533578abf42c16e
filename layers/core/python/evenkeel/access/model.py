"""Who may ask for what: clients, their API keys and the scopes of a key."""

from __future__ import annotations

import hashlib
import secrets
from base64 import urlsafe_b64encode
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum

from evenkeel.errors import Forbidden
from evenkeel.ids import derived_id

KEY_BYTE_COUNT = 32
KEY_LENGTH_MAX = 128


class Scope(StrEnum):
    PAYMENTS_READ = "payments:read"
    PAYMENTS_WRITE = "payments:write"
    WALLETS_READ = "wallets:read"
    WALLETS_WRITE = "wallets:write"
    WALLETS_FUND = "wallets:fund"
    OPS_READ = "ops:read"
    OPS_WRITE = "ops:write"


@dataclass(frozen=True, slots=True)
class Client:
    """A tenant: everything belongs to exactly one."""

    id: str
    name: str
    created_at: datetime


@dataclass(frozen=True, slots=True)
class ApiKey:
    """What is kept of a key: enough to know it again, too little to use it."""

    id: str
    digest: str  # SHA-256 of the key, in hex.
    client_id: str
    name: str
    scopes: frozenset[Scope]
    created_at: datetime
    revoked_at: datetime | None = None


@dataclass(frozen=True, slots=True)
class Principal:
    """The caller, once its key is known."""

    client_id: str
    key_id: str
    scopes: frozenset[Scope]

    def require(self, scope: Scope) -> None:
        """Raise Forbidden unless the caller's key has the scope."""
        if scope not in self.scopes:
            raise Forbidden(scope)


def new_key() -> str:
    return f"ek_{urlsafe_b64encode(secrets.token_bytes(KEY_BYTE_COUNT)).decode().rstrip('=')}"


def digest_of(key: str) -> str:
    return hashlib.sha256(key.encode()).hexdigest()


def key_id_of(key: str) -> str:
    """Return the id under which the key is stored; it says nothing about the key."""
    return derived_id("key", digest_of(key))
