"""``.npy``: loaded where small, memory-mapped where large; without voxel size and kind."""

from __future__ import annotations

from collections.abc import Sequence
from contextlib import AbstractContextManager
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt

from napari_emseg.errors import ReadError
from napari_emseg.io.formats.file_format import (
    Put,
    WritableFormat,
    is_large,
    put_at,
    said_beside_pixels,
)
from napari_emseg.io.layout.arrays import Loaded, check_dtype, native
from napari_emseg.types import Stack


class Npy(WritableFormat):
    """A stack as numpy saves an array."""

    name = ".npy"
    endings = (".npy",)

    def read(self, path: Path) -> Loaded:
        return read_npy(path)

    def not_kept(self, stack: Stack) -> tuple[str, ...]:
        return said_beside_pixels(stack)

    def make(self, path: Path, stack: Stack) -> None:
        npy_of_zeros(path, stack.shape, stack.data.dtype)

    def fill(self, path: Path, stack: Stack) -> AbstractContextManager[Put]:
        each = int(np.prod(stack.shape[1:])) * stack.data.dtype.itemsize
        end = path.stat().st_size
        return put_at(path, range(end - len(stack) * each, end, each))


def npy_of_zeros(path: Path, shape: Sequence[int], dtype: npt.DTypeLike) -> int:
    """Make a ``.npy`` of zeros, which takes no space where the file system knows holes.

    Returns
    -------
    int
        Where its pixels begin, in bytes.
    """
    as_large = np.broadcast_to(np.zeros((), dtype), tuple(shape))
    with path.open("wb") as file:
        header = np.lib.format.header_data_from_array_1_0(as_large)
        np.lib.format.write_array_header_1_0(file, header)
        start = file.tell()
        file.truncate(start + as_large.nbytes)
    return start


def read_npy(path: Path) -> Loaded:
    """Read a ``.npy`` as a stack; the format has no place for a voxel size.

    Raises
    ------
    ReadError
        If it is no ``.npy``, is truncated, or holds objects or complex numbers.
    """
    data = _load(path)
    check_dtype(path, data.dtype)
    return Loaded(native(data))


def _load(path: Path) -> npt.NDArray[Any]:
    try:
        mode: Any = "r" if is_large(path.stat().st_size) else None
        data = np.load(path, mmap_mode=mode, allow_pickle=False)
    except (ValueError, EOFError, OSError) as error:
        raise ReadError(_message(path, str(error))) from error
    if not isinstance(data, np.ndarray):
        raise ReadError(f"{path}: expected one array, received an archive of several (.npz)")
    return data


def _message(path: Path, reason: str) -> str:
    if "pickle" in reason and "Object arrays" in reason:
        return (
            f"{path}: expected numbers, received dtype object, which may run code when loaded; "
            "save it again as uint8, uint16 or float32"
        )
    return f"{path}: not a .npy file, or one that is truncated ({reason}); save or copy it again"
