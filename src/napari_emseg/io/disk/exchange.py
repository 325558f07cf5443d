"""A folder in the place of another: in one step where the system can, else found again later."""

from __future__ import annotations

import contextlib
import ctypes
import os
import shutil
import sys
from functools import cache
from pathlib import Path
from typing import Any

_HERE, _EXCHANGE = -100, 2
"""``AT_FDCWD``; and ``RENAME_EXCHANGE`` of Linux, which is ``RENAME_SWAP`` of macOS."""
_REPLACED = ".replaced"
"""Ends the hidden name of what is replaced where that takes two steps."""


def put_in_place(new: Path, path: Path) -> None:
    """Move a folder to ``path``; what was there is gone, or, for the caller to delete, at ``new``.

    Raises
    ------
    OSError
        If it cannot be moved; ``path`` is then as it was.
    """
    if not path.exists():
        new.rename(path)
    elif not exchange(new, path):
        _replace_in_two_steps(new, path)


def exchange(one: Path, other: Path) -> bool:
    """Exchange two names of a disk at once; False where the system or the disk cannot."""
    call = _exchange_call()
    if call is None:
        return False
    return bool(call(os.fsencode(one), os.fsencode(other)) == 0)


def recover_replaced(folder: Path) -> None:
    """Give what was being replaced in ``folder`` its name back, where that was interrupted."""
    with contextlib.suppress(OSError):
        for old in folder.glob(f".*{_REPLACED}"):
            path = old.with_name(old.name[1 : -len(_REPLACED)])
            if path.exists():
                shutil.rmtree(old, ignore_errors=True)
            else:
                old.rename(path)


@cache
def _exchange_call() -> Any:
    """The system's call as ``call(one, other)``, 0 where it worked; None where it has none."""
    if sys.platform == "win32":
        return None
    libc = ctypes.CDLL(None, use_errno=True)
    if (linux := getattr(libc, "renameat2", None)) is not None:
        return lambda one, other: linux(_HERE, one, _HERE, other, _EXCHANGE)
    if (macos := getattr(libc, "renamex_np", None)) is not None:
        return lambda one, other: macos(one, other, _EXCHANGE)
    return None


def _replace_in_two_steps(new: Path, path: Path) -> None:
    aside = path.with_name(f".{path.name}{_REPLACED}")
    shutil.rmtree(aside, ignore_errors=True)  # from before: ``path`` is whole
    path.rename(aside)
    try:
        new.rename(path)
    except OSError:
        aside.rename(path)
        raise
    shutil.rmtree(aside, ignore_errors=True)
