"""What no wallet has paid, or has back already, is refunded to nobody."""

from collections.abc import Callable, Sequence
from dataclasses import replace

import pytest

from evenkeel.errors import Declined, IdempotencyKeyReused
from evenkeel.ledger.commands import Reversal
from evenkeel.ledger.transfer import Decline
from evenkeel.wallets.model import Wallet
from evenkeel.wallets.ports import Sight
from evenkeel.wallets.service import Wallets
from tests import requests
from tests.fakes.clock import ManualClock
from tests.fakes.retry import instant_retry
from tests.fakes.wallet_store import InMemoryWalletStore
from tests.unit.wallets.conftest import CLIENT


def test_what_was_taken_back_is_not_given_back_once_more(wallets: Wallets, alice: Wallet) -> None:
    paid = wallets.move(requests.payment("p", alice.id, 400)).transfer
    wallets.obey(Reversal(CLIENT, paid.id, paid.payment_id, "a mistake", "r9"))

    with pytest.raises(Declined):
        wallets.refund(requests.refund("r", paid.id, alice.id, 400))

    assert wallets.get(CLIENT, alice.id).balance_minor == 1000


def test_a_refund_that_came_first_is_answered_as_it_was(wallets: Wallets, alice: Wallet) -> None:
    paid = wallets.move(requests.payment("p", alice.id, 400)).transfer
    first = wallets.refund(requests.refund("r", paid.id, alice.id, 100)).transfer
    wallets.obey(Reversal(CLIENT, paid.id, paid.payment_id, "a mistake", "r9"))

    assert wallets.refund(requests.refund("r", paid.id, alice.id, 100)).transfer == first


def test_what_was_refused_is_not_refunded(wallets: Wallets, alice: Wallet) -> None:
    wanted = requests.payment("p", alice.id, 5000)
    with pytest.raises(Declined):
        wallets.move(wanted)

    for is_again in (False, True):
        with pytest.raises(Declined) as caught:
            wallets.refund(requests.refund("r", wanted.id, alice.id, 1))
        assert caught.value.replayed is is_again


def test_a_refusal_holds_the_id_so_that_no_late_copy_finds_it_free(
    wallets: Wallets, alice: Wallet, store: InMemoryWalletStore
) -> None:
    wanted = requests.refund("r", "trf_nothing", alice.id, 1)
    with pytest.raises(Declined):
        wallets.refund(wanted)

    assert isinstance(store.records[CLIENT, wanted.transfer_id], Decline)
    with pytest.raises(IdempotencyKeyReused):
        wallets.refund(replace(wanted, amount_minor=2))


class Overtaken(InMemoryWalletStore):
    """Something happens as soon as it was looked at for a refund, once."""

    def __init__(self) -> None:
        super().__init__()
        self.meanwhile: Callable[[], object] | None = None

    def look_at_one_moment(
        self, client_id: str, transfer_ids: Sequence[str], wallet_ids: Sequence[str]
    ) -> Sight:
        sight = super().look_at_one_moment(client_id, transfer_ids, wallet_ids)
        meanwhile, self.meanwhile = self.meanwhile, None
        if meanwhile is not None:
            meanwhile()
        return sight


def test_a_reversal_that_overtakes_a_refund_leaves_it_nothing_to_give_back() -> None:
    store = Overtaken()
    wallets = Wallets(store, instant_retry(), ManualClock())
    alice, _ = wallets.open(CLIENT, "alice", "EUR", opening_minor=1000)
    paid = wallets.move(requests.payment("p", alice.id, 400)).transfer
    reversal = Reversal(CLIENT, paid.id, paid.payment_id, "a mistake", "r9")
    store.meanwhile = lambda: wallets.obey(reversal)

    with pytest.raises(Declined):
        wallets.refund(requests.refund("r", paid.id, alice.id, 400))

    assert wallets.get(CLIENT, alice.id).balance_minor == 1000
