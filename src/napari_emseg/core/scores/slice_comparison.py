"""What comparing a slice gives; what a window shows of `core.scores.comparison`."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
import numpy.typing as npt

from napari_emseg.core.scores.scores import SliceScores
from napari_emseg.core.scores.segmentation_error import SegmentationError

if TYPE_CHECKING:  # it needs skimage, which a window loads in threads
    from napari_emseg.core.scores.class_scores import ClassTable


@dataclass(frozen=True, eq=False)
class ComparedSlice:
    """What comparing a slice gives.

    Parameters
    ----------
    z : int
        Which slice.
    scores : SliceScores
        At the threshold that was asked for.
    errors : tuple of SegmentationError
        Worst first, at that threshold.
    error_map : (Y, X) uint8 array
        See `core.scores.find_errors`.
    sweep : tuple of SliceScores
        At every threshold of a sweep; empty where none was asked for.
    classes : ClassTable, optional
        Pixels by their classes, where both are maps of more than membrane and cell.
    """

    z: int
    scores: SliceScores
    errors: tuple[SegmentationError, ...]
    error_map: npt.NDArray[np.uint8]
    sweep: tuple[SliceScores, ...] = ()
    classes: ClassTable | None = None
