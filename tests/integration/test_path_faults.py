"""Every fault at every AWS call of a payment's path, and every way of repair after it.

First the path is walked once, and its calls are written down. Then, for each call
and each thing that can happen to it, a new payment meets that once, or from then
on until it is lifted. Whatever it is, the payment agrees with the ledger at every
moment, comes to one end, and its client hears of one only.
"""

from collections.abc import Iterator, Mapping

import pytest

from evenkeel import bootstrap
from tests.emulator import Emulator
from tests.integration.path.books import Books
from tests.integration.path.campaign import Campaign
from tests.integration.path.faults import plans_of
from tests.integration.path.lives import TURNS, EndCampaign
from tests.integration.path.platform import Platform, Resources
from tests.integration.path.scenarios import SCENARIOS, path_of
from tests.integration.path.wire import Wire


@pytest.fixture(scope="module")
def wire(environment: Mapping[str, str]) -> Iterator[Wire]:
    with pytest.MonkeyPatch.context() as patch:
        for name, value in environment.items():
            patch.setenv(name, value)
        yield Wire()


@pytest.fixture
def resources(emulator: Emulator) -> Resources:
    return Resources.made(emulator)


@pytest.fixture
def platform(wire: Wire, resources: Resources, monkeypatch: pytest.MonkeyPatch) -> Platform:
    platform = Platform(wire, resources)
    monkeypatch.setattr(bootstrap, "wallets", lambda: platform.wallets)
    return platform


@pytest.fixture
def books(emulator: Emulator, resources: Resources) -> Books:
    return Books(emulator, resources)


@pytest.mark.parametrize("name", SCENARIOS)
def test_the_path_is_made_of_these_calls(platform: Platform, name: str) -> None:
    assert Campaign(platform, name).calls() == SCENARIOS[name].path


def test_the_campaigns_are_as_large_as_they_say() -> None:
    """Pairs of a call and what happens to it. If the path has changed, these numbers may."""
    once, lasting = (
        sum(
            len(list(plans_of(scenario.path, is_lasting=is_lasting)))
            for scenario in SCENARIOS.values()
        )
        for is_lasting in (False, True)
    )

    assert (once, lasting) == (733, 486)


@pytest.mark.parametrize("is_lasting", [False, True], ids=["once", "from then on"])
@pytest.mark.parametrize("name", SCENARIOS)
def test_a_fault_at_any_call_leaves_one_debit_or_none_and_one_answer(
    platform: Platform, books: Books, name: str, *, is_lasting: bool
) -> None:
    left = Campaign(platform, name, is_lasting=is_lasting).run()

    # A campaign in which nothing happened proves nothing.
    assert left.total() == len(list(plans_of(SCENARIOS[name].path, is_lasting=is_lasting)))
    assert len(left) > 1, "all faults have left the same behind"
    books.check()


@pytest.mark.parametrize("name", TURNS)
def test_what_follows_on_a_payment_is_made_of_these_calls(platform: Platform, name: str) -> None:
    assert EndCampaign(platform, name).calls() == path_of(TURNS[name].calls)


def test_the_campaign_on_what_follows_is_as_large_as_it_says() -> None:
    plans = [plans_of(path_of(turn.calls), is_lasting=False) for turn in TURNS.values()]

    assert sum(len(list(each)) for each in plans) == 464


@pytest.mark.parametrize("name", TURNS)
def test_a_fault_at_any_call_leaves_one_end_of_a_hold_and_one_transfer_of_a_refund(
    platform: Platform, name: str
) -> None:
    left = EndCampaign(platform, name).run()

    # A campaign in which nothing happened proves nothing.
    assert left.total() == len(list(plans_of(path_of(TURNS[name].calls), is_lasting=False)))
    assert len(left) > 1, "all faults have left the same behind"
