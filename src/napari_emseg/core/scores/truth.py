"""A slice of a truth: which pixels are known, and which cells they belong to."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt

from napari_emseg.core.label_images import BoolImage, LabelImage, cell_components
from napari_emseg.core.label_meaning import TRUTH_MEANING
from napari_emseg.core.label_reading import LabelReading, is_labelled
from napari_emseg.errors import LabelsError
from napari_emseg.types import LabelsMeaning


@dataclass(frozen=True, eq=False)
class TrueSlice:
    """What is known of one slice.

    Parameters
    ----------
    cells : (Y, X) int32 array
        4-connected cells 1, 2, ...; 0 where membrane or unknown.
    known : (Y, X) bool array, optional
        Pixels that count; all of them where it is None.
    """

    cells: LabelImage
    known: BoolImage | None = None

    @classmethod
    def read(
        cls, labels: npt.NDArray[Any], meaning: LabelsMeaning | LabelReading = TRUTH_MEANING
    ) -> TrueSlice:
        """Read labels (Y, X) of any integer or bool dtype; floats are a mask.

        Parameters
        ----------
        labels : (Y, X) array
            A slice of a truth.
        meaning : {"mask", "membranes", "scribbles", "instances"} or LabelReading
            Nonzero is cell; or membrane; 0 unknown, 1 membrane, 2.. cell; or every cell its own
            id, also where two of them touch.

        Raises
        ------
        LabelsError
            Scribbles with values below 0 or of no integer dtype, or no numbers at all.
        """
        if labels.dtype.kind not in "biuf":
            raise LabelsError(f"truth: expected integers, received an array of {labels.dtype}")
        reading = LabelReading.of(meaning)
        if reading.meaning == "scribbles":
            _require_scribbles(labels, reading)
        if not is_labelled(labels) and reading.membrane:
            return cls(cell_components(np.zeros(labels.shape, bool)))
        ids = reading.meaning == "instances"
        known = reading.known(labels)
        return cls(
            cell_components(reading.ids(labels) if ids else reading.cells(labels)),
            None if known.all() and reading.meaning != "scribbles" else known,
        )

    @property
    def is_labelled(self) -> bool:
        """Whether anything is known: a slice of zeros is one that nobody has labelled."""
        return bool(self.cells.any() if self.known is None else self.known.any())

    def within(self, known: BoolImage) -> TrueSlice:
        """The same, with all pixels outside of ``known`` unknown."""
        known = known if self.known is None else known & self.known
        return TrueSlice(cell_components(np.where(known, self.cells, 0)), known)

    def hide_unknown(self, mask: BoolImage) -> BoolImage:
        """A mask (Y, X) without what is unknown, so that nothing is joined through it."""
        return mask if self.known is None else mask & self.known


def _require_scribbles(labels: npt.NDArray[Any], reading: LabelReading) -> None:
    if labels.dtype.kind == "f" or (labels.size and int(reading.ids(labels).min()) < 0):
        raise LabelsError(
            "truth: scribbles are integers, 0 unknown, 1 membrane, 2 and more cell; received "
            f"{labels.dtype} from {labels.min():g}; choose the meaning mask or instances"
        )
