"""A cache as it is on AWS: a cluster behind TLS, with a user who may do little and has a token."""

import ssl
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest
import trustme

from evenkeel.adapters.valkey.clients import Endpoint
from evenkeel.adapters.valkey.link import Link
from evenkeel.adapters.valkey.windows import ValkeyWindows
from evenkeel.errors import WindowsUnavailable
from evenkeel.money import Money
from evenkeel.person import Person
from evenkeel.screening.patience import Patience
from evenkeel.screening.quota import Bucket, Lane
from evenkeel.screening.windows import Counts, Entry, Outcome, Spans
from infra.constructs.cache import ACCESS
from tests.fakes.clock import NOON
from tests.terminator import Terminator, terminating
from tests.valkey import Server

BUCKET = Bucket(per_s=100, burst_count=1000)
SPANS = Spans(60, 300)
HERE = "127.0.0.1"


@pytest.fixture
def authority(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> trustme.CA:
    """One that everybody in this process trusts."""
    authority = trustme.CA()
    authority.cert_pem.write_to_path(tmp_path / "authority.pem")
    monkeypatch.setenv("SSL_CERT_FILE", str(tmp_path / "authority.pem"))
    return authority


@contextmanager
def cache(server: Server, authority: trustme.CA, name: str) -> Iterator[Terminator]:
    """Put a certificate of that name before a cluster."""
    proof = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    authority.issue_cert(name).configure_cert(proof)
    admin = server.admin()
    with terminating(proof, server.process.port) as terminator:
        admin.execute_command("ACL", "SETUSER", "functions-1", "reset", "nopass", *ACCESS.split())
        admin.config_set("cluster-announce-ip", HERE)
        admin.config_set("cluster-announce-port", terminator.port)
        yield terminator


def windows(terminator: Terminator) -> ValkeyWindows:
    endpoint = Endpoint.of(f"{HERE}:{terminator.port}", "Windows-1", "functions-1")
    return ValkeyWindows(Link(endpoint.client, Patience(time.monotonic), time.time))


def those_of(user: str, admin: Any) -> list[Any]:
    return [each for each in admin.client_list() if each["user"] == user]


def test_all_questions_are_answered_to_a_user_who_may_do_nothing_else(
    own_valkey_cluster: Server, authority: trustme.CA
) -> None:
    alice = Person("cli_a", "alice")
    with cache(own_valkey_cluster, authority, HERE) as terminator:
        asked = windows(terminator)
        asked.note([Outcome(alice, "pay_0", NOON, is_failure=True)])
        counts = [
            asked.screen(Entry(alice, f"pay_{number}", Money(5, "EUR")), BUCKET, SPANS).counts
            for number in range(2)
        ]

        assert counts == [Counts(1, 1, 1), Counts(2, 2, 1)]
        assert asked.take("cli_a", Lane.READS, BUCKET).remaining_count == 999
        assert asked.look(alice, SPANS).counts == Counts(2, 2, 1)
        assert len(those_of("functions-1", own_valkey_cluster.admin())) == 1


def test_a_certificate_of_somebody_else_is_shown_no_token(
    own_valkey_cluster: Server, authority: trustme.CA
) -> None:
    with cache(own_valkey_cluster, authority, "elsewhere.test") as terminator:
        with pytest.raises(WindowsUnavailable, match="IP address mismatch"):
            windows(terminator).take("cli_a", Lane.READS, BUCKET)

        assert terminator.passed_count == 0


def test_an_authority_that_nobody_trusts_is_shown_no_token(
    own_valkey_cluster: Server, authority: trustme.CA
) -> None:
    with cache(own_valkey_cluster, trustme.CA(), HERE) as terminator:
        with pytest.raises(WindowsUnavailable, match="CERTIFICATE_VERIFY_FAILED"):
            windows(terminator).take("cli_a", Lane.READS, BUCKET)

        assert terminator.passed_count == 0


def test_a_user_whom_it_does_not_know_has_no_answer(
    own_valkey_cluster: Server, authority: trustme.CA
) -> None:
    with cache(own_valkey_cluster, authority, HERE) as terminator:
        own_valkey_cluster.admin().execute_command("ACL", "DELUSER", "functions-1")

        with pytest.raises(WindowsUnavailable):
            windows(terminator).take("cli_a", Lane.READS, BUCKET)
