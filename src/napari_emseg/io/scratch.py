"""Memory-mapped files through which the window's process and the worker share pixels."""

from __future__ import annotations

import contextlib
import errno
import itertools
import logging
import os
import platform
import re
import shutil
import tempfile
from collections.abc import Sequence
from pathlib import Path
from types import TracebackType
from typing import Any, Literal, Self

import numpy as np
import numpy.typing as npt

from napari_emseg.errors import MemoryShortError, ReadError, ShapeError, WriteError
from napari_emseg.io.disk.processes import is_alive, this_process
from napari_emseg.io.disk.room import reserve_bytes
from napari_emseg.io.folders import cache_folder
from napari_emseg.io.formats.npy import npy_of_zeros
from napari_emseg.types import ArrayLike

logger = logging.getLogger(__name__)

PREFIX = "napari-emseg-"
_OWNER = re.compile(rf"{PREFIX}(?P<number>\d+)-(?P<born>[\d.]+)-(?P<machine>.*)-[^-]+")
_NO_ROOM = (errno.ENOSPC, errno.EDQUOT, errno.EFBIG)


class Scratch:
    """A temporary folder of memory-mapped arrays; gone when closed.

    Its name says whose it is. Making one also removes those of processes of this machine that were
    killed.

    Parameters
    ----------
    folder : path, optional
        Where to make the temporary folder; if not given, in the cache folder, for the system's
        place for temporary files is often memory. It is taken where nothing can be written there.

    Examples
    --------
    >>> with Scratch() as scratch:
    ...     out = scratch.allocate("probability", (30, 512, 512), np.float32)
    ...     out[0] = 0.5  # another process sees it with attach(out.filename)
    """

    def __init__(self, folder: str | os.PathLike[str] | None = None) -> None:
        if folder is not None:
            self.folder = _new_folder(Path(folder))
        else:
            try:
                self.folder = _new_folder(cache_folder() / "scratch", make=True)
            except WriteError as error:
                logger.warning("%s", error)
                self.folder = _new_folder(Path(tempfile.gettempdir()))
        self._parent = self.folder.parent
        self._numbers = itertools.count()

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        self.close()

    def allocate(
        self, name_hint: str, shape: Sequence[int], dtype: npt.DTypeLike, *, reserve: bool = True
    ) -> np.memmap[Any, Any]:
        """A new array of zeros in a file of its own, whose space on the disk is reserved.

        Parameters
        ----------
        name_hint : str
            Goes into the file's name.
        shape : sequence of int
            All above 0.
        dtype : dtype
            Anything but objects.
        reserve : bool
            Without it the file takes no space yet; `reserve` what is to be written first.

        Returns
        -------
        np.memmap
            Its ``filename`` is the path for `attach`.

        Raises
        ------
        ShapeError
            If an axis has no length.
        WriteError
            If the disk has no room for it.
        """
        if not shape or any(int(length) < 1 for length in shape):
            raise ShapeError(f"shape: expected lengths of 1 and more, received {tuple(shape)}")
        path = self._new_path(name_hint)
        try:
            return _new_map(path, tuple(int(length) for length in shape), np.dtype(dtype), reserve)
        except OSError as error:
            with contextlib.suppress(OSError):
                path.unlink(missing_ok=True)
            n_bytes = int(np.prod([int(length) for length in shape])) * np.dtype(dtype).itemsize
            raise _no_room(self._parent, n_bytes, error) from error

    def reserve(self, array: np.memmap[Any, Any], indices: Sequence[int]) -> None:
        """Make sure that ``array[i]`` can be written for all ``indices``, here and elsewhere.

        Raises
        ------
        WriteError
            If the disk has no room for them.
        """
        each = int(np.prod(array.shape[1:])) * array.itemsize
        path = Path(str(array.filename))
        try:
            for i in indices:
                reserve_bytes(path, each, start=array.offset + i * each)
        except OSError as error:
            raise _no_room(self._parent, each * len(indices), error) from error

    def put(self, array: ArrayLike, name_hint: str = "array") -> Path:
        """Copy an array, a lazy one slice by slice, into a file of its own.

        Returns
        -------
        Path
            For `attach` in another process, and for `release`.

        Raises
        ------
        ShapeError, WriteError
            As `allocate`.
        """
        held = self.allocate(name_hint, array.shape, array.dtype)
        path = Path(str(held.filename))
        try:
            for i in range(array.shape[0]):
                held[i] = np.asarray(array[i])
        except BaseException:
            del held
            self.release(path)
            raise
        return path

    def release(self, path: str | os.PathLike[str]) -> None:
        """Delete one array's file; processes that still map it keep their pixels.

        Raises
        ------
        ValueError
            If the file is none of ours.
        """
        file = Path(path)
        if file.parent != self.folder:
            raise ValueError(f"{file} is not in {self.folder}")
        try:
            file.unlink(missing_ok=True)
        except PermissionError:
            # Windows does not delete what is mapped; it goes with the folder or as a leftover
            logger.debug("%s is still mapped", file)

    def close(self) -> None:
        """Remove the folder; twice is harmless."""
        shutil.rmtree(self.folder, ignore_errors=True)

    def _new_path(self, name_hint: str) -> Path:
        safe = re.sub(r"[^A-Za-z0-9_-]+", "_", name_hint)[:40]
        return self.folder / f"{safe}-{next(self._numbers):06d}.npy"


def attach(path: str | os.PathLike[str], mode: Literal["r", "r+"] = "r") -> np.memmap[Any, Any]:
    """Map an array that another process has allocated or put.

    Parameters
    ----------
    path : path
        The ``filename`` of an allocated array, or what `Scratch.put` returned.
    mode : {"r", "r+"}
        Read only, or write as well: what is written is seen by all who map it.

    Raises
    ------
    ReadError
        If the file is gone or is no array.
    MemoryShortError
        If the process may not take so much.
    """
    try:
        mapped = np.load(path, mmap_mode=mode, allow_pickle=False)
    except (OSError, ValueError, EOFError) as error:
        if isinstance(error, OSError) and error.errno == errno.ENOMEM:
            raise MemoryShortError(
                f"{path}: memory is too short for the pixels shared by another process "
                f"({Path(path).stat().st_size / 2**20:.0f} MiB); close other programs, or take a "
                "machine with more"
            ) from error
        raise ReadError(
            f"{path}: the pixels shared by another process cannot be read ({error}); start the job "
            "again"
        ) from error
    assert isinstance(mapped, np.memmap), f"{path} is not a single array"
    return mapped


def _new_folder(parent: Path, *, make: bool = False) -> Path:
    """A folder of this process, where those that others have left are removed."""
    remove_leftovers(parent)
    try:
        if make:
            parent.mkdir(parents=True, exist_ok=True)
        return Path(tempfile.mkdtemp(prefix=owned_prefix(this_process()), dir=parent))
    except OSError as error:
        raise WriteError(
            f"{parent}: no temporary folder can be made there ({error}); set EMSEG_CACHE_DIR to a "
            "folder of your own with free space"
        ) from error


def owned_prefix(process: Sequence[Any]) -> str:
    """How the name of a process's folder begins: number, birth and machine, then any word."""
    number, born, machine = process
    return f"{PREFIX}{number}-{born}-{_in_a_name(machine)}-"


def remove_leftovers(folder: Path) -> None:
    """Remove the temporary folders of processes that no longer live.

    Those of another machine stay: nobody here can tell.
    """
    for found in folder.glob(f"{PREFIX}*"):
        owner = _OWNER.fullmatch(found.name)
        if owner and found.is_dir() and not _is_used(owner):
            logger.info("removing %s, left behind by process %s", found, owner["number"])
            shutil.rmtree(found, ignore_errors=True)


def _is_used(owner: re.Match[str]) -> bool:
    here = owner["machine"] == _in_a_name(platform.node())
    return not here or is_alive([int(owner["number"]), float(owner["born"])])


def _in_a_name(machine: str) -> str:
    return re.sub(r"[^A-Za-z0-9.-]", "_", machine)


def _new_map(
    path: Path, shape: tuple[int, ...], dtype: np.dtype[Any], reserve: bool
) -> np.memmap[Any, Any]:
    """A mapped file; a page without a block on the disk would be a SIGBUS once that is full."""
    start = npy_of_zeros(path, shape, dtype)
    if reserve:
        reserve_bytes(path, path.stat().st_size - start, start=start)
    return attach(path, "r+")


def _no_room(folder: Path, n_bytes: int, error: OSError) -> WriteError:
    needed = f"{n_bytes} bytes ({n_bytes / 2**20:.0f} MiB)"
    if error.errno in _NO_ROOM:
        free = shutil.disk_usage(folder).free
        return WriteError(
            f"{folder}: needs {needed} for temporary pixels, has {free} bytes "
            f"({free / 2**20:.0f} MiB) free; free some space, or set EMSEG_CACHE_DIR to a larger "
            "disk"
        )
    return WriteError(
        f"{folder}: {needed} of temporary pixels cannot be stored ({error}); set EMSEG_CACHE_DIR "
        "to a folder of your own with free space"
    )
