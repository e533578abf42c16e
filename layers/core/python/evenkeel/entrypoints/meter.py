"""A request's token: taken once, and told in the headers of its answer."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from math import ceil

from evenkeel import bootstrap
from evenkeel.errors import RateLimited
from evenkeel.screening.anomaly import Anomaly
from evenkeel.screening.quota import Lane, Quota
from evenkeel.screening.windows import Entry


@dataclass(slots=True)
class Meter:
    """Counts one request of a client. Where nobody can count, every request goes on."""

    client_id: str
    lane: Lane
    _is_taken: bool = False
    _quota: Quota | None = None

    def take(self) -> None:
        """Take the request's token, unless it was taken already.

        Raises:
            RateLimited: There is none.
        """
        if not self._is_taken:
            self._keep(bootstrap.screening().admit(self.client_id, self.lane))

    def screen(self, entry: Entry) -> Anomaly:
        """Take the token of a request to create, and return what is remarkable about its payment.

        Raises:
            RateLimited: There is none, and nothing was counted.
        """
        assert not self._is_taken
        passage = bootstrap.screening().screen(entry)
        self._keep(passage.quota)
        return passage.anomaly

    @property
    def headers(self) -> Mapping[str, str]:
        """What the client has left; nothing where nobody knows."""
        quota = self._quota
        if quota is None:
            return {}
        return {
            "X-RateLimit-Limit": str(quota.limit_count),
            "X-RateLimit-Remaining": str(quota.remaining_count),
            "X-RateLimit-Reset": str(ceil(quota.full_in_s)),
        }

    def _keep(self, quota: Quota | None) -> None:
        self._is_taken, self._quota = True, quota
        if quota is not None and quota.retry_after_s is not None:
            raise RateLimited(quota.retry_after_s)
