"""The errors of a prediction as a person sees them: cells merged, split, missed and invented.

A *piece* is what a true cell and a predicted segment share. Two solid pieces of different cells in
one segment are a merger, two of different segments in one cell a split. Both are found alike: the
pieces are flooded until they meet, and where they meet lies the gap in the membrane, or the false
membrane.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

import cv2
import numpy as np
import numpy.typing as npt
from scipy import ndimage
from skimage.measure import label

from napari_emseg.core.config.comparison import CompareConfig
from napari_emseg.core.label_images import BoolImage, LabelImage, contingency, flood
from napari_emseg.core.scores.segmentation_error import (
    FALSE_NEGATIVE,
    FALSE_POSITIVE,
    MERGER,
    SPLIT,
    TRUE_POSITIVE,
    Kind,
    SegmentationError,
)
from napari_emseg.core.scores.truth import TrueSlice

_REACH_PX = 4
"""How far around the line where pieces meet the gap, or the false membrane, is drawn."""


@dataclass(frozen=True, eq=False)
class SegmentationErrors:
    """The errors of a slice, worst first, and the slice (Y, X) as an error map, uint8."""

    errors: tuple[SegmentationError, ...]
    error_map: npt.NDArray[np.uint8]


def find_errors(
    mask: BoolImage, segments: LabelImage, truth: TrueSlice, config: CompareConfig
) -> SegmentationErrors:
    """Find the errors of a mask.

    Parameters
    ----------
    mask : (Y, X) bool array
        What was predicted as cell, without what is unknown.
    segments : (Y, X) int32 array
        Its cells, thinned or not.
    truth : TrueSlice
        Of the same shape.
    config : CompareConfig
        What is too small to be an error.

    Returns
    -------
    SegmentationErrors
        Its map holds `TRUE_POSITIVE`, `FALSE_NEGATIVE` and `FALSE_POSITIVE` pixels of cells, and
        over them the gaps of mergers (`MERGER`) and the false membranes of splits (`SPLIT`).
    """
    cells, parts = truth.cells, np.where(mask, segments, 0)
    pieces = _Pieces.of(cells, parts, config.piece_radius_px)
    merged = _joints(pieces.cell_of, pieces, parts, mask)
    divided = _joints(pieces.segment_of, pieces, cells, cells > 0)
    whole = [
        *_whole("missed", cells, pieces.cell_of, pieces, config),
        *_whole("invented", parts, pieces.segment_of, pieces, config),
    ]
    errors = [*_describe("merger", merged, pieces), *_describe("split", divided, pieces), *whole]
    error_map = _pixel_map(mask, cells, truth.known)
    _draw(error_map, merged, error_map == FALSE_POSITIVE, MERGER)
    _draw(error_map, divided, error_map == FALSE_NEGATIVE, SPLIT)
    return SegmentationErrors(tuple(sorted(errors, key=lambda each: -each.cost_px)), error_map)


# -- pieces -----------------------------------------------------------------------------------


@dataclass(frozen=True, eq=False)
class _Pieces:
    """Pieces numbered from 1, where they lie, and what they are of; number 0 is none."""

    image: LabelImage
    cell_of: npt.NDArray[np.int32]
    segment_of: npt.NDArray[np.int32]
    size: npt.NDArray[np.int64]
    solid: BoolImage

    @classmethod
    def of(cls, cells: LabelImage, segments: LabelImage, radius_px: float) -> _Pieces:
        table = contingency(cells, segments).tocoo()
        rows, columns = table.coords
        width = int(segments.max(initial=0)) + 1
        keys = np.concatenate([[0], rows.astype(np.int64) * width + columns])
        both = (cells > 0) & (segments > 0)
        image = np.zeros(cells.shape, np.int32)
        # the table goes row by row, so its keys rise
        image[both] = np.searchsorted(keys, cells[both].astype(np.int64) * width + segments[both])
        return cls(
            image=image,
            cell_of=np.concatenate([[0], rows]).astype(np.int32),
            segment_of=np.concatenate([[0], columns]).astype(np.int32),
            size=np.concatenate([[0], table.data]).astype(np.int64),
            solid=_hold_a_disc(image, keys.size, radius_px),
        )


def _hold_a_disc(numbered: LabelImage, count: int, radius_px: float) -> BoolImage:
    """By number, whether a disc of that radius fits into the region; those at the rim go on."""
    padded = np.pad(numbered, 1, mode="edge")
    centre = padded[1:-1, 1:-1]
    inside = centre > 0
    for near in (padded[:-2, 1:-1], padded[2:, 1:-1], padded[1:-1, :-2], padded[1:-1, 2:]):
        inside &= near == centre
    if inside.all():
        return np.arange(count) > 0
    depth = cv2.distanceTransform(inside.astype(np.uint8), cv2.DIST_L2, 3)
    solid: BoolImage = np.bincount(numbered[depth >= radius_px], minlength=count) > 0
    solid[0] = False
    return solid


# -- mergers and splits -----------------------------------------------------------------------


@dataclass(frozen=True, eq=False)
class _Joints:
    """Lines along which solid pieces of one group meet, numbered from 1.

    ``pairs[n]`` are the two pieces that meet at line n + 1.
    """

    lines: LabelImage
    pairs: npt.NDArray[np.int64]


def _joints(
    owner_of: npt.NDArray[np.int32], pieces: _Pieces, groups: LabelImage, within: BoolImage
) -> _Joints:
    """Where pieces of different owners meet in one group.

    Parameters
    ----------
    owner_of : (P,) int32 array
        Owner of each piece: its cell, to find mergers; its segment, to find splits.
    pieces : _Pieces
        The pieces; solid ones count.
    groups : (Y, X) int32 array
        Segments, to find mergers; cells, to find splits.
    within : (Y, X) bool array
        Where pieces may grow.
    """
    group_of = pieces.segment_of if owner_of is pieces.cell_of else pieces.cell_of
    solid = np.flatnonzero(pieces.solid)
    several = np.bincount(group_of[solid], minlength=int(groups.max(initial=0)) + 1) > 1
    if not several.any():
        return _Joints(np.zeros(groups.shape, np.int32), np.zeros((0, 2), np.int64))
    counted = pieces.solid & several[group_of]
    markers = np.where(counted[pieces.image], pieces.image, 0)
    flat = np.zeros(groups.shape, np.uint8)
    grown = flood(flat, markers.astype(np.int32), within & several[groups])
    return _meeting_lines(grown, group_of)


def _meeting_lines(grown: LabelImage, group_of: npt.NDArray[np.int32]) -> _Joints:
    """Lines, two pixels wide, where grown pieces of one group touch."""
    width = int(group_of.size)
    keys = np.zeros(grown.shape, np.int64)
    for here, there in (
        ((slice(None), slice(None, -1)), (slice(None), slice(1, None))),
        ((slice(None, -1), slice(None)), (slice(1, None), slice(None))),
    ):
        a, b = grown[here], grown[there]
        meet = (a != b) & (a > 0) & (b > 0) & (group_of[a] == group_of[b])
        key = np.minimum(a, b)[meet].astype(np.int64) * width + np.maximum(a, b)[meet]
        keys[here][meet] = key
        keys[there][meet] = key
    lines = label(keys, background=0, connectivity=2).astype(np.int32)
    key_of = np.zeros(int(lines.max(initial=0)) + 1, np.int64)
    key_of[lines[keys > 0]] = keys[keys > 0]
    return _Joints(lines, np.stack(np.divmod(key_of[1:], width), axis=1))


def _describe(kind: Kind, joints: _Joints, pieces: _Pieces) -> Iterator[SegmentationError]:
    for (at, length), pair in zip(_positions(joints.lines), joints.pairs, strict=True):
        cost = int(pieces.size[pair].min())
        yield SegmentationError(kind, cost, at, length, _extent(cost, length))


def _draw(error_map: npt.NDArray[np.uint8], joints: _Joints, wrong: BoolImage, value: int) -> None:
    """Draw the wrong pixels around the lines, and the lines themselves where none is wrong."""
    lines = (joints.lines > 0).astype(np.uint8)
    if not lines.any():
        return
    disc = cv2.getStructuringElement(cv2.MORPH_ELLIPSE, (2 * _REACH_PX + 1, 2 * _REACH_PX + 1))
    error_map[((cv2.dilate(lines, disc) > 0) & wrong) | (lines > 0)] = value


# -- whole cells ------------------------------------------------------------------------------


def _whole(
    kind: Kind,
    regions: LabelImage,
    owner_of: npt.NDArray[np.int32],
    pieces: _Pieces,
    config: CompareConfig,
) -> Iterator[SegmentationError]:
    """Regions of some size without a solid piece."""
    count = int(regions.max(initial=0)) + 1
    lonely = _hold_a_disc(regions, count, config.piece_radius_px)
    lonely[owner_of[pieces.solid]] = False
    if not lonely.any():
        return
    renumbered = np.where(lonely, np.cumsum(lonely), 0).astype(np.int32)[regions]
    sizes = np.bincount(renumbered.ravel())[1:]
    for (at, length), size in zip(_positions(renumbered), sizes, strict=True):
        yield SegmentationError(kind, int(size), at, length, _extent(int(size), length))


def _positions(numbered: LabelImage) -> Iterator[tuple[tuple[float, float], int]]:
    """Of each region its pixel nearest to its middle, and the longer edge of its box in px."""
    for number, box in enumerate(ndimage.find_objects(numbered), start=1):
        rows, columns = np.nonzero(numbered[box] == number)
        off = (rows - rows.mean()) ** 2 + (columns - columns.mean()) ** 2
        nearest = int(np.argmin(off))
        at = float(rows[nearest] + box[0].start), float(columns[nearest] + box[1].start)
        yield at, max(int(np.ptp(rows)), int(np.ptp(columns))) + 1


def _extent(cost_px: int, length_px: int) -> float:
    """Edge of a square that shows the gap and the smaller cell beside it."""
    return float(max(3 * np.sqrt(cost_px), 2 * length_px, 64))


def _pixel_map(
    mask: BoolImage, cells: LabelImage, known: BoolImage | None
) -> npt.NDArray[np.uint8]:
    names: Any = np.array([0, FALSE_POSITIVE, FALSE_NEGATIVE, TRUE_POSITIVE], np.uint8)
    error_map: npt.NDArray[np.uint8] = names[2 * (cells > 0) + mask.astype(np.uint8)]
    if known is not None:
        error_map[~known] = 0
    return error_map
