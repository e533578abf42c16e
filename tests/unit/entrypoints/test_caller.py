from dataclasses import replace

import pytest

from evenkeel.access.model import Principal, Scope
from evenkeel.clock import Deadline
from evenkeel.entrypoints.caller import Caller
from evenkeel.entrypoints.meter import Meter
from evenkeel.screening.quota import Lane

CALLER = Caller(
    Principal("cli_a", "key_a", frozenset({Scope.PAYMENTS_WRITE})),
    request_id="request-1",
    route="POST /api/payments",
    idempotency_key="order-1",
    fingerprint="same",
    deadline=Deadline.after(1.0),
    meter=Meter("cli_a", Lane.WRITES),
)


def test_a_key_stands_for_the_same_object_for_ever() -> None:
    # Keys never expire, and this is where their objects are: it may not change.
    assert CALLER.keyed_id("pay") == "pay_kk4b2fbwz6tbas2huzieaaxrsx"


@pytest.mark.parametrize(
    "other",
    [
        replace(CALLER, principal=replace(CALLER.principal, client_id="cli_b")),
        replace(CALLER, route="POST /api/payments/{id}/refund"),
        replace(CALLER, idempotency_key="order-2"),
        replace(CALLER, idempotency_key="ORDER-1"),
    ],
)
def test_clients_and_routes_and_keys_have_objects_of_their_own(other: Caller) -> None:
    assert other.keyed_id("pay") != CALLER.keyed_id("pay")


@pytest.mark.parametrize(
    "same",
    [
        replace(CALLER, request_id="request-2"),
        replace(CALLER, fingerprint="other"),
        replace(CALLER, principal=replace(CALLER.principal, key_id="key_b", scopes=frozenset())),
    ],
)
def test_the_same_key_is_the_same_object_whoever_of_the_client_sends_what(same: Caller) -> None:
    assert same.keyed_id("pay") == CALLER.keyed_id("pay")


def test_a_route_that_takes_a_body_has_its_fingerprint() -> None:
    assert CALLER.require_fingerprint() == "same"


def test_without_a_key_or_a_body_there_is_nothing_to_derive_from() -> None:
    bare = replace(CALLER, idempotency_key=None, fingerprint=None)

    with pytest.raises(AssertionError):
        bare.keyed_id("pay")
    with pytest.raises(AssertionError):
        bare.require_fingerprint()
