"""Clients of Valkey: of a server on this machine, and of a cache on AWS."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from botocore.session import get_session
from valkey import Valkey, ValkeyCluster
from valkey.backoff import NoBackoff
from valkey.retry import Retry

from evenkeel.adapters.valkey.iam_token import IamToken
from evenkeel.adapters.valkey.link import Client

# A payment waits no longer than this for its windows; without them it goes on.
ANSWER_S_MAX = 0.05
# A connection with TLS takes several answers, and is made once in hours.
CONNECT_S_MAX = 0.05

OPTIONS: dict[str, Any] = {
    "socket_timeout": ANSWER_S_MAX,
    "socket_connect_timeout": CONNECT_S_MAX,
    "socket_keepalive": True,
    # What did not answer is left alone for a while, and not asked again at once.
    "retry": Retry(NoBackoff(), 0),
    # To say what our library is called would be two more questions at each connection.
    "lib_name": None,
    "lib_version": None,
}


@dataclass(frozen=True, slots=True)
class Endpoint:
    """Where the windows are.

    Attributes:
        cache_name: Of a cache on AWS, which is a cluster, speaks TLS and asks for its IAM user;
            None for a server without any of that.
    """

    host: str
    port: int
    cache_name: str | None = None
    user: str | None = None

    @classmethod
    def of(cls, address: str, cache_name: str | None = None, user: str | None = None) -> Endpoint:
        host, _, port = address.rpartition(":")
        return cls(host, int(port), cache_name, user)

    def client(self) -> Client:
        """Return a client; one of a cluster has asked which nodes there are."""
        if self.cache_name is None or self.user is None:
            client: Client = Valkey(self.host, self.port, single_connection_client=True, **OPTIONS)
            return client
        token = IamToken(get_session(), self.cache_name, self.user)
        cluster: Client = ValkeyCluster(
            self.host,
            self.port,
            cluster_error_retry_attempts=0,
            ssl=True,
            credential_provider=token,
            **OPTIONS,
        )
        return cluster
