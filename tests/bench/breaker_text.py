"""The words and the rows of the benchmark of breakers."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence

from evenkeel.resilience.limits import Limits
from tests.simulation.circuit.calm import (
    DAY_S,
    Calm,
    expected_by_arithmetic,
    false_trip_chance,
)
from tests.simulation.circuit.outcome import Outcome
from tests.simulation.circuit.scenario import Scenario
from tests.simulation.circuit.weather import Weather

HEAD = """\
# Circuit breakers, in a model

`python -m tests.bench.breaker` makes this page, and its curves, again. Every figure
comes from a simulation in virtual time, none from AWS. Seeds are 1 to {seeds}, at 500
requests/s 1 to {busy_seeds}: times are medians over them, counts are means, what is said
of half-open circuits is the worst.

Both breakers are the genuine code: ours with its defaults, and that of Powertools for
AWS Lambda (Python) 3.37 with its defaults (5 failures in a row, 30 s until it probes, 3
good probes, views cached for 5 s), and once more with 5 s until it probes, like ours.
What is modelled:

- 200 environments, each with one request at a time, and requests go to any idle one
  with the same chance. That is the adverse case for both breakers, since nobody sees
  much; Lambda keeps little traffic on few environments, hence the rows with 8.
- Requests come as a Poisson process. They are not repeated, but in the retry storm.
- Answers take 20 ms unless it says otherwise. One shared table: reads are up to 50 ms
  old, writes conditional and seen at once by whoever made them. It takes no time itself.
- The last fault of a scenario lasts up to 30 s longer than its title says (a blip does
  not), by another time for each seed, so that no breaker is lucky with the moment of its
  probes.

How to read the columns:

- *opens after*: from the first fault. *never*: it stayed closed, so every call was sent.
- *faulty calls*: sent, and met the fault.
- *half-open*: the most calls sent before the first was answered well / of them at once.
- *healthy refused*: of the requests during the fault that would have met none, how many
  were refused. While half of the calls fail that is the price of opening.
- *turned away*: met no idle environment; Lambda would throttle them.
- *full service*: from the end of the fault to the last refusal. 0.0 where it never
  opened. *not in time*: still refusing when the simulation ended.
- *reads*, *writes*: of the table, in the whole run.

What to know about the figures of Powertools: its 5 failures in a row are counted in each
environment, so much traffic on few environments suits it. All of its 3 probes come from
the environment that holds the lease: under uniform routing that waits long for its next
request, and loses the lease meanwhile. It does not look at how long an answer took; behind
a client timeout it does see slow answers, as failures. It accepts a name per shard just as
ours does.

It takes about 4 minutes on two cores.
"""
WORSE_HEAD = """\
## Where ours does worse

By the medians and means above, than the better of the two others. Left out: how soon
service is full again after one that never opened, and what is sent when opening is wrong.
"""
WORSE_FOOT = """\
- Writes: Powertools writes nothing before it opens. Ours writes when it has doubts, so a
  background of failures has a price (see the table of the healthy dependency).
- Reads: while a circuit is not closed ours looks every second, Powertools every 5 s.
"""
OUTCOME_HEAD = """\
| requests/s | breaker | opens after s | faulty calls | half-open | healthy refused | turned away \
| full service after s | reads | writes |
|---|---|---|---|---|---|---|---|---|---|"""
CALM_HEAD = """\
## A healthy dependency, with a background of failures

{rate} requests/s over 200 environments, {seeds} runs, together {hours:.1f} h simulated for each
row; a day is extrapolated. *by arithmetic*: for Powertools the chance of 5 failures in a
row in one environment; for ours the number of trials, as seen, times Wald's bound for the
chance that one of them opens the circuit. Failures are independent of each other.

| failures | breaker | false openings seen | per day | per day, by arithmetic \
| writes per million calls | reads per million calls |
|---|---|---|---|---|---|---|"""
STORM_HEAD = """\
## A retry storm

A server works off a queue at 50/s, in order, whether or not the caller still waits;
callers give up after 1 s. 30 requests/s are offered. For 20 s the capacity is 30 % of that.
A request makes up to 3 attempts, with full jitter; the breaker is outside, the retries are
inside. Recovered: from when on each 5 s have 95 % of the requests served. Seeds 1 to {seeds},
the worst of them.

*Dead*: the server fails every call for 140 s instead; what was sent per request offered.

![Served per second](breaker-storm.svg)

| policy | recovered after s | sent per request, during the trigger | and after it \
| dead: sent per request |
|---|---|---|---|---|"""


def outcome_row(rate_per_s: int, name: str, outcome: Outcome) -> str:
    opens = _time(outcome.opens_after_s, "never")
    full = _time(outcome.full_service_after_s, "not in time")
    half_open = f"{outcome.half_open_count} / {outcome.half_open_at_once}"
    return (
        f"| {rate_per_s} | {name} | {opens} | {outcome.faulty_count} "
        f"| {half_open if outcome.half_open_count else ''} "
        f"| {outcome.healthy_refused:.0%} | {outcome.turned_away_count} "
        f"| {full} | {outcome.read_count} | {outcome.write_count} |"
    )


def shortfalls(scenario: Scenario, outcomes: Mapping[str, Outcome]) -> Iterator[str]:
    """Yield where the first of the outcomes is worse than the best of the others."""
    our, *others = outcomes.values()
    if scenario.must_open and _soonest(others, "opens_after_s") < _or_never(our.opens_after_s):
        yield f"opens after {_time(our.opens_after_s, 'never')} s, not {_best_opening(others)} s"
    faulty_count = min(each.faulty_count for each in others)
    if scenario.must_open and faulty_count < our.faulty_count:
        yield f"{our.faulty_count} faulty calls, not {faulty_count}"
    rivals = [each for each in others if _is_open_rightly(scenario, each)]
    full_s = _soonest(rivals, "full_service_after_s")
    if full_s < _or_never(our.full_service_after_s):
        yield f"full service after {_time(our.full_service_after_s, 'never')} s, not {full_s:.1f} s"


def _is_open_rightly(scenario: Scenario, outcome: Outcome) -> bool:
    return scenario.must_open is False or outcome.opens_after_s is not None


def _best_opening(outcomes: Sequence[Outcome]) -> str:
    return f"{_soonest(outcomes, 'opens_after_s'):.1f}"


def _soonest(outcomes: Sequence[Outcome], attribute: str) -> float:
    return min((_or_never(getattr(each, attribute)) for each in outcomes), default=float("inf"))


def _or_never(time_s: float | None) -> float:
    return float("inf") if time_s is None else time_s


def calm_row(failure_rate: float, name: str, calm: Calm, rate_per_s: float) -> str:
    if name == "evenkeel":
        chance = false_trip_chance(failure_rate, Limits()) if failure_rate else 0.0
        arithmetic = f"≤ {calm.per_day(calm.trial_count) * chance:.1g}"
    else:
        arithmetic = f"{expected_by_arithmetic(failure_rate) * rate_per_s * DAY_S:.2g}"
    return (
        f"| {failure_rate:.0%} | {name} | {calm.opening_count} "
        f"| {calm.per_day(calm.opening_count):.0f} | {arithmetic} "
        f"| {calm.per_million(calm.write_count):,.0f} | {calm.per_million(calm.read_count):,.0f} |"
    )


def storm_row(weather: Weather) -> str:
    return (
        f"| {weather.policy.name} | {_time(weather.recovers_after_s, 'never')} "
        f"| {weather.sent_during:.2f} | {weather.sent_after:.2f} | {weather.sent_when_dead:.2f} |"
    )


def _time(time_s: float | None, never: str) -> str:
    return never if time_s is None else f"{time_s:.1f}"
