"""Zips, unpacked once for all environments, as Lambda mounts a layer instead of copying it."""

import hashlib
import shutil
import tempfile
import threading
import zipfile
from io import BytesIO
from pathlib import Path


class Packages:
    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self._lock = threading.Lock()

    def unpacked(self, zipped: bytes) -> Path:
        target = self._folder / hashlib.sha256(zipped).hexdigest()[:32]
        with self._lock:
            if not target.is_dir():
                self._folder.mkdir(parents=True, exist_ok=True)
                unfinished = Path(tempfile.mkdtemp(dir=self._folder))
                try:
                    with zipfile.ZipFile(BytesIO(zipped)) as archive:
                        archive.extractall(unfinished)
                    unfinished.rename(target)
                except BaseException:
                    shutil.rmtree(unfinished, ignore_errors=True)
                    raise
        return target
