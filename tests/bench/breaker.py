"""`python -m tests.bench.breaker`: our circuit breaker and that of Powertools, in a model.

Nothing here is measured on AWS, or needs the local stack. Seeds are fixed, so
that it prints the same figures every time.
"""

from __future__ import annotations

import os
import sys
from collections.abc import Iterator, Mapping, Sequence
from concurrent.futures import Future, ProcessPoolExecutor
from functools import reduce
from operator import add
from pathlib import Path

from tests.bench.breaker_chart import Chart, Line
from tests.bench.breaker_text import (
    CALM_HEAD,
    HEAD,
    OUTCOME_HEAD,
    STORM_HEAD,
    WORSE_FOOT,
    WORSE_HEAD,
    calm_row,
    outcome_row,
    shortfalls,
    storm_row,
)
from tests.simulation.circuit.calm import Calm, stay_calm
from tests.simulation.circuit.fleet import Build
from tests.simulation.circuit.ours import evenkeel
from tests.simulation.circuit.outcome import Outcome, play, typical
from tests.simulation.circuit.powertools import powertools
from tests.simulation.circuit.scenario import Scenario
from tests.simulation.circuit.scenarios import SCENARIOS
from tests.simulation.circuit.storm import (
    BOTH,
    BUDGET,
    NAIVE,
    NEVER,
    POLICIES,
    POWERTOOLS,
    TRIGGER_BEGINS_S,
    TRIGGER_ENDS_S,
    Policy,
)
from tests.simulation.circuit.weather import Weather, weather

FOLDER = Path("docs/benchmarks")
PATH = FOLDER / "breaker.md"

CONTESTANTS: Mapping[str, Build] = {
    "evenkeel": evenkeel(),
    "Powertools": powertools(),
    "Powertools, 5 s": powertools(recovery_timeout=5),
}
COLOURS = ("#0072B2", "#D55E00", "#E69F00")  # Told apart by the colour-blind, too.
STORM_LINES: Mapping[Policy, str] = {
    BOTH: "#0072B2",
    BUDGET: "#56B4E9",
    NEVER: "#999999",
    POWERTOOLS: "#D55E00",
    NAIVE: "#000000",
}

SEED_COUNT, BUSY_SEED_COUNT = 9, 3  # Much traffic takes long, and depends less on luck.
CALM_RATE_PER_S, CALM_SEED_COUNT, CALM_S = 100, 8, 2000.0
CALM_FAILURE_RATES = (0.0, 0.01, 0.1)
STORM_SEED_COUNT = 10

Outcomes = dict[tuple[str, int, str], Outcome]
Calms = dict[tuple[float, str], Calm]


def main() -> int:
    with ProcessPoolExecutor(os.cpu_count()) as pool:
        scenes = _outcomes(pool)
        calms = _calms(pool)
        storms = [pool.submit(weather, policy, STORM_SEED_COUNT) for policy in POLICIES]
        outcomes = {key: typical([each.result() for each in many]) for key, many in scenes.items()}
        totals = {key: reduce(add, [each.result() for each in many]) for key, many in calms.items()}
        weathers = [each.result() for each in storms]
    report = "\n".join(_report(outcomes, totals, weathers)) + "\n"
    print(report)
    FOLDER.mkdir(exist_ok=True)
    PATH.write_text(report)
    for scenario in SCENARIOS:
        _file_of(scenario).write_text(_chart(scenario, outcomes).svg())
    (FOLDER / "breaker-storm.svg").write_text(_storm_chart(weathers).svg())
    return 0


def _outcomes(
    pool: ProcessPoolExecutor,
) -> dict[tuple[str, int, str], list[Future[Outcome]]]:
    return {
        (scenario.slug, rate_per_s, name): [
            pool.submit(_play, scenario, rate_per_s, seed, name)
            for seed in range(1, 1 + (SEED_COUNT if rate_per_s < 100 else BUSY_SEED_COUNT))
        ]
        for scenario in SCENARIOS
        for rate_per_s in scenario.rates_per_s
        for name in CONTESTANTS
    }


def _calms(pool: ProcessPoolExecutor) -> dict[tuple[float, str], list[Future[Calm]]]:
    return {
        (failure_rate, name): [
            pool.submit(_stay_calm, failure_rate, seed, name)
            for seed in range(1, 1 + CALM_SEED_COUNT)
        ]
        for failure_rate in CALM_FAILURE_RATES
        for name in list(CONTESTANTS)[:2]
    }


def _play(scenario: Scenario, rate_per_s: float, seed: int, name: str) -> Outcome:
    return play(scenario, rate_per_s, seed, CONTESTANTS[name])


def _stay_calm(failure_rate: float, seed: int, name: str) -> Calm:
    return stay_calm(
        CONTESTANTS[name],
        failure_rate=failure_rate,
        rate_per_s=CALM_RATE_PER_S,
        duration_s=CALM_S,
        seed=seed,
    )


def _report(outcomes: Outcomes, calms: Calms, weathers: list[Weather]) -> Iterator[str]:
    yield HEAD.format(seeds=SEED_COUNT, busy_seeds=BUSY_SEED_COUNT)
    for scenario in SCENARIOS:
        yield f"## {scenario.title}"
        yield ""
        yield f"![Calls sent per second]({_file_of(scenario).name})"
        yield ""
        yield OUTCOME_HEAD
        for rate_per_s in scenario.rates_per_s:
            for name in CONTESTANTS:
                yield outcome_row(rate_per_s, name, outcomes[scenario.slug, rate_per_s, name])
        yield ""
    yield CALM_HEAD.format(
        seeds=CALM_SEED_COUNT,
        rate=CALM_RATE_PER_S,
        hours=CALM_SEED_COUNT * CALM_S / 3600,
    )
    for (failure_rate, name), calm in calms.items():
        yield calm_row(failure_rate, name, calm, CALM_RATE_PER_S)
    yield ""
    yield STORM_HEAD.format(seeds=STORM_SEED_COUNT)
    for each in weathers:
        yield storm_row(each)
    yield ""
    yield from _shortfalls(outcomes)


def _shortfalls(outcomes: Outcomes) -> Iterator[str]:
    yield WORSE_HEAD
    for scenario in SCENARIOS:
        for rate_per_s in scenario.rates_per_s:
            row = {name: outcomes[scenario.slug, rate_per_s, name] for name in CONTESTANTS}
            worse = "; ".join(shortfalls(scenario, row))
            if worse:
                yield f"- {scenario.title}, {rate_per_s} requests/s: {worse}."
    yield WORSE_FOOT.rstrip()


def _file_of(scenario: Scenario) -> Path:
    return FOLDER / f"breaker-{scenario.slug}.svg"


def _chart(scenario: Scenario, outcomes: Outcomes) -> Chart:
    rate_per_s, first = scenario.rates_per_s[-1], scenario.of_seed(1)
    lines = [
        Line(name, colour, outcomes[scenario.slug, rate_per_s, name].sent_per_s)
        for name, colour in zip(CONTESTANTS, COLOURS, strict=False)
    ]
    spans_s = [(fault.begins_s, fault.ends_s) for fault in first.faults]
    title = f"{scenario.title}; {rate_per_s} requests/s (a model)"
    return Chart(title, "calls sent per second", lines, spans_s)


def _storm_chart(weathers: list[Weather]) -> Chart:
    by_policy = {each.policy.name: each.served_per_s for each in weathers}
    lines = [
        Line(policy.short_name, colour, _smooth(by_policy[policy.name]))
        for policy, colour in STORM_LINES.items()
    ]
    title = "Retry storm: requests served, of 30/s offered (a model)"
    span_s = (TRIGGER_BEGINS_S, TRIGGER_ENDS_S)
    return Chart(title, "served/s, mean of 5 s", lines, [span_s])


def _smooth(values: Sequence[int]) -> list[float]:
    windows = (values[max(0, second - 2) : second + 3] for second in range(len(values)))
    return [sum(window) / len(window) for window in windows]


if __name__ == "__main__":
    sys.exit(main())
