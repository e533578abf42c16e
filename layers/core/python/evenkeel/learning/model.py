"""The forest of all environments: each adds what it has counted."""

from __future__ import annotations

from array import array

from evenkeel.learning.forest import Forest
from evenkeel.learning.forest_codec import decoded, encoded
from evenkeel.learning.ports import ModelStore

ATTEMPT_COUNT_MAX = 5


def load(store: ModelStore) -> Forest:
    kept = store.load()
    return Forest() if kept is None else decoded(kept.data)


def merge(store: ModelStore, counted: array[int]) -> Forest | None:
    """Add what was counted, and return the forest of all.

    Returns:
        None if others were first each time: nothing was added then, and may be later.
    """
    for _ in range(ATTEMPT_COUNT_MAX):
        kept = store.load()
        forest = Forest() if kept is None else decoded(kept.data)
        forest.add(counted)
        forest.turn()
        if store.save(encoded(forest), over=None if kept is None else kept.version):
            return forest
    return None
