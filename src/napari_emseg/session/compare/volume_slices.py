"""The slices of two layers that take part in the scores of a volume, and whether any can."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

import numpy.typing as npt

from napari_emseg.core.scores.probability import PredictionReading
from napari_emseg.errors import EmsegError
from napari_emseg.report.provenance import PixelHash
from napari_emseg.session.compare.layer_pair import LayerPair

_WAY_OUT = "choose cells, as the dock Segment makes them"


class VolumeSlices:
    """The compared parts of a pair as two stacks of ids, which know what was read of them.

    Parameters
    ----------
    pair : LayerPair
        Of which all slices take part that are not known to be without a prediction.

    Attributes
    ----------
    numbers : list of int
        What the slices are called in the prediction.
    predicted, truth : stack
        (Z, Y, X), read slice by slice; see `types.ArrayLike`.
    """

    def __init__(self, pair: LayerPair) -> None:
        left_out = set(pair.not_predicted)
        self.pair = pair
        self.numbers = [z for z in pair.slices if z not in left_out]
        rows, columns = pair.window
        shape = (len(self.numbers), rows.stop - rows.start, columns.stop - columns.start)
        self.predicted = _Stack(self.numbers, shape, pair.prediction.dtype, pair.predicted, pair)
        self.truth = _Stack(self.numbers, shape, pair.truth.dtype, pair.true, pair)

    @property
    def why_too_few(self) -> str:
        """Why there is no volume, as far as no pixel need be read; else empty."""
        if len(self.numbers) < 2:
            return (
                f"Volume: expected cells through two slices or more, received "
                f"{len(self.numbers)}; the page Scores has the scores of single slices."
            )
        if self.pair.meaning != "instances":
            return (
                f"Volume: expected a truth of cells with ids (Truth means: instances), received "
                f"{self.pair.meaning}; the page Scores has the scores of its slices."
            )
        return ""

    def why_no_cells(self) -> str:
        """Why the layers hold no cells through a volume; else empty. Some slices are read."""
        from napari_emseg.core.cell_ids import keeps_ids, require_ids  # they load OpenCV

        reading, names = PredictionReading.of(self.pair.kind), self._names
        if reading.kind != "ids":
            return (
                f"Volume: expected cells through the slices, received {names[0]}, which is taken "
                f"for {reading.words}; {_WAY_OUT}."
            )
        try:
            for name, stack in zip(names, (self.predicted, self.truth), strict=True):
                require_ids(stack, f"Volume: {name}", way_out=_WAY_OUT)
        except EmsegError as error:
            return f"{error}."
        if not keeps_ids(self.truth):
            return (
                f"Volume: expected a truth whose cells keep their ids through the slices, "
                f"received {names[1]}, which has other values at the same place in the next "
                "slice; the page Scores has the scores of its slices."
            )
        return ""

    def changed(self) -> list[int]:
        """Slices whose pixels are others than those that were read; some are read anew."""
        both = (self.predicted, self.truth)
        return [z for z in self.numbers if any(stack.is_other(z) for stack in both)]

    @property
    def _names(self) -> tuple[str, str]:
        return self.pair.prediction.name, self.pair.truth.name


class _Stack:
    """What reads slices, as far as scores ask for it, and knows what was read first."""

    def __init__(
        self,
        numbers: Sequence[int],
        shape: tuple[int, int, int],
        dtype: Any,
        read: Callable[[int], npt.NDArray[Any]],
        pair: LayerPair,
    ) -> None:
        self.shape, self.dtype = shape, dtype
        self._numbers, self._read, self._pair = numbers, read, pair
        self._known: dict[int, tuple[int, str]] = {}

    def __getitem__(self, place: int) -> npt.NDArray[Any]:
        z = self._numbers[place]
        version = self._pair.version(z)  # first: what is painted meanwhile makes it an old one
        pixels = self._read(z)
        if z not in self._known:
            self._known[z] = version, PixelHash.of([pixels])
        return pixels

    def is_other(self, z: int) -> bool:
        """Whether the pixels of a slice are others than when they were read."""
        version = self._pair.version(z)
        if z not in self._known or version == self._known[z][0]:
            return False
        pixels = self._known[z][1]
        if PixelHash.of([self._read(z)]) != pixels:
            return True
        self._known[z] = version, pixels  # most of what raises a version changes none of them
        return False
