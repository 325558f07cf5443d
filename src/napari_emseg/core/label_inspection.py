"""What an image that was given for labels looks like: shares, sizes and shapes.

The number of different values says little: a mask that went through JPEG has fifty, a picture has
two hundred, and so have cells. What tells them apart is how values lie beside one another.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import cv2
import numpy as np
import numpy.typing as npt

_END_SHARE = 0.15
"""How near to an end of the range a value counts as that end, as a share of the range."""

_FAR_PX = 25
"""Zeros so far from every label are no membrane: no membrane is 50 px wide.

Of a slice of ISBI, VNC and EPFL 0, 0.3 and 0 % lie so far from cells; of SNEMI3D, where not all
tissue is labelled, 0.8 %.
"""

_RIM_PX = 6
"""Zeros of an unlabelled area that may be the membranes of the cells beside it."""

_PIECE_PX = 50
"""Area of the smallest piece that is counted."""

_PIECES = 5
"""So many pieces a slice has at least in which cells lie beside one another."""

_FEW = 8
"""Different values up to which a person may have painted them with a brush."""

_SOLID = 0.6
"""Labels have more solid pixels: on ISBI, VNC, EPFL and SNEMI3D 0.94, and at most 0.05 of their
pictures, probabilities and blurred masks are solid."""

_AT_ENDS = 0.16
"""Blurred masks and probabilities have more at their ends: 0.24 on those sources, pictures 0.08."""

_SMALLEST_PX = 48
"""A slice with a shorter edge shows no shapes."""


@dataclass(frozen=True)
class Appearance:
    """What labels look like in some slices; shares are of pixels, 0..1.

    Parameters
    ----------
    values : tuple of float
        Different values, ascending: all, or the first of them where there are more than 64.
    low, high : float
        The least and the greatest value.
    solid : float
        Of the pixels that are neither 0 nor at an end of the range, the share that has the value
        of the pixels beside and below: nearly 1 in labels, nearly 0 in a picture; 1 where there
        are none.
    at_ends : float
        Of the pixels that are not the least or greatest value, the share that is near to them; 1
        where there are none.
    painted : float
        Share that is not 0.
    upper : float
        Share that is above the middle of the range: cell, in a mask.
    pieces_lower, pieces_upper : float
        Pieces of 50 px or more that either side has in a slice.
    touching : float
        Share of the borders of labels at which another label lies, and no 0 between.
    unlabelled : float
        Share of areas of 0 that are too wide for membranes; see `unlabelled_area`.
    shows_shapes : bool
        Whether the slices are large enough to tell anything from shapes.
    """

    values: tuple[float, ...]
    low: float
    high: float
    solid: float
    at_ends: float
    painted: float
    upper: float
    pieces_lower: float
    pieces_upper: float
    touching: float
    unlabelled: float
    shows_shapes: bool

    @property
    def middle(self) -> float:
        """The middle of the range."""
        return (self.low + self.high) / 2

    @property
    def is_picture(self) -> bool:
        """Whether neighbours differ as grey values do, and few values lie at the ends."""
        return len(self.values) > _FEW and self._is_mottled and self.at_ends < _AT_ENDS

    @property
    def is_blurred_mask(self) -> bool:
        """Whether it is a mask that JPEG or interpolation changed, or a probability."""
        return len(self.values) > 2 and self._is_mottled and self.at_ends >= _AT_ENDS

    @property
    def has_void(self) -> bool:
        """Whether a mask has a third value, as for pixels that do not count.

        It is half way between the two; or anywhere, where the greatest value lies in many pieces.
        """
        if len(self.values) != 3 or self.low != 0 or self.high not in (1, 255, 65535):
            return False
        many = self.shows_shapes and self.pieces_upper >= _PIECES
        return many or abs(self.values[1] / self.high - 0.5) < 0.02

    @property
    def has_cells(self) -> bool:
        """Whether one of the sides lies in many pieces, as cells do."""
        pieces = max(self.pieces_lower, self.pieces_upper)
        return self.shows_shapes and pieces >= _PIECES

    @property
    def seems_swapped(self) -> bool:
        """Whether the lower side lies in many pieces and the upper one is a net around them."""
        net = self.pieces_lower > 3 * max(1.0, self.pieces_upper)
        return self.has_cells and net and self.upper < 0.5

    @property
    def _is_mottled(self) -> bool:
        return self.shows_shapes and self.solid < _SOLID


def appearance_of(slices: Sequence[npt.NDArray[Any]]) -> Appearance:
    """Look at some slices.

    Parameters
    ----------
    slices : sequence of (Y, X) arrays
        Of any real dtype, at least one; those of labels that were painted.

    Returns
    -------
    Appearance
        Values of all of them together; the shares are means over the slices.
    """
    values = np.unique(np.concatenate([np.unique(each)[:65] for each in slices]))[:65]
    ends = min(float(each.min()) for each in slices), max(float(each.max()) for each in slices)
    found = [_of_slice(np.asarray(each), *ends) for each in slices]
    # of all slices together, since a share of few pixels says little
    sums = {name: np.sum([each[name] for each in found], axis=0) for name in found[0]}
    shares = {name: float(part / whole) if whole else 1.0 for name, (part, whole) in sums.items()}
    return Appearance(
        values=tuple(values.astype(float).tolist()),
        low=ends[0],
        high=ends[1],
        shows_shapes=min(slices[0].shape) >= _SMALLEST_PX,
        **shares,
    )


def _of_slice(image: npt.NDArray[Any], low: float, high: float) -> dict[str, tuple[float, float]]:
    """What is found in a slice, and of how much."""
    image = _numbers(image)
    upper = image > (low + high) / 2
    between = (image != low) & (image != high)
    near = _END_SHARE * (high - low)
    at_ends = (image <= low + near) | (image >= high - near)
    return {
        "solid": _part(_like_neighbours(image), (between & (image != 0))[:-1, :-1]),
        "at_ends": _part(at_ends, between),
        "painted": (int((image != 0).sum()), image.size),
        "upper": (int(upper.sum()), image.size),
        "pieces_lower": (pieces(~upper), 1),
        "pieces_upper": (pieces(upper), 1),
        "touching": _touching(image),
        "unlabelled": (int(unlabelled_area(image != 0).sum()), image.size),
    }


def unlabelled_area(painted: npt.NDArray[np.bool_]) -> npt.NDArray[np.bool_]:
    """Areas that nobody labelled: too wide for membranes, which are left around them.

    Parameters
    ----------
    painted : (Y, X) bool array
        Where the labels are not 0.

    Returns
    -------
    (Y, X) bool array
        All of a slice in which nothing is painted.
    """
    far = _away(painted) > _FAR_PX
    if not far.any():
        return far
    unlabelled: npt.NDArray[np.bool_] = (_away(far) <= _FAR_PX - _RIM_PX) & ~painted
    return unlabelled


def _away(mask: npt.NDArray[np.bool_]) -> npt.NDArray[np.float32]:
    """How far each pixel lies from a mask (Y, X), in px."""
    if not mask.any():
        return np.full(mask.shape, np.inf, np.float32)
    away: npt.NDArray[np.float32] = cv2.distanceTransform((~mask).astype(np.uint8), cv2.DIST_L2, 5)
    return away


def _numbers(image: npt.NDArray[Any]) -> npt.NDArray[Any]:
    return image.astype(np.uint8) if image.dtype == np.bool_ else image


def _part(which: npt.NDArray[np.bool_], among: npt.NDArray[np.bool_]) -> tuple[int, int]:
    return int((which & among).sum()), int(among.sum())


def _like_neighbours(image: npt.NDArray[Any]) -> npt.NDArray[np.bool_]:
    """Whether the pixels beside and below have the same value: one row and column less."""
    here = image[:-1, :-1]
    like: npt.NDArray[np.bool_] = (here == image[1:, :-1]) & (here == image[:-1, 1:])
    return like


def pieces(side: npt.NDArray[np.bool_]) -> float:
    """How many 4-connected pieces of 50 px or more a mask (Y, X) has."""
    _, _, about, _ = cv2.connectedComponentsWithStats(side.astype(np.uint8), connectivity=4)
    return float((about[1:, cv2.CC_STAT_AREA] >= _PIECE_PX).sum())


def _touching(image: npt.NDArray[Any]) -> tuple[int, int]:
    borders = touch = 0
    for one, other in ((image[1:], image[:-1]), (image[:, 1:], image[:, :-1])):
        differ = one != other
        borders += int(differ.sum())
        touch += int((differ & (one != 0) & (other != 0)).sum())
    # a border with a membrane between is crossed twice
    return 2 * touch, max(1, borders + touch)
