"""Whom this process has seen failing, so that a success need not be counted for everybody else."""

from __future__ import annotations

from collections import OrderedDict
from dataclasses import dataclass, field

from evenkeel.person import Person

PERSON_COUNT_MAX = 1024


@dataclass(slots=True)
class FailureMemory:
    """A shortcut and no more: what it is wrong about, the payments' events put right soon."""

    _has_failed: OrderedDict[Person, bool] = field(default_factory=OrderedDict)

    def keep(self, person: Person, *, has_failed: bool) -> None:
        self._has_failed[person] = has_failed
        self._has_failed.move_to_end(person)
        if len(self._has_failed) > PERSON_COUNT_MAX:
            self._has_failed.popitem(last=False)

    def may_have_failed(self, person: Person) -> bool:
        """Whether the person's last payments, as far as anybody here knows, may have failed."""
        return self._has_failed.get(person, True)
