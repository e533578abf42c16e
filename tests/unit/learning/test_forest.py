"""What many environments have counted is what one would have counted."""

from __future__ import annotations

from array import array
from functools import reduce
from operator import add
from random import Random

import pytest
from hypothesis import given
from hypothesis import strategies as st

from evenkeel.learning.features import PLACES
from evenkeel.learning.forest import (
    KNOWN_COUNT_MIN,
    NODE_COUNT,
    SIZE,
    TREE_COUNT,
    WINDOW_COUNT,
    Forest,
    no_masses,
    trees,
)
from evenkeel.learning.forest_codec import VERSION, decoded, encoded
from tests.places import COMMON, counted, known, usual

places = st.lists(st.floats(0, 1), min_size=PLACES, max_size=PLACES)
RARE = (0.1, 0.9, 1.0, 0.0, 1.0, 1.0)


def summed(*parts: array[int]) -> array[int]:
    forest = Forest()
    for each in parts:
        forest.add(each)
    return forest.latest


@given(st.lists(st.lists(places, max_size=8), min_size=1, max_size=4), st.randoms())
def test_merged_in_any_order_it_is_what_one_environment_counts(
    parts: list[list[list[float]]], random: Random
) -> None:
    apart = [counted(part) for part in parts]
    random.shuffle(apart)

    assert summed(*apart) == counted(reduce(add, parts))


@given(st.lists(places, max_size=8), st.lists(places, max_size=8), st.lists(places, max_size=8))
def test_merged_parts_may_be_merged_first(
    one: list[list[float]], two: list[list[float]], three: list[list[float]]
) -> None:
    a, b, c = counted(one), counted(two), counted(three)

    assert summed(summed(a, b), c) == summed(a, summed(b, c))


def test_all_environments_have_the_same_trees() -> None:
    first = trees()
    trees.cache_clear()

    assert trees() == first
    assert [len(first), sum(tree.places[0] for tree in first)] == [TREE_COUNT, 63]
    assert [round(tree.cuts[0], 6) for tree in first[:3]] == [0.919844, 0.582931, 0.160639]


@given(places)
def test_each_payment_is_counted_once_at_each_depth(place: list[float]) -> None:
    masses = counted([place])

    assert sum(masses) == TREE_COUNT * 7
    assert all(masses[tree * NODE_COUNT] == 1 for tree in range(TREE_COUNT))


@given(places)
def test_rarity_is_from_nothing_to_all(place: list[float]) -> None:
    assert 0 <= known(KNOWN_COUNT_MIN).rarity(place) <= 1


def test_what_nobody_does_is_rarer_than_what_all_do() -> None:
    assert known().rarity(COMMON) < 0.1
    assert known().rarity(RARE) > 0.7


def test_of_few_payments_nothing_is_said() -> None:
    assert known(KNOWN_COUNT_MIN - 1).rarity(RARE) == 0
    assert known(KNOWN_COUNT_MIN).rarity(RARE) > 0


def test_what_was_counted_last_is_not_compared_with_before_the_window_is_full() -> None:
    forest = Forest()
    forest.add(counted(usual(WINDOW_COUNT - 1)))
    forest.turn()
    assert forest.reference == no_masses()

    forest.add(counted([COMMON]))
    forest.turn()

    assert forest.reference[0] == WINDOW_COUNT
    assert forest.latest == no_masses()


@given(st.lists(places, max_size=8), st.lists(places, max_size=8))
def test_what_is_read_back_is_what_was_written(
    reference: list[list[float]], latest: list[list[float]]
) -> None:
    forest = Forest(counted(reference), counted(latest))

    assert decoded(encoded(forest)) == forest


def test_a_full_one_is_small() -> None:
    random = Random(5)  # noqa: S311 - an example.
    scattered = counted([random.random() for _ in range(PLACES)] for _ in range(WINDOW_COUNT))

    assert len(encoded(known())) < 8_000
    assert len(encoded(Forest(scattered, scattered))) < 16_000


@pytest.mark.parametrize("version", [0, VERSION - 1, VERSION + 1, 255])
def test_another_release_is_begun_anew(version: int) -> None:
    assert decoded(bytes([version]) + encoded(known())[1:]) == Forest()


@given(st.binary(max_size=40), st.integers(0, 3_000))
def test_what_is_broken_is_begun_anew(noise: bytes, length: int) -> None:
    assert decoded(encoded(known(10))[:-9]) == Forest()
    assert decoded(bytes([VERSION]) + noise) == Forest()
    assert decoded(encoded(known(10))[:length]) in (Forest(), known(10))


def test_it_has_as_many_masses_as_nodes() -> None:
    assert len(no_masses()) == SIZE
