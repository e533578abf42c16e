"""A retry storm, in a model: what ends it, and what does not."""

from functools import cache

import pytest

from tests.simulation.circuit.storm import (
    BOTH,
    BUDGET,
    DURATION_S,
    NAIVE,
    TRIGGER_BEGINS_S,
    Policy,
    Storm,
    dead,
)

RECOVERY_S_MAX = 15
AMPLIFICATION_MAX = 1.2


@cache
def storm(policy: Policy, seed: int) -> Storm:
    return Storm(policy, seed).run()


def test_naive_retries_keep_a_server_down_that_is_well_again() -> None:
    naive = storm(NAIVE, 1)

    assert naive.recovers_after_s() is None
    assert naive.goodput(DURATION_S - 60, DURATION_S) < 0.05


@pytest.mark.parametrize("seed", [1, 2, 3])
def test_breaker_and_budget_let_it_recover_in_time(seed: int) -> None:
    recovers_after_s = storm(BOTH, seed).recovers_after_s()

    assert recovers_after_s is not None
    assert recovers_after_s <= RECOVERY_S_MAX


def test_the_budget_alone_lets_it_recover_when_the_queue_is_worked_off() -> None:
    assert storm(BUDGET, 1).recovers_after_s() is not None


@pytest.mark.parametrize("offered_per_s", [1, 30, 60])
@pytest.mark.parametrize("policy", [BUDGET, BOTH], ids=lambda each: each.short_name)
def test_an_outage_is_hardly_multiplied(policy: Policy, offered_per_s: float) -> None:
    outage = Storm(policy, 1, dead, offered_per_s).run()

    amplification = outage.sent_per_request(TRIGGER_BEGINS_S, DURATION_S)
    assert amplification <= AMPLIFICATION_MAX


def test_the_beginning_of_an_outage_is_hardly_multiplied_either() -> None:
    outage = Storm(BUDGET, 1, dead).run()

    amplification = outage.sent_per_request(TRIGGER_BEGINS_S, TRIGGER_BEGINS_S + 10)
    assert amplification <= AMPLIFICATION_MAX


def test_the_same_seed_gives_the_same_history() -> None:
    assert Storm(BOTH, 1).run().requests == storm(BOTH, 1).requests
