"""What is made of a network's channels, slice by slice."""

from __future__ import annotations

from typing import Any

import numpy as np
import numpy.typing as npt

from napari_emseg.core.classes import cell_probability, class_within_cells, to_class_map
from napari_emseg.core.config.prediction import MaskConfig
from napari_emseg.core.label_images import CellIds
from napari_emseg.core.segment.cell_count import CellCount
from napari_emseg.core.segment.cell_lives import ShortCellFilter
from napari_emseg.core.segment.plausibility import is_of_nothing
from napari_emseg.core.segment.postprocess import CellLinker, to_mask
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
        self._linker, self._filter = CellLinker(rules), ShortCellFilter(rules.least_slices)

    def go_on(self, z: int, pixels: npt.NDArray[Any], *, last_id: int) -> None:
        """Begin after slice ``z``, of which ``pixels`` (Y, X) were made; ``last_id`` is taken.

        Where cells live in several slices at least, `slices_again` before it were made anew.
        """
        if self._what != "cells":
            return
        ids: CellIds = pixels.astype(np.uint32, copy=False)
        if not self.slices_again:
            self._linker = CellLinker(self._rules, z, ids, last_id=last_id)
            self._filter.put(ids)
        self._filter.go_on(ids, last_number=last_id)

    @property
    def slices_again(self) -> int:
        """How many finished slices to make anew before `go_on`, missing sections aside."""
        return self._rules.least_slices - 1 if self._what == "cells" else 0

    @property
    def count(self) -> CellCount | None:
        """How many cells were made, where it makes cells."""
        return self._filter.count() if self._what == "cells" else None

    def __call__(self, z: int, channels: Float32Array) -> list[npt.NDArray[Any]]:
        """The next slices (Y, X), of the dtype in `DTYPES`, with slice ``z`` (Y, X, K).

        There is one, save for cells that must live in several slices: these come later.
        """
        probability: Float32Array = cell_probability(channels)
        if self._what == "probability":
            return [probability]
        if self._what == "cells":
            missing = is_of_nothing(probability)
            ids = self._linker.cells(z, probability, missing=missing)
            return [*self._filter.put(ids, missing=missing)]
        mask = to_mask(probability, self._rules)
        if self._what == "mask":
            return [mask * np.uint8(255)]
        return [to_class_map(mask, class_within_cells(channels))]

    def end(self) -> list[npt.NDArray[Any]]:
        """The slices that are left, when the last one has come."""
        return [*self._filter.end()]
