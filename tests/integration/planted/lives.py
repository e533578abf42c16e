"""What can have happened before somebody tampers with it; all of it as it should be."""

from __future__ import annotations

from evenkeel.payments.order import Capture
from tests.integration.planted.household import OPENING_MINOR
from tests.integration.planted.scene import Scene
from tests.unit.payments.sweeps import killed_after, killed_before

MANUAL = Capture.MANUAL


def created(scene: Scene) -> None:
    scene.payment = scene.home.create(scene.variant.amount_minor, scene.variant.capture)


def paid(scene: Scene) -> None:
    """At once, or held and captured."""
    scene.payment = scene.home.paid(scene.variant.amount_minor, scene.variant.capture)


def held(scene: Scene) -> None:
    scene.payment = scene.home.pay(scene.variant.amount_minor, MANUAL)


def captured(scene: Scene) -> None:
    """A part of a hold."""
    hold = scene.home.pay(scene.variant.amount_minor + 5, MANUAL)
    scene.payment = scene.home.capture(hold, scene.variant.amount_minor)


def voided(scene: Scene) -> None:
    scene.payment = scene.home.void(scene.home.pay(scene.variant.amount_minor, MANUAL))


def declined(scene: Scene) -> None:
    amount_minor = OPENING_MINOR + scene.variant.amount_minor
    scene.payment = scene.home.pay(amount_minor, scene.variant.capture)


def left_processing(scene: Scene) -> None:
    """By somebody who has died after the money had moved."""
    amount_minor, capture = scene.variant.amount_minor, scene.variant.capture
    scene.payment = scene.home.pay(amount_minor, capture, killed_after)


def refunded(scene: Scene) -> None:
    """But for one minor unit."""
    payment = scene.home.paid(scene.variant.amount_minor, scene.variant.capture)
    scene.payment = scene.home.refund(payment, scene.variant.amount_minor - 1)


def credited(scene: Scene) -> None:
    scene.entry = scene.home.credit(scene.variant.amount_minor)


def moved(scene: Scene) -> None:
    """A payment, a credit, or money for somebody else; the first one is the opening itself."""
    match scene.variant.number:
        case 0 | 3:
            scene.entry = scene.home.entry(1)
        case 1:
            scene.entry = scene.home.spend(scene.variant.amount_minor)
        case 4:
            other = scene.town.household()
            scene.entry = scene.home.give(other, scene.variant.amount_minor)
        case _:
            scene.entry = scene.home.credit(scene.variant.amount_minor)


def given(scene: Scene) -> None:
    """To somebody else of the town."""
    scene.entry = scene.home.give(scene.town.household(), scene.variant.amount_minor)


def nothing(_: Scene) -> None:
    """But for what the neighbours do."""


def capture_begun(scene: Scene) -> None:
    """By somebody who has died before the hold was ended, or after it."""
    hold = scene.home.pay(scene.variant.amount_minor, MANUAL)
    fault = (killed_before, killed_after)[scene.variant.number % 2]
    scene.payment = scene.home.capture(hold, None, fault)
