"""Our breaker beside that of Powertools for AWS, in a simulated fleet: a model, not AWS."""

import pytest

from tests.simulation.circuit.ours import evenkeel
from tests.simulation.circuit.outcome import play
from tests.simulation.circuit.powertools import powertools
from tests.simulation.circuit.scenarios import HARD

SEED = 1


@pytest.mark.parametrize("rate_per_s", [1, 20, 100])
def test_a_hard_outage_opens_the_circuit_sooner_and_costs_fewer_calls(rate_per_s: int) -> None:
    ours = play(HARD, rate_per_s, SEED, evenkeel())
    theirs = play(HARD, rate_per_s, SEED, powertools())

    assert ours.opens_after_s is not None
    assert theirs.opens_after_s is None or ours.opens_after_s <= theirs.opens_after_s
    assert ours.faulty_count <= theirs.faulty_count
    assert ours.half_open_count == ours.half_open_at_once == 1
