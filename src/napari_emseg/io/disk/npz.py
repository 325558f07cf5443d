"""Arrays of numbers from a ``.npz``, whose maker may be a stranger: no pickle, no absurd size."""

from __future__ import annotations

import math
import tokenize
import zipfile
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt

from napari_emseg.io.disk.zip_file import ZIP_DAMAGE

LARGEST = 2**30
"""Bytes of all arrays of a file together, unpacked."""

NPZ_DAMAGE = (*ZIP_DAMAGE, TypeError, SyntaxError, tokenize.TokenError)
"""What `read_npz` raises over a file that is damaged, or claims too much."""


def read_npz(path: Path, largest: int = LARGEST) -> dict[str, npt.NDArray[Any]]:
    """All arrays of a file by name.

    Raises
    ------
    NPZ_DAMAGE
        If it is damaged, holds objects, or its arrays claim more than is there or ``largest``.
    """
    with path.open("rb") as file, zipfile.ZipFile(file) as archive:
        entries = archive.infolist()
        if sum(each.file_size for each in entries) > largest:
            raise ValueError(f"its arrays unpack to more than {largest} bytes")
        return {each.filename.removesuffix(".npy"): _array(archive, each) for each in entries}


def _array(archive: zipfile.ZipFile, entry: zipfile.ZipInfo) -> npt.NDArray[Any]:
    with archive.open(entry) as file:
        version = np.lib.format.read_magic(file)
        if version == (1, 0):
            shape, _, dtype = np.lib.format.read_array_header_1_0(file)
        else:
            shape, _, dtype = np.lib.format.read_array_header_2_0(file)
    # numpy makes room for what the header claims before it reads
    if min(shape, default=0) < 0 or math.prod(shape) * dtype.itemsize > entry.file_size:
        raise ValueError(f"{entry.filename} claims a shape of {shape}, and has fewer bytes")
    with archive.open(entry) as file:
        return np.asarray(np.lib.format.read_array(file, allow_pickle=False))
