"""`make sweep`: asks the sweeper as its rule does, and says in a line what came of it."""

import pytest

from infra.local.problems import LocalProblem
from infra.local.stackfile import Stack
from infra.local.sweep import in_words, sweep
from tests.emulator import Emulator
from tests.local.functions import deployed

SWEPT = {
    "looked": 8,
    "completed": 3,
    "declined": 1,
    "expired": 0,
    "resumed": 2,
    "left": 1,
    "stuck": 1,
}

SWEEPER = f"""
def handler(event, context):
    assert event == {{"command": "sweep"}}
    return {SWEPT!r}
"""


def stack_with(emulator: Emulator, source: str) -> Stack:
    functions = {"sweeper": deployed(emulator, source).name}
    return {"awsEndpointUrl": emulator.url, "functions": functions}


def test_it_returns_what_the_sweeper_answers(emulator: Emulator) -> None:
    assert sweep(stack_with(emulator, SWEEPER)) == SWEPT


def test_a_sweeper_that_fails_is_a_problem_with_its_reason(emulator: Emulator) -> None:
    stack = stack_with(emulator, "def handler(event, context):\n    raise ValueError('no table')\n")

    with pytest.raises(LocalProblem, match=r"The sweep failed: .*no table"):
        sweep(stack)


@pytest.mark.parametrize(
    ("swept", "said"),
    [
        (
            SWEPT,
            "Looked at 8 payments: 3 completed, 1 declined, 0 expired, 2 resumed, 1 left, 1 stuck.",
        ),
        (
            {**dict.fromkeys(SWEPT, 0), "looked": 1, "completed": 1},
            "Looked at 1 payment: 1 completed, 0 declined, 0 expired, 0 resumed, 0 left, 0 stuck.",
        ),
    ],
)
def test_it_is_one_line_for_people(swept: dict[str, int], said: str) -> None:
    assert in_words(swept) == said
