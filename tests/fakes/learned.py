"""What is learned, in memory."""

from collections.abc import Callable

from evenkeel.errors import EvenkeelError
from evenkeel.learning.ports import Kept, ModelStore
from evenkeel.person import Person


class InMemoryBaselineStore:
    """Keeps baselines. The fault is raised by the next save; so is one that comes too late."""

    def __init__(self) -> None:
        self.kept: dict[Person, Kept] = {}
        self.fault: EvenkeelError | None = None
        self.is_late = False
        self.before_save: Callable[[], None] | None = None

    def load(self, person: Person) -> Kept | None:
        return self.kept.get(person)

    def save(self, person: Person, data: bytes, over: int | None) -> bool:
        before, self.before_save = self.before_save, None
        if before is not None:
            before()
        fault, self.fault = self.fault, None
        if fault is not None and not self.is_late:
            raise fault
        kept = self.kept.get(person)
        is_saved = over == (None if kept is None else kept.version)
        if is_saved:
            self.kept[person] = Kept(data, (over or 0) + 1)
        if fault is not None:
            raise fault
        return is_saved


class InMemoryModelStore:
    """Keeps one snapshot. The fault is raised by the next call."""

    def __init__(self, kept: Kept | None = None) -> None:
        self.kept = kept
        self.fault: EvenkeelError | None = None

    def load(self) -> Kept | None:
        self._raise_fault()
        return self.kept

    def save(self, data: bytes, over: int | None) -> bool:
        self._raise_fault()
        if over != (None if self.kept is None else self.kept.version):
            return False
        self.kept = Kept(data, (over or 0) + 1)
        return True

    def _raise_fault(self) -> None:
        fault, self.fault = self.fault, None
        if fault is not None:
            raise fault


class RivalledModelStore(InMemoryModelStore):
    """Somebody else is faster, as often as it is told."""

    def __init__(self, rival_count: int, rival: Callable[[ModelStore], None]) -> None:
        super().__init__()
        self.rival_count = rival_count
        self.rival = rival

    def save(self, data: bytes, over: int | None) -> bool:
        if self.rival_count:
            self.rival_count -= 1
            others = InMemoryModelStore(self.kept)
            self.rival(others)
            self.kept = others.kept
        return super().save(data, over)
