"""Neuroglancer's precomputed format: a segmentation, and a surface for each of its cells."""

from __future__ import annotations

import json
import os
import struct
from collections.abc import Callable, Iterable
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt

from napari_emseg.types import VoxelSize

MESHES = "mesh"
"""Folder of the surfaces."""

CHUNK = (128, 128, 16)
"""Edge lengths (X, Y, Z) of a chunk; as many slices are in memory at a time."""

HOLDS_MESHES = os.name != "nt"
"""Whether files can be called as the surfaces must be: with a colon."""


def write_segmentation(
    folder: Path,
    slice_of: Callable[[int], npt.NDArray[np.int64]],
    shape: tuple[int, int, int],
    voxel_size_nm: VoxelSize,
) -> None:
    """Write ids as uint64 into an empty folder.

    Parameters
    ----------
    folder : Path
        Exists, and is empty.
    slice_of : callable
        Gives the ids (Y, X) of a slice.
    shape : tuple of int
        (Z, Y, X).
    voxel_size_nm : tuple of float
        Edge lengths (Z, Y, X) in nm.

    Raises
    ------
    ImportError
        If tensorstore is not installed.
    """
    import tensorstore

    spec = {
        "driver": "neuroglancer_precomputed",
        "kvstore": {"driver": "file", "path": f"{folder.absolute()}/"},
        "multiscale_metadata": {"type": "segmentation", "data_type": "uint64", "num_channels": 1},
        "scale_metadata": {
            "size": shape[::-1],
            "resolution": voxel_size_nm[::-1],
            "chunk_size": CHUNK,
            "encoding": "compressed_segmentation",
            "compressed_segmentation_block_size": [8, 8, 8],
        },
    }
    array: Any = tensorstore.open(spec, create=True).result()
    for first in range(0, shape[0], CHUNK[2]):
        slab = range(first, min(first + CHUNK[2], shape[0]))
        ids = np.stack([slice_of(z) for z in slab]).astype(np.uint64)
        array[..., slab.start : slab.stop, 0].write(ids.T).result()
    _add_meshes_to(folder / "info")


def write_surfaces(
    folder: Path,
    surfaces: Iterable[tuple[int, npt.NDArray[Any], npt.NDArray[Any]]],
    voxel_size_nm: VoxelSize,
) -> None:
    """Write id, vertices (x, y, z) in nm from the middle of the first voxel, and faces of each."""
    # neuroglancer counts from the corner of the first voxel
    shift = np.array(voxel_size_nm[::-1], np.float32) / 2
    for cell, vertices, faces in surfaces:
        fragment = f"{cell}:0:1"
        with (folder / MESHES / fragment).open("wb") as file:
            file.write(struct.pack("<I", len(vertices)))
            file.write((vertices + shift).astype("<f4").tobytes())
            file.write(np.ascontiguousarray(faces, "<u4").data)
        (folder / MESHES / f"{cell}:0").write_text(json.dumps({"fragments": [fragment]}))


def _add_meshes_to(info: Path) -> None:
    if not HOLDS_MESHES:
        return
    about = json.loads(info.read_text())
    info.write_text(json.dumps({**about, "mesh": MESHES}))
    meshes = info.with_name(MESHES)
    meshes.mkdir()
    (meshes / "info").write_text(json.dumps({"@type": "neuroglancer_legacy_mesh"}))
