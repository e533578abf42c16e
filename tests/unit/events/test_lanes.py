from evenkeel.events.lanes import Lanes
from evenkeel.events.model import Event, EventType, Subject
from tests.fakes.clock import NOON


def event(object_id: str, version: int, client_id: str | None = "cli_a") -> Event:
    return Event.of(
        EventType.PAYMENT_CREATED, Subject(client_id, object_id, version), NOON, {"v": version}
    )


A1, A2, B1 = event("pay_a", 1), event("pay_a", 2), event("pay_b", 1)


def test_only_the_first_event_of_each_object_may_go() -> None:
    lanes = Lanes([A1, A2, B1])

    assert list(lanes.heads()) == [A1, B1]


def test_the_next_one_may_go_when_the_first_has_arrived() -> None:
    lanes = Lanes([A1, A2, B1])
    lanes.arrived(A1)

    assert list(lanes.heads()) == [A2, B1]


def test_nothing_overtakes_what_has_failed_until_the_lanes_are_opened_again() -> None:
    lanes = Lanes([A1, A2, B1])
    lanes.close(A1)

    assert list(lanes.heads()) == [B1]
    lanes.open()
    assert list(lanes.heads()) == [A1, B1]


def test_the_same_id_of_two_clients_is_two_objects() -> None:
    theirs = event("pay_a", 1, "cli_b")

    assert list(Lanes([A1, theirs]).heads()) == [A1, theirs]


def test_lanes_are_done_when_all_has_arrived() -> None:
    lanes = Lanes([A1, A2])
    for each in (A1, A2):
        assert lanes
        lanes.arrived(each)

    assert not lanes
    assert list(lanes.heads()) == []
