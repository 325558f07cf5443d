"""Files that need not be read again for as long as nobody has changed them."""

from __future__ import annotations

import hashlib
from functools import lru_cache
from pathlib import Path
from typing import NamedTuple


class FileFingerprint(NamedTuple):
    """A file as it was at one time; a key for what was made of it."""

    path: Path
    changed_ns: int
    size: int
    number: int
    """Of the file on its disk, another one where it was replaced."""

    @classmethod
    def of(cls, path: Path) -> FileFingerprint:
        """How a file is now; raises `OSError` if it is not there."""
        found = path.stat()
        return cls(path, found.st_mtime_ns, found.st_size, found.st_ino)


def sha256_of(path: Path) -> str:
    """SHA-256 of a file as hexadecimal digits; raises `OSError` if it cannot be read."""
    return _sha256(FileFingerprint.of(path))


@lru_cache(maxsize=64)
def _sha256(file: FileFingerprint) -> str:
    with file.path.open("rb") as opened:
        return hashlib.file_digest(opened, "sha256").hexdigest()
