from collections.abc import Callable, Iterator

import pytest
from hypothesis import given
from hypothesis import strategies as st

from evenkeel.errors import (
    Declined,
    DeclineReason,
    EvenkeelError,
    LedgerBusy,
    LedgerUnconfirmed,
    ObjectNotFound,
    VersionConflict,
)
from evenkeel.resilience.retry import Retry
from tests.fakes.clock import ManualSeconds


class Flaky:
    """Fails with each of its errors, one a call, and works from then on."""

    def __init__(self, *errors: Exception) -> None:
        self._errors = list(errors)
        self.call_count = 0

    def __call__(self) -> str:
        self.call_count += 1
        if self._errors:
            raise self._errors.pop(0)
        return "posted"


class Waits(ManualSeconds):
    """Lets every wait pass at once, and keeps its length."""

    def __init__(self) -> None:
        super().__init__()
        self.each_s: list[float] = []

    def sleep(self, duration_s: float) -> None:
        self.each_s.append(duration_s)
        super().sleep(duration_s)


@pytest.fixture
def waits() -> Waits:
    return Waits()


@pytest.fixture
def retry(waits: Waits) -> Retry:
    return retry_of(waits, attempt_count_max=5)


def retry_of(
    waits: Waits,
    *,
    attempt_count_max: int,
    total_s_max: float = 10.0,
    jitter: Callable[[], float] = lambda: 1.0,
) -> Retry:
    return Retry(
        attempt_count_max=attempt_count_max,
        total_s_max=total_s_max,
        delay_s_base=0.1,
        delay_s_max=0.3,
        jitter=jitter,
        sleep=waits.sleep,
        elapsed_s=waits,
    )


def test_the_first_answer_is_returned_without_a_wait(retry: Retry, waits: Waits) -> None:
    assert retry.call(Flaky()) == "posted"
    assert waits.each_s == []


@pytest.mark.parametrize("error", [LedgerBusy(), LedgerUnconfirmed(), VersionConflict()], ids=repr)
def test_what_may_heal_by_itself_is_asked_for_until_it_is_answered(
    retry: Retry, error: EvenkeelError
) -> None:
    assert retry.call(Flaky(error, error)) == "posted"


def test_waits_double_until_they_are_as_long_as_allowed(retry: Retry, waits: Waits) -> None:
    retry.call(Flaky(*[LedgerBusy()] * 4))

    assert waits.each_s == pytest.approx([0.1, 0.2, 0.3, 0.3])


def test_jitter_takes_any_part_of_a_wait(waits: Waits) -> None:
    parts: Iterator[float] = iter([0.0, 0.5, 1.0])
    retry = retry_of(waits, attempt_count_max=4, jitter=lambda: next(parts))
    retry.call(Flaky(*[LedgerBusy()] * 3))

    assert waits.each_s == pytest.approx([0.0, 0.1, 0.3])


def test_when_no_attempt_is_left_the_last_error_is_raised(retry: Retry, waits: Waits) -> None:
    last = LedgerUnconfirmed()
    ask = Flaky(*[LedgerBusy()] * 4, last)

    with pytest.raises(LedgerUnconfirmed) as raised:
        retry.call(ask)

    assert raised.value is last
    assert ask.call_count == 5
    assert len(waits.each_s) == 4


def test_one_attempt_is_no_retry(waits: Waits) -> None:
    ask = Flaky(LedgerBusy())

    with pytest.raises(LedgerBusy):
        retry_of(waits, attempt_count_max=1).call(ask)

    assert ask.call_count == 1
    assert waits.each_s == []


@pytest.mark.parametrize(
    "error",
    [
        Declined(DeclineReason.INSUFFICIENT_FUNDS, "cannot cover it"),
        ObjectNotFound(),
        ZeroDivisionError(),
    ],
    ids=repr,
)
def test_what_asking_again_cannot_heal_is_not_asked_again(retry: Retry, error: Exception) -> None:
    ask = Flaky(LedgerBusy(), error)

    with pytest.raises(type(error)) as raised:
        retry.call(ask)

    assert raised.value is error
    assert ask.call_count == 2


def test_no_attempt_begins_after_the_deadline(waits: Waits) -> None:
    began_at: list[float] = []

    def slow_and_busy() -> None:
        began_at.append(waits())
        waits.now_s += 0.4
        raise LedgerBusy

    with pytest.raises(LedgerBusy):
        retry_of(waits, attempt_count_max=100, total_s_max=1.0).call(slow_and_busy)

    assert began_at == pytest.approx([0.0, 0.5])


def test_nobody_waits_for_an_attempt_that_would_come_too_late(waits: Waits) -> None:
    with pytest.raises(LedgerBusy):
        retry_of(waits, attempt_count_max=100, total_s_max=0.5).call(Flaky(*[LedgerBusy()] * 100))

    assert waits.each_s == pytest.approx([0.1, 0.2])


@given(
    attempt_count_max=st.integers(1, 50),
    total_s_max=st.floats(0.3, 5.0),
    jitters=st.lists(st.floats(0.0, 1.0), min_size=50, max_size=50),
)
def test_every_bound_holds_under_any_jitter(
    attempt_count_max: int, total_s_max: float, jitters: list[float]
) -> None:
    waits, ask, parts = Waits(), Flaky(*[LedgerBusy()] * 50), iter(jitters)
    retry = retry_of(
        waits,
        attempt_count_max=attempt_count_max,
        total_s_max=total_s_max,
        jitter=lambda: next(parts),
    )

    with pytest.raises(LedgerBusy):
        retry.call(ask)

    assert 1 <= ask.call_count <= attempt_count_max
    assert waits() <= total_s_max
    assert all(0 <= wait_s <= retry.delay_s_max for wait_s in waits.each_s)
    assert len(waits.each_s) == ask.call_count - 1


@pytest.mark.parametrize(
    "bounds",
    [
        {"attempt_count_max": 0},
        {"delay_s_base": 0.0},
        {"delay_s_base": -0.1},
        {"delay_s_base": 0.4},
        {"delay_s_max": 2.0},
        {"total_s_max": 0.2},
    ],
)
def test_bounds_that_make_no_sense_are_refused(bounds: dict[str, float]) -> None:
    sound = {"attempt_count_max": 5, "total_s_max": 1.0, "delay_s_base": 0.1, "delay_s_max": 0.3}
    waits = Waits()

    with pytest.raises(AssertionError):
        Retry(**(sound | bounds), jitter=float, sleep=waits.sleep, elapsed_s=waits)  # type: ignore[arg-type]


@pytest.mark.parametrize("attempt_count", [2, 3, 5])
def test_an_unknown_outcome_is_not_forgotten_over_what_was_not_applied(
    retry: Retry, waits: Waits, attempt_count: int
) -> None:
    """The first attempt may have been applied, however clearly the last one was turned away."""
    errors = [LedgerUnconfirmed(), *[LedgerBusy() for _ in range(attempt_count)]]

    with pytest.raises(LedgerUnconfirmed):
        retry_of(waits, attempt_count_max=attempt_count).call(Flaky(*errors))


def test_a_verdict_after_an_unknown_outcome_stands(retry: Retry) -> None:
    with pytest.raises(ObjectNotFound):
        retry.call(Flaky(LedgerUnconfirmed(), ObjectNotFound()))


def test_what_caused_the_last_error_stays_with_it(retry: Retry) -> None:
    cause = OSError("connection reset")

    def ask() -> str:
        raise LedgerBusy from cause

    with pytest.raises(LedgerBusy) as raised:
        retry.call(ask)

    assert raised.value.__cause__ is cause


def test_a_refusal_that_decides_nothing_leaves_an_earlier_outcome_unknown(retry: Retry) -> None:
    refused = Declined(DeclineReason.WALLET_FROZEN, "frozen")

    with pytest.raises(LedgerUnconfirmed):
        retry.call(Flaky(LedgerUnconfirmed(), refused), refusal_decides=False)
    with pytest.raises(Declined):
        retry.call(Flaky(LedgerBusy(), refused), refusal_decides=False)
    with pytest.raises(Declined):
        retry.call(Flaky(LedgerUnconfirmed(), refused))
