"""The process dies at any of its calls, before or after its effect, and no event is lost.

A queue hands a message out again when nobody has said that it is done; that is all that
comes to the rescue.
"""

from collections.abc import Callable, Mapping
from contextlib import suppress
from dataclasses import dataclass, field, replace
from datetime import timedelta
from typing import Any, cast

import pytest

from evenkeel.errors import StoreBusy, StoreUnconfirmed
from evenkeel.webhooks.backoff import ATTEMPT_COUNT_MAX
from evenkeel.webhooks.delivery import Delivery, DeliveryStatus, Outcome
from evenkeel.webhooks.model import FAILING_FOR_MAX, DisabledReason, EndpointStatus, Health
from evenkeel.webhooks.ports import Due
from tests.fakes.postman import ERROR, OK
from tests.unit.webhooks.office import CLIENT, Office
from tests.webhooks import notice

GONE = Outcome(20, status_code=410)


class Death(BaseException):
    """Nothing catches it: the process is gone."""


@dataclass
class Fate:
    """Counts calls, and lets the process die at some of them: true is after its effect."""

    deaths: Mapping[int, bool] = field(default_factory=dict)
    count: int = 0
    calls: list[str] = field(default_factory=list)

    def call(self, name: str, call: Callable[..., Any], *args: Any, **kwargs: Any) -> Any:
        self.count += 1
        self.calls.append(name)
        is_late = self.deaths.get(self.count)
        if is_late is False:
            raise Death
        answer = call(*args, **kwargs)
        if is_late:
            raise Death
        return answer


class Mortal:
    """Any port, whose every call is one of fate's."""

    def __init__(self, port: object, fate: Fate) -> None:
        self._port = port
        self._fate = fate

    def __getattr__(self, name: str) -> Any:
        method = getattr(self._port, name)
        return lambda *args, **kwargs: self._fate.call(name, method, *args, **kwargs)


class World:
    """An office whose processes die as fate has it, and queues that hand out again."""

    def __init__(self, fate: Fate, outcomes: list[Outcome], *, is_hopeless: bool = False) -> None:
        self.office = Office()
        self.office.register()
        if is_hopeless:
            failing = Health(failing_since=self.office.clock() - FAILING_FOR_MAX, version=1)
            self.office.endpoints.save_health(CLIENT, "whk_k1", failing)
        self.office.postman.outcomes = outcomes
        self.visible_again = 270
        ports = {
            name: cast("Any", Mortal(getattr(self.office, name), fate))
            for name in ("endpoints", "deliveries", "queue")
        }
        self.fan_out = replace(self.office.fan_out, **ports)
        alerts = cast("Any", Mortal(self.office.alerts, fate))
        postman = cast("Any", Mortal(self.office.postman, fate))
        self.sender = replace(self.office.sender, **ports, postman=postman, alerts=lambda: alerts)

    def run(self) -> None:
        happened = notice(occurred_at=self.office.clock())
        self._until_done(lambda: self.fan_out.tell(happened))
        while self.office.queue.waiting:
            self._send(self.office.queue.take())

    def _until_done(self, work: Callable[[], object]) -> None:
        """Hand it out until it is done; fate has only so many deaths."""
        while True:
            with suppress(Death):
                work()
                return

    def _send(self, due: Due) -> None:
        try:
            self.sender.send(due)
        except Death:
            # The queue's own redelivery: the message was not deleted.
            self.office.queue.put(due, delay_s=self.visible_again)


def calls_of(outcomes: list[Outcome], *, is_hopeless: bool = False) -> list[str]:
    fate = Fate()
    World(fate, list(outcomes), is_hopeless=is_hopeless).run()
    return fate.calls


def every_death(outcomes: list[Outcome], *, is_hopeless: bool = False) -> list[Any]:
    return [
        pytest.param(at, is_late, id=f"{at}-{name}-{'after' if is_late else 'before'}")
        for at, name in enumerate(calls_of(outcomes, is_hopeless=is_hopeless), start=1)
        for is_late in (False, True)
    ]


@pytest.mark.parametrize(("at", "is_late"), every_death([ERROR, OK]))
def test_an_event_is_delivered_whenever_a_process_dies(at: int, *, is_late: bool) -> None:
    world = World(Fate({at: is_late}), [ERROR, OK])
    world.run()
    office = world.office

    assert office.delivery().status is DeliveryStatus.DELIVERED
    assert len(office.log()) == 1
    assert len({(sent.headers["webhook-id"], sent.body) for sent in office.postman.sent}) == 1
    assert len(office.postman.sent) <= 3  # One more than the attempts that it takes.
    numbers = [each.number for each in office.delivery().attempts]
    assert numbers == sorted(set(numbers))


@pytest.mark.parametrize(("at", "is_late"), every_death([ERROR, OK]))
def test_an_event_is_delivered_if_a_process_dies_twice(at: int, *, is_late: bool) -> None:
    """At any two calls: those after a death are other ones than they would have been."""
    for later in range(at + 1, at + 2 * len(calls_of([ERROR, OK]))):
        for is_later_late in (False, True):
            world = World(Fate({at: is_late, later: is_later_late}), [ERROR, OK])
            world.run()

            assert world.office.delivery().status is DeliveryStatus.DELIVERED, later
            assert len(world.office.postman.sent) <= 4, later  # Two, and one for each death.


@pytest.mark.parametrize(("at", "is_late"), every_death([ERROR] * 15))
def test_what_cannot_be_delivered_comes_to_its_end_whenever_a_process_dies(
    at: int, *, is_late: bool
) -> None:
    world = World(Fate({at: is_late}), [ERROR] * 40)
    world.run()

    assert world.office.delivery().status is DeliveryStatus.FAILED
    assert world.office.endpoint().status is EndpointStatus.ENABLED


@pytest.mark.parametrize(("at", "is_late"), every_death([GONE]))
def test_people_hear_of_an_endpoint_that_is_disabled_whenever_a_process_dies(
    at: int, *, is_late: bool
) -> None:
    world = World(Fate({at: is_late}), [GONE] * 4)
    world.run()
    office = world.office

    assert office.endpoint().status is EndpointStatus.DISABLED
    assert office.alerts.alerts
    assert {alert.id for alert in office.alerts.alerts} == {office.alerts.alerts[0].id}
    assert {delivery.status for delivery in office.log()} == {DeliveryStatus.FAILED}
    assert office.endpoints.find(CLIENT, "whk_k1") is not None


@pytest.mark.parametrize(
    ("at", "is_late"), every_death([ERROR] * ATTEMPT_COUNT_MAX, is_hopeless=True)[-30:]
)
def test_an_endpoint_beyond_hope_is_disabled_whenever_a_process_dies_over_the_last_attempt(
    at: int, *, is_late: bool
) -> None:
    world = World(Fate({at: is_late}), [ERROR] * 40, is_hopeless=True)
    world.run()
    office = world.office

    assert office.delivery().status is DeliveryStatus.FAILED
    assert office.endpoint().disabled_reason is DisabledReason.FAILING
    assert office.alerts.alerts


# --- Nobody dies, but nothing works -----------------------------------------------------------


def test_a_queue_that_takes_nothing_for_ten_minutes_loses_no_delivery() -> None:
    """Whoever cannot send the next message fails, and has its own again, of the number it had."""
    office = Office()
    office.register()
    office.postman.outcomes = [ERROR] * 4
    office.happen()
    up_again_at = office.clock() + timedelta(minutes=10)
    while office.queue.waiting:
        due = office.queue.take()
        office.queue.is_down = office.clock() < up_again_at
        try:
            office.sender.send(due)
        except StoreBusy:
            office.queue.is_down = False
            office.queue.put(due, delay_s=270)

    assert office.clock() > up_again_at
    assert office.delivery().status is DeliveryStatus.DELIVERED
    assert len(office.postman.sent) == 5


def test_claims_that_are_recorded_and_never_confirmed_lose_no_delivery() -> None:
    office = Office()
    office.register()
    office.happen()
    due = office.queue.take()
    for count in range(3):
        store = office.deliveries.deliveries

        def unconfirmed(claimed: Delivery, store: Any = store) -> None:
            store[claimed.client_id, claimed.id] = claimed
            raise StoreUnconfirmed

        office.deliveries.before_save = unconfirmed
        office.sender.send(due)
        assert office.delivery().attempt_count == count + 1
        due = office.queue.take()
    office.deliveries.before_save = lambda _: None
    office.sender.send(due)

    assert office.delivery().status is DeliveryStatus.DELIVERED
    assert len(office.postman.sent) == 1
    assert office.queue.waiting == []
