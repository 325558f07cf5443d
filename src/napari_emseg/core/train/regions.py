"""Regions that a person has reviewed, as polygons on slices."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Protocol

import numpy as np
import numpy.typing as npt
from skimage.draw import polygon2mask

_ELLIPSE_POINTS = 64


class CountedArea(Protocol):
    """Where in a stack labels count."""

    def covers(self, z: int) -> bool:
        """Whether any pixel of slice ``z`` does."""

    def mask(self, z: int, shape: tuple[int, int]) -> npt.NDArray[np.bool_]:
        """Which pixels of slice ``z``, of ``shape`` (Y, X), do."""


@dataclass(frozen=True, eq=False)
class Regions:
    """Areas of a stack (Z, Y, X).

    Parameters
    ----------
    polygons : sequence of (int or None, (N, 2) float array)
        Slice, or None for all slices, and corners (Y, X) in px.
    """

    polygons: Sequence[tuple[int | None, npt.NDArray[np.float64]]]

    def covers(self, z: int) -> bool:
        """Whether there is a region on slice ``z``."""
        return any(on in (None, z) for on, _ in self.polygons)

    def mask(self, z: int, shape: tuple[int, int]) -> npt.NDArray[np.bool_]:
        """Pixels of slice ``z``, of ``shape`` (Y, X), that lie in a region."""
        inside = np.zeros(shape, bool)
        for on, corners in self.polygons:
            if on in (None, z):
                inside |= polygon2mask(shape, corners)
        return inside


def ellipse_outline(corners: npt.NDArray[np.float64]) -> npt.NDArray[np.float64]:
    """Points of the ellipse that touches the sides of a rectangle, of any angle.

    Parameters
    ----------
    corners : (4, D) float array
        Of the rectangle, in order.
    """
    center, a, b = (
        corners.mean(axis=0), (corners[1] - corners[0]) / 2, (corners[2] - corners[1]) / 2
    )  # fmt: skip
    angle = np.linspace(0, 2 * np.pi, _ELLIPSE_POINTS, endpoint=False)[:, np.newaxis]
    outline: npt.NDArray[np.float64] = center + a * np.cos(angle) + b * np.sin(angle)
    return outline
