import re

import pytest
from hypothesis import given
from hypothesis import strategies as st

from evenkeel.ids import derived_id, is_id, random_id

PARTS = st.lists(st.text(), max_size=4)
SHAPE = re.compile(r"pay_[a-z2-7]{26}")


def test_a_derived_id_is_the_same_in_every_process_and_release() -> None:
    # Records are stored under such ids for ever: this text may not change.
    assert derived_id("pay", "a", "b") == "pay_gvknfofb4najsbjymxpik5wriy"
    assert derived_id("pay", "é", "b") == "pay_3wi3jrdswguy2ldllxdhgaxvvr"


@pytest.mark.parametrize(
    "others", [("ab", "c"), ("abc",), ("a", "b", "c", ""), ("b", "a", "c"), ('a", "b', "c"), ()]
)
def test_parts_do_not_run_together(others: tuple[str, ...]) -> None:
    assert derived_id("pay", *others) != derived_id("pay", "a", "b", "c")


@given(PARTS, PARTS)
def test_ids_are_equal_when_all_their_parts_are(parts: list[str], others: list[str]) -> None:
    assert (derived_id("pay", *parts) == derived_id("pay", *others)) == (parts == others)


@given(PARTS)
def test_a_derived_id_has_the_shape_of_an_id(parts: list[str]) -> None:
    id_ = derived_id("pay", *parts)

    assert SHAPE.fullmatch(id_)
    assert is_id("pay", id_)


def test_a_random_id_has_the_shape_of_an_id() -> None:
    id_ = random_id("pay")

    assert SHAPE.fullmatch(id_)
    assert is_id("pay", id_)


def test_random_ids_differ() -> None:
    assert len({random_id("pay") for _ in range(1000)}) == 1000


@pytest.mark.parametrize("text", ["", "pay", "payx_1", "wal_1", "PAY_1", "x pay_1", "constructor"])
def test_what_has_another_prefix_is_no_such_id(text: str) -> None:
    assert not is_id("pay", text)


def test_an_id_ends_at_the_limit() -> None:
    longest = "pay_" + 60 * "x"

    assert is_id("pay", longest)
    assert not is_id("pay", longest + "x")
