from collections.abc import Callable
from dataclasses import replace

import pytest

from evenkeel.access.model import KEY_LENGTH_MAX, ApiKey, Principal, Scope, digest_of, key_id_of
from evenkeel.access.service import KNOWN_COUNT_MAX, Doorkeeper, Keyring
from evenkeel.errors import Forbidden, Unauthorized
from tests.fakes.access_store import InMemoryAccessStore
from tests.fakes.clock import NOON, ManualSeconds

REVOKED_EVERYWHERE_S = 60.0


@pytest.fixture
def issued(keyring: Keyring) -> tuple[ApiKey, str]:
    return keyring.issue("cli_a", "till 1", [Scope.PAYMENTS_READ])


def add_key(store: InMemoryAccessStore, key: str) -> None:
    scopes = frozenset({Scope.PAYMENTS_READ})
    store.add_key(ApiKey(key_id_of(key), digest_of(key), "cli_a", "till", scopes, NOON))


def test_a_key_in_force_says_who_calls(doorkeeper: Doorkeeper, issued: tuple[ApiKey, str]) -> None:
    stored, key = issued

    assert doorkeeper.admit(key) == Principal("cli_a", stored.id, frozenset({Scope.PAYMENTS_READ}))


@pytest.mark.parametrize(
    "key",
    [
        None,
        "",
        "ek_unknown",
        "constructor",
        "__proto__",
        "__class__",
        "ek_ключ",
        "ek_\ud800",
        "k" * KEY_LENGTH_MAX,
        "k" * (KEY_LENGTH_MAX + 1),
        "k" * 1_000_000,
    ],
)
def test_what_is_no_key_in_force_is_unauthorized(
    doorkeeper: Doorkeeper, issued: tuple[ApiKey, str], key: str | None
) -> None:
    with pytest.raises(Unauthorized):
        doorkeeper.admit(key)


def test_a_key_may_be_as_long_as_the_limit(
    doorkeeper: Doorkeeper, store: InMemoryAccessStore
) -> None:
    longest = "ek_".ljust(KEY_LENGTH_MAX, "x")
    add_key(store, longest)

    assert doorkeeper.admit(longest).client_id == "cli_a"


@pytest.mark.parametrize("key", [None, "", "ek_ключ", "k" * (KEY_LENGTH_MAX + 1)])
def test_what_cannot_be_a_key_is_not_looked_up(
    doorkeeper: Doorkeeper, store: InMemoryAccessStore, key: str | None
) -> None:
    with pytest.raises(Unauthorized):
        doorkeeper.admit(key)

    assert store.key_look_up_count == 0


@pytest.mark.parametrize("change", [str.upper, str.swapcase, lambda key: key[:-1], " {}".format])
def test_a_key_that_is_nearly_right_is_unauthorized(
    doorkeeper: Doorkeeper, issued: tuple[ApiKey, str], change: Callable[[str], str]
) -> None:
    with pytest.raises(Unauthorized):
        doorkeeper.admit(change(issued[1]))


def test_neither_the_id_nor_the_digest_of_a_key_opens_the_door(
    doorkeeper: Doorkeeper, issued: tuple[ApiKey, str]
) -> None:
    stored, _ = issued

    for what_the_store_knows in (stored.id, stored.digest):
        with pytest.raises(Unauthorized):
            doorkeeper.admit(what_the_store_knows)


def test_a_key_with_another_digest_is_unauthorized(
    doorkeeper: Doorkeeper, store: InMemoryAccessStore, issued: tuple[ApiKey, str]
) -> None:
    stored, key = issued
    store.keys[stored.id] = replace(stored, digest=digest_of("ek_another"))

    with pytest.raises(Unauthorized):
        doorkeeper.admit(key)


def test_a_key_is_looked_up_once_in_a_while(
    doorkeeper: Doorkeeper,
    store: InMemoryAccessStore,
    issued: tuple[ApiKey, str],
    seconds: ManualSeconds,
) -> None:
    first = doorkeeper.admit(issued[1])
    for _ in range(100):
        seconds.sleep(0.4)
        assert doorkeeper.admit(issued[1]) == first

    assert store.key_look_up_count == 1


def test_a_revoked_key_is_refused_within_a_minute(
    doorkeeper: Doorkeeper,
    keyring: Keyring,
    issued: tuple[ApiKey, str],
    seconds: ManualSeconds,
) -> None:
    stored, key = issued
    doorkeeper.admit(key)
    keyring.revoke(stored.id)
    seconds.sleep(REVOKED_EVERYWHERE_S - 0.1)

    with pytest.raises(Unauthorized):
        doorkeeper.admit(key)


def test_a_busy_key_is_not_believed_for_longer(
    doorkeeper: Doorkeeper,
    keyring: Keyring,
    issued: tuple[ApiKey, str],
    seconds: ManualSeconds,
) -> None:
    stored, key = issued
    doorkeeper.admit(key)
    keyring.revoke(stored.id)

    with pytest.raises(Unauthorized):  # noqa: PT012 - it may come in any of the rounds.
        while seconds() < REVOKED_EVERYWHERE_S:
            doorkeeper.admit(key)
            seconds.sleep(1.0)


def test_a_revoked_key_stays_refused(
    doorkeeper: Doorkeeper,
    keyring: Keyring,
    issued: tuple[ApiKey, str],
    seconds: ManualSeconds,
) -> None:
    stored, key = issued
    keyring.revoke(stored.id)

    for _ in range(3):
        with pytest.raises(Unauthorized):
            doorkeeper.admit(key)
        seconds.sleep(REVOKED_EVERYWHERE_S)


def test_an_unknown_key_is_looked_up_each_time_so_that_it_works_once_it_is_issued(
    doorkeeper: Doorkeeper, store: InMemoryAccessStore
) -> None:
    with pytest.raises(Unauthorized):
        doorkeeper.admit("ek_new")
    add_key(store, "ek_new")

    assert doorkeeper.admit("ek_new").client_id == "cli_a"


def test_unknown_keys_do_not_push_out_one_in_force(
    doorkeeper: Doorkeeper, store: InMemoryAccessStore, issued: tuple[ApiKey, str]
) -> None:
    doorkeeper.admit(issued[1])
    for number in range(KNOWN_COUNT_MAX + 1):
        with pytest.raises(Unauthorized):
            doorkeeper.admit(f"ek_unknown_{number}")
    count_before = store.key_look_up_count
    doorkeeper.admit(issued[1])

    assert store.key_look_up_count == count_before


def test_it_remembers_a_bounded_number_of_keys_and_forgets_the_oldest(
    doorkeeper: Doorkeeper, store: InMemoryAccessStore
) -> None:
    keys = [f"ek_{number}" for number in range(KNOWN_COUNT_MAX + 1)]
    for key in keys:
        add_key(store, key)
        doorkeeper.admit(key)
    count_before = store.key_look_up_count
    for key in keys[1:]:
        doorkeeper.admit(key)

    assert store.key_look_up_count == count_before
    assert doorkeeper.admit(keys[0]).client_id == "cli_a"
    assert store.key_look_up_count == count_before + 1


def test_the_scopes_are_those_that_clients_were_promised() -> None:
    assert {scope.value for scope in Scope} == {
        *("payments:read", "payments:write", "wallets:read", "wallets:write", "wallets:fund"),
        *("ops:read", "ops:write"),
    }


def test_a_caller_has_the_scopes_of_its_key_and_no_others() -> None:
    caller = Principal("cli_a", "key_a", frozenset({Scope.WALLETS_WRITE}))
    caller.require(Scope.WALLETS_WRITE)

    for scope in set(Scope) - {Scope.WALLETS_WRITE}:
        with pytest.raises(Forbidden, match=scope):
            caller.require(scope)


def test_a_clock_that_was_set_back_makes_no_key_known_for_longer(
    doorkeeper: Doorkeeper,
    store: InMemoryAccessStore,
    issued: tuple[ApiKey, str],
    seconds: ManualSeconds,
) -> None:
    stored, key = issued
    doorkeeper.admit(key)
    store.revoke(stored.id, NOON)
    seconds.now_s -= 3600.0

    with pytest.raises(Unauthorized):
        doorkeeper.admit(key)
