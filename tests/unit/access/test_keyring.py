import re
from dataclasses import asdict
from datetime import timedelta

import pytest

from evenkeel.access.model import Scope, digest_of, key_id_of
from evenkeel.access.service import Doorkeeper, Keyring
from evenkeel.errors import ObjectNotFound, Unauthorized
from tests.fakes.access_store import InMemoryAccessStore
from tests.fakes.clock import NOON, ManualClock


def test_a_client_is_made_under_an_id_of_its_own(keyring: Keyring) -> None:
    one, other = keyring.create_client("One"), keyring.create_client("Other")

    assert re.fullmatch("cli_[a-z2-7]{26}", one.id)
    assert one.id != other.id
    assert (one.name, one.created_at) == ("One", NOON)


def test_a_client_that_is_there_stays_as_it_is(keyring: Keyring, clock: ManualClock) -> None:
    clock.advance(timedelta(days=1))
    client = keyring.create_client("Another name", "cli_a")

    assert (client.name, client.created_at) == ("Coffee Ltd", NOON)


def test_the_key_itself_is_nowhere_in_what_is_stored(
    keyring: Keyring, store: InMemoryAccessStore
) -> None:
    stored, key = keyring.issue("cli_a", "till 1", [Scope.PAYMENTS_READ])

    assert store.keys == {stored.id: stored}
    assert key not in repr(asdict(stored))
    assert key.removeprefix("ek_") not in repr(asdict(stored))


def test_what_is_stored_knows_the_key_again(keyring: Keyring) -> None:
    stored, key = keyring.issue("cli_a", "till 1", [Scope.PAYMENTS_READ])

    assert (stored.id, stored.digest) == (key_id_of(key), digest_of(key))
    assert (stored.client_id, stored.name, stored.created_at) == ("cli_a", "till 1", NOON)
    assert stored.revoked_at is None


def test_the_id_of_a_key_and_its_digest_are_kept_for_ever() -> None:
    # Keys are stored under such ids: these texts may not change.
    assert key_id_of("ek_example") == "key_bk7kydt6jjwe243duqu2fyflj4"
    assert digest_of("ek_example") == (
        "7835882fad1bd56469599f87ef5d2da082becde699152a985a93b8a4a9b08ebb"
    )


def test_a_key_has_32_random_bytes(keyring: Keyring) -> None:
    keys = {keyring.issue("cli_a", "till", [Scope.PAYMENTS_READ])[1] for _ in range(100)}

    assert len(keys) == 100
    assert all(re.fullmatch(r"ek_[A-Za-z0-9_-]{43}", key) for key in keys)


def test_a_client_may_have_several_keys_each_with_its_own_scopes(
    keyring: Keyring, doorkeeper: Doorkeeper
) -> None:
    _, reader = keyring.issue("cli_a", "reader", [Scope.PAYMENTS_READ, Scope.WALLETS_READ])
    _, funder = keyring.issue("cli_a", "funder", [Scope.WALLETS_FUND])

    assert doorkeeper.admit(reader).scopes == {Scope.PAYMENTS_READ, Scope.WALLETS_READ}
    assert doorkeeper.admit(funder).scopes == {Scope.WALLETS_FUND}


def test_nobody_gets_a_key_for_a_client_that_does_not_exist(
    keyring: Keyring, store: InMemoryAccessStore
) -> None:
    with pytest.raises(ObjectNotFound):
        keyring.issue("cli_nobody", "till 1", [Scope.PAYMENTS_READ])

    assert store.keys == {}


def test_a_key_revoked_twice_keeps_the_first_time(keyring: Keyring, clock: ManualClock) -> None:
    stored, _ = keyring.issue("cli_a", "till 1", [Scope.PAYMENTS_READ])
    first = keyring.revoke(stored.id)
    clock.advance(timedelta(days=1))
    second = keyring.revoke(stored.id)

    assert first == NOON
    assert second == NOON


def test_revoking_one_key_leaves_the_others(keyring: Keyring, doorkeeper: Doorkeeper) -> None:
    stored, key = keyring.issue("cli_a", "till 1", [Scope.PAYMENTS_READ])
    _, other_key = keyring.issue("cli_a", "till 2", [Scope.PAYMENTS_READ])
    keyring.revoke(stored.id)

    assert doorkeeper.admit(other_key).client_id == "cli_a"
    with pytest.raises(Unauthorized):
        doorkeeper.admit(key)


def test_a_key_that_does_not_exist_cannot_be_revoked(keyring: Keyring) -> None:
    with pytest.raises(ObjectNotFound):
        keyring.revoke("key_nobody")
