"""Which addresses we call for a client: those of the public internet, and no others.

Whoever registers a webhook has us send requests from where we stand. So that this
is no way to what only we can reach, a URL is looked at twice: its text when it is
registered, and every address that its name stands for each time before it is called.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from enum import StrEnum
from ipaddress import IPv4Address, IPv6Address, ip_address, ip_network
from urllib.parse import urlsplit

URL_LENGTH_MAX = 2048
URL = re.compile(r"[\x21-\x7e]+")
NAME = re.compile(r"(?:[a-z0-9](?:[a-z0-9-]{0,61}[a-z0-9])?\.)+[a-z](?:[a-z0-9-]{0,61}[a-z0-9])?")
NAME_LENGTH_MAX = 253

HTTP = "http"
HTTPS = "https"
PORTS = {HTTP: 80, HTTPS: 443}
PUBLIC_PORTS = frozenset({443, 8443})

# Names that no public resolver should know; should one, its addresses are looked at all the same.
PRIVATE_SUFFIXES = ("internal", "local", "localhost", "localdomain", "home.arpa")
LOOPBACK_NAMES = frozenset({"localhost", "127.0.0.1", "::1"})

# The special purposes of IANA's registries, spelled out: Python's own lists change from one
# release to the next.
REFUSED_V4 = tuple(
    map(
        ip_network,
        (
            "0.0.0.0/8",  # This network.
            "10.0.0.0/8",  # Private.
            "100.64.0.0/10",  # Between a provider and its customers.
            "127.0.0.0/8",  # Loopback.
            "169.254.0.0/16",  # Link-local: the metadata of an instance, the credentials of a task.
            "172.16.0.0/12",  # Private.
            "192.0.0.0/24",  # Protocol assignments.
            "192.0.2.0/24",  # Documentation.
            "192.31.196.0/24",  # AS112.
            "192.52.193.0/24",  # AMT.
            "192.88.99.0/24",  # Relays of 6to4.
            "192.168.0.0/16",  # Private.
            "192.175.48.0/24",  # AS112.
            "198.18.0.0/15",  # Benchmarks.
            "198.51.100.0/24",  # Documentation.
            "203.0.113.0/24",  # Documentation.
            "224.0.0.0/4",  # Multicast.
            "240.0.0.0/4",  # Reserved, and broadcast.
        ),
    )
)
# Of IPv6 only what is handed out as public can be public. So addresses that carry one of IPv4
# (mapped, NAT64) and local ones (fd00:ec2::254) need no line of their own.
GLOBAL_V6 = ip_network("2000::/3")
REFUSED_V6 = tuple(
    map(
        ip_network,
        (
            "2001::/23",  # Protocols, Teredo among them.
            "2001:db8::/32",  # Documentation.
            "2002::/16",  # 6to4, which carries an address of IPv4.
            "2620:4f:8000::/48",  # AS112.
            "3fff::/20",  # Documentation.
        ),
    )
)


class Reach(StrEnum):
    """How far we go: on the local stack a client may be on the same machine."""

    PUBLIC = "public"
    LOCAL = "local"


class UrlRefused(ValueError):
    """A URL that we do not call; its text says why, for the one who gave it."""


@dataclass(frozen=True, slots=True)
class Destination:
    """A URL in its parts, as they are called."""

    scheme: str
    host: str  # In lower case; of an IPv6 address, without the brackets.
    port: int
    path: str  # With the query.

    @property
    def is_secure(self) -> bool:
        return self.scheme == HTTPS

    @property
    def authority(self) -> str:
        """The host as the header Host names it."""
        host = f"[{self.host}]" if ":" in self.host else self.host
        return host if self.port == PORTS[self.scheme] else f"{host}:{self.port}"


def destination_of(url: str, reach: Reach) -> Destination:
    """Return where the URL leads.

    Raises:
        UrlRefused: It is not one that we call, wherever its name may lead.
    """
    if len(url) > URL_LENGTH_MAX:
        raise UrlRefused(f"longer than {URL_LENGTH_MAX} characters")
    # A parser that skips what it does not know would see another host than the next one.
    if not URL.fullmatch(url) or "\\" in url:
        raise UrlRefused("not a URL of visible ASCII; write other names in Punycode")
    try:
        parts = urlsplit(url)
        host, port = parts.hostname or "", parts.port
    except ValueError as error:
        raise UrlRefused("not a URL") from error
    if "@" in parts.netloc:
        raise UrlRefused("names a user; a signature proves who is calling")
    if "#" in url:
        raise UrlRefused("has a fragment, which is never sent")
    if parts.scheme not in PORTS or not host:
        raise UrlRefused("not a URL of https")
    path = (parts.path or "/") + (f"?{parts.query}" if parts.query else "")
    found = Destination(parts.scheme, host, PORTS[parts.scheme] if port is None else port, path)
    if reach is Reach.LOCAL and host in LOOPBACK_NAMES:
        return found
    _require_public(found)
    return found


def is_reachable(address: str, reach: Reach) -> bool:
    """Tell whether we connect to the address, which a name stands for."""
    try:
        found = ip_address(address)
    except ValueError:
        return False
    if reach is Reach.LOCAL and found.is_loopback:
        return True
    return _is_public(found)


def _require_public(found: Destination) -> None:
    if not found.is_secure:
        raise UrlRefused("not a URL of https")
    # Every other way to write an address (decimal, octal, hex, in brackets) is no name either.
    if not NAME.fullmatch(found.host) or len(found.host) > NAME_LENGTH_MAX:
        raise UrlRefused("its host is no full name of a public domain; an address is none")
    if any(f".{found.host}".endswith(f".{suffix}") for suffix in PRIVATE_SUFFIXES):
        raise UrlRefused("its host is no name of the public internet")
    if found.port not in PUBLIC_PORTS:
        raise UrlRefused(f"its port is none of {', '.join(map(str, sorted(PUBLIC_PORTS)))}")


def _is_public(address: IPv4Address | IPv6Address) -> bool:
    if isinstance(address, IPv4Address):
        return not any(address in network for network in REFUSED_V4)
    if address.scope_id is not None or address not in GLOBAL_V6:
        return False
    return not any(address in network for network in REFUSED_V6)
