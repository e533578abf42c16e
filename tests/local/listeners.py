"""Who listens where, read from /proc."""

from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path

from infra.local.processes import marked

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
    for pid in marked(folder):
        for descriptor in Path(f"/proc/{pid}/fd").iterdir():
            with suppress(OSError):  # Closed while we look.
                target = str(descriptor.readlink())
                if target.startswith("socket:["):
                    yield target[8:-1]
