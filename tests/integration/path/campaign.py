"""Every fault at every call of a scenario, each on a payment of its own."""

from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass

from evenkeel.payments.leases import LEASE_FOR
from evenkeel.payments.states import PaymentStatus
from tests.integration.path.calls import Call
from tests.integration.path.faults import Plan, plans_of
from tests.integration.path.history import SETTLED, History
from tests.integration.path.platform import Platform
from tests.integration.path.scenarios import SCENARIOS, Scenario

Repair = Callable[[History], None]


def by_client(history: History) -> None:
    history.ask_too_early()
    history.wait(LEASE_FOR)
    history.ask()


def by_sweeper(history: History) -> None:
    history.wait(LEASE_FOR)
    history.sweep()


def by_worker(history: History) -> None:
    """Let a message arrive, whether or not one was sent."""
    history.wait(LEASE_FOR)
    if history.check() is not None:
        history.send_message()
    history.work()


REPAIRS: dict[str, Repair] = {"client": by_client, "sweeper": by_sweeper, "worker": by_worker}


@dataclass(frozen=True)
class Campaign:
    platform: Platform
    name: str
    is_lasting: bool = False

    @property
    def scenario(self) -> Scenario:
        return SCENARIOS[self.name]

    def run(self) -> Counter[PaymentStatus | None]:
        """Return what the faults have left behind them, each at one call, for the repairs."""
        left: Counter[PaymentStatus | None] = Counter()
        for number, plan in enumerate(plans_of(self.calls(), is_lasting=self.is_lasting)):
            for repair in self.repairs(number):
                try:
                    status = self.suffer(plan, repair)
                except BaseException as error:
                    error.add_note(f"in {self.name!r}, repaired by the {repair}: {plan}")
                    raise
                if status in SETTLED:
                    break
            left[status] += 1
        return left

    def repairs(self, number: int) -> list[str]:
        """Return the ways of repair, each in its turn the first; of an outage only that one."""
        names = list(REPAIRS)
        first = number % len(names)
        return [names[first]] if self.is_lasting else names[first:] + names[:first]

    def calls(self) -> list[Call]:
        """Return what the scenario asks of AWS when all is well."""
        history = History(self.platform, self.scenario.amount_minor)
        self.scenario.begun(history)
        tap = self.platform.tap
        tap.arm(None)
        self.scenario.act(history)
        calls = [call for call in tap.calls if call.nth == 1 or call not in tap.brought_nothing]
        tap.disarm()
        payment = history.check()

        assert payment is not None
        assert payment.status is self.scenario.status
        self.end(history)
        return calls

    def suffer(self, plan: Plan, repair: str) -> PaymentStatus | None:
        """Have a payment meet the fault and be repaired; return its status in between."""
        history = History(self.platform, self.scenario.amount_minor)
        self.scenario.begun(history)
        tap = self.platform.tap
        tap.rival = history.rival
        tap.arm(plan)
        self.scenario.act(history)
        struck = history.check()
        strike_count = tap.strike_count
        was_told = bool(history.final_answers)
        self.platform.function.is_stopped = False
        if self.is_lasting:
            REPAIRS[repair](history)
            history.check()
        tap.disarm()
        REPAIRS[repair](history)
        repaired = history.check()
        tap.deliver_late()
        history.check()

        assert strike_count > 0, "nothing has happened"
        assert was_told or not self.scenario.heals(plan), "the client has to come again"
        assert repaired is None or repaired.status is not PaymentStatus.PROCESSING, "it is stuck"
        self.end(history)
        if plan.call.place == "breakers":
            history.check_circuit()
        return struck.status if struck else None

    def end(self, history: History) -> None:
        """Let the client ask until it is told, the queue run empty, and the sweeper come."""
        self.platform.function.is_stopped = False
        for _ in range(2):
            history.wait(LEASE_FOR)
            history.ask()
        while history.work():
            history.check()
        payment = history.check()
        if payment is not None and payment.status not in SETTLED:
            history.sweep()
            payment = history.check()

        assert payment is not None
        assert payment.status in SETTLED
        assert len(history.final_answers) == 1
