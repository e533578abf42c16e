"""What follows on a payment, with the calls that it makes if all is well, and with each fault."""

from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass
from datetime import timedelta

from evenkeel.payments.leases import LEASE_FOR
from evenkeel.payments.model import HOLD_FOR, HOLD_GRACE
from evenkeel.payments.states import PaymentStatus
from tests.integration.path.calls import Call
from tests.integration.path.faults import Fault, Plan, plans_of
from tests.integration.path.life import Life, is_open
from tests.integration.path.platform import Platform
from tests.integration.path.process import LIMITS
from tests.integration.path.scenarios import (
    CIRCUIT,
    DEBIT,
    DUE,
    JOURNAL,
    LOOK,
    READ,
    REFUND,
    SAVED,
)

Act = Callable[[Life], object]


@dataclass(frozen=True)
class Turn:
    """What a client asks for, of a payment that is held, or paid if it is a refund.

    Attributes:
        calls: What it asks of AWS, in order.
        status: What the payment is then.
        prepare: What comes before, without faults.
        act: What the faults strike.
    """

    action: str
    calls: tuple[str, ...]
    status: PaymentStatus
    amount_minor: int | None = None
    prepare: tuple[Act, ...] = ()
    act: Act = Life.ask


def left_open(fault: Fault) -> Act:
    """Have the client ask, and meet an outage of the invoke that leaves the outcome open."""

    def ask(life: Life) -> None:
        tap = life.platform.tap
        tap.arm(Plan(Call.named("Invoke wallet_commands"), fault, is_lasting=True))
        life.ask()
        tap.disarm()
        life.wait(timedelta(seconds=LIMITS.trial_s_max))

    return ask


def lapsed(life: Life) -> None:
    life.wait(HOLD_FOR + HOLD_GRACE)


_S = PaymentStatus
ASKED = (SAVED, CIRCUIT, *DEBIT, SAVED)
REFUNDED = (SAVED, CIRCUIT, *REFUND, SAVED)
FOUND = (DUE, DUE, READ, JOURNAL, SAVED)
RESUMED = (DUE, DUE, READ, JOURNAL, CIRCUIT, SAVED, *DEBIT, SAVED)
REFUND_RESUMED = (DUE, DUE, READ, JOURNAL, CIRCUIT, SAVED, *REFUND, SAVED)
LOST, UNHEARD = (left_open(Fault.REQUEST_LOST),), (left_open(Fault.ANSWER_LOST),)

TURNS = {
    "capture": Turn("capture", ASKED, _S.COMPLETED),
    "capture a part": Turn("capture", ASKED, _S.COMPLETED, 150),
    "void": Turn("void", ASKED, _S.CANCELLED),
    "refund": Turn("refund", REFUNDED, _S.REFUNDED),
    "refund a part": Turn("refund", REFUNDED, _S.PARTIALLY_REFUNDED, 150),
    "capture from a frozen wallet": Turn(
        "capture", (SAVED, CIRCUIT, *LOOK, SAVED), _S.AUTHORIZED, prepare=(Life.freeze,)
    ),
    # The sweeper.
    "be found captured": Turn("capture", FOUND, _S.COMPLETED, 150, UNHEARD, Life.sweep),
    "be found refunded": Turn("refund", FOUND, _S.PARTIALLY_REFUNDED, 150, UNHEARD, Life.sweep),
    "have a capture resumed": Turn("capture", RESUMED, _S.COMPLETED, 150, LOST, Life.sweep),
    "have a refund resumed": Turn("refund", REFUND_RESUMED, _S.REFUNDED, None, LOST, Life.sweep),
    "lapse": Turn(
        "void",
        (DUE, DUE, READ, CIRCUIT, SAVED, *DEBIT, SAVED),
        _S.CANCELLED,
        prepare=(lapsed,),
        act=Life.sweep,
    ),
}


@dataclass(frozen=True)
class EndCampaign:
    """Every fault at every call of a turn, each on a payment of its own."""

    platform: Platform
    name: str

    @property
    def turn(self) -> Turn:
        return TURNS[self.name]

    def run(self) -> Counter[str]:
        """Return what the faults have left behind them, each at one call, for the repairs."""
        left: Counter[str] = Counter()
        for number, plan in enumerate(plans_of(self.calls(), is_lasting=False)):
            repair = (Life.ask, Life.sweep)[number % 2]
            try:
                left[self.suffer(plan, repair)] += 1
            except BaseException as error:
                error.add_note(f"in {self.name!r}, repaired by {repair.__name__}: {plan}")
                raise
        return left

    def calls(self) -> list[Call]:
        """Return what the turn asks of AWS when all is well."""
        life = self.begun()
        tap = self.platform.tap
        tap.arm(None)
        self.turn.act(life)
        calls = [call for call in tap.calls if call.nth == 1 or call not in tap.brought_nothing]
        tap.disarm()

        assert life.check().status is self.turn.status
        return calls

    def begun(self) -> Life:
        life = Life(self.platform, self.turn.action, self.turn.amount_minor)
        for step in self.turn.prepare:
            step(life)
        return life

    def suffer(self, plan: Plan, repair: Act) -> str:
        """Have a payment meet the fault and be repaired; say what it was in between."""
        life, tap = self.begun(), self.platform.tap
        tap.rival = life.rival
        tap.arm(plan)
        self.turn.act(life)
        struck, strike_count = life.check(), tap.strike_count
        tap.disarm()
        life.ask()  # Too early, perhaps.
        life.check()
        life.wait(LEASE_FOR)
        repair(life)
        repaired = life.check()
        tap.deliver_late()
        life.check()
        for _ in range(2):
            life.ask()
            life.wait(LEASE_FOR)
        life.sweep()

        assert strike_count > 0, "nothing has happened"
        assert not is_open(repaired), "it is stuck"
        assert life.check().status is self.turn.status
        assert len(life.final_answers) == 1
        return f"{struck.status}, {'open' if is_open(struck) else 'settled'}"
