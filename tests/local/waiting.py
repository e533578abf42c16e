"""Waiting for what the emulator does by itself."""

import time
from collections.abc import Callable


def soon(is_so: Callable[[], bool], *, within_s: float = 60.0) -> bool:
    deadline_at = time.monotonic() + within_s
    while not is_so() and time.monotonic() < deadline_at:
        time.sleep(0.05)
    return is_so()
