"""What is made of a network's channels, one slice after another."""

from __future__ import annotations

from typing import Any

import numpy as np
import numpy.typing as npt

from napari_emseg.core.classes import cell_probability, class_within_cells, to_class_map
from napari_emseg.core.config.prediction import MaskConfig
from napari_emseg.core.segment.plausibility import is_of_nothing
from napari_emseg.core.segment.postprocess import CellIds, CellLinker, to_mask
from napari_emseg.types import Float32Array, What

DTYPES: dict[What, npt.DTypeLike] = {
    "probability": np.float32,
    "mask": np.uint8,
    "cells": np.uint32,
    "classes": np.uint8,
}
"""Of what dtype each is. Cells are uint32 always: how many there are shows with the last slice."""


class Segmenter:
    """Makes one of probability, mask, cells and classes of slices that come in order.

    Parameters
    ----------
    what : {"probability", "mask", "cells", "classes"}
        Probability of cell, 0..1; 255 where cell and 0 where membrane; ids linked through the
        slices; or numbers as in scribbles, 1 membrane, 2 cell, 3.. further classes.
    rules : MaskConfig
        How mask and cells are made.
    """

    def __init__(self, what: What, rules: MaskConfig) -> None:
        self._what, self._rules = what, rules
        self._linker = CellLinker(rules)

    def go_on(self, z: int, pixels: npt.NDArray[Any], *, last_id: int) -> None:
        """Begin after slice ``z``, of which ``pixels`` (Y, X) were made; ``last_id`` is taken."""
        if self._what == "cells":
            ids: CellIds = pixels.astype(np.uint32, copy=False)
            self._linker = CellLinker(self._rules, z, ids, last_id=last_id)

    def __call__(self, z: int, channels: Float32Array) -> npt.NDArray[Any]:
        """Slice ``z``, (Y, X) of the dtype in `DTYPES`, from its channels (Y, X, K)."""
        probability: Float32Array = cell_probability(channels)
        if self._what == "probability":
            return probability
        if self._what == "cells":
            return self._linker.cells(z, probability, missing=is_of_nothing(probability))
        mask = to_mask(probability, self._rules)
        if self._what == "mask":
            return mask * np.uint8(255)
        return to_class_map(mask, class_within_cells(channels))
