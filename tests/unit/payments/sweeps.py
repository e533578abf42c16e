"""Sweeps of a platform, and what can have become of a debit before."""

from collections.abc import Callable
from dataclasses import replace
from itertools import count

from evenkeel.clock import Deadline
from evenkeel.errors import TransferUnconfirmed
from evenkeel.ledger.commands import Posted
from evenkeel.payments.answers import Attempt
from evenkeel.payments.model import Payment
from evenkeel.payments.sweeper import Sweep
from tests.fakes.clock import ManualSeconds
from tests.fakes.payment_store import shard_of
from tests.unit.payments.platform import Killed, Platform


def answer_lost(debit: Callable[[], Posted]) -> Posted:
    debit()
    raise TransferUnconfirmed


def request_lost(_: Callable[[], Posted]) -> Posted:
    raise TransferUnconfirmed


def killed_before(_: Callable[[], Posted]) -> Posted:
    raise Killed


def killed_after(debit: Callable[[], Posted]) -> Posted:
    debit()
    raise Killed


def swept(platform: Platform) -> Sweep:
    return swept_for(platform, 20.0)


def swept_for(platform: Platform, duration_s: float, *meanwhile: Callable[[], object]) -> Sweep:
    """Sweep for a time, in which something else happens at each pause."""
    seconds, rest = ManualSeconds(), list(meanwhile)

    def pause(pause_s: float) -> None:
        platform.pauses.append(pause_s)
        seconds.sleep(pause_s)
        platform.wait(seconds=pause_s)
        if rest:
            rest.pop(0)()

    sweeper = replace(platform.sweeper, sleep=pause)
    return sweeper.sweep(Attempt("sweep-1", Deadline.after(duration_s, seconds)))


def key_in(*shards: int) -> str:
    """Return the key of a payment that is in one of these shards."""
    return next(key for key in map(str, count()) if shard_of(f"pay_{key}") in shards)


def tried_once(platform: Platform) -> Attempt:
    """An attempt whose time is over after one pass."""
    return Attempt("sweep-1", Deadline.after(2.0, ManualSeconds()))


def lost(platform: Platform, key: str = "k1") -> Payment:
    """Leave a payment behind whose debit was posted, and whose maker has not heard of it."""
    platform.gateway.faults.append(answer_lost)
    return platform.pay(key, amount_minor=100)


def not_heard(platform: Platform, key: str = "k1") -> Payment:
    """Leave a payment behind whose debit never arrived."""
    platform.gateway.faults.append(request_lost)
    return platform.pay(key, amount_minor=100)
