"""What has just failed is left alone for a while, and then asked by one call."""

from dataclasses import dataclass

import pytest

from evenkeel.errors import WindowsUnavailable
from evenkeel.screening.patience import AWAY_S, Patience


@dataclass
class Server:
    is_up: bool = True
    asked_count: int = 0

    def ask(self) -> str:
        self.asked_count += 1
        if not self.is_up:
            raise WindowsUnavailable("away")
        return "answer"


@dataclass
class Elapsed:
    now_s: float = 0.0

    def __call__(self) -> float:
        return self.now_s


def test_an_answer_is_passed_on() -> None:
    server = Server()

    assert Patience(Elapsed()).call(server.ask) == "answer"


def test_after_a_failure_nobody_asks_for_a_while() -> None:
    elapsed, server = Elapsed(), Server(is_up=False)
    patience = Patience(elapsed)
    for _ in range(5):
        with pytest.raises(WindowsUnavailable):
            patience.call(server.ask)
    assert server.asked_count == 1

    elapsed.now_s = AWAY_S - 0.001
    with pytest.raises(WindowsUnavailable):
        patience.call(server.ask)
    assert server.asked_count == 1

    elapsed.now_s = AWAY_S
    server.is_up = True
    assert patience.call(server.ask) == "answer"
    assert patience.call(server.ask) == "answer"
    assert server.asked_count == 3


def test_another_error_is_no_reason_to_stay_away() -> None:
    patience, server = Patience(Elapsed()), Server()

    with pytest.raises(ZeroDivisionError):
        patience.call(lambda: 1 / 0)

    assert patience.call(server.ask) == "answer"
