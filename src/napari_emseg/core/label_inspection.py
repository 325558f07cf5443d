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

_THIN_PX = 9
"""Edge of the square that does not fit into membranes."""

_FAR_PX = 20
"""Zeros so far from every label are no membrane: no membrane is 40 px wide."""


@dataclass(frozen=True)
class Appearance:
    """What labels look like in some slices; shares are of pixels, 0..1.

    Parameters
    ----------
    values : tuple of float
        Different values, ascending: all, or the first of them where there are more than 64.
    is_whole, is_negative : bool
        Whether all values are whole numbers; whether some are below 0.
    even : float
        Share of neighbouring pixels that have the same value: nearly 1 in labels, small in a
        picture.
    at_ends : float
        Share of pixels near the lowest or highest value.
    painted : float
        Share that is not 0.
    upper : float
        Share that is above the middle of the range: cell, in a mask.
    thick_lower, thick_upper : float
        Part of either side into which a square of 9 px fits: little of membranes.
    touching : float
        Share of the borders of labels at which another label lies, and no 0 between.
    far_zero : float
        Share that is 0 and 20 px or more from any label.
    """

    values: tuple[float, ...]
    is_whole: bool
    is_negative: bool
    even: float
    at_ends: float
    painted: float
    upper: float
    thick_lower: float
    thick_upper: float
    touching: float
    far_zero: float

    @property
    def is_picture(self) -> bool:
        """Whether neighbours differ as grey values do."""
        return len(self.values) > 3 and self.even < 0.5 and self.at_ends < 0.9

    @property
    def is_blurred_mask(self) -> bool:
        """Whether nearly all lies at two ends, as in a mask that JPEG or interpolation changed."""
        return len(self.values) > 3 and self.at_ends > 0.9 and not self._seems_ids

    @property
    def has_void(self) -> bool:
        """Whether there is one value in the middle of two, as for pixels that do not count."""
        if len(self.values) != 3:
            return False
        low, middle, high = self.values
        return high - low > 3 and 0.25 < (middle - low) / (high - low) < 0.75

    @property
    def seems_swapped(self) -> bool:
        """Whether the upper side is thin as membranes are, and the lower side is not."""
        return self.upper < 0.45 and self.thick_upper < 0.7 and self.thick_lower > 0.9

    @property
    def _seems_ids(self) -> bool:
        return self.is_whole and self.even > 0.9 and len(self.values) > 8 and self.at_ends < 0.97


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
    shares = {name: float(np.mean([each[name] for each in found])) for name in found[0]}
    return Appearance(
        values=tuple(values.astype(float).tolist()),
        is_whole=all(bool((each == np.round(each)).all()) for each in map(_numbers, slices)),
        is_negative=ends[0] < 0,
        **shares,
    )


def _of_slice(image: npt.NDArray[Any], low: float, high: float) -> dict[str, float]:
    image = _numbers(image)
    upper = image > (low + high) / 2
    near = _END_SHARE * (high - low)
    painted = image != 0
    return {
        "even": _mean(_pairs(image, lambda a, b: a == b)),
        "at_ends": float(((image <= low + near) | (image >= high - near)).mean()),
        "painted": float(painted.mean()),
        "upper": float(upper.mean()),
        "thick_lower": _thick(~upper),
        "thick_upper": _thick(upper),
        "touching": _touching(image),
        "far_zero": _far(painted),
    }


def _numbers(image: npt.NDArray[Any]) -> npt.NDArray[Any]:
    return image.astype(np.uint8) if image.dtype == np.bool_ else np.asarray(image)


def _pairs(image: npt.NDArray[Any], compare: Any) -> list[npt.NDArray[np.bool_]]:
    """Of neighbours below and beside one another."""
    return [compare(image[1:], image[:-1]), compare(image[:, 1:], image[:, :-1])]


def _mean(pairs: list[npt.NDArray[np.bool_]]) -> float:
    count = sum(each.size for each in pairs)
    return sum(int(each.sum()) for each in pairs) / count if count else 1.0


def _thick(side: npt.NDArray[np.bool_]) -> float:
    """The part of one side that is left where what is thin is taken away."""
    square = np.ones((_THIN_PX, _THIN_PX), np.uint8)
    opened = cv2.morphologyEx(side.astype(np.uint8), cv2.MORPH_OPEN, square)
    return float(opened.sum() / side.sum()) if side.any() else 0.0


def _touching(image: npt.NDArray[Any]) -> float:
    differ = _pairs(image, lambda a, b: a != b)
    touch = _pairs(image, lambda a, b: (a != b) & (a != 0) & (b != 0))
    borders = sum(int(each.sum()) for each in differ)
    # a border with a membrane between is crossed twice
    return sum(int(each.sum()) for each in touch) / borders if borders else 0.0


def _far(painted: npt.NDArray[np.bool_]) -> float:
    if not painted.any():
        return 1.0
    away = cv2.distanceTransform((~painted).astype(np.uint8), cv2.DIST_L2, 3)
    return float((away > _FAR_PX).mean())
