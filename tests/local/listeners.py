"""Who listens where, read from /proc."""

from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path

from infra.local.processes import MARK

LISTENS = "0A"


def addresses_of(folder: Path) -> set[str]:
    """The addresses, as the kernel writes them, on which a stack's processes listen."""
    inodes = set(_sockets(folder))
    return {
        address
        for table in ("tcp", "tcp6")
        for address, state, inode in _connections(Path("/proc/net") / table)
        if state == LISTENS and inode in inodes
    }


def _connections(table: Path) -> Iterator[tuple[str, str, str]]:
    for line in table.read_text().splitlines()[1:]:
        fields = line.split()
        yield fields[1].partition(":")[0], fields[3], fields[9]


def _sockets(folder: Path) -> Iterator[str]:
    mark = f"{MARK}={folder}".encode()
    for process in Path("/proc").glob("[0-9]*"):
        with suppress(OSError):
            if mark in (process / "environ").read_bytes().split(b"\0"):
                for descriptor in (process / "fd").iterdir():
                    target = str(descriptor.readlink())
                    if target.startswith("socket:["):
                        yield target[8:-1]
