"""The units and the words of the benchmark that compares a run with plain look-ups."""

from typing import Any

import pytest

from tests.bench.breaker_chart import Line
from tests.bench.reading_chart import Chart
from tests.bench.reading_meter import Call, read_units
from tests.bench.reading_text import Figures, Pair, is_held, text

SMALL: dict[str, Any] = {"id": {"S": "a"}}
LARGE: dict[str, Any] = {"id": {"S": "b" * 5000}}


def keys(*ids: str, is_strong: bool) -> dict[str, Any]:
    wanted = [{"id": {"S": id_}} for id_ in ids]
    return {"RequestItems": {"t": {"Keys": wanted, "ConsistentRead": is_strong}}}


def pair(payment_count: int, call_count: int) -> Pair:
    call = Call(("GetItem", "ledger"), ["a"], 1.0)
    ours = Figures(payment_count, 2.0, [call] * call_count)
    plain = Figures(payment_count, 4.0, [call] * payment_count)
    return Pair(ours, plain, idle_call_count=20)


@pytest.mark.parametrize(("is_strong", "units"), [(True, 4.0), (False, 2.0)])
def test_items_asked_for_together_are_rounded_up_one_by_one_and_missing_ones_cost_too(
    *, is_strong: bool, units: float
) -> None:
    asked = keys("a", "b", "missing", is_strong=is_strong)

    assert read_units("BatchGetItem", asked, {"Responses": {"t": [SMALL, LARGE]}}) == units


@pytest.mark.parametrize(("items", "units"), [([], 0.5), ([SMALL] * 9, 0.5), ([LARGE, SMALL], 1.0)])
def test_a_query_is_rounded_up_as_a_whole(items: list[dict[str, Any]], units: float) -> None:
    assert read_units("Query", {}, {"Items": items}) == units


def test_a_look_for_what_is_missing_costs_a_unit_and_a_write_none() -> None:
    assert read_units("GetItem", {"ConsistentRead": True}, {}) == 1.0
    assert read_units("PutItem", {}, {}) == 0.0


def test_small_windows_are_not_held_to_the_goal() -> None:
    assert is_held([pair(100, 90), pair(1000, 200)])
    assert not is_held([pair(100, 10), pair(1000, 201)])


def test_the_page_says_what_a_run_takes_of_the_look_ups() -> None:
    page = text([pair(1000, 150)], run_count=3)

    assert (
        "| 1,000 | 2.00 | 500 | 0.150 | 0.15 | 4.00 | 250 | 1.000 | 1.00 | 0.50 | 0.15 | 0.15 |"
        in page
    )
    assert "It is met: the most is 0.150." in page
    assert "| GetItem | ledger | 150 | 150 | 1 |" in page


def test_a_point_of_ten_times_the_value_is_one_grid_line_higher() -> None:
    chart = Chart("Calls", "calls", [10, 1000], [Line("ours", "#000", [0.1, 1.0])])

    assert 'points="56.0,240.0 744.0,60.0"' in chart.svg()
