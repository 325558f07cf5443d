"""Which pixels of a slice are tissue.

An aligned stack has rims, a series has missing sections, a detector has saturated and dead pixels.
What is predicted there means nothing, and grey values from there would shift those of the tissue.
"""

from __future__ import annotations

from typing import Any

import cv2
import numpy as np
import numpy.typing as npt

BoolImage = npt.NDArray[np.bool_]

_FLAT_PX = 5
"""Edge of the square in which the grey values of a flat area do not differ."""

_FLAT_SHARE = 0.02
"""What they may differ all the same, as a share of the range that most pixels lie in: JPEG."""

_LEAST_SHARE = 0.002
"""Share of the slice that a flat area has at least; a smaller one is tissue."""

_DEAD_SHARE = 0.98
"""From this share of flat pixels on the whole slice is a missing section."""

_EDGE_PX = 2
"""How far interpolation carries the grey values of a rim into the tissue."""

_LONGEST_PX = 2048
"""Slices with longer edges are looked at in every second, third ... pixel."""


def known_area(image: npt.NDArray[Any]) -> BoolImage | None:
    """Find the pixels that are tissue.

    Not known are areas of one grey value that touch the border of the slice, as aligning leaves
    them, and pixels that are not finite. A slice that is flat nearly everywhere is a missing
    section, of which nothing is known.

    Parameters
    ----------
    image : (Y, X) array
        Grey values of any real dtype.

    Returns
    -------
    (Y, X) bool array or None
        True where tissue is; None where that is everywhere, which spares the memory.
    """
    lost = ~np.isfinite(image) if image.dtype.kind == "f" else None
    if lost is not None and not lost.any():
        lost = None
    blank = _blank_area(image if lost is None else np.where(lost, 0, image))
    if blank is None:
        return None if lost is None else ~lost
    return ~blank if lost is None else ~(blank | lost)


def _blank_area(image: npt.NDArray[Any]) -> BoolImage | None:
    """Flat areas at the border, or the whole of a slice without tissue; None for neither."""
    step = -(-max(image.shape) // _LONGEST_PX)
    small = image[::step, ::step]
    flat = _flat(small)
    if flat.mean() >= _DEAD_SHARE:
        return np.ones(image.shape, np.bool_)
    blank = _large_at_border(flat)
    if blank is None:
        return None
    return _enlarged(blank, image.shape, step)


def _flat(image: npt.NDArray[Any]) -> BoolImage:
    """Where the grey values around a pixel do not differ."""
    values = _as_cv(image)
    low, high = np.percentile(values[::4, ::4], (1, 99))
    square = np.ones((_FLAT_PX, _FLAT_PX), np.uint8)
    # the border counts as what lies beside it
    highest = cv2.dilate(values, square, borderType=cv2.BORDER_REPLICATE)
    lowest = cv2.erode(values, square, borderType=cv2.BORDER_REPLICATE)
    differ = np.subtract(highest, lowest, dtype=np.float32)
    flat: BoolImage = differ <= _FLAT_SHARE * (high - low)
    return flat


def _large_at_border(flat: BoolImage) -> BoolImage | None:
    """The large areas that touch the border; None where there is none."""
    edges = np.concatenate([flat[0], flat[-1], flat[:, 0], flat[:, -1]])
    if not edges.any():
        return None
    _, areas, about, _ = cv2.connectedComponentsWithStats(flat.astype(np.uint8), connectivity=4)
    touching = np.zeros(len(about), np.bool_)
    touching[np.concatenate([areas[0], areas[-1], areas[:, 0], areas[:, -1]])] = True
    touching &= about[:, cv2.CC_STAT_AREA] >= _LEAST_SHARE * flat.size
    touching[0] = False  # what is not flat
    found: BoolImage = touching[areas]
    return found if touching.any() else None


def _enlarged(blank: BoolImage, shape: tuple[int, ...], step: int) -> BoolImage:
    """Up to the pixels around that are part of it: half a square, and what interpolation mixed."""
    reach = _FLAT_PX // 2 + _EDGE_PX
    square = np.ones((2 * reach + 1, 2 * reach + 1), np.uint8)
    wider = cv2.dilate(blank.astype(np.uint8), square, borderType=cv2.BORDER_REPLICATE)
    if step > 1:
        wider = np.kron(wider, np.ones((step, step), np.uint8))[: shape[0], : shape[1]]
    widened: BoolImage = wider.astype(np.bool_)
    return widened


def _as_cv(image: npt.NDArray[Any]) -> npt.NDArray[Any]:
    """The same grey values in a dtype that OpenCV filters."""
    if image.dtype in (np.uint8, np.uint16, np.int16, np.float32, np.float64):
        return np.ascontiguousarray(image)
    return np.ascontiguousarray(image, np.float32)
