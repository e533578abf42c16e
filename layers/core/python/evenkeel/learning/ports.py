"""What learning needs from the outside."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Protocol

from evenkeel.person import Person


@dataclass(frozen=True, slots=True)
class Kept:
    """Bytes of ours, as they were at one time.

    Attributes:
        version: Another one after each change, whoever made it.
    """

    data: bytes
    version: int


class BaselineStore(Protocol):
    def load(self, person: Person) -> Kept | None:
        """Return what is known of a user, strongly consistent, if anything is.

        Raises:
            StoreBusy: Nobody knows.
        """

    def save(self, person: Person, data: bytes, over: int | None) -> bool:
        """Put bytes in the place of those of one version; None is where there are none.

        Returns:
            Whether that is done. If not, somebody else was first: load, observe and save again.

        Raises:
            StoreBusy: It is not done.
            StoreUnconfirmed: It may be. To observe the same payment again is harmless.
        """


class ModelStore(Protocol):
    """The one snapshot of a release: another `forest_codec.VERSION` is kept under another key."""

    def load(self) -> Kept | None:
        """Return the snapshot, strongly consistent, if there is any.

        Raises:
            StoreBusy: Nobody knows.
        """

    def save(self, data: bytes, over: int | None) -> bool:
        """Put a snapshot in the place of one version; None is where there is none.

        Returns:
            Whether that is done. If not, somebody else was first.

        Raises:
            StoreBusy: It is not done.
            StoreUnconfirmed: It may be. Counted twice, a part of one window weighs double.
        """
