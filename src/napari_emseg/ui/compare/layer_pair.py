"""A layer with a prediction and one with its truth, laid over one another."""

from __future__ import annotations

from functools import cached_property
from typing import TYPE_CHECKING, Any

import numpy as np
import numpy.typing as npt
from napari.layers import Labels

from napari_emseg.core.scores.probability import prediction_meaning
from napari_emseg.core.scores.stack_overlap import StackOverlap
from napari_emseg.errors import ShapeError
from napari_emseg.ui.viewer.layers import read_slice, stack_shape

if TYPE_CHECKING:
    from napari.layers import Image

    from napari_emseg.core.scores.truth import TrueSlice
    from napari_emseg.types import LabelsMeaning

_WHOLE = 0.01
"""How far a shift may be from a whole number of pixels."""


class LayerPair:
    """What two layers have in common; slices are numbered as in the prediction.

    Parameters
    ----------
    prediction, truth : Image or Labels
        One may be shifted, by whole pixels (``translate``), or be a part of the other.
    meaning : {"mask", "scribbles", "instances"}
        How to read the truth.

    Raises
    ------
    ShapeError
        Shapes, pixel sizes or directions differ, or nothing is in common.
    """

    def __init__(
        self, prediction: Image | Labels, truth: Image | Labels, meaning: LabelsMeaning
    ) -> None:
        self.prediction, self.truth, self.meaning = prediction, truth, meaning
        self.shape = stack_shape(prediction)
        self._box = StackOverlap.of(self.shape, stack_shape(truth), _offset(prediction, truth))

    @property
    def slices(self) -> range:
        """The slices of the prediction that have a truth, labelled or not."""
        return range(self._box.first[0].start, self._box.first[0].stop)

    @property
    def window(self) -> tuple[slice, slice]:
        """Rows and columns of the prediction that are compared."""
        return self._box.first[1:]

    @cached_property
    def kind(self) -> Any:
        """What the prediction's values mean; bytes are looked through once, so ask in a thread."""
        if isinstance(self.prediction, Labels):
            found = prediction_meaning(_as_3d(self.prediction), is_labels=True)
            # a person may paint on it, and each new label is then a cell
            return found if found.kind == "classes" or found.decides_by_truth else "ids"
        return prediction_meaning(_as_3d(self.prediction))

    @cached_property
    def truth_reading(self) -> Any:
        """How the truth is read; some slices are looked at once, so ask in a thread."""
        from napari_emseg.core.label_meaning import truth_reading

        return truth_reading(_as_3d(self.truth), self.meaning)

    def read(self, z: int) -> tuple[npt.NDArray[Any], TrueSlice]:
        """Prediction (Y, X) and truth of a slice, cut to what they have in common."""
        from napari_emseg.core.scores.truth import (
            TrueSlice,  # in a thread: it takes a while to load
        )

        return self.predicted(z), TrueSlice.read(self.true(z), self.truth_reading)

    def predicted(self, z: int) -> npt.NDArray[Any]:
        """The prediction (Y, X) of a slice, as far as there is a truth."""
        return read_slice(self.prediction, z)[self.window]

    def true(self, z: int) -> npt.NDArray[Any]:
        """The truth's labels (Y, X) of a slice of the prediction."""
        from_first = z - self._box.first[0].start
        return read_slice(self.truth, from_first + self._box.second[0].start)[self._box.second[1:]]

    def pixel(self, z: int, y: float, x: float) -> tuple[int, float, float]:
        """Which pixel of the prediction one of the compared window is."""
        rows, columns = self.window
        return z, y + rows.start, x + columns.start


def _as_3d(layer: Image | Labels) -> Any:
    return layer.data if layer.ndim == 3 else layer.data[np.newaxis]


def _offset(prediction: Image | Labels, truth: Image | Labels) -> tuple[int, int, int]:
    """Where the truth begins in the prediction (Z, Y, X), in px."""
    if prediction.ndim != truth.ndim:
        raise ShapeError(
            f"prediction and truth: expected as many axes, received {prediction.ndim} and "
            f"{truth.ndim}; choose a truth with the slices of the prediction"
        )
    if not _same_axes(prediction, truth):
        raise ShapeError(
            f"prediction and truth: expected equal pixel sizes and directions, received scale "
            f"{tuple(prediction.scale)} and {tuple(truth.scale)}; set scale, rotate and shear alike"
        )
    corner = np.asarray(truth.data_to_world((0,) * truth.ndim))
    exact = np.asarray(prediction.world_to_data(corner))
    whole = np.round(exact)
    if np.abs(exact - whole).max() > _WHOLE:
        raise ShapeError(
            f"prediction and truth: expected a shift by whole pixels, received "
            f"{tuple(np.round(exact, 3).tolist())}; set translate to a multiple of scale"
        )
    z, y, x = (0, 0, 0, *whole.astype(int).tolist())[-3:]
    return z, y, x


def _same_axes(one: Any, other: Any) -> bool:
    """Whether a step along each axis leads equally far in the world."""
    here, there = (
        [np.subtract(each.data_to_world(step), each.data_to_world(0 * step)) for step in steps]
        for each, steps in ((one, np.eye(one.ndim)), (other, np.eye(one.ndim)))
    )
    return bool(np.allclose(here, there, rtol=1e-4))
