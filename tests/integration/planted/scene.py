"""Where a fault is planted: a household of its own, and a payment or an entry at some place in it.

A kind of fault is what must have happened before, and what somebody then does behind the
product's back, who also says what must be found of it.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass, field, replace
from enum import Enum
from typing import Any

from evenkeel.adapters.dynamodb.item import key_of
from evenkeel.ledger.transfer import Record, Transfer, resolution_id
from evenkeel.payments.model import Payment
from evenkeel.payments.order import Capture
from evenkeel.reconciliation.changes import Change
from evenkeel.reconciliation.mismatch import Finding, MismatchType, Subject
from evenkeel.wallets.posting import TransferRequest
from tests.integration.planted.household import Household
from tests.integration.planted.tables import ACCOUNTS, LEDGER, PAYMENTS, Tables
from tests.integration.planted.town import Town

NEIGHBOUR_COUNT = 2
AMOUNTS_MINOR = (3, 250, 999, 12_345, 400_000)

Told = tuple[MismatchType, Subject]


class Position(Enum):
    """Where it is in the chain: how many neighbours came before."""

    FIRST = 0
    MIDDLE = NEIGHBOUR_COUNT // 2
    LAST = NEIGHBOUR_COUNT


@dataclass(frozen=True)
class Variant:
    number: int

    @property
    def amount_minor(self) -> int:
        return AMOUNTS_MINOR[self.number]

    @property
    def position(self) -> Position:
        return list(Position)[self.number % len(Position)]

    @property
    def capture(self) -> Capture:
        return Capture.MANUAL if self.number % 2 else Capture.AUTOMATIC

    @property
    def noted_ago_min(self) -> int:
        """How long before the run it is noted, in minutes."""
        return 1 + 30 * self.number


VARIANTS = tuple(map(Variant, range(len(AMOUNTS_MINOR))))


@dataclass
class Scene:
    """A household, what a fault is about, and the hands that plant it.

    Attributes:
        payment: What the fault is about, as it was lived.
        entry: The same, where it is about a transfer of no payment.
        wallet_ids: Its household's, and those of others that it has given to.
        changes: What the streams bring of the fault.
    """

    variant: Variant
    town: Town
    home: Household
    payment: Payment | None = None
    entry: Transfer | None = None
    wallet_ids: Sequence[str] = ()
    changes: list[Change] = field(default_factory=list)
    _tables: Tables | None = None

    @classmethod
    def lived(cls, town: Town, variant: Variant, life: Life) -> Scene:
        """Let a household live: neighbours, what the fault will be about, and neighbours."""
        opened_count = len(town.wallet_ids)
        scene = cls(variant, town, town.household())
        before_count = variant.position.value
        scene._live(before_count)
        life(scene)
        scene._live(NEIGHBOUR_COUNT - before_count)
        scene.wallet_ids = town.wallet_ids[opened_count:]
        return scene

    @property
    def wallet_id(self) -> str:
        return self.home.wallet_id

    # What there is.

    @property
    def paid(self) -> Payment:
        assert self.payment is not None
        return self.home.stored(self.payment.id)

    @property
    def moved(self) -> Transfer:
        assert self.entry is not None
        return self.entry

    @property
    def debit_id(self) -> str:
        return self.paid.transfer_id_wanted

    @property
    def end_id(self) -> str:
        return resolution_id(self.debit_id)

    @property
    def taken_id(self) -> str:
        """The transfer by which the merchant has the money."""
        return self.end_id if self.paid.order.capture is Capture.MANUAL else self.debit_id

    @property
    def transfer_ids(self) -> list[str]:
        """The debit, and the end of its hold if it was one."""
        return list(dict.fromkeys((self.debit_id, self.taken_id)))

    def transfer(self, transfer_id: str) -> Transfer:
        record = self.home.record(transfer_id)
        assert isinstance(record, Transfer)
        return record

    def item(self, table: str, id_: str) -> Any:
        return self.tables.items[table, self._key(id_)]

    # What somebody does to it.

    def begin(self, tables: Tables) -> None:
        self._tables = tables

    @property
    def tables(self) -> Tables:
        assert self._tables is not None
        return self._tables

    def set_payment(self, **attributes: Any) -> None:
        self.changes.append(self.tables.set(PAYMENTS, self._key(self.paid.id), **attributes))

    def set_record(self, transfer_id: str, **attributes: Any) -> None:
        self.changes.append(self.tables.set(LEDGER, self._key(transfer_id), **attributes))

    def set_wallet(self, **attributes: Any) -> None:
        self.changes.append(self.tables.set(ACCOUNTS, self._key(self.wallet_id), **attributes))

    def put(self, object_: Payment | Record) -> None:
        self.changes.append(self.tables.put(object_))

    def alter(self, **changes: Any) -> None:
        """Write the payment as it would be with other values."""
        self.put(replace(self.paid, **changes))

    def remove_payment(self) -> None:
        self.changes.append(self.tables.remove(PAYMENTS, self._key(self.paid.id)))

    def remove_record(self, transfer_id: str) -> None:
        self.changes.append(self.tables.remove(LEDGER, self._key(transfer_id)))

    def remove_wallet(self) -> None:
        self.changes.append(self.tables.remove(ACCOUNTS, self._key(self.wallet_id)))

    def post(self, request: TransferRequest) -> Transfer:
        """Have money moved by the wallets' own service, which knows nothing of payments."""
        return self.posted(lambda: self.home.move(request))

    def posted(self, post: Callable[[], Transfer]) -> Transfer:
        transfer = post()
        self.put(transfer)
        self.changes.append(self.tables.put(self.home.wallet))
        return transfer

    # What must be found.

    def of_payment(self, type_: MismatchType, transfer_id: str | None = None) -> Told:
        return type_, Subject(self.home.client_id, self.paid.id, transfer_id)

    def of_transfer(self, type_: MismatchType, transfer_id: str) -> Told:
        return type_, Subject(self.home.client_id, transfer_id=transfer_id)

    def of_wallet(self, type_: MismatchType, transfer_id: str | None = None) -> Told:
        subject = Subject(
            self.home.client_id, transfer_id=transfer_id, account_id=self.home.wallet_id
        )
        return type_, subject

    def _key(self, id_: str) -> str:
        return key_of(self.home.client_id, id_)

    def _live(self, count: int) -> None:
        for number in range(count):
            capture = Capture.MANUAL if number % 2 else Capture.AUTOMATIC
            self.home.paid(100 + number, capture)


Life = Callable[[Scene], None]
Fault = Callable[[Scene], Iterable[Told]]


@dataclass(frozen=True)
class Kind:
    """A kind of fault.

    Attributes:
        is_noted: Whether a stream brings it; what only waits for too long is changed by nobody.
        is_for_the_night: Whether what has changed does not lead to it, and only the look at
            all that is stored does.
    """

    name: str
    life: Life
    fault: Fault
    is_noted: bool = True
    is_for_the_night: bool = False


class Kinds:
    """Collects the kinds of one module, each under the name of its function."""

    def __init__(self) -> None:
        self._kinds: list[Kind] = []

    def __iter__(self) -> Iterator[Kind]:
        return iter(self._kinds)

    def after(
        self, life: Life, *, is_noted: bool = True, is_for_the_night: bool = False
    ) -> Callable[[Fault], Fault]:
        def collect(fault: Fault) -> Fault:
            name = getattr(fault, "__name__", "")
            self._kinds.append(Kind(name, life, fault, is_noted, is_for_the_night))
            return fault

        return collect


def told(findings: Iterable[Finding]) -> list[Told]:
    return [(each.type, each.subject) for each in findings]
