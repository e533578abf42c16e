import socket
from collections.abc import Iterator
from threading import Event

import pytest

from evenkeel.adapters.http.resolver import addresses_of

# How long the servers are silent: far longer than anybody waits for them here.
SILENCE_S = 5.0


@pytest.fixture
def over(monkeypatch: pytest.MonkeyPatch) -> Iterator[Event]:
    """Servers of names that answer when it is over, and then say that there is nothing."""
    over = Event()

    def silent(*_: object, **__: object) -> list[object]:
        over.wait(SILENCE_S)
        return []

    monkeypatch.setattr(socket, "getaddrinfo", silent)
    yield over
    over.set()


@pytest.mark.parametrize("timeout_s", [0.01, 0.0, -1.0])
def test_servers_of_names_that_are_silent_are_waited_for_no_longer_than_was_said(
    over: Event, timeout_s: float
) -> None:
    with pytest.raises(TimeoutError):
        addresses_of("localhost", 443, timeout_s)


def test_an_answer_in_time_is_taken(over: Event) -> None:
    over.set()

    assert addresses_of("localhost", 443, SILENCE_S) == []
