"""Signatures of what we send, as the Standard Webhooks specification has them.

A secret is kept as it is, for a signature needs the secret itself and not its digest.
"""

from __future__ import annotations

import hashlib
import hmac
import secrets
from base64 import b64decode, b64encode
from collections.abc import Iterable

SECRET_PREFIX = "whsec_"  # noqa: S105 - What secrets begin with is none.
SECRET_BYTE_COUNT = 32
SCHEME = "v1"


def new_secret() -> str:
    return SECRET_PREFIX + b64encode(secrets.token_bytes(SECRET_BYTE_COUNT)).decode()


def signature(secret: str, message_id: str, timestamp_s: int, body: bytes) -> str:
    """Return `v1,<base64 of the HMAC-SHA256 of id, timestamp and body>`."""
    key = b64decode(secret.removeprefix(SECRET_PREFIX), validate=True)
    signed = f"{message_id}.{timestamp_s}.".encode() + body
    return f"{SCHEME},{b64encode(hmac.new(key, signed, hashlib.sha256).digest()).decode()}"


def headers(
    secrets_in_force: Iterable[str], message_id: str, timestamp_s: int, body: bytes
) -> dict[str, str]:
    """Return the three headers of the specification; each secret signs."""
    signatures = (signature(each, message_id, timestamp_s, body) for each in secrets_in_force)
    return {
        "webhook-id": message_id,
        "webhook-timestamp": str(timestamp_s),
        "webhook-signature": " ".join(signatures),
    }
