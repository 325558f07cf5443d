"""From slices of a cell to a closed surface."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import Any

import cv2
import numpy as np
import numpy.typing as npt
from scipy.ndimage import distance_transform_edt
from skimage.measure import marching_cubes

from napari_emseg.core.surfaces.cell_runs import Rims
from napari_emseg.types import Float32Array, VoxelSize

Mask = npt.NDArray[np.bool_]
Mesh = tuple[Float32Array, npt.NDArray[np.int32]]

NO_RIMS: Rims = ((False, False),) * 3
"""Of a cell that touches no side of the volume."""

_VALUES = 2**23
"""Values of the slices that are marched at a time."""

_OUTSIDE = np.float32(0.999)
"""Distances outside count a little less. Where all were alike, marching cubes could not decide how
voxels that touch by an edge belong together, and left edges of four triangles."""


def march(masks: Iterable[Mask], voxel: VoxelSize, rims: Rims = NO_RIMS) -> Mesh:
    """Surface of a cell, from its slices; memory holds some of them.

    It is the level 0 of distances to the outline, cut off at the thickness of a section: it leads
    straight from the outline of a slice to that of the next where these are near, and half-way
    between the two slices where they are not (Raya and Udupa, 1990, doi:10.1109/42.52980; Lewiner
    et al., 2003, doi:10.1080/10867651.2003.10487582).

    Parameters
    ----------
    masks : iterable of (Y, X) bool array
        The slices of its bounding box; at least one, and something in the first.
    voxel : tuple of float
        Edge lengths (Z, Y, X) in one unit.
    rims : three pairs of bool
        At which sides of the box the volume ends: there the surface is closed flat.

    Returns
    -------
    vertices : (N, 3) float32 array
        Places (z, y, x) in px from the middle of the first voxel of the box.
    faces : (M, 3) int32 array
        Three vertices each; closed.
    """
    seam, count, z = _NO_SEAM, 0, -1
    vertices, faces = [], []
    for slab in _slabs(_closed(masks, voxel, rims)):
        found, triangles = _level(slab)
        numbers, seam = _stitched(found, seam, count, top=len(slab) - 1)
        new = numbers >= count
        count += int(new.sum())
        vertices.append(found[new] + np.array([z, -1, -1], np.float32))
        faces.append(numbers[triangles])
        z += len(slab) - 1
    return np.concatenate(vertices), np.concatenate(faces).astype(np.int32)


def outline_distance(mask: Mask, voxel: VoxelSize) -> Float32Array:
    """Distance (Y, X) from each pixel to what is on the other side of the outline.

    Positive inside and at most the thickness of a section, so that a slice counts no further than
    to the next one; in the unit of ``voxel``.
    """
    thickness, height, width = voxel
    inside, outside = (_distance(each, height, width) for each in (mask, ~mask))
    signed = np.where(mask, inside, -outside)
    return np.clip(signed, -thickness, thickness) * np.where(mask, np.float32(1), _OUTSIDE)


def _distance(mask: Mask, height: float, width: float) -> Float32Array:
    """From each pixel of the mask to the nearest one beside it."""
    if mask.all():
        return np.full(mask.shape, np.inf, np.float32)
    if height == width:
        pixels = cv2.distanceTransform(mask.view(np.uint8), cv2.DIST_L2, cv2.DIST_MASK_PRECISE)
        return np.asarray(pixels * np.float32(height), np.float32)
    return np.asarray(distance_transform_edt(mask, sampling=(height, width)), np.float32)


def _closed(masks: Iterable[Mask], voxel: VoxelSize, rims: Rims) -> Iterator[Float32Array]:
    """Distances in all slices, with one more on every side, in which nothing is inside."""
    values: Float32Array | None = None
    for mask in masks:
        before, values = values, _framed(mask, voxel, rims)
        if before is None:
            yield _beyond(values, voxel, is_rim=rims[0][0])
        yield values
    assert values is not None
    yield _beyond(values, voxel, is_rim=rims[0][1])


def _framed(mask: Mask, voxel: VoxelSize, rims: Rims) -> Float32Array:
    padded = np.pad(mask, 1)
    for edge, next_to_it in _sides(padded, rims):
        edge[:] = next_to_it  # a cell goes on beyond the rim, which is no outline of it
    values = outline_distance(padded, voxel)
    for edge, next_to_it in _sides(values, rims):
        edge[:] = -np.abs(next_to_it)
    return values


def _sides(plane: npt.NDArray[Any], rims: Rims) -> list[tuple[npt.NDArray[Any], ...]]:
    """Of the sides at a rim, views of the last line and of the one next to it."""
    lines = ((plane, rims[1]), (plane.T, rims[2]))
    return [
        (each[edge], each[beside])
        for each, ends in lines
        for (edge, beside), is_rim in zip(((0, 1), (-1, -2)), ends, strict=True)
        if is_rim
    ]


def _beyond(values: Float32Array, voxel: VoxelSize, *, is_rim: bool) -> Float32Array:
    return -np.abs(values) if is_rim else np.full_like(values, -_OUTSIDE * np.float32(voxel[0]))


def _slabs(slices: Iterable[Float32Array]) -> Iterator[Float32Array]:
    """Some slices at a time; the last one of a slab is the first one of the next."""
    slab: list[Float32Array] = []
    for values in slices:
        slab.append(values)
        if len(slab) > max(1, _VALUES // values.size):
            yield np.stack(slab)
            slab = slab[-1:]
    if len(slab) > 1:
        yield np.stack(slab)


_Seam = tuple[Float32Array, npt.NDArray[np.int64]]
_NO_SEAM: _Seam = np.zeros((0, 2), np.float32), np.zeros(0, np.int64)


def _level(values: Float32Array) -> tuple[Float32Array, npt.NDArray[np.int64]]:
    if values.max() < 0:  # a gap of some slices
        return np.zeros((0, 3), np.float32), np.zeros((0, 3), np.int64)
    vertices, faces, _, _ = marching_cubes(values, 0, gradient_direction="descent")
    return vertices, faces


def _stitched(
    vertices: Float32Array, seam: _Seam, count: int, *, top: int
) -> tuple[npt.NDArray[np.int64], _Seam]:
    """Numbers (N,) of the vertices of a slab, and those that the next one shares.

    Those in its first slice are the same as in the last slice of the slab before.
    """
    places, known = seam
    numbers = np.empty(len(vertices), np.int64)
    bottom = _in_slice(vertices, 0)
    assert np.array_equal(vertices[bottom, 1:], places)
    numbers[bottom] = known
    is_new = np.ones(len(vertices), bool)
    is_new[bottom] = False
    numbers[is_new] = count + np.arange(is_new.sum())
    upper = _in_slice(vertices, top)
    return numbers, (vertices[upper, 1:], numbers[upper])


def _in_slice(vertices: Float32Array, z: int) -> npt.NDArray[np.int64]:
    """Which vertices lie in a slice, ordered by place."""
    found = np.flatnonzero(vertices[:, 0] == z)
    return found[np.lexsort(vertices[found, 1:].T)]
