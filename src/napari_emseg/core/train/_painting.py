"""Labels as a person painted them, read slice by slice at the pixels of a network."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any, NamedTuple, TypeAlias

import numpy as np
import numpy.typing as npt
from scipy import ndimage

from napari_emseg.core.config.training import TrainConfig
from napari_emseg.core.label_images import cell_borders
from napari_emseg.core.label_reading import LabelReading, is_labelled
from napari_emseg.core.segment.resampling import AS_IT_IS, Resampling
from napari_emseg.core.train.border_weights import border_weights
from napari_emseg.errors import LabelsError
from napari_emseg.types import ArrayLike, Float32Array

_LISTED = 10
"""Slices that an error message lists."""


Reviewed: TypeAlias = Callable[[int], npt.NDArray[np.bool_]]
"""Gives the pixels (Y, X) of a slice whose labels count."""


class Painted(NamedTuple):
    """Class map and known pixels of a slice (Y, X)."""

    classes: npt.NDArray[np.uint8]
    known: npt.NDArray[np.bool_]


class Painting:
    """Labels, read slice by slice as `make_target` is told to, at the pixels of a network."""

    def __init__(
        self,
        labels: ArrayLike,
        reading: LabelReading,
        names: tuple[str, ...],
        reviewed: Reviewed | None,
        resampling: Resampling = AS_IT_IS,
        border_px: float = 2.0,
    ) -> None:
        if len(names) > 2 and reading.meaning != "scribbles":
            raise LabelsError(
                f"labels: expected scribbles for {len(names)} classes, received {reading.meaning}, "
                "which holds membrane and cell only; choose the meaning scribbles, or 2 classes"
            )
        z, y, x = labels.shape
        self.shape = int(z), int(y), int(x)
        self._labels, self._reading = labels, reading
        self._names, self._reviewed, self._resampling = names, reviewed, resampling
        self._border_px = border_px

    def at(self, resampling: Resampling) -> Painting:
        """The same labels at other pixels."""
        return Painting(
            self._labels, self._reading, self._names, self._reviewed, resampling, self._border_px
        )

    def count(self, wanted: Sequence[int] | None) -> dict[int, npt.NDArray[np.int64]]:
        """Known pixels of each class, by slice: the wanted ones, or all that are labelled."""
        chosen = range(self.shape[0]) if wanted is None else sorted(set(wanted))
        counted = {
            z: np.bincount(each.classes[each.known], minlength=len(self._names))
            for z in chosen if (each := self.read(z)).known.any()
        }  # fmt: skip
        if counted and (wanted is None or len(counted) == len(chosen)):
            return counted
        raise self._missing(chosen if wanted is not None else None)

    def read(self, z: int) -> Painted:
        """One slice; nothing is known of one that is not labelled."""
        labels = self._slice(z)
        if not is_labelled(labels):
            return Painted(np.zeros(labels.shape, np.uint8), np.zeros(labels.shape, np.bool_))
        if self._reading.meaning == "scribbles":
            _require_scribbles(z, labels, self._reading, self._names)
        known = self._reading.known(labels)
        if self._reviewed is not None:
            known &= self._resampling.nearest(self._reviewed(z))
        return Painted(self._classes(labels), known)

    def _classes(self, labels: npt.NDArray[Any]) -> npt.NDArray[np.uint8]:
        classes = self._reading.classes(labels)
        if self._reading.meaning == "instances":
            classes[cell_borders(self._reading.ids(labels), self._border_px)] = 0
        return classes

    def _slice(self, z: int) -> npt.NDArray[Any]:
        return self._resampling.nearest(np.asarray(self._labels[z]))

    def weights(
        self, z: int, painted: Painted, balance: Float32Array, config: TrainConfig
    ) -> Float32Array:
        """The weight map (Y, X) of a slice under the weights of the classes."""
        ids = self._reading.meaning == "instances"
        cells = self._reading.ids(self._slice(z)) if ids else ndimage.label(painted.classes)[0]
        border = border_weights(cells, config.border_weight, config.border_sigma_px)
        return (balance[painted.classes] + border) * painted.known

    def _missing(self, wanted: Sequence[int] | None) -> LabelsError:
        """What to raise where no slice, or not each wanted one, is labelled."""
        labelled = [z for z in range(self.shape[0]) if self.read(z).known.any()]
        if not labelled:
            return LabelsError(
                "labels: no slice is labelled; paint at least one slice and try again"
            )
        if not wanted:
            return LabelsError("slices: expected at least one, received none")
        unlabelled = sorted(set(wanted) - set(labelled))
        return LabelsError(
            f"slices: expected labelled ones, received {listed(unlabelled)} without labels; paint "
            f"there, or choose among {listed(labelled)}"
        )


def _require_scribbles(
    z: int, labels: npt.NDArray[Any], reading: LabelReading, names: tuple[str, ...]
) -> None:
    painted, count = reading.ids(labels), len(names)
    if painted.min() >= 0 and painted.max() < count + reading.membrane:
        return
    named = ", ".join(f"{k} ({name})" for k, name in enumerate(names, start=1))
    other = "the meaning mask or instances instead, or more" if count == 2 else "more"
    raise LabelsError(
        f"labels: scribbles are 0 (unknown), {named}, received values from {labels.min()} to "
        f"{labels.max()} in slice {z}; choose {other} classes than {count}"
    )


def listed(slices: Sequence[int]) -> str:
    shown = ", ".join(map(str, slices[:_LISTED])) + (", ..." if len(slices) > _LISTED else "")
    return f"slice {shown}" if len(slices) == 1 else f"slices {shown}"
