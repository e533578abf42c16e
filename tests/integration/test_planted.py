"""Faults of every kind among thousands of payments: each is found, and nothing else."""

from __future__ import annotations

import secrets
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from evenkeel.adapters import clients
from evenkeel.ledger.accounts import is_wallet
from evenkeel.reconciliation.mismatch import MismatchStatus, MismatchType
from tests.emulator import Emulator
from tests.integration.planted.campaign import KINDS, NIGHTLY, Campaign
from tests.integration.planted.scene import VARIANTS
from tests.integration.planted.table import table
from tests.integration.planted.town import CLEAN_COUNT, IN_FLIGHT_COUNT_EACH, OPEN
from tests.tables import TABLES

DOC = Path("docs/benchmarks/planted.md")
CALLS_PER_PAYMENT_MAX = 0.2
BY_DAY = [name for name, kind in KINDS.items() if not kind.is_for_the_night]


@pytest.fixture(scope="module")
def campaign(emulator: Emulator) -> Iterator[Campaign]:
    """In tables of its own: a pass over everything must meet nobody else."""
    names, admin = {}, emulator.client("dynamodb")
    for variable in (*NIGHTLY, *(f"NIGHT_{each}" for each in NIGHTLY)):
        names[variable] = f"planted-{variable.lower()}-{secrets.token_hex(4)}"
        admin.create_table(**TABLES[variable.removeprefix("NIGHT_")].definition(names[variable]))
    with pytest.MonkeyPatch.context() as patch:
        for name, value in emulator.environment.items():
            patch.setenv(name, value)
        campaign = Campaign(clients.dynamodb(), names)
    campaign.go()
    yield campaign
    for name in names.values():
        admin.delete_table(TableName=name)


def test_nothing_is_found_among_thousands_that_are_right_or_under_way(campaign: Campaign) -> None:
    total = campaign.clean.run.total

    assert campaign.clean.mismatches == []
    assert total.payments >= CLEAN_COUNT + len(OPEN) * IN_FLIGHT_COUNT_EACH
    assert len(OPEN) * IN_FLIGHT_COUNT_EACH >= 100
    assert total.matched + total.skipped == total.payments


def test_there_are_many_kinds_of_faults_and_variants_of_each() -> None:
    assert len(KINDS) >= 30
    assert len(VARIANTS) >= 5


@pytest.mark.parametrize("kind", BY_DAY)
def test_a_run_over_what_was_changed_finds(campaign: Campaign, kind: str) -> None:
    plants = campaign.of(kind, at_night=False)

    assert len(plants) == len(VARIANTS)
    for plant in plants:
        assert plant.expected <= campaign.planted.told, plant.scene.variant


def test_a_run_over_what_was_changed_finds_nothing_else(campaign: Campaign) -> None:
    by_day = [plant.expected for plant in campaign.plants if not plant.kind.is_for_the_night]

    assert campaign.planted.told - frozenset().union(*by_day) == set()


@pytest.mark.parametrize("kind", KINDS)
def test_a_run_over_everything_finds_without_any_note(campaign: Campaign, kind: str) -> None:
    plants = campaign.of(kind, at_night=True)

    assert plants
    for plant in plants:
        assert plant.expected <= campaign.nightly.told, plant.scene.variant


def test_a_run_over_everything_finds_nothing_else_but_what_that_does_to_accounts(
    campaign: Campaign,
) -> None:
    """Of what was added to the journal, or taken from it, the merchants' accounts know nothing."""
    at_night = [plant.expected for plant in campaign.plants if plant.is_at_night]
    others = campaign.nightly.told - frozenset().union(*at_night)

    assert {type_ for type_, _ in others} == {MismatchType.BALANCE_DRIFT}
    for _, subject in others:
        assert subject.account_id is not None
        assert not is_wallet(subject.account_id)
        assert subject.account_id.startswith(("merchant:", "external:"))


def test_when_all_is_put_back_every_mismatch_is_resolved_and_people_are_told_once(
    campaign: Campaign,
) -> None:
    found, resolved = campaign.bureau.alerts.alerts
    count = len(campaign.planted.mismatches)

    assert campaign.restored.run.total.mismatched == 0
    assert {each.status for each in campaign.restored.mismatches} == {MismatchStatus.RESOLVED}
    assert (found.type, found.title) == ("MismatchFound", f"{count} mismatches found")
    assert (resolved.type, resolved.title) == ("MismatchResolved", f"{count} mismatches resolved")


def test_what_is_right_is_read_in_few_calls(
    campaign: Campaign, record_property: Callable[[str, object], None]
) -> None:
    reads, payment_count = campaign.clean.reads, campaign.clean.run.total.payments
    record_property("calls", reads.call_count / payment_count)
    record_property("objects", reads.object_count / payment_count)
    for look in (campaign.clean, campaign.planted, campaign.nightly, campaign.restored):
        record_property(look.run.id, f"{look.duration_s:.1f} s, {look.run.total}")

    assert reads.call_count / payment_count <= CALLS_PER_PAYMENT_MAX
    assert reads.object_count / payment_count <= 10


def test_the_table_in_the_documents_is_what_was_found(campaign: Campaign) -> None:
    assert "\n".join(table(campaign)) in DOC.read_text(encoding="utf-8")
