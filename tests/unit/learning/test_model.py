"""Environments add to one model, and none of them overwrites another's counts."""

from __future__ import annotations

from array import array

from evenkeel.learning.forest import Forest, count, no_masses
from evenkeel.learning.forest_codec import VERSION, encoded
from evenkeel.learning.model import ATTEMPT_COUNT_MAX, load, merge
from evenkeel.learning.ports import Kept, ModelStore
from tests.fakes.learned import InMemoryModelStore, RivalledModelStore

COMMON = (0.45, 0.2, 0.0, 0.5, 0.0, 0.0)


def counted(number: int) -> array[int]:
    masses = no_masses()
    for _ in range(number):
        count(masses, COMMON)
    return masses


def rival(store: ModelStore) -> None:
    """Add one payment."""
    merge(store, counted(1))


def test_the_first_one_begins_the_model() -> None:
    store = InMemoryModelStore()
    assert load(store) == Forest()

    merged = merge(store, counted(3))

    assert merged is not None
    assert merged.latest == counted(3)
    assert load(store) == merged


def test_each_environment_adds_its_own() -> None:
    store = InMemoryModelStore()
    merge(store, counted(3))

    merge(store, counted(4))

    assert load(store).latest == counted(7)


def test_who_comes_second_adds_to_what_the_first_has_saved() -> None:
    store = RivalledModelStore(2, rival)

    merge(store, counted(5))

    assert load(store).latest == counted(7)


def test_who_never_comes_first_adds_nothing() -> None:
    store = RivalledModelStore(ATTEMPT_COUNT_MAX, rival)

    assert merge(store, counted(5)) is None
    assert load(store).latest == counted(ATTEMPT_COUNT_MAX)


def test_a_model_of_another_release_is_begun_anew() -> None:
    other = bytes([VERSION + 1]) + encoded(Forest())[1:]
    store = InMemoryModelStore(Kept(other, version=9))

    merge(store, counted(2))

    assert load(store).latest == counted(2)


def test_a_full_window_is_turned_for_all() -> None:
    store = InMemoryModelStore()

    merge(store, counted(5_000))

    assert load(store).reference == counted(5_000)
    assert load(store).latest == no_masses()
