"""How much memory processes take, each page counted once though several share it."""

from collections.abc import Iterable

from infra.local.processes import PROC


def resident_mib(pids: Iterable[int]) -> int:
    """Return the proportional set size of the processes, in MiB."""
    return sum(_proportional_kib(pid) for pid in pids) // 1024


def _proportional_kib(pid: int) -> int:
    lines = (PROC / str(pid) / "smaps_rollup").read_text().splitlines()
    return next(int(line.split()[1]) for line in lines if line.startswith("Pss:"))


def peak_mib() -> float:
    """Return the most that this process has had resident, in MiB."""
    status = (PROC / "self" / "status").read_text().splitlines()
    return next(int(line.split()[1]) for line in status if line.startswith("VmHWM:")) / 1024
