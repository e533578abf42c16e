"""One request to a receiver, whatever the receiver does: each with its documented outcome."""

import socket
import ssl
from collections.abc import Iterator, Sequence
from datetime import UTC, datetime, timedelta
from threading import Event

import pytest
import trustme
from hypothesis import given, settings
from hypothesis import strategies as st

from evenkeel.adapters.http import postman as postman_module
from evenkeel.adapters.http import resolver
from evenkeel.adapters.http.postman import HttpPostman, Resolve
from evenkeel.webhooks.addresses import Reach
from evenkeel.webhooks.delivery import Failure
from tests.fakes.clock import NOON
from tests.receivers import DRIP_S, Behaviour, Receiver, answer, drip, flood, raw, receiver, silent
from tests.unit.webhooks.test_addresses import INSIDE, LOOPBACK

BODY = '{"id":"evt_1","name":"Zwölf"}'.encode()
HEADERS = {"webhook-id": "evt_1", "webhook-timestamp": "1", "webhook-signature": "v1,abc"}
LOOPBACK_ONLY: Resolve = lambda *_: ["127.0.0.1"]  # noqa: E731 - A resolver in one word.

# Nobody waits for ten seconds here. An outcome says that it was bounded, not how long it took.
SHORT_S = 0.3
LONG_S = 60.0


@pytest.fixture(scope="module")
def authority() -> trustme.CA:
    return trustme.CA()


@pytest.fixture(scope="module")
def trusting(authority: trustme.CA) -> ssl.SSLContext:
    context = ssl.create_default_context()
    authority.configure_trust(context)
    return context


def postman(
    tls: ssl.SSLContext | None = None,
    *,
    resolve: Resolve = LOOPBACK_ONLY,
    reach: Reach = Reach.LOCAL,
    total_s_max: float = LONG_S,
) -> HttpPostman:
    return HttpPostman(
        reach, tls or ssl.create_default_context(), resolve, total_s_max, lambda: NOON
    )


def proving(authority: trustme.CA, name: str, expires_at: datetime | None = None) -> ssl.SSLContext:
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    authority.issue_cert(name, not_after=expires_at).configure_cert(context)
    return context


# --- What is sent --------------------------------------------------------------------------


def test_the_body_and_the_headers_arrive_as_they_are() -> None:
    with receiver(answer(204, body="")) as found:
        outcome = postman().post(found.url, BODY, HEADERS)

    [received] = found.received
    assert (outcome.status_code, outcome.failure) == (204, None)
    assert (received.method, received.target) == ("POST", "/hook?from=us")
    assert received.body == BODY
    assert {name: received.headers[name] for name in HEADERS} == HEADERS
    assert received.headers["content-type"] == "application/json"
    assert received.headers["host"] == f"localhost:{found.port}"
    assert received.headers["content-length"] == str(len(BODY))


def test_proxies_of_the_environment_are_not_used(monkeypatch: pytest.MonkeyPatch) -> None:
    with receiver(answer()) as found, receiver(answer()) as proxy:
        for name in ("HTTP_PROXY", "HTTPS_PROXY", "ALL_PROXY", "http_proxy", "https_proxy"):
            monkeypatch.setenv(name, f"http://127.0.0.1:{proxy.port}")
        outcome = postman().post(found.url, BODY, HEADERS)

    assert outcome.is_delivered
    assert (len(found.received), proxy.connection_count) == (1, 0)


# --- What is answered ----------------------------------------------------------------------


@pytest.mark.parametrize("status", [200, 201, 299, 400, 404, 410, 429, 500, 503])
def test_the_status_is_the_outcome(status: int) -> None:
    with receiver(answer(status)) as found:
        outcome = postman().post(found.url, BODY, HEADERS)

    assert outcome.status_code == status
    assert outcome.is_delivered == (200 <= status < 300)


@pytest.mark.parametrize("status", [301, 302, 303, 307, 308])
def test_a_redirect_is_an_outcome_and_is_not_followed(status: int) -> None:
    with (
        receiver(answer()) as inside,
        receiver(answer(status, f"Location: {inside.url}\r\n")) as found,
    ):
        outcome = postman().post(found.url, BODY, HEADERS)

    assert (outcome.status_code, outcome.is_delivered) == (status, False)
    assert inside.connection_count == 0


@pytest.mark.parametrize(
    ("value", "expected_s"),
    [
        ("120", 120),
        ("0", 0),
        ("Thu, 01 Jan 2026 12:02:00 GMT", 120),
        ("Thu, 01 Jan 2026 11:00:00 GMT", 0),
        ("soon", None),
        ("-5", None),
        ("1e9", None),
        ("", None),
        ("Mon, 01 Jan 2024 00:00:00 +99999999999999999", None),
        ("Mon, 01 Jan 99999999999999999999 00:00:00 GMT", None),
    ],
)
def test_a_receiver_says_when_to_come_again(value: str, expected_s: float | None) -> None:
    with receiver(answer(503, f"Retry-After: {value}\r\n")) as found:
        outcome = postman().post(found.url, BODY, HEADERS)

    assert (outcome.status_code, outcome.retry_after_s) == (503, expected_s)


def test_what_comes_after_the_status_is_not_waited_for() -> None:
    with receiver(drip(b"HTTP/1.1 200 OK\r\nContent-Length: 1000000000\r\n\r\n")) as found:
        outcome = postman().post(found.url, BODY, HEADERS)

    assert outcome.is_delivered


@pytest.mark.parametrize("status", [100, 102, 103, 199])
def test_what_is_said_before_the_answer_is_read_past(status: int) -> None:
    before = f"HTTP/1.1 {status} Wait\r\nRetry-After: 5\r\n\r\n"
    with receiver(raw(f"{before * 2}HTTP/1.1 204 Done\r\n\r\n".encode())) as found:
        outcome = postman().post(found.url, BODY, HEADERS)

    assert (outcome.status_code, outcome.retry_after_s) == (204, None)


def test_one_that_wants_to_speak_something_else_has_answered() -> None:
    with receiver(raw(b"HTTP/1.1 101 Switching Protocols\r\n\r\n")) as found:
        outcome = postman().post(found.url, BODY, HEADERS)

    assert outcome.status_code == 101


# --- Receivers that are slow, broken or not there ------------------------------------------


@pytest.mark.parametrize(
    "behave",
    [
        silent,
        drip(b""),
        drip(b"HTTP/1.1 200 OK\r\nX-Long: "),
        drip(b"HTTP/1.1 200 OK\r\n", b"X-Another: one\r\n"),
        drip(b"", b"HTTP/1.1 100 Continue\r\n\r\n"),
        drip(b"", b"HTTP/1.1 103 Early Hints\r\n\r\n"),
    ],
    ids=["silent", "status", "header", "headers", "continue", "hints"],
)
def test_time_is_over_for_one_that_is_silent_or_drips(behave: Behaviour) -> None:
    with receiver(behave) as found:
        outcome = postman(total_s_max=SHORT_S).post(found.url, BODY, HEADERS)

    assert outcome.failure is Failure.TIMED_OUT


def test_time_is_over_for_one_that_does_not_read() -> None:
    with receiver(silent, reads=False) as found:
        outcome = postman(total_s_max=SHORT_S).post(found.url, bytes(32_000_000), HEADERS)

    assert outcome.failure is Failure.TIMED_OUT


def test_time_is_over_for_one_that_reads_but_ever_so_slowly() -> None:
    read_counts: list[int] = []

    def sip(connection: socket.socket, stopped: Event) -> None:
        while not stopped.wait(DRIP_S):
            read_counts.append(len(connection.recv(1_000_000)))

    body = bytes(64_000_000)
    with receiver(sip, reads=False) as found:
        outcome = postman(total_s_max=SHORT_S).post(found.url, body, HEADERS)

    assert outcome.failure is Failure.TIMED_OUT
    assert 0 < sum(read_counts) < len(body) / 2


@pytest.mark.parametrize(
    "behave",
    [
        raw(b"\x00\xff\x00\xff\r\n\r\n"),
        raw(b"HTTP/1.1 twohundred OK\r\n\r\n"),
        raw(b"HTTP/1.1 20"),
        raw(b"SSH-2.0-OpenSSH_9.6\r\n"),
        flood(b"HTTP/1.1 200 OK\r\n", b"X-Another: one\r\n"),
        flood(b"HTTP/1.1 200 OK\r\nX-Long: ", b"x" * 1000),
        flood(b"", b"HTTP/1.1 100 Continue\r\n\r\n"),
        flood(b"", b"HTTP/1.1 103 Early Hints\r\n\r\n"),
    ],
    ids=["noise", "words", "half", "ssh", "headers", "header", "continue", "hints"],
)
def test_an_answer_that_is_none_is_unreadable(behave: Behaviour) -> None:
    with receiver(behave) as found:
        outcome = postman().post(found.url, BODY, HEADERS)

    assert (outcome.status_code, outcome.failure) == (None, Failure.ANSWER_UNREADABLE)


@pytest.fixture
def free_port() -> int:
    with socket.create_server(("127.0.0.1", 0)) as listener:
        port: int = listener.getsockname()[1]
        return port


def test_where_nobody_listens_there_is_no_connection(free_port: int) -> None:
    outcome = postman().post(f"http://localhost:{free_port}/", BODY, HEADERS)

    assert outcome.failure is Failure.CONNECTION_FAILED


def test_one_that_hangs_up_without_a_word_is_a_connection_that_broke() -> None:
    with receiver(raw(b"")) as found:
        outcome = postman().post(found.url, BODY, HEADERS)

    assert (outcome.status_code, outcome.failure) == (None, Failure.CONNECTION_FAILED)


STUMBLES = pytest.mark.parametrize(
    "error", [UnicodeError(), OverflowError(), IndexError()], ids=repr
)


@STUMBLES
def test_an_answer_that_a_parser_stumbles_over_is_unreadable(
    monkeypatch: pytest.MonkeyPatch, error: Exception
) -> None:
    """A message that raises comes again, and again, and then never."""

    def stumble(_: object) -> None:
        raise error

    monkeypatch.setattr("http.client.HTTPResponse.begin", stumble)
    with receiver(answer()) as found:
        outcome = postman().post(found.url, BODY, HEADERS)

    assert (outcome.status_code, outcome.failure) == (None, Failure.ANSWER_UNREADABLE)


@STUMBLES
def test_a_name_that_a_resolver_stumbles_over_is_unresolved(error: Exception) -> None:
    def stumble(*_: object) -> Sequence[str]:
        raise error

    outcome = postman(resolve=stumble).post("http://localhost/", BODY, HEADERS)

    assert outcome.failure is Failure.NAME_UNRESOLVED


@settings(max_examples=200, deadline=None)
@given(
    start=st.sampled_from([b"", b"HTTP/1.1 200 OK\r\n", b"HTTP/1.1 200 OK\r\nRetry-After: "]),
    rest=st.binary(max_size=200),
)
def test_whatever_is_answered_there_is_an_outcome(start: bytes, rest: bytes) -> None:
    with receiver(raw(start + rest)) as found:
        outcome = postman().post(found.url, BODY, HEADERS)

    assert (outcome.status_code is None) != (outcome.failure is None)


# --- Certificates --------------------------------------------------------------------------


def test_one_that_proves_its_name_is_sent_to(
    authority: trustme.CA, trusting: ssl.SSLContext
) -> None:
    with receiver(answer(), proving(authority, "localhost")) as found:
        outcome = postman(trusting).post(found.url, BODY, HEADERS)

    assert outcome.is_delivered
    assert found.names == ["localhost"]
    assert found.received[0].body == BODY


@pytest.fixture(params=["wrong-name", "expired", "self-signed", "address"])
def liar(request: pytest.FixtureRequest, authority: trustme.CA) -> Iterator[Receiver]:
    contexts = {
        "wrong-name": lambda: proving(authority, "other.example"),
        "expired": lambda: proving(authority, "localhost", datetime(2020, 1, 1, tzinfo=UTC)),
        "self-signed": lambda: proving(trustme.CA(), "localhost"),
        # Right for where we connect to, but that is not the name that was registered.
        "address": lambda: proving(authority, "127.0.0.1"),
    }
    with receiver(answer(), contexts[request.param]()) as found:
        yield found


def test_one_that_lies_about_its_name_is_told_nothing(
    liar: Receiver, trusting: ssl.SSLContext
) -> None:
    outcome = postman(trusting).post(liar.url, BODY, HEADERS)

    assert outcome.failure is Failure.TLS_FAILED
    assert (liar.connection_count, liar.received) == (1, [])


def test_one_that_does_not_speak_tls_is_told_nothing(trusting: ssl.SSLContext) -> None:
    with receiver(raw(b"HTTP/1.1 400 Bad Request\r\n\r\n"), reads=False) as found:
        url = found.url.replace("http:", "https:")
        outcome = postman(trusting).post(url, BODY, HEADERS)

    assert outcome.failure is Failure.TLS_FAILED


def test_time_is_over_for_one_that_is_silent_when_it_should_prove_its_name(
    trusting: ssl.SSLContext,
) -> None:
    with receiver(silent, reads=False) as found:
        url = found.url.replace("http:", "https:")
        outcome = postman(trusting, total_s_max=SHORT_S).post(url, BODY, HEADERS)

    assert outcome.failure is Failure.TIMED_OUT


def test_no_context_that_does_not_check_is_accepted() -> None:
    context = ssl.create_default_context()
    context.check_hostname = False
    context.verify_mode = ssl.CERT_NONE

    with pytest.raises(AssertionError):
        postman(context)


# --- Names and addresses -------------------------------------------------------------------


@pytest.mark.parametrize("inside", [*INSIDE, *LOOPBACK])
def test_a_name_that_stands_for_an_address_inside_is_not_called(inside: str) -> None:
    for addresses in ([inside], ["93.184.216.34", inside], [inside, "93.184.216.34"]):
        careful = postman(resolve=_resolving(addresses), reach=Reach.PUBLIC)
        outcome = careful.post("https://hooks.example/", BODY, HEADERS)

        assert outcome.failure is Failure.ADDRESS_REFUSED


def _resolving(addresses: Sequence[str]) -> Resolve:
    return lambda *_: addresses


def test_on_the_local_stack_too_only_loopback_is_added() -> None:
    with receiver(answer()) as found:
        careful = postman(resolve=_resolving(["127.0.0.1", "10.0.0.1"]))
        outcome = careful.post(found.url, BODY, HEADERS)

    assert outcome.failure is Failure.ADDRESS_REFUSED
    assert found.connection_count == 0


def test_a_name_that_stands_for_something_else_a_moment_later_leads_nowhere() -> None:
    asked: list[str] = []

    def rebinding(host: str, *_: object) -> Sequence[str]:
        asked.append(host)
        return ["127.0.0.1"] if len(asked) == 1 else ["169.254.169.254"]

    with receiver(answer()) as found:
        outcome = postman(resolve=rebinding).post(found.url, BODY, HEADERS)

    assert outcome.is_delivered
    assert asked == ["localhost"]


def test_the_connection_goes_to_the_address_that_was_looked_at_and_not_to_the_name() -> None:
    with receiver(answer()) as found:
        # The name leads to the receiver; the address that it was resolved to does not.
        outcome = postman(resolve=_resolving(["127.0.0.99"])).post(found.url, BODY, HEADERS)

    assert outcome.failure is Failure.CONNECTION_FAILED
    assert found.connection_count == 0


def test_the_next_address_has_its_turn_where_the_first_does_not_listen() -> None:
    with receiver(answer()) as found:
        outcome = postman(resolve=_resolving(["127.0.0.99", "127.0.0.1"])).post(
            found.url, BODY, HEADERS
        )

    assert outcome.is_delivered


def test_the_next_address_has_its_turn_where_the_first_does_not_answer(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(postman_module, "CONNECT_S_MAX", 0.2)
    with (
        receiver(answer()) as found,
        socket.create_server(("127.0.0.99", found.port), backlog=0),
        socket.create_connection(("127.0.0.99", found.port)),  # Nobody takes it, nor the next.
    ):
        outcome = postman(resolve=_resolving(["127.0.0.99", "127.0.0.1"]), total_s_max=2.0).post(
            found.url, BODY, HEADERS
        )

    assert outcome.is_delivered


def test_a_url_that_is_no_longer_within_reach_is_not_called() -> None:
    with receiver(answer()) as found:
        outcome = postman(reach=Reach.PUBLIC).post(found.url, BODY, HEADERS)

    assert outcome.failure is Failure.URL_REFUSED
    assert found.connection_count == 0


@pytest.mark.parametrize("error", [socket.gaierror(socket.EAI_NONAME, "unknown"), None])
def test_a_name_that_stands_for_nothing_is_unresolved(error: OSError | None) -> None:
    def unknown(*_: object) -> Sequence[str]:
        if error is not None:
            raise error
        return []

    outcome = postman(resolve=unknown).post("http://localhost/", BODY, HEADERS)

    assert outcome.failure is Failure.NAME_UNRESOLVED


def test_time_is_over_for_servers_of_names_that_are_silent(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    with receiver(silent) as found:

        def unanswered(*_: object, **__: object) -> None:
            found.stopped.wait()
            raise socket.gaierror

        monkeypatch.setattr(socket, "getaddrinfo", unanswered)
        slow = postman(resolve=resolver.addresses_of, total_s_max=SHORT_S)
        outcome = slow.post("http://localhost/", BODY, HEADERS)

    assert outcome.failure is Failure.TIMED_OUT


def test_names_are_resolved_by_the_system() -> None:
    found = resolver.addresses_of("localhost", 443, LONG_S)

    assert set(found) <= {"127.0.0.1", "::1"}
    assert found
    for name in ("nothing.invalid", "a" * 70, "a..b"):
        with pytest.raises(OSError, match=r"."):
            resolver.addresses_of(name, 443, LONG_S)


def test_a_request_for_patience_counts_from_now() -> None:
    later = (NOON + timedelta(hours=2)).strftime("%a, %d %b %Y %H:%M:%S GMT")
    with receiver(answer(429, f"Retry-After: {later}\r\n")) as found:
        outcome = postman().post(found.url, BODY, HEADERS)

    assert outcome.retry_after_s == 7200
