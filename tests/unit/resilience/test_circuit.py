from collections.abc import Callable, Mapping
from dataclasses import replace
from datetime import timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from evenkeel.resilience.circuit import (
    FORCED_RETRY_AFTER,
    RAMP,
    RETRY_AFTER_MIN,
    TRANSITIONS,
    Admission,
    Circuit,
    CircuitState,
    IllegalSignal,
    ProbeLease,
    Signal,
)
from evenkeel.resilience.limits import Limits
from evenkeel.resilience.trial import Ballot, Trial, Verdict
from tests.fakes.clock import NOON

LIMITS = Limits()
TICK = timedelta(microseconds=1)
SECOND = timedelta(seconds=1)
COOL_DOWN = timedelta(seconds=LIMITS.cool_down_s)
PROBE_MAX = timedelta(seconds=LIMITS.probe_s_max)
RAMP_STEP = timedelta(seconds=LIMITS.ramp_step_s)
TRIAL_MAX = timedelta(seconds=LIMITS.trial_s_max)
LATER = NOON + SECOND

TRIAL = Trial("t1", NOON)
OUTAGE = Trial("t1", NOON, 9, 9, frozenset({1, 2, 3}), frozenset({1, 2, 3}))
WELL = Trial("t1", NOON, 6, 0, frozenset({1}))
DOUBTED = Trial("t1", NOON, 2, 1, frozenset({1}), frozenset({1}))

CLOSED = Circuit("wallets")
OPEN = CLOSED.tripped(NOON, LIMITS, "env_1")
PROBING = OPEN.probing("env_2", NOON + COOL_DOWN, LIMITS)
ANSWERED_AT = NOON + COOL_DOWN + SECOND
RAMPING = PROBING.probe_answered(ANSWERED_AT, "env_2")
FORCED_OPEN = CLOSED.forced(Signal.FORCED_OPEN, NOON, "ops", "maintenance")
FORCED_CLOSED = CLOSED.forced(Signal.FORCED_CLOSED, NOON, "ops", "false alarm")

OF_EACH_STATE = [CLOSED, OPEN, PROBING, RAMPING, FORCED_OPEN, FORCED_CLOSED]
_G = Signal
FORCES = (Signal.FORCED_OPEN, Signal.FORCED_CLOSED, Signal.SET_FREE)

ACTS: Mapping[Signal, Callable[[Circuit], Circuit]] = {
    Signal.TRIPPED: lambda circuit: circuit.tripped(LATER, LIMITS, "env_9"),
    Signal.PROBING: lambda circuit: circuit.probing("env_9", LATER, LIMITS),
    Signal.PROBE_ANSWERED: lambda circuit: circuit.probe_answered(LATER, "env_9"),
    Signal.PROBE_FAILED: lambda circuit: circuit.probe_failed(LATER, LIMITS, "env_9"),
    Signal.STEPPED_UP: lambda circuit: replace(circuit, step=0).stepped_up(LATER, "env_9"),
    Signal.RECOVERED: lambda circuit: replace(circuit, step=2).stepped_up(LATER, "env_9"),
    Signal.FORCED_OPEN: lambda circuit: circuit.forced(_G.FORCED_OPEN, LATER, "env_9", "why"),
    Signal.FORCED_CLOSED: lambda circuit: circuit.forced(_G.FORCED_CLOSED, LATER, "env_9", "why"),
    Signal.SET_FREE: lambda circuit: circuit.forced(_G.SET_FREE, LATER, "env_9", "why"),
}


def name_of(circuit: Circuit) -> str:
    return f"{circuit.state}, step {circuit.step}"


of_each_state = pytest.mark.parametrize("circuit", OF_EACH_STATE, ids=name_of)


def put_on(trial: Trial, circuit: Circuit) -> Circuit:
    return replace(circuit, trial=trial)


def test_the_diagram_is_the_table() -> None:
    changes = {
        f"{before} ─ {signal} ─ {after}"
        for (before, signal), after in TRANSITIONS.items()
        if signal not in FORCES
    }

    assert changes == {
        "CLOSED ─ tripped ─ OPEN",
        "OPEN ─ probing ─ HALF_OPEN",
        "HALF_OPEN ─ probing ─ HALF_OPEN",
        "HALF_OPEN ─ probe_answered ─ HALF_OPEN",
        "HALF_OPEN ─ probe_failed ─ OPEN",
        "HALF_OPEN ─ stepped_up ─ HALF_OPEN",
        "HALF_OPEN ─ tripped ─ OPEN",
        "HALF_OPEN ─ recovered ─ CLOSED",
    }


def test_only_what_was_forced_can_be_set_free() -> None:
    freed = {
        (before, after) for (before, signal), after in TRANSITIONS.items() if signal is _G.SET_FREE
    }

    assert freed == {
        (CircuitState.FORCED_OPEN, CircuitState.OPEN),
        (CircuitState.FORCED_CLOSED, CircuitState.CLOSED),
    }


@pytest.mark.parametrize("signal", [each for each in Signal if each not in FORCES])
@of_each_state
def test_every_signal_in_every_state_is_in_the_table_or_refused(
    circuit: Circuit, signal: Signal
) -> None:
    if (circuit.state, signal) in TRANSITIONS:
        moved = ACTS[signal](circuit)
        assert moved.state is TRANSITIONS[circuit.state, signal]
        assert moved.version == circuit.version + 1
        assert moved.moved_at == LATER
        return
    before = replace(circuit)
    with pytest.raises(IllegalSignal, match=f"wallets is {circuit.state} and cannot be {signal}"):
        ACTS[signal](circuit)
    assert circuit == before


@pytest.mark.parametrize("signal", FORCES)
@of_each_state
def test_an_operator_gets_what_the_table_says_or_has_it_already(
    circuit: Circuit, signal: Signal
) -> None:
    after = TRANSITIONS.get((circuit.state, signal), circuit.state)
    forced = ACTS[signal](circuit)

    assert forced.state is after
    assert forced.version == circuit.version + (after is not circuit.state)
    assert (forced is circuit) is (after is circuit.state)
    assert ACTS[signal](forced) is forced


@pytest.mark.parametrize("signal", Signal)
@of_each_state
def test_a_change_of_state_is_a_transition_and_a_move_within_one_is_not(
    circuit: Circuit, signal: Signal
) -> None:
    after = TRANSITIONS.get((circuit.state, signal))
    if after is None:
        return
    moved = ACTS[signal](circuit)

    if after is circuit.state:
        assert (moved.transition, moved.since) == (circuit.transition, circuit.since)
        return
    assert moved.since == LATER
    assert moved.transition is not None
    assert moved.transition.number == (circuit.transition.number if circuit.transition else 0) + 1
    assert moved.transition.version == moved.version
    assert (moved.transition.before, moved.transition.after) == (circuit.state, after)
    assert (moved.transition.signal, moved.transition.by) == (signal, "env_9")
    assert moved.transition.at == LATER


def test_only_an_operator_gives_a_reason() -> None:
    assert OPEN.transition is not None
    assert FORCED_OPEN.transition is not None
    assert OPEN.transition.reason is None
    assert FORCED_OPEN.transition.reason == "maintenance"


def may_be(signal: Signal, circuit: Circuit) -> bool:
    """Whether a breaker or an operator could want this move, some time or other."""
    if signal in FORCES:
        return True
    if signal is Signal.TRIPPED:
        return circuit.share > 0 and circuit.state is not CircuitState.FORCED_CLOSED
    if signal is Signal.PROBING:
        return circuit.state is CircuitState.OPEN or circuit.probe is not None
    if signal in {Signal.PROBE_ANSWERED, Signal.PROBE_FAILED}:
        return circuit.probe is not None
    return circuit.step is not None and (circuit.step == 2) is (signal is Signal.RECOVERED)


def moved_by(signal: Signal, circuit: Circuit) -> Circuit:
    if signal in {Signal.STEPPED_UP, Signal.RECOVERED}:
        return circuit.stepped_up(LATER, "env_9")
    return ACTS[signal](circuit)


@given(choices=st.lists(st.integers(0, 1000), max_size=60))
def test_whatever_happens_a_circuit_makes_sense_and_its_transitions_have_no_gap(
    choices: list[int],
) -> None:
    circuit, transitions = CLOSED, []
    for choice in choices:
        possible = [signal for signal in Signal if may_be(signal, circuit)]
        signal = possible[choice % len(possible)]
        moved = moved_by(signal, circuit)
        assert moved is circuit or moved.version == circuit.version + 1
        if moved.transition is not circuit.transition:
            transitions.append(moved.transition)
        circuit = moved

        assert (circuit.retry_at is not None) == (circuit.state is CircuitState.OPEN)
        assert circuit.probe is None or circuit.step is None
        assert (circuit.probe or circuit.step) is None or circuit.is_recovering
        assert (circuit.share == 0) == (not circuit.is_quiet and circuit.step is None)
    kept = [each for each in transitions if each is not None]
    states = [CircuitState.CLOSED, *[each.after for each in kept]]

    assert [each.number for each in kept] == list(range(1, len(transitions) + 1))
    assert [each.before for each in kept] == states[:-1]
    assert circuit.state is states[-1]


# What is let through.


def admission(circuit: Circuit, *, after: timedelta, by: str = "env_9", draw: float) -> Admission:
    return circuit.admission(NOON + after, by=by, draw=draw)


@pytest.mark.parametrize("draw", [0.0, 0.999999])
@pytest.mark.parametrize("circuit", [CLOSED, FORCED_CLOSED], ids=name_of)
def test_a_quiet_circuit_grants_every_call(circuit: Circuit, draw: float) -> None:
    assert admission(circuit, after=SECOND, draw=draw) is Admission.GRANTED


def test_an_open_circuit_refuses_every_call_until_it_has_cooled_down() -> None:
    assert admission(OPEN, after=COOL_DOWN - TICK, draw=0.0) is Admission.REFUSED
    assert admission(OPEN, after=COOL_DOWN, draw=0.999999) is Admission.PROBE


def test_a_circuit_that_is_forced_open_refuses_every_call_for_ever() -> None:
    assert admission(FORCED_OPEN, after=timedelta(days=9), draw=0.0) is Admission.REFUSED


def test_while_one_probes_all_others_are_refused_until_its_lease_is_over() -> None:
    end = COOL_DOWN + PROBE_MAX

    assert PROBING.probe == ProbeLease("env_2", NOON + end)
    assert admission(PROBING, after=COOL_DOWN, draw=0.0) is Admission.REFUSED
    assert admission(PROBING, after=end - TICK, draw=0.0) is Admission.REFUSED
    assert admission(PROBING, after=end, draw=0.999999) is Admission.PROBE


def test_whoever_has_a_lease_and_asks_again_may_probe() -> None:
    assert admission(PROBING, after=COOL_DOWN, by="env_2", draw=0.999999) is Admission.PROBE


def test_a_lease_that_ended_is_taken_over_under_a_version_of_its_own() -> None:
    later = NOON + COOL_DOWN + PROBE_MAX
    taken = PROBING.probing("env_3", later, LIMITS)

    assert taken.probe == ProbeLease("env_3", later + PROBE_MAX)
    assert taken.version == PROBING.version + 1


def test_an_answered_probe_leads_up_the_ramp_until_the_circuit_is_closed() -> None:
    shares, circuit = [RAMPING.share], RAMPING
    while circuit.is_recovering:
        circuit = circuit.stepped_up(ANSWERED_AT, "env_3")
        shares.append(circuit.share)

    assert shares == [0.01, 0.1, 0.5, 1.0]
    assert (circuit.state, circuit.step) == (CircuitState.CLOSED, None)
    assert circuit.version == RAMPING.version + 3
    assert circuit.transition is not None
    assert circuit.transition.signal is Signal.RECOVERED


@pytest.mark.parametrize("step", range(len(RAMP)))
def test_on_the_ramp_chance_decides_and_nobody_probes(step: int) -> None:
    circuit = replace(RAMPING, step=step)

    assert admission(circuit, after=COOL_DOWN, draw=RAMP[step] - 1e-9) is Admission.GRANTED
    assert admission(circuit, after=COOL_DOWN, draw=RAMP[step]) is Admission.REFUSED
    assert admission(circuit, after=timedelta(days=1), by="env_2", draw=0.9) is Admission.REFUSED


def test_an_answered_probe_is_the_end_of_the_old_evidence() -> None:
    assert put_on(OUTAGE, PROBING).probe_answered(ANSWERED_AT, "env_2").trial is None


@pytest.mark.parametrize(
    "opened",
    [
        PROBING.probe_failed(LATER, LIMITS, "env_2"),
        RAMPING.tripped(LATER, LIMITS, "env_2"),
        CLOSED.tripped(LATER, LIMITS, "env_2"),
    ],
    ids=["probe failed", "relapse", "tripped"],
)
def test_whatever_opens_a_circuit_lets_it_cool_down_with_nothing_left(opened: Circuit) -> None:
    assert (opened.state, opened.share) == (CircuitState.OPEN, 0.0)
    assert (opened.probe, opened.step) == (None, None)
    assert opened.retry_at == LATER + COOL_DOWN


# When to step up.


def test_a_step_of_the_ramp_lasts_its_time() -> None:
    assert not RAMPING.may_step_up(ANSWERED_AT + RAMP_STEP - TICK, LIMITS)
    assert RAMPING.may_step_up(ANSWERED_AT + RAMP_STEP, LIMITS)


def test_each_step_has_its_own_time() -> None:
    second = RAMPING.stepped_up(ANSWERED_AT + RAMP_STEP, "env_3")

    assert not second.may_step_up(ANSWERED_AT + 2 * RAMP_STEP - TICK, LIMITS)
    assert second.may_step_up(ANSWERED_AT + 2 * RAMP_STEP, LIMITS)


@pytest.mark.parametrize(
    "circuit", [CLOSED, OPEN, PROBING, FORCED_OPEN, FORCED_CLOSED], ids=name_of
)
def test_only_on_the_ramp_there_are_steps(circuit: Circuit) -> None:
    assert not circuit.may_step_up(NOON + timedelta(days=1), LIMITS)


def recent(trial: Trial) -> Trial:
    return replace(trial, opened_at=ANSWERED_AT)


@pytest.mark.parametrize("trial", [DOUBTED, OUTAGE], ids=["undecided", "outage"])
def test_a_step_is_held_while_there_are_doubts(trial: Trial) -> None:
    doubted = put_on(recent(trial), RAMPING)

    assert not doubted.may_step_up(ANSWERED_AT + RAMP_STEP, LIMITS)
    assert not doubted.may_step_up(ANSWERED_AT + TRIAL_MAX - TICK, LIMITS)


@pytest.mark.parametrize("trial", [TRIAL, WELL], ids=["nothing reported", "acquitted"])
def test_a_step_is_not_held_without_a_failure(trial: Trial) -> None:
    assert put_on(recent(trial), RAMPING).may_step_up(ANSWERED_AT + RAMP_STEP, LIMITS)


def test_doubts_that_were_dispelled_hold_no_step() -> None:
    dispelled = recent(DOUBTED).with_vote(Ballot("t1", 1, 12, 0))

    assert dispelled.verdict(ANSWERED_AT, LIMITS) is Verdict.WELL
    assert put_on(dispelled, RAMPING).may_step_up(ANSWERED_AT + RAMP_STEP, LIMITS)


# What the evidence leads to.


@pytest.mark.parametrize(
    ("circuit", "must"),
    [
        (CLOSED, True),
        (OPEN, False),
        (PROBING, False),
        (RAMPING, True),
        (FORCED_OPEN, False),
        (FORCED_CLOSED, False),
    ],
    ids=lambda each: name_of(each) if isinstance(each, Circuit) else None,
)
def test_a_proved_outage_opens_what_lets_calls_through_unforced(
    circuit: Circuit,
    must: bool,  # noqa: FBT001
) -> None:
    assert put_on(OUTAGE, circuit).must_trip(LATER, LIMITS) is must


@pytest.mark.parametrize("trial", [TRIAL, WELL, DOUBTED], ids=["no votes", "well", "undecided"])
def test_what_is_not_proved_opens_nothing(trial: Trial) -> None:
    assert not put_on(trial, CLOSED).must_trip(LATER, LIMITS)


def test_old_evidence_proves_nothing() -> None:
    assert put_on(OUTAGE, CLOSED).must_trip(NOON + TRIAL_MAX - TICK, LIMITS)
    assert not put_on(OUTAGE, CLOSED).must_trip(NOON + TRIAL_MAX, LIMITS)


def test_a_relapse_needs_less_proof() -> None:
    five = Trial("t1", NOON, 5, 5, frozenset({1, 2, 3}), frozenset({1, 2, 3}))

    assert put_on(five, RAMPING).must_trip(LATER, LIMITS)
    assert not put_on(five, CLOSED).must_trip(LATER, LIMITS)


@of_each_state
def test_calls_are_evidence_where_calls_are_let_through(circuit: Circuit) -> None:
    is_asked = circuit.share > 0

    assert put_on(TRIAL, circuit).is_on_trial(LATER, LIMITS) is is_asked
    assert circuit.may_be_tried(LATER, LIMITS) is is_asked


@pytest.mark.parametrize("trial", [WELL, OUTAGE], ids=["well", "outage"])
def test_after_the_verdict_nothing_more_is_reported(trial: Trial) -> None:
    assert not put_on(trial, CLOSED).is_on_trial(LATER, LIMITS)


def test_without_a_trial_or_after_it_nothing_is_reported() -> None:
    assert not CLOSED.is_on_trial(LATER, LIMITS)
    assert put_on(DOUBTED, CLOSED).is_on_trial(NOON + TRIAL_MAX - TICK, LIMITS)
    assert not put_on(DOUBTED, CLOSED).is_on_trial(NOON + TRIAL_MAX, LIMITS)


def test_one_trial_at_a_time() -> None:
    assert not put_on(DOUBTED, CLOSED).may_be_tried(NOON + TRIAL_MAX - TICK, LIMITS)
    assert put_on(DOUBTED, CLOSED).may_be_tried(NOON + TRIAL_MAX, LIMITS)


# What callers are told.


def test_a_caller_is_told_to_come_back_when_the_circuit_has_cooled_down() -> None:
    assert OPEN.retry_after(NOON) == COOL_DOWN
    assert OPEN.retry_after(NOON + 3 * SECOND) == COOL_DOWN - 3 * SECOND


@pytest.mark.parametrize("circuit", [CLOSED, PROBING, RAMPING, FORCED_CLOSED], ids=name_of)
def test_a_caller_is_never_told_to_come_back_at_once(circuit: Circuit) -> None:
    assert circuit.retry_after(LATER) == RETRY_AFTER_MIN
    assert OPEN.retry_after(NOON + COOL_DOWN - TICK) == RETRY_AFTER_MIN
    assert OPEN.retry_after(NOON + timedelta(days=1)) == RETRY_AFTER_MIN


def test_maintenance_takes_a_while() -> None:
    assert FORCED_OPEN.retry_after(NOON + timedelta(days=1)) == FORCED_RETRY_AFTER


@pytest.mark.parametrize("circuit", [CLOSED, FORCED_CLOSED], ids=name_of)
def test_without_doubts_every_failed_call_may_be_sent_again(circuit: Circuit) -> None:
    assert circuit.retry_share(LATER, LIMITS) == 1.0
    assert put_on(OUTAGE, circuit).retry_share(NOON + TRIAL_MAX, LIMITS) == 1.0


@pytest.mark.parametrize("circuit", [OPEN, PROBING, RAMPING, FORCED_OPEN], ids=name_of)
def test_nothing_is_sent_again_to_what_is_down_or_recovers(circuit: Circuit) -> None:
    assert circuit.retry_share(LATER, LIMITS) == 0.0
    assert put_on(WELL, circuit).retry_share(LATER, LIMITS) == 0.0


@pytest.mark.parametrize(
    ("calls", "failures", "share"),
    [
        (0, 0, 0.0),  # Of the failure that opened the trial is known, and of no success.
        (1, 0, 0.2),
        (4, 0, 0.8),
        (5, 0, 1.0),
        (60, 0, 1.0),
        (10, 10, 0.0),
        (2, 1, 0.2),
        (10, 5, 0.2),
        (12, 2, 1.0),
    ],
)
def test_with_doubts_retries_are_a_share_of_what_succeeds(
    calls: int, failures: int, share: float
) -> None:
    trial = replace(TRIAL, calls=calls, failures=failures)

    assert put_on(trial, CLOSED).retry_share(LATER, LIMITS) == pytest.approx(share)
    assert put_on(trial, FORCED_CLOSED).retry_share(LATER, LIMITS) == pytest.approx(share)


# What an operator wants.


def test_a_circuit_set_free_from_being_open_is_probed_at_once() -> None:
    freed = FORCED_OPEN.forced(Signal.SET_FREE, LATER, "ops", "maintenance is over")

    assert freed.state is CircuitState.OPEN
    assert freed.admission(LATER, by="env_9", draw=0.9) is Admission.PROBE


@pytest.mark.parametrize("signal", [Signal.FORCED_OPEN, Signal.FORCED_CLOSED])
@of_each_state
def test_what_is_forced_knows_of_no_probe_no_ramp_and_no_cool_down(
    circuit: Circuit, signal: Signal
) -> None:
    forced = circuit.forced(signal, LATER, "ops", "why")

    assert (forced.probe, forced.step, forced.retry_at) == (None, None, None)


@pytest.mark.parametrize("circuit", [OPEN, PROBING, RAMPING], ids=name_of)
def test_a_circuit_that_nobody_forced_is_free_already(circuit: Circuit) -> None:
    assert circuit.forced(Signal.SET_FREE, LATER, "ops", "just in case") is circuit
