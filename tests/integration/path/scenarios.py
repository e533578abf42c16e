"""Payments on their ways through the platform, each with the calls that it makes if all is well."""

from collections import Counter
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from datetime import timedelta

from evenkeel.payments.model import PENDING_FOR
from evenkeel.payments.states import PaymentStatus
from evenkeel.resilience.circuit import RAMP
from evenkeel.resilience.trial import Ballot, Trial
from tests.integration.path.calls import Call
from tests.integration.path.faults import DEATHS, Fault, Plan
from tests.integration.path.history import OPENING_MINOR, History
from tests.integration.path.process import LIMITS

Act = Callable[[History], object]

LOOK = ("Invoke wallet_commands", "BatchGetItem accounts+ledger")
DEBIT = (*LOOK, "TransactWriteItems accounts+ledger")
# At one moment: what was taken back is not to be given back once more.
REFUND = (
    "Invoke wallet_commands",
    "TransactGetItems accounts+ledger",
    "TransactWriteItems accounts+ledger",
)
DECLINE = (*LOOK, "PutItem ledger")
ADDED, READ, SAVED = "PutItem payments", "GetItem payments", "UpdateItem payments"
DUE, JOURNAL = "Query payments.by_due", "GetItem ledger"
CIRCUIT, MOVED, KEPT = "GetItem breakers", "UpdateItem breakers", "PutItem breakers"
QUEUED = "SendMessage queue"


@dataclass(frozen=True)
class Scenario:
    """A way of a payment.

    Attributes:
        calls: What it asks of AWS, in order; of the shards that are empty it reads others too.
        status: What the payment is then.
        prepare: What comes before, without faults.
        act: What the faults strike.
        is_stopped: Whether the wallet function is throttled meanwhile.
        heals_all_but: The calls of which one failure is the client's to repair; None if
            that is so of any.
    """

    calls: tuple[str, ...]
    status: PaymentStatus
    prepare: tuple[Act, ...] = ()
    act: Act = History.ask
    amount_minor: int = 400
    is_stopped: bool = False
    heals_all_but: tuple[str, ...] | None = None

    @property
    def path(self) -> list[Call]:
        return path_of(self.calls)

    def heals(self, plan: Plan) -> bool:
        """Whether the client is told the outcome at once, in spite of the fault."""
        if plan.is_lasting or plan.fault in DEATHS or self.heals_all_but is None:
            return False
        return plan.call.kind not in self.heals_all_but

    def begun(self, history: History) -> None:
        for step in self.prepare:
            step(history)
        history.platform.function.is_stopped = self.is_stopped


def path_of(names: Sequence[str]) -> list[Call]:
    """Return the calls, each with the how many-th of its kind it is."""
    counts: Counter[str] = Counter()
    path: list[Call] = []
    for name in names:
        counts[name] += 1
        path.append(Call.named(f"{name} {counts[name]}"))
    return path


# What comes before.


def in_two_steps(history: History) -> None:
    history.is_in_two_steps = True
    history.order = replace(history.order, wallet_id=None)
    history.create()


def may_wait(history: History) -> None:
    history.may_wait = True


def on_trial(history: History) -> None:
    trial = Trial("trial", history.platform.clock())
    history.platform.circuits.open_trial(history.circuit_name, trial, instead_of=None)


def nearly_proved(history: History) -> None:
    """Leave the circuit one failure short of an outage."""
    on_trial(history)
    for seat, calls in ((1, 3), (2, 3), (3, 2)):
        ballot = Ballot("trial", seat, calls, calls)
        history.platform.circuits.vote(history.circuit_name, ballot)
    history.wait(timedelta(seconds=1))  # What is over sooner is no outage.


def opened(history: History) -> None:
    now = history.platform.clock()
    history.move(lambda circuit: circuit.tripped(now, LIMITS, "env_other"))


def cooled_down(history: History) -> None:
    history.wait(timedelta(seconds=LIMITS.cool_down_s))


def at_the_top_of_the_ramp(history: History) -> None:
    now = history.platform.clock()
    history.move(lambda circuit: circuit.probing("env_other", now, LIMITS))
    history.move(lambda circuit: circuit.probe_answered(now, "env_other"))
    for _ in RAMP[1:]:
        history.move(lambda circuit: circuit.stepped_up(now, "env_other"))
    history.wait(timedelta(seconds=LIMITS.ramp_step_s))


def left_open(fault: Fault) -> Act:
    """Have the client ask, and meet an outage of the invoke that leaves the outcome open."""

    def ask(history: History) -> None:
        tap = history.platform.tap
        tap.arm(Plan(Call.named("Invoke wallet_commands"), fault, is_lasting=True))
        history.ask()
        tap.disarm()
        history.wait(timedelta(seconds=LIMITS.trial_s_max))

    return ask


def died(history: History) -> None:
    """Have the client ask, and the process die before it can record the outcome."""
    tap = history.platform.tap
    tap.arm(Plan(Call.named("UpdateItem payments"), Fault.KILLED_BEFORE))
    history.ask()
    tap.disarm()
    history.wait(timedelta(seconds=LIMITS.trial_s_max))


def forgotten(history: History) -> None:
    history.wait(PENDING_FOR)


POOR = OPENING_MINOR + 1
DONE, FAILED = PaymentStatus.COMPLETED, PaymentStatus.FAILED
PENDING, CANCELLED = PaymentStatus.PENDING, PaymentStatus.CANCELLED

SCENARIOS = {
    "pay": Scenario((ADDED, CIRCUIT, *DEBIT, SAVED), DONE, heals_all_but=()),
    "pay from too small a wallet": Scenario(
        (ADDED, CIRCUIT, *DECLINE, SAVED), FAILED, amount_minor=POOR, heals_all_but=()
    ),
    "create, then process": Scenario(
        (READ, SAVED, CIRCUIT, *DEBIT, SAVED), DONE, prepare=(in_two_steps,), heals_all_but=()
    ),
    "come again after a crash": Scenario(
        (ADDED, SAVED, CIRCUIT, *LOOK, SAVED), DONE, prepare=(died,), heals_all_but=()
    ),
    # The circuit.
    "pay on trial": Scenario(
        (ADDED, CIRCUIT, *DEBIT, MOVED, SAVED), DONE, prepare=(on_trial,), heals_all_but=(LOOK[0],)
    ),
    "fail for the first time": Scenario(
        (ADDED, CIRCUIT, LOOK[0], LOOK[0], MOVED, SAVED), PENDING, is_stopped=True
    ),
    "prove an outage": Scenario(
        (ADDED, CIRCUIT, LOOK[0], MOVED, MOVED, SAVED),
        PENDING,
        prepare=(nearly_proved,),
        is_stopped=True,
    ),
    "probe": Scenario(
        (ADDED, CIRCUIT, KEPT, MOVED, *DEBIT, MOVED, SAVED),
        DONE,
        prepare=(opened, cooled_down),
    ),
    "probe in vain": Scenario(
        (ADDED, CIRCUIT, KEPT, MOVED, LOOK[0], KEPT, MOVED, SAVED),
        PENDING,
        prepare=(opened, cooled_down),
        is_stopped=True,
    ),
    "close the circuit": Scenario(
        (ADDED, CIRCUIT, KEPT, MOVED, *DEBIT, SAVED),
        DONE,
        prepare=(opened, at_the_top_of_the_ramp),
    ),
    # The queue.
    "wait in the queue": Scenario(
        (ADDED, CIRCUIT, QUEUED, SAVED), PENDING, prepare=(opened, may_wait)
    ),
    "be put back by the worker": Scenario(
        (CIRCUIT, QUEUED),
        PENDING,
        prepare=(opened, may_wait, History.ask),
        act=History.work,
    ),
    "be worked off": Scenario(
        (CIRCUIT, READ, SAVED, KEPT, MOVED, *DEBIT, MOVED, SAVED),
        DONE,
        prepare=(opened, may_wait, History.ask, cooled_down),
        act=History.work,
    ),
    # The sweeper.
    "be found debited": Scenario(
        (DUE, DUE, READ, JOURNAL, SAVED),
        DONE,
        prepare=(left_open(Fault.ANSWER_LOST),),
        act=History.sweep,
    ),
    "be found declined": Scenario(
        (DUE, DUE, READ, JOURNAL, SAVED),
        FAILED,
        prepare=(left_open(Fault.ANSWER_LOST),),
        act=History.sweep,
        amount_minor=POOR,
    ),
    "be resumed": Scenario(
        (DUE, DUE, READ, JOURNAL, CIRCUIT, SAVED, *DEBIT, SAVED),
        DONE,
        prepare=(left_open(Fault.REQUEST_LOST),),
        act=History.sweep,
    ),
    "be forgotten for a day": Scenario(
        (DUE, DUE, READ, SAVED), CANCELLED, prepare=(in_two_steps, forgotten), act=History.sweep
    ),
}
