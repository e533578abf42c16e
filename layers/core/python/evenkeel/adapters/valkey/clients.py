"""Clients of Valkey: of a server on this machine, and of a cache on AWS."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from botocore.session import get_session
from valkey import Valkey, ValkeyCluster
from valkey.backoff import NoBackoff
from valkey.connection import ConnectionPool
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


class TrustingNobody(ConnectionPool):
    """Connections to whom a certificate names: the library's own would take any valid one."""

    def __init__(self, **options: Any) -> None:
        super().__init__(ssl_check_hostname=True, **options)


class OneAttemptCluster(ValkeyCluster):
    """A cluster that is asked once.

    The library's own asks up to sixteen times, and sleeps in between: too long for a payment.
    Whatever is wrong here, such as a slot that has moved, is put right by a new client.
    """

    def command(self, **_: Any) -> Mapping[str, Any]:
        """Learn no commands: ours say themselves where their keys are."""
        return {}

    def execute_command(self, *args: Any, **options: Any) -> Any:
        library: Any = self  # Its methods have no types.
        node = library.nodes_manager.get_node_from_slot(library.determine_slot(*args))
        return library.get_valkey_connection(node).execute_command(*args, **options)


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
        """Return a client that is connected; one of a cluster knows which nodes there are."""
        if self.cache_name is None or self.user is None:
            client: Client = Valkey(self.host, self.port, single_connection_client=True, **OPTIONS)
            return client
        token = IamToken(get_session(), self.cache_name, self.user)
        cluster: Client = OneAttemptCluster(
            url=f"valkeys://{self.host}:{self.port}",
            connection_pool_class=TrustingNobody,
            credential_provider=token,
            **OPTIONS,
        )
        return cluster
