"""What no wallet has paid, or has back already, is refunded to nobody."""

import pytest

from evenkeel.errors import Declined
from evenkeel.ledger.commands import Reversal
from evenkeel.wallets.model import Wallet
from evenkeel.wallets.service import Wallets
from tests import requests
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

    for _ in range(2):
        with pytest.raises(Declined):
            wallets.refund(requests.refund("r", wanted.id, alice.id, 1))
