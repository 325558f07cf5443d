"""A ``.npy`` stack of which only some slices are filled."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt

from napari_emseg.io.disk.atomic import as_write_error
from napari_emseg.io.formats.file_format import put_at
from napari_emseg.io.formats.npy import npy_of_zeros


def write_slices(
    path: Path,
    shape: Sequence[int],
    dtype: npt.DTypeLike,
    slices: Iterable[int],
    read: Callable[[int], npt.NDArray[Any]],
) -> None:
    """Write slices of a stack, one at a time; all others are zeros.

    A plain file and not a mapped one: on a full disk that would end the process. Slices that are
    left out take no space where the file system knows holes.

    Parameters
    ----------
    path : Path
        A ``.npy`` file to make.
    shape : sequence of int
        Of the stack (Z, Y, X).
    dtype : dtype
        Of its pixels.
    slices : iterable of int
        Which to write.
    read : callable
        Gives slice ``z`` (Y, X).

    Raises
    ------
    WriteError
        If the disk is full, or writing is not allowed.
    """
    pixels = np.dtype(dtype).newbyteorder("=")
    each = int(np.prod(shape[1:])) * pixels.itemsize
    with as_write_error(path):
        start = npy_of_zeros(path, shape, pixels)
    with put_at(path, range(start, start + shape[0] * each, each)) as put:
        for z in slices:
            values = np.asarray(read(z), pixels)
            with as_write_error(path):
                put(z, values)
