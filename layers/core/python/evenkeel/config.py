"""Environment variables, read once and in one place.

`AWS_ENDPOINT_URL` is not ours to read: botocore follows it to the local stack.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass

from evenkeel.resilience.limits import Limits, OutOfRange


class Misconfigured(Exception):
    """A variable that a function needs is not set, or not as it must be."""


@dataclass(frozen=True, slots=True)
class Settings:
    """Each function is given the variables that it uses, and no others."""

    environment: Mapping[str, str]

    @property
    def payments_table(self) -> str:
        return self._get("PAYMENTS_TABLE")

    @property
    def ledger_table(self) -> str:
        return self._get("LEDGER_TABLE")

    @property
    def accounts_table(self) -> str:
        return self._get("ACCOUNTS_TABLE")

    @property
    def clients_table(self) -> str:
        return self._get("CLIENTS_TABLE")

    @property
    def checkpoints_table(self) -> str:
        return self._get("CHECKPOINTS_TABLE")

    @property
    def breakers_table(self) -> str:
        return self._get("BREAKERS_TABLE")

    @property
    def changes_table(self) -> str:
        return self._get("CHANGES_TABLE")

    @property
    def learned_table(self) -> str:
        return self._get("LEARNED_TABLE")

    @property
    def webhooks_table(self) -> str:
        return self._get("WEBHOOKS_TABLE")

    @property
    def deliveries_table(self) -> str:
        return self._get("DELIVERIES_TABLE")

    @property
    def cache_endpoint(self) -> str:
        """Host and port of Valkey."""
        return self._get("CACHE_ENDPOINT")

    @property
    def cache_name(self) -> str | None:
        """Of a cache on AWS; without one, Valkey is asked as it is."""
        return self.environment.get("CACHE_NAME") or None

    @property
    def cache_user(self) -> str | None:
        """The IAM user of such a cache."""
        return self.environment.get("CACHE_USER") or None

    @property
    def reports_table(self) -> str:
        return self._get("REPORTS_TABLE")

    @property
    def reconciliation_function(self) -> str:
        return self._get("RECONCILIATION_FUNCTION")

    @property
    def this_function(self) -> str:
        """The name of the function that runs, which Lambda tells it."""
        return self._get("AWS_LAMBDA_FUNCTION_NAME")

    @property
    def webhook_delivery_queue_url(self) -> str:
        return self._get("WEBHOOK_DELIVERY_QUEUE_URL")

    @property
    def webhook_reach(self) -> str:
        """How far webhooks go: `public`, or `local` where receivers are on the same machine."""
        return self._get("WEBHOOK_REACH")

    @property
    def payment_queue_url(self) -> str:
        return self._get("PAYMENT_QUEUE_URL")

    @property
    def quarantine_queue_url(self) -> str:
        return self._get("QUARANTINE_QUEUE_URL")

    @property
    def event_bus(self) -> str:
        return self._get("EVENT_BUS")

    @property
    def alerts_topic(self) -> str:
        return self._get("ALERTS_TOPIC")

    @property
    def wallet_function(self) -> str | None:
        """The function to invoke for a debit; without one the wallets are asked in this process."""
        return self.environment.get("WALLET_FUNCTION")

    @property
    def wallet_circuit(self) -> Limits:
        """The limits of the wallets' breaker: our own, but for those that a JSON object names."""
        try:
            given = json.loads(self.environment.get("WALLET_CIRCUIT") or "{}")
            if not isinstance(given, dict):
                raise OutOfRange("not a JSON object")
            return Limits.from_mapping(given)
        except ValueError as error:
            message = f"the environment variable WALLET_CIRCUIT: {error}"
            raise Misconfigured(message) from error

    def _get(self, name: str) -> str:
        value = self.environment.get(name)
        if not value:
            message = f"the environment variable {name} is not set"
            raise Misconfigured(message)
        return value
