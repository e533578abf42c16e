"""Whose payments belong together."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Person:
    """A user of one client. Tenants share nothing, and learn nothing of each other."""

    client_id: str
    user_id: str
