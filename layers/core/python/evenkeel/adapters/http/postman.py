"""Sends webhooks by HTTP: to addresses that were looked at, and for a bounded time.

The name is resolved once. Every address that it stands for is looked at, and the
connection goes to one of these very addresses; the name is only for TLS, which has to
prove it, and for the header Host. So a name that stands for something else a moment
later leads nowhere. Redirects are not followed, proxies of the environment not used.
"""

from __future__ import annotations

import socket
import ssl
import time
from collections.abc import Callable, Mapping, Sequence
from contextlib import closing
from dataclasses import dataclass
from datetime import UTC
from email.utils import parsedate_to_datetime
from http import HTTPStatus
from http.client import HTTPConnection, HTTPException, HTTPResponse

from evenkeel import __version__
from evenkeel.adapters.http.resolver import addresses_of
from evenkeel.adapters.http.wire import Wire, seconds_left
from evenkeel.clock import Clock, Deadline, utc_now
from evenkeel.webhooks.addresses import Destination, Reach, UrlRefused, destination_of, is_reachable
from evenkeel.webhooks.delivery import Failure, Outcome

# From the first look at the name to the last header of the answer.
TOTAL_S_MAX = 10.0
# Of one address, so that another one has its turn.
CONNECT_S_MAX = 3.0

# What parsers of the standard library raise of text that nobody had thought of.
STUMBLES = (ValueError, ArithmeticError, LookupError)

Resolve = Callable[[str, int, float], Sequence[str]]


class _Failed(Exception):
    def __init__(self, failure: Failure) -> None:
        super().__init__(failure)
        self.failure = failure


@dataclass(frozen=True, slots=True)
class HttpPostman:
    """See the port.

    Attributes:
        tls: What is trusted; certificates and names are checked.
        total_s_max: How long one delivery takes, whatever the receiver does.
    """

    reach: Reach
    tls: ssl.SSLContext
    resolve: Resolve = addresses_of
    total_s_max: float = TOTAL_S_MAX
    clock: Clock = utc_now

    def __post_init__(self) -> None:
        assert self.tls.check_hostname
        assert self.tls.verify_mode is ssl.CERT_REQUIRED

    def post(self, url: str, body: bytes, headers: Mapping[str, str]) -> Outcome:
        began_s = time.monotonic()
        deadline = Deadline.after(self.total_s_max)
        status_code, failure, retry_after_s = None, None, None
        try:
            answer = self._answer(url, body, headers, deadline)
            status_code = answer.status
            retry_after_s = self._retry_after_s(answer.getheader("Retry-After"))
        except _Failed as error:
            failure = error.failure
        except TimeoutError:
            failure = Failure.TIMED_OUT
        except ssl.SSLError:
            failure = Failure.TLS_FAILED
        except OSError:
            failure = Failure.CONNECTION_FAILED
        except (HTTPException, *STUMBLES):
            failure = Failure.ANSWER_UNREADABLE
        duration_ms = round((time.monotonic() - began_s) * 1000)
        return Outcome(duration_ms, status_code, failure, retry_after_s)

    def _answer(
        self, url: str, body: bytes, headers: Mapping[str, str], deadline: Deadline
    ) -> HTTPResponse:
        try:
            destination = destination_of(url, self.reach)
        except UrlRefused as error:
            raise _Failed(Failure.URL_REFUSED) from error
        addresses = self._addresses(destination, deadline)
        wire = Wire(self._connected(destination, addresses, deadline), deadline)
        with closing(HTTPConnection(destination.host, destination.port)) as connection:
            connection.sock = wire
            connection.response_class = _Answer
            connection.request("POST", destination.path, body, _all(headers, destination))
            # Its status says it all; the body is nobody's business here, and is not waited for.
            with connection.getresponse() as answer:
                return answer

    def _addresses(self, destination: Destination, deadline: Deadline) -> Sequence[str]:
        try:
            found = self.resolve(destination.host, destination.port, seconds_left(deadline))
        except TimeoutError:
            raise
        except (OSError, *STUMBLES) as error:
            raise _Failed(Failure.NAME_UNRESOLVED) from error
        if not found:
            raise _Failed(Failure.NAME_UNRESOLVED)
        # One that is not public is enough: whoever mixes them wants to lead us inside.
        if not all(is_reachable(address, self.reach) for address in found):
            raise _Failed(Failure.ADDRESS_REFUSED)
        return found

    def _connected(
        self, destination: Destination, addresses: Sequence[str], deadline: Deadline
    ) -> socket.socket:
        connection = _first_connected(addresses, destination.port, deadline)
        if not destination.is_secure:
            return connection
        try:
            connection.settimeout(seconds_left(deadline))  # Of the whole handshake.
            return self.tls.wrap_socket(connection, server_hostname=destination.host)
        except BaseException:
            connection.close()
            raise

    def _retry_after_s(self, value: str | None) -> float | None:
        """Read the header in either of its forms; what is none of them says nothing."""
        if value is None:
            return None
        if value.isascii() and value.isdigit():
            return float(value)
        try:
            moment = parsedate_to_datetime(value)
        except STUMBLES:
            return None
        at = moment if moment.tzinfo else moment.replace(tzinfo=UTC)
        return max(0.0, (at - self.clock()).total_seconds())


class _Answer(HTTPResponse):
    """The answer for good: what is said before it (early hints, say) is read past."""

    def begin(self) -> None:
        super().begin()
        while self.status < HTTPStatus.OK and self.status != HTTPStatus.SWITCHING_PROTOCOLS:
            # Headers that are there are an answer that is.
            self.headers = None  # type: ignore[assignment]  # As it was in the beginning.
            super().begin()


def _first_connected(addresses: Sequence[str], port: int, deadline: Deadline) -> socket.socket:
    failure: OSError = OSError()
    for address in addresses:
        family = socket.AF_INET6 if ":" in address else socket.AF_INET
        connection = socket.socket(family, socket.SOCK_STREAM)
        try:
            connection.settimeout(min(CONNECT_S_MAX, seconds_left(deadline)))
            connection.connect((address, port))
        except OSError as error:
            connection.close()
            failure = error
        else:
            return connection
    raise failure


def _all(headers: Mapping[str, str], destination: Destination) -> dict[str, str]:
    return {
        "Host": destination.authority,
        "User-Agent": f"Evenkeel-Webhooks/{__version__}",
        "Content-Type": "application/json",
        "Connection": "close",
        **headers,
    }
