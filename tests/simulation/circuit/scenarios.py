"""What happens to the dependency. The fleet is warm at first, unless it says cold."""

from __future__ import annotations

from tests.simulation.circuit.scenario import Fault, Scenario

BEGINS_S, ENDS_S = 20.0, 65.0

HARD = Scenario(
    "hard-outage", "Hard outage: all calls fail at once for 45 s", (Fault(BEGINS_S, ENDS_S),)
)
HARD_SMALL = Scenario(
    "hard-outage-8-warm",
    "The same, little traffic on 8 warm environments",
    (Fault(BEGINS_S, ENDS_S),),
    environment_count=8,
    rates_per_s=(1, 4),
)
HALF = Scenario("half", "50 % of the calls fail for 45 s", (Fault(BEGINS_S, ENDS_S, rate=0.5),))
TENTH = Scenario(
    "tenth",
    "10 % of the calls fail for 60 s",
    (Fault(BEGINS_S, 80.0, rate=0.1),),
    must_open=False,
)
BLIP = Scenario(
    "blip",
    "A blip: all calls fail for 0.3 s",
    (Fault(BEGINS_S, BEGINS_S + 0.3),),
    must_open=False,
    longer_s_max=0.0,
)
SLOW = Scenario(
    "brown-out",
    "Brown-out: for 45 s every answer is right, but takes 5 s",
    (Fault(BEGINS_S, ENDS_S, duration_s=5.0, is_well=True),),
)
HANGING = Scenario(
    "timeouts",
    "Brown-out behind a client timeout: for 45 s every call fails after 3 s",
    (Fault(BEGINS_S, ENDS_S, duration_s=3.0),),
)
BAD_ENVIRONMENT = Scenario(
    "bad-environment",
    "One bad environment of 200: all its calls fail for 60 s",
    (Fault(BEGINS_S, 80.0, environment=7),),
    must_open=False,
)
BAD_SHARD = Scenario(
    "bad-shard",
    "One bad shard of eight for 60 s, one circuit for all",
    (Fault(BEGINS_S, 80.0, shard=3),),
    shard_count=8,
    must_open=False,
)
BAD_SHARD_APART = Scenario(
    "bad-shard-apart",
    "One bad shard of eight for 60 s, a circuit for each",
    (Fault(BEGINS_S, 80.0, shard=3),),
    shard_count=8,
    circuit_per_shard=True,
)
FLAPPING = Scenario(
    "flapping",
    "Flapping: 10 s down, 10 s up, six times",
    tuple(Fault(BEGINS_S + 20 * turn, BEGINS_S + 20 * turn + 10) for turn in range(6)),
    must_open=None,
)
COLD = Scenario(
    "cold-fleet", "Cold fleet: 200 environments start in an outage of 45 s", (Fault(0.0, 45.0),)
)
COLD_SMALL = Scenario(
    "cold-fleet-8",
    "Cold fleet: 8 environments start in an outage of 45 s",
    (Fault(0.0, 45.0),),
    environment_count=8,
    rates_per_s=(4,),
)

SCENARIOS = (
    HARD,
    HARD_SMALL,
    COLD,
    COLD_SMALL,
    HALF,
    TENTH,
    BAD_ENVIRONMENT,
    BAD_SHARD,
    BAD_SHARD_APART,
    SLOW,
    HANGING,
    FLAPPING,
    BLIP,
)
