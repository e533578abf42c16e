"""An environment shares what it has counted once a minute, each payment once."""

from __future__ import annotations

from datetime import timedelta

import pytest

from evenkeel.errors import StoreBusy, StoreUnconfirmed
from evenkeel.learning.baseline import Baseline
from evenkeel.learning.forest import Forest
from evenkeel.learning.forest_codec import encoded
from evenkeel.learning.model import ATTEMPT_COUNT_MAX, load, merge
from evenkeel.learning.ports import Kept, ModelStore
from evenkeel.learning.scorer import Scorer
from evenkeel.learning.sharing import EVERY, Sharing
from tests.fakes.clock import ManualClock
from tests.fakes.learned import InMemoryModelStore, RivalledModelStore
from tests.occurrences import paid
from tests.places import counted, known, usual


class Environment:
    def __init__(self, store: ModelStore, clock: ManualClock) -> None:
        self.scorer = Scorer()
        self.sharing = Sharing(self.scorer, store, clock)

    def count(self, number: int) -> None:
        """Count the first payments of so many users."""
        for _ in range(number):
            self.scorer.count(self.scorer.observe(paid(), Baseline()))


@pytest.fixture
def clock() -> ManualClock:
    return ManualClock()


def total(store: ModelStore) -> int:
    return load(store).latest[0]


def test_the_first_payment_is_judged_by_what_all_have_counted(clock: ManualClock) -> None:
    environment = Environment(InMemoryModelStore(Kept(encoded(known()), 7)), clock)

    environment.sharing.share_if_due()

    assert environment.scorer.forest == known()


def test_what_each_has_counted_is_known_to_all_within_two_minutes(clock: ManualClock) -> None:
    store = InMemoryModelStore()
    first, second = Environment(store, clock), Environment(store, clock)
    for each in (first, second):
        each.sharing.share_if_due()
    first.count(3)
    second.count(4)

    for _ in range(2):
        clock.advance(EVERY)
        for each in (first, second):
            each.sharing.share_if_due()

    assert first.scorer.forest.latest[0] == second.scorer.forest.latest[0] == 7
    assert total(store) == 7


def test_within_a_minute_nothing_is_asked_for(clock: ManualClock) -> None:
    store = InMemoryModelStore()
    environment = Environment(store, clock)
    environment.sharing.share_if_due()
    environment.count(3)

    clock.advance(EVERY - timedelta(seconds=1))
    environment.sharing.share_if_due()
    assert store.kept is None

    clock.advance(timedelta(seconds=1))
    environment.sharing.share_if_due()
    assert total(store) == 3


def test_a_clock_that_was_set_back_is_not_waited_for(clock: ManualClock) -> None:
    store = InMemoryModelStore()
    environment = Environment(store, clock)
    environment.sharing.share_if_due()
    environment.count(3)

    clock.advance(-timedelta(days=1))
    environment.sharing.share_if_due()

    assert total(store) == 3


def test_what_was_not_taken_is_handed_over_a_minute_later(clock: ManualClock) -> None:
    store = InMemoryModelStore()
    environment = Environment(store, clock)
    environment.sharing.share_if_due()
    environment.count(3)

    clock.advance(EVERY)
    store.fault = StoreBusy()
    with pytest.raises(StoreBusy):
        environment.sharing.share_if_due()
    clock.advance(EVERY)
    environment.sharing.share_if_due()

    assert total(store) == 3


def test_what_may_have_been_taken_is_not_handed_over_again(clock: ManualClock) -> None:
    store = InMemoryModelStore()
    environment = Environment(store, clock)
    environment.sharing.share_if_due()
    environment.count(3)

    clock.advance(EVERY)
    store.fault = StoreUnconfirmed()
    with pytest.raises(StoreUnconfirmed):
        environment.sharing.share_if_due()
    environment.count(2)
    clock.advance(EVERY)
    environment.sharing.share_if_due()

    assert total(store) == 2


def test_who_is_never_first_keeps_what_it_has_counted(clock: ManualClock) -> None:
    def rival(store: ModelStore) -> None:
        merge(store, counted(usual(1)))

    store = RivalledModelStore(ATTEMPT_COUNT_MAX, rival)
    environment = Environment(store, clock)
    environment.sharing.share_if_due()
    environment.count(3)

    for _ in range(2):
        clock.advance(EVERY)
        environment.sharing.share_if_due()

    assert total(store) == ATTEMPT_COUNT_MAX + 3


def test_nothing_is_known_of_a_model_that_nobody_has_made(clock: ManualClock) -> None:
    environment = Environment(InMemoryModelStore(), clock)

    environment.sharing.share_if_due()

    assert environment.scorer.forest == Forest()
