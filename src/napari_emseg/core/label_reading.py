"""How the pixels of labels are read: which are known, which are cell, which class they have."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt

from napari_emseg.types import LabelsMeaning

BoolImage = npt.NDArray[np.bool_]

_MEMBRANE = 1
"""What membrane is painted with in scribbles; cells and parts of them come above."""


@dataclass(frozen=True)
class LabelReading:
    """What labels mean, and what else must be known to read them.

    Parameters
    ----------
    meaning : {"mask", "membranes", "scribbles", "instances"}
        See `core.label_meaning.MEANINGS`.
    cut : float, optional
        In masks and membranes: what is above it is painted; what is not 0 where it is None.
    unknown : tuple of int
        Values of pixels of which nothing is known.
    far_unknown : bool
        In instances: whether nothing is known where 0 lies far from every id.
    background : int, optional
        In instances: the id that the membranes have, where these have one.
    membrane : {1, 0}
        In scribbles: what membrane is. Where it is 0 nothing is unknown, and classes count from
        there.
    """

    meaning: LabelsMeaning
    cut: float | None = None
    unknown: tuple[int, ...] = ()
    far_unknown: bool = False
    background: int | None = None
    membrane: int = _MEMBRANE

    @classmethod
    def of(cls, meaning: LabelsMeaning | LabelReading) -> LabelReading:
        """A meaning alone, read plainly; or the reading itself."""
        return meaning if isinstance(meaning, LabelReading) else cls(meaning)

    def known(self, labels: npt.NDArray[Any]) -> BoolImage:
        """Where labels (Y, X) say anything."""
        if self.meaning == "scribbles" and self.membrane:
            known: BoolImage = labels != 0
        else:
            known = np.ones(labels.shape, bool)
        if self.far_unknown:
            known &= ~_far_zeros(self.ids(labels))
        return known & ~self._void(labels) if self.unknown else known

    def cells(self, labels: npt.NDArray[Any]) -> BoolImage:
        """Where labels (Y, X) say cell, or a part of one."""
        if self.meaning == "scribbles":
            cells: BoolImage = labels > self.membrane
        elif self.meaning == "instances":
            cells = self.ids(labels) != 0
        elif self.cut is None:
            cells = labels != 0
        else:
            cells = labels > self.cut
        cells = ~cells if self.meaning == "membranes" else cells
        return cells & ~self._void(labels) if self.unknown else cells

    def classes(self, labels: npt.NDArray[Any]) -> npt.NDArray[np.uint8]:
        """0 where membrane (or unknown), 1 where cell, 2.. where a further class: (Y, X)."""
        cells = self.cells(labels)
        if self.meaning != "scribbles":
            return cells.astype(np.uint8)
        return np.where(cells, labels - self.membrane, 0).astype(np.uint8)

    def ids(self, labels: npt.NDArray[Any]) -> npt.NDArray[Any]:
        """Ids of instances (Y, X), 0 where membrane or unknown."""
        ids = np.where(self._void(labels), 0, labels) if self.unknown else labels
        return ids if self.background is None else np.where(ids == self.background, 0, ids)

    def _void(self, labels: npt.NDArray[Any]) -> BoolImage:
        void: BoolImage = np.logical_or.reduce([labels == value for value in self.unknown])
        return void


def is_labelled(labels: npt.NDArray[Any]) -> bool:
    """Whether a slice (Y, X) says anything: neither 0 everywhere nor -1, as some tools fill it."""
    if labels.dtype.kind == "i" and bool((labels == -1).all()):
        return False
    return bool(labels.any())


def _far_zeros(ids: npt.NDArray[Any]) -> BoolImage:
    from napari_emseg.core.label_inspection import unlabelled_area  # it loads OpenCV

    return unlabelled_area(ids != 0)
