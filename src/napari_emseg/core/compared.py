"""What comparing a slice gives; what a window shows of `core.comparison`."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from napari_emseg.core._scores import SliceScores
from napari_emseg.core.mistake import Mistake


@dataclass(frozen=True, eq=False)
class ComparedSlice:
    """What comparing a slice gives.

    Parameters
    ----------
    z : int
        Which slice.
    scores : SliceScores
        At the threshold that was asked for.
    mistakes : tuple of Mistake
        Worst first, at that threshold.
    error_map : (Y, X) uint8 array
        See `core.mistakes`.
    sweep : tuple of SliceScores
        At every threshold of a sweep; empty where none was asked for.
    """

    z: int
    scores: SliceScores
    mistakes: tuple[Mistake, ...]
    error_map: npt.NDArray[np.uint8]
    sweep: tuple[SliceScores, ...] = ()
