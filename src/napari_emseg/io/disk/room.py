"""Room on a disk, taken before it is written to by what cannot bear that it is full."""

from __future__ import annotations

import errno
import os
import shutil
from pathlib import Path


def reserve_bytes(path: Path, n_bytes: int, *, start: int = 0) -> None:
    """Have bytes of a file be on the disk, whatever others write meanwhile.

    Raises
    ------
    OSError
        If the disk, or a quota, has no room for them.
    """
    if hasattr(os, "posix_fallocate"):
        try:
            with path.open("r+b") as file:
                os.posix_fallocate(file.fileno(), start, n_bytes)
        except OSError as error:
            # some file systems cannot reserve
            if error.errno not in (errno.EINVAL, errno.EOPNOTSUPP):
                raise
        else:
            return
    require_free(path, n_bytes)


def require_free(path: Path, n_bytes: int) -> None:
    """Raise `OSError` where so much is not free on the disk on which a file is to lie."""
    if shutil.disk_usage(path.parent).free < n_bytes:
        raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC), str(path))
