from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from statistics import mean, median

from tests.simulation.circuit.fleet import Build, Fleet
from tests.simulation.circuit.journal import CLOSED, OPEN, Journal
from tests.simulation.circuit.powertools import borrowed
from tests.simulation.circuit.scenario import Scenario

# So many requests must have gone through since the last refusal to call it full service.
SERVED_COUNT_MIN = 10


@dataclass(frozen=True, slots=True)
class Outcome:
    """What one breaker has made of one scenario.

    Attributes:
        opens_after_s: From the first fault; None if it stays closed.
        faulty_count: Calls sent that met the fault.
        half_open_count: The most calls sent while half-open before one was answered well.
        half_open_at_once: The most of these under way at once.
        healthy_refused: The share of the requests refused, while there were faults, of those
            that would have met none.
        turned_away_count: Requests that met no idle environment.
        full_service_after_s: From the end of the last fault to the last refusal;
            None if requests are refused to the end.
    """

    opens_after_s: float | None
    faulty_count: int
    half_open_count: int
    half_open_at_once: int
    healthy_refused: float
    turned_away_count: int
    full_service_after_s: float | None
    read_count: int
    write_count: int
    opening_count: int
    sent_per_s: tuple[int, ...]


def play(scenario: Scenario, rate_per_s: float, seed: int, build: Build) -> Outcome:
    scenario = scenario.of_seed(seed)
    with borrowed():
        fleet = Fleet(scenario, rate_per_s, seed, build)
        journal = fleet.run()
    openings = [move.at_s for move in journal.moves if move.state == OPEN]
    return Outcome(
        opens_after_s=openings[0] - scenario.begins_s if openings else None,
        faulty_count=sum(call.is_faulty for call in journal.sent),
        half_open_count=max((each.sent for each in journal.recoveries), default=0),
        half_open_at_once=max((each.at_once for each in journal.recoveries), default=0),
        healthy_refused=_healthy_refused(scenario, journal),
        turned_away_count=len(journal.turned_away),
        full_service_after_s=_full_service_after_s(scenario, journal),
        read_count=fleet.contestant.read_count,
        write_count=fleet.contestant.write_count,
        opening_count=opening_count(journal),
        sent_per_s=_per_second([call.at_s for call in journal.sent], scenario, rate_per_s),
    )


def typical(outcomes: Sequence[Outcome]) -> Outcome:
    """Return the mean of counts, the median of times, and the worst of what must not be.

    The curve is that of the first.
    """
    return Outcome(
        opens_after_s=_median([each.opens_after_s for each in outcomes]),
        faulty_count=round(mean(each.faulty_count for each in outcomes)),
        half_open_count=max(each.half_open_count for each in outcomes),
        half_open_at_once=max(each.half_open_at_once for each in outcomes),
        healthy_refused=mean(each.healthy_refused for each in outcomes),
        turned_away_count=round(mean(each.turned_away_count for each in outcomes)),
        full_service_after_s=_median([each.full_service_after_s for each in outcomes]),
        read_count=round(mean(each.read_count for each in outcomes)),
        write_count=round(mean(each.write_count for each in outcomes)),
        opening_count=round(mean(each.opening_count for each in outcomes)),
        sent_per_s=outcomes[0].sent_per_s,
    )


def _healthy_refused(scenario: Scenario, journal: Journal) -> float:
    def healthy(events: Iterable[tuple[float, bool]]) -> int:
        during = (is_faulty for at_s, is_faulty in events if _is_during(scenario, at_s))
        return sum(not is_faulty for is_faulty in during)

    refused = healthy(journal.refused)
    sent = healthy((call.at_s, call.is_faulty) for call in journal.sent)
    return refused / max(1, refused + sent)


def _per_second(times_s: Iterable[float], scenario: Scenario, rate_per_s: float) -> tuple[int, ...]:
    counts = Counter(int(at_s) for at_s in times_s)
    return tuple(counts[second] for second in range(int(scenario.duration_s(rate_per_s))))


def _is_during(scenario: Scenario, at_s: float) -> bool:
    return scenario.begins_s <= at_s < scenario.ends_s


def _full_service_after_s(scenario: Scenario, journal: Journal) -> float | None:
    last_s = max((at_s for at_s, _ in journal.refused), default=0.0)
    if sum(call.at_s > last_s for call in journal.sent) < SERVED_COUNT_MIN:
        return None
    return max(0.0, last_s - scenario.ends_s)


def opening_count(journal: Journal) -> int:
    """Return how often a closed circuit opened; a probe that fails does not count."""
    states: dict[str, str] = {}
    count = 0
    for move in journal.moves:
        count += move.state == OPEN and states.get(move.circuit, CLOSED) == CLOSED
        states[move.circuit] = move.state
    return count


def _median(times_s: Sequence[float | None]) -> float | None:
    """Return the median, None being longer than everything."""
    never = float("inf")
    middle = median(never if time_s is None else time_s for time_s in times_s)
    return None if middle == never else middle
