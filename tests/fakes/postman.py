from collections.abc import Callable, Mapping
from dataclasses import dataclass

from evenkeel.webhooks.delivery import Outcome

OK = Outcome(20, status_code=200)
ERROR = Outcome(20, status_code=500)


@dataclass(frozen=True)
class Sent:
    url: str
    body: bytes
    headers: Mapping[str, str]


class ScriptedPostman:
    """Answers as it is told: with *outcomes* in turn, then with *always*.

    Attributes:
        while_sending: Called when a request is under way.
    """

    def __init__(self) -> None:
        self.sent: list[Sent] = []
        self.outcomes: list[Outcome] = []
        self.always = OK
        self.while_sending: Callable[[], None] = lambda: None

    def post(self, url: str, body: bytes, headers: Mapping[str, str]) -> Outcome:
        self.sent.append(Sent(url, body, dict(headers)))
        self.while_sending()
        return self.outcomes.pop(0) if self.outcomes else self.always
