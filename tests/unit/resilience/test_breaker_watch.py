"""What the watch hears of a breaker."""

from collections.abc import Callable, Iterator
from random import Random

import pytest

from evenkeel.errors import StoreUnconfirmed
from evenkeel.resilience.circuit import Circuit
from tests.unit.resilience.fleet import LIMITS, Fleet, at_rate, fails, works


def history(fleet: Fleet, random: Random) -> Iterator[Callable[[], str]]:
    """Yield what the dependency does, tick by tick, through outages and better times."""
    for _ in range(12):
        rate = random.choice([0.0, 0.05, 0.6, 1.0])
        for _ in range(random.randrange(50, 300)):
            yield at_rate(rate, seed=random.randrange(1000))
            fleet.wait(0.1)


@pytest.mark.parametrize("seed", range(3))
def test_the_watch_hears_of_every_transition_once(seed: int) -> None:
    fleet, random = Fleet(20), Random(seed)  # noqa: S311  # A workload, not a secret.
    fleet.draw = random.random
    for ask in history(fleet, random):
        fleet.all_call(ask)
    numbers = [each.number for each in fleet.heard.moves]

    assert len(numbers) > 5
    assert fleet.heard.moves == fleet.transitions()
    assert numbers == list(range(1, len(numbers) + 1))


def test_a_move_whose_answer_was_lost_is_heard_when_it_is_seen(fleet: Fleet) -> None:
    fleet.tripped()
    fleet.wait(fleet.cooling_s)
    fleet.store.lost_answer = StoreUnconfirmed()
    fleet.call(0, works)  # It cannot know that it is the probe.
    fleet.wait(LIMITS.cache_s_max)
    fleet.call(0, works)

    assert fleet.heard.moves == fleet.transitions()


def test_of_two_that_prove_the_same_outage_at_once_one_is_heard(fleet: Fleet) -> None:
    """Not even if they do it in the same microsecond."""
    for _ in range(9):
        fleet.call(fleet.asked_count, fails)
    save = fleet.store.save

    def save_after_another(circuit: Circuit, *, instead_of: Circuit) -> Circuit:
        fleet.store.save = save  # type: ignore[method-assign]
        fleet.call(0, fails)
        return save(circuit, instead_of=instead_of)

    fleet.store.save = save_after_another  # type: ignore[method-assign]
    fleet.call(9, fails)

    assert fleet.heard.moves == fleet.transitions()
