"""Outputs appear whole or not at all: written beside their place, then moved into it.

What is moved is on the disk before, and so is the move after: a power cut takes no old file along
and leaves no empty one. What a process that was killed has left half written is removed by the
next one that writes into the same folder.
"""

from __future__ import annotations

import contextlib
import errno
import os
import re
import secrets
import shutil
from collections.abc import Callable, Iterator
from pathlib import Path

from napari_emseg.errors import WriteError
from napari_emseg.io.disk.exchange import put_in_place
from napari_emseg.io.disk.processes import TAG, has_ended, tag

_TEMPORARY = re.compile(rf"\..+-({TAG})-[0-9a-f]{{8}}(\.[^.]*)?")
"""What `_sibling` gives."""
_LONGEST_STEM = 40
"""Letters of a name that its temporary sibling keeps, which itself may not be too long."""
_swept: set[Path] = set()
"""Folders from which this process has removed what those before it have left."""
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
        said = error.strerror or error
        raise WriteError(
            f"{path}: could not be written: {said}; {_way_out(path, error)}"
        ) from error


def _way_out(path: Path, error: OSError) -> str:
    known = _WAYS_OUT.get(error.errno or 0)
    if known is None:
        return f"choose another place ({_free_space(path)})"
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
            _sweep(path.parent)
            yield beside
            sync_file(beside)
            beside.replace(path)
            _sync_names(path.parent)
    finally:
        with contextlib.suppress(OSError):
            beside.unlink(missing_ok=True)


def write_atomically(path: Path, write: Callable[[Path], object]) -> None:
    """Let ``write`` fill a temporary sibling, then put it in the place of ``path`` at once.

    Raises
    ------
    WriteError
        As `replacing_file`.
    """
    with replacing_file(path) as beside:
        write(beside)


def remove(path: Path) -> None:
    """Delete a file, or a folder with all that is in it, as far as that is possible."""
    if path.is_dir() and not path.is_symlink():
        shutil.rmtree(path, ignore_errors=True)
    else:
        with contextlib.suppress(OSError):
            path.unlink(missing_ok=True)


def remove_folder(path: Path) -> None:
    """Delete a folder so that it is whole, or gone, under its name.

    Raises
    ------
    WriteError
        If it cannot be moved; it is then as it was.
    """
    beside = _sibling(path)
    with as_write_error(path):
        path.rename(beside)
    remove(beside)


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
            _sweep(path.parent)
            beside.mkdir()
            yield beside
            sync_folder(beside)
            put_in_place(beside, path)
            _sync_names(path.parent)
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
    inside = _sibling(folder / "napari-emseg")
    try:
        with as_write_error(folder):
            _sweep(folder)
            inside.mkdir()
            yield inside
            sync_folder(inside)
            for file in sorted(inside.iterdir()):
                file.replace(folder / file.name)
            _sync_names(folder)
    finally:
        shutil.rmtree(inside, ignore_errors=True)


def sync_file(path: Path) -> None:
    """Have the system put what was written to a file on the disk; raises `OSError` if it cannot."""
    # Windows wants it open for writing
    with path.open("r+b") as file, _where_it_can():
        os.fsync(file.fileno())


def sync_folder(folder: Path) -> None:
    """As `sync_file`, for all that is in a folder."""
    for each in folder.rglob("*"):
        if each.is_file():
            sync_file(each)
        else:
            _sync_names(each)
    _sync_names(folder)


def _sync_names(folder: Path) -> None:
    """Have a folder's list of names put on the disk; not all systems can."""
    with contextlib.suppress(OSError):
        descriptor = os.open(folder, os.O_RDONLY)
        try:
            os.fsync(descriptor)
        finally:
            os.close(descriptor)


@contextlib.contextmanager
def _where_it_can() -> Iterator[None]:
    """Pass over that a file system, or a special file, knows no such thing."""
    try:
        yield
    except OSError as error:
        if error.errno not in (errno.EINVAL, errno.ENOTSUP):
            raise


def _sibling(path: Path) -> Path:
    """Hidden sibling of ``path``, with its ending: Keras and numpy look at it."""
    name = f".{path.stem[:_LONGEST_STEM]}-{tag()}-{secrets.token_hex(4)}{path.suffix}"
    return path.with_name(name)


def _sweep(folder: Path) -> None:
    """Once in a process: remove from a folder what writings that were killed have left there."""
    if folder in _swept:
        return
    _swept.add(folder)
    for each in folder.glob(".*"):
        found = _TEMPORARY.fullmatch(each.name)
        if found is not None and has_ended(found[1]):
            remove(each)
