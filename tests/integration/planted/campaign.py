"""One campaign: a town lives, somebody tampers with it, and four runs look at it."""

from __future__ import annotations

import time
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import timedelta

from mypy_boto3_dynamodb import DynamoDBClient

from evenkeel.adapters.dynamodb.fold_store import DynamoDBFoldStore
from evenkeel.ledger.folding import movements
from evenkeel.ledger.ports import Mark, Receipt
from evenkeel.ledger.transfer import Transfer
from evenkeel.reconciliation.mismatch import Mismatch
from evenkeel.reconciliation.run import Run, Scope
from tests.fakes.event_bus import RecordedAlerts
from tests.integration.planted.bureau import WINDOW_FOR, Bureau, Reads
from tests.integration.planted.payment_plants import PAYMENT_KINDS
from tests.integration.planted.record_plants import RECORD_KINDS
from tests.integration.planted.refund_plants import REFUND_KINDS
from tests.integration.planted.scene import VARIANTS, Kind, Scene, Told, told
from tests.integration.planted.stuck_plants import STUCK_KINDS
from tests.integration.planted.tables import (
    READERS,
    Object,
    Place,
    Tables,
    inserted,
    note,
    place_changed,
    place_of,
    wallets_of,
)
from tests.integration.planted.town import Town, noted_at
from tests.integration.planted.wallet_plants import WALLET_KINDS

KINDS: Mapping[str, Kind] = {
    kind.name: kind
    for kinds in (PAYMENT_KINDS, RECORD_KINDS, REFUND_KINDS, WALLET_KINDS, STUCK_KINDS)
    for kind in kinds
}

# The nightly run is to find by itself what the other ones were led to.
NIGHTLY = (*READERS, "CHANGES_TABLE", "CHECKPOINTS_TABLE", "REPORTS_TABLE")

CLIENT = "cli_planted"  # The tables are the campaign's own.
NIGHTLY_TURNS = (0, 2)
MINUTE = timedelta(minutes=1)


@dataclass(frozen=True)
class Plant:
    kind: Kind
    scene: Scene
    expected: frozenset[Told]

    @property
    def is_at_night(self) -> bool:
        """Whether it is in the tables of the night too: some of each kind are, and not the same."""
        turn = (self.scene.variant.number - list(KINDS).index(self.kind.name)) % len(VARIANTS)
        return self.kind.is_for_the_night or turn in NIGHTLY_TURNS


@dataclass(frozen=True)
class Look:
    """A run, and what was known after it."""

    run: Run
    mismatches: Sequence[Mismatch]
    reads: Reads
    duration_s: float

    @property
    def told(self) -> frozenset[Told]:
        """What it has found that was not gone again at its end."""
        return frozenset(told(each.finding for each in self.mismatches if each.is_open))


class Campaign:
    def __init__(self, dynamodb: DynamoDBClient, names: Mapping[str, str]) -> None:
        self.town = Town(CLIENT)
        self.tables = Tables(dynamodb, names)
        clock = self.town.platform.clock
        self.bureau = Bureau(
            dynamodb,
            names,
            self.town.client_id,
            clock,
            lambda duration_s: self.town.platform.wait(seconds=duration_s),
        )
        self.night = replace(
            self.bureau,
            names={**names, **{each: names[f"NIGHT_{each}"] for each in NIGHTLY}},
            alerts=RecordedAlerts(),
            wait=lambda _: None,
        )
        self.plants: Sequence[Plant] = ()

    def go(self) -> None:
        self.town.live()
        by_day = self.places
        scenes = [
            (kind, Scene.lived(self.town, variant, kind.life))
            for kind in KINDS.values()
            for variant in VARIANTS
        ]
        self.town.begin()
        self.tables.fill(self.objects)
        self._note_lives({id_ for _, scene in scenes for id_ in scene.wallet_ids})
        self.clean = self.look("rec_clean")
        self.plants = [self._planted(kind, scene) for kind, scene in scenes]
        self.planted = self.look("rec_planted")
        self._darken(by_day)
        self.nightly = self.look("rec_night", self.night, Scope.EVERYTHING)
        now = self.town.platform.clock()
        note(self.bureau.log, ((now, change) for change in self.tables.restore()))
        self.restored = self.look("rec_restored", window_for=MINUTE)

    def of(self, name: str, *, at_night: bool) -> Sequence[Plant]:
        """Return the plants of a kind that a run must find."""
        found = [each for each in self.plants if each.kind.name == name]
        if at_night:
            return [each for each in found if each.is_at_night]
        return [each for each in found if not each.kind.is_for_the_night]

    def look(
        self,
        id_: str,
        bureau: Bureau | None = None,
        scope: Scope = Scope.CHANGES,
        window_for: timedelta = WINDOW_FOR,
    ) -> Look:
        bureau = bureau or self.bureau
        self.town.platform.wait(seconds=1)
        began_s = time.monotonic()
        with Reads.counted(bureau.dynamodb) as reads:
            run = bureau.run(id_, scope, window_for)
        duration_s = time.monotonic() - began_s
        return Look(run, bureau.mismatches(), reads, duration_s)

    def _note_lives(self, victims: set[str]) -> None:
        """Note the day, but for what victims have done: earlier runs have looked at that."""
        objects = [
            each
            for each in self.objects
            if noted_at(each) >= self.town.began_at and not wallets_of(each) & victims
        ]
        note(self.bureau.log, ((noted_at(each), inserted(each)) for each in objects))

    @property
    def places(self) -> set[Place]:
        """Where everything is that has been lived so far."""
        return {place_of(each) for each in self.objects}

    @property
    def objects(self) -> Iterator[Object]:
        yield from self.town.payments
        yield from self.town.records
        yield from self.town.wallets

    def _darken(self, by_day: set[Place]) -> None:
        """Fill the tables of the night, with less than all, and with the accounts of that."""
        absent = [each.scene for each in self.plants if not each.is_at_night]
        wallet_ids = {id_ for scene in absent for id_ in scene.wallet_ids}
        gone = by_day | {place_of(each) for each in self.objects if wallets_of(each) & wallet_ids}
        gone |= {place_changed(change) for scene in absent for change in scene.changes}
        items = {place: each for place, each in self.tables.items.items() if place not in gone}
        Tables(self.bureau.dynamodb, self.night.names, items).fill(())
        records = [each for each in self.town.records if place_of(each) not in gone]
        store = DynamoDBFoldStore(
            self.bureau.dynamodb,
            accounts_table=self.night.names["ACCOUNTS_TABLE"],
            checkpoints_table=self.night.names["CHECKPOINTS_TABLE"],
            clock=self.town.platform.clock,
        )
        transfers = (each for each in records if isinstance(each, Transfer))
        store.fold(Receipt([Mark(1, "night")]), movements(transfers))

    def _planted(self, kind: Kind, scene: Scene) -> Plant:
        scene.begin(self.tables)
        expected = frozenset(kind.fault(scene))
        if kind.is_noted:
            ago = timedelta(minutes=scene.variant.noted_ago_min)
            self.bureau.log.note(scene.changes, self.town.platform.clock() - ago)
        return Plant(kind, scene, expected)
