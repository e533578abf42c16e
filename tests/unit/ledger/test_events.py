"""What the records of the journal tell, from the wallets' own use cases."""

from typing import Any

import pytest

from evenkeel.errors import Declined
from evenkeel.events.model import Event, EventType, Severity
from evenkeel.ledger.commands import Command
from evenkeel.ledger.events import alert_of_tampering, event_of_tampering, events_of
from evenkeel.ledger.ports import Tampering
from evenkeel.ledger.transfer import Transfer
from evenkeel.wallets.service import Wallets
from tests import requests
from tests.fakes.clock import NOON, ManualClock
from tests.fakes.retry import instant_retry
from tests.fakes.wallet_store import InMemoryWalletStore

TAMPERING = Tampering("cli_a", "trf_a", "MODIFY", "111", NOON, {"a": 1}, {"a": 2})


class House:
    """Alice's wallet with 100 in it."""

    def __init__(self) -> None:
        self.wallets = Wallets(InMemoryWalletStore(), instant_retry(), ManualClock())
        self.wallet_id = self.wallets.open("cli_a", "alice", "EUR")[0].id
        self.credit = self.wallets.move(requests.credit("c", self.wallet_id, 100)).transfer

    def hold(self) -> Transfer:
        return self.wallets.move(requests.hold("h", self.wallet_id, 60)).transfer

    def end(self, captured_minor: int) -> Transfer:
        wish = requests.hold_end("h", self.wallet_id, captured_minor)
        return self.wallets.end_hold(wish)

    def obeyed(self, command: Command) -> Transfer:
        posted = self.wallets.obey(command)
        sight = self.wallets.store.look("cli_a", [posted.transfer_id], ())
        transfer = sight.records[posted.transfer_id]
        assert isinstance(transfer, Transfer)
        return transfer


@pytest.fixture
def house() -> House:
    return House()


def shown(transfer: Transfer) -> dict[str, Any]:
    return {"id": transfer.id}


def told(transfer: Transfer) -> list[tuple[EventType, str, int]]:
    return [(event.type, event.object_id, event.version) for event in events_of(transfer, shown)]


def test_money_that_moved_is_posted(house: House) -> None:
    paid = house.wallets.move(requests.payment("p", house.wallet_id, 40)).transfer

    assert told(house.credit) == [(EventType.TRANSFER_POSTED, house.credit.id, 1)]
    assert told(paid) == [(EventType.TRANSFER_POSTED, paid.id, 1)]


def test_money_that_is_held_is_not_posted(house: House) -> None:
    hold = house.hold()

    assert told(hold) == [(EventType.HOLD_PLACED, hold.id, 1)]


def test_a_hold_that_is_released_is_told_by_what_releases_it(house: House) -> None:
    hold = house.hold()
    release = house.end(0)

    assert told(release) == [(EventType.HOLD_RELEASED, release.id, 1)]
    assert release.original_id == hold.id


def test_a_hold_that_is_captured_whole_is_posted_and_gives_nothing_back(house: House) -> None:
    house.hold()
    capture = house.end(60)

    assert told(capture) == [(EventType.TRANSFER_POSTED, capture.id, 1)]


def test_the_rest_of_a_hold_that_is_captured_in_part_is_released(house: House) -> None:
    house.hold()
    capture = house.end(45)

    assert told(capture) == [
        (EventType.TRANSFER_POSTED, capture.id, 1),
        (EventType.HOLD_RELEASED, capture.id, 1),
    ]


def test_what_puts_another_right_is_posted_like_any_other(house: House) -> None:
    reversal = house.obeyed(requests.reversal(house.credit))
    with pytest.raises(Declined):
        house.wallets.move(requests.payment("p", house.wallet_id, 1))
    correction = house.obeyed(requests.correction("p", 1))

    for transfer in (reversal, correction):
        assert told(transfer) == [(EventType.TRANSFER_POSTED, transfer.id, 1)]


def test_who_leaves_out_lower_versions_misses_nothing_in_whatever_order_it_comes(
    house: House,
) -> None:
    """The rule that consumers are given, on the one record that tells two things."""
    house.hold()
    events = events_of(house.end(45), shown)

    for order in (events, events[::-1]):
        known: dict[object, int] = {}
        heard = set()
        for event in order:
            object_id = event.data["id"]
            if event.version >= known.get(object_id, 0):
                known[object_id] = event.version
                heard.add(event.type)
        assert heard == {EventType.TRANSFER_POSTED, EventType.HOLD_RELEASED}
    assert len({event.id for event in events}) == 2


def test_an_event_says_when_it_was_posted_and_for_whom(house: House) -> None:
    [event] = events_of(house.credit, shown)

    assert (event.client_id, event.occurred_at) == ("cli_a", house.credit.posted_at)
    assert event.data == {"id": house.credit.id}


def test_each_change_of_a_record_is_an_event_of_its_own_and_the_same_each_time() -> None:
    again = Tampering("cli_a", "trf_a", "MODIFY", "112", NOON, {"a": 2}, {"a": 1})

    assert tampered(TAMPERING) == tampered(TAMPERING)
    assert tampered(again).id != tampered(TAMPERING).id


def test_what_was_done_to_a_record_makes_nothing_older_that_the_record_told(house: House) -> None:
    [posted] = events_of(house.credit, shown)

    assert tampered(TAMPERING).version == posted.version == 1


def test_people_are_told_at_once_what_was_done_and_where_both_images_are() -> None:
    event = tampered(TAMPERING)
    alert = alert_of_tampering(event, TAMPERING)

    assert event.type is EventType.LEDGER_TAMPERED
    assert alert.severity is Severity.CRITICAL
    assert "MODIFY" in alert.title
    assert event.id in alert.detail
    assert "trf_a" in alert.detail


def tampered(tampering: Tampering) -> Event:
    return event_of_tampering(tampering, lambda each: {"change": each.change})
