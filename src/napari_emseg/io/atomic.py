"""Outputs appear whole or not at all: written beside their place, then moved into it."""

from __future__ import annotations

import contextlib
import errno
import os
import secrets
import shutil
from collections.abc import Iterator
from pathlib import Path

from napari_emseg.errors import WriteError

_WAYS_OUT = {
    errno.ENOSPC: "the disk is full; free some space or choose another disk",
    errno.EDQUOT: "your quota on this disk is used up; free some space or choose another disk",
    errno.EFBIG: "the disk or a limit does not allow a file that large; choose another disk",
    errno.EACCES: "you may not write there; choose a folder of your own",
    errno.EPERM: "you may not write there; choose a folder of your own",
    errno.EROFS: "that disk is read-only; choose another",
    errno.ENOENT: "the folder does not exist; make it first",
    errno.ENOTDIR: "a part of the path is a file, not a folder; choose another path",
    errno.ENAMETOOLONG: "the name is too long; choose a shorter one",
}


@contextlib.contextmanager
def as_write_error(path: Path) -> Iterator[None]:
    """Turn an `OSError` into a `WriteError` that names the path and the way out."""
    try:
        yield
    except OSError as error:
        raise WriteError(f"{path}: could not be written; {_way_out(path, error)}") from error


def _way_out(path: Path, error: OSError) -> str:
    known = _WAYS_OUT.get(error.errno or 0)
    if known is None:
        return f"{error}; choose another place ({_free_space(path)})"
    return f"{known} ({_free_space(path)})" if error.errno == errno.ENOSPC else known


def _free_space(path: Path) -> str:
    try:
        return f"{shutil.disk_usage(path.parent).free / 2**20:.0f} MiB free"
    except OSError:
        return "its free space is unknown"


@contextlib.contextmanager
def replacing_file(path: Path) -> Iterator[Path]:
    """A temporary sibling to write to; takes the place of ``path`` when all went well.

    Raises
    ------
    WriteError
        If the disk is full, or writing is not allowed; ``path`` is then as it was before.
    """
    beside = _sibling(path)
    try:
        with as_write_error(path):
            yield beside
            os.replace(beside, path)  # noqa: PTH105 - pairs with the folder's below
    finally:
        with contextlib.suppress(OSError):
            beside.unlink(missing_ok=True)


@contextlib.contextmanager
def replacing_folder(path: Path) -> Iterator[Path]:
    """A temporary folder beside ``path`` to fill; takes its place, whole, when all went well.

    Raises
    ------
    WriteError
        As `replacing_file`.
    """
    beside = _sibling(path)
    try:
        with as_write_error(path):
            beside.mkdir()
            yield beside
            _swap(beside, path)
    finally:
        shutil.rmtree(beside, ignore_errors=True)


@contextlib.contextmanager
def moving_into(folder: Path) -> Iterator[Path]:
    """A temporary folder inside ``folder``; its files are moved up when all went well.

    Raises
    ------
    WriteError
        As `replacing_file`.
    """
    # inside and not beside: the folder may be where another disk is mounted
    inside = folder / f".napari-emseg-{secrets.token_hex(4)}"
    try:
        with as_write_error(folder):
            inside.mkdir()
            yield inside
            for file in sorted(inside.iterdir()):
                file.replace(folder / file.name)
    finally:
        shutil.rmtree(inside, ignore_errors=True)


def _sibling(path: Path) -> Path:
    return path.with_name(f".{path.stem}-{secrets.token_hex(4)}{path.suffix}")


def _swap(new: Path, path: Path) -> None:
    """Put a folder in the place of another; a folder cannot be replaced in one step."""
    if not path.exists():
        new.rename(path)
        return
    old = path.rename(_sibling(path))
    try:
        new.rename(path)
    except OSError:
        old.rename(path)
        raise
    shutil.rmtree(old, ignore_errors=True)
