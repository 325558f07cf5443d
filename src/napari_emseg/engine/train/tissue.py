"""Where in a slice labels count: on tissue."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
import numpy.typing as npt

from napari_emseg.types import Stack

BoolImage = npt.NDArray[np.bool_]


class TissueThatCounts:
    """Gives the pixels (Y, X) of a slice whose labels count, bool; see `core.known_area`.

    Parameters
    ----------
    images : Stack
        Grey values (Z, Y, X).
    reviewed : callable, optional
        ``reviewed(z)`` gives the pixels that count besides; all do by default.

    Attributes
    ----------
    with_blank : set of int
        Slices, of those asked for, that are not tissue everywhere.
    """

    def __init__(self, images: Stack, reviewed: Callable[[int], BoolImage] | None = None) -> None:
        self._images, self._reviewed = images, reviewed
        self.with_blank: set[int] = set()

    def __call__(self, z: int) -> BoolImage:
        """Those of slice ``z``."""
        from napari_emseg.core.known_area import known_area  # OpenCV: when a slice is read

        known = known_area(self._images.slice(z))
        counts = np.ones(self._images.shape[1:], np.bool_) if known is None else known
        if known is not None:
            self.with_blank.add(z)
        return counts if self._reviewed is None else counts & self._reviewed(z)
