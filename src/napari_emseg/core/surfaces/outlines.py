"""Outlines of what a slice shows of a cell, along the edges of its pixels."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt
from skimage.measure import find_contours

Ring = npt.NDArray[np.int64]


def outlines(mask: npt.NDArray[np.bool_]) -> list[Ring]:
    """Closed outlines of all pieces of a mask (Y, X), and of their holes.

    Parameters
    ----------
    mask : (Y, X) bool array
        What a slice shows of a cell; pieces are 4-connected.

    Returns
    -------
    list of (N, 2) int64 array
        Corners (x, y) of pixels, pixel 0 reaching from 0 to 1, of each outline once; by the
        even-odd rule they enclose just the pixels of the mask.

    Examples
    --------
    >>> outlines(np.ones((1, 3), bool))[0].tolist()
    [[0, 1], [0, 0], [3, 0], [3, 1]]
    """
    padded = np.pad(mask, 1).astype(np.uint8)
    return [_corners(each) for each in find_contours(padded, 0.5, fully_connected="low")]


def _corners(contour: npt.NDArray[np.float64]) -> Ring:
    """Of a contour through the middles of pixel edges, the corners that lie between them."""
    # each step crosses one square between four pixels, whose middle is a corner of all of them
    corners = np.floor((contour[1:] + contour[:-1]) / 2).astype(np.int64)
    before, after = corners - np.roll(corners, 1, axis=0), np.roll(corners, -1, axis=0) - corners
    turns: Ring = corners[(before != after).any(axis=1)]
    return turns[:, ::-1]
