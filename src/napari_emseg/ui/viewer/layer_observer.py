"""A layer whose pixels are followed: what of them has changed, and how often."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable
from typing import TYPE_CHECKING, Any

import numpy as np
import numpy.typing as npt
from napari.layers import Labels
from psygnal import Signal

from napari_emseg.core.correct.edits import Edits
from napari_emseg.errors import ShapeError
from napari_emseg.io.layer_metadata import metadata_of
from napari_emseg.types import VoxelSize
from napari_emseg.ui.viewer.class_colors import class_names_of
from napari_emseg.ui.viewer.layers import (
    apart,
    current_slice,
    read_slice,
    same_axes,
    stack_shape,
    voxel_size_of,
)

if TYPE_CHECKING:
    from napari.components import ViewerModel
    from napari.layers import Image

    from napari_emseg.types import VoxelSize

_WHOLE = 0.01
"""How far a shift may be from a whole number of pixels."""


class LayerObserver:
    """A napari layer as sessions know it: pixels, their versions, and its place.

    Parameters
    ----------
    viewer : ViewerModel
        Where it is seen.
    layer : Image or Labels
        The layer.

    Attributes
    ----------
    changed : psygnal.Signal
        Emitted when pixels were painted or drawn anew; more often than needed.
    replaced : psygnal.Signal
        Emitted when all pixels, or the place of the layer, are others now.
    """

    changed = Signal()
    replaced = Signal()

    def __init__(self, viewer: ViewerModel, layer: Image | Labels) -> None:
        self._viewer, self.layer = viewer, layer
        self._versions: Counter[int] = Counter()
        self._drawn_slice = self.seen_slice
        listeners = {
            "paint": self._on_paint,
            "labels_update": self._on_update,
            "set_data": self._on_drawn,
            **dict.fromkeys(("data", "translate", "scale"), self._on_replaced),
        }
        self._connected = [
            (getattr(layer.events, name), listener)
            for name, listener in listeners.items()
            if hasattr(layer.events, name)
        ]
        for event, listener in self._connected:
            event.connect(listener)

    def close(self) -> None:
        """Listen to the layer no more."""
        for event, listener in self._connected:
            event.disconnect(listener)
        self._connected = []

    # -- pixels ----------------------------------------------------------------------------

    @property
    def name(self) -> str:
        """What a person calls it."""
        return str(self.layer.name)

    @property
    def shape(self) -> tuple[int, int, int]:
        """Slices, rows and columns; `ShapeError` if it is no stack."""
        return stack_shape(self.layer)

    @property
    def dtype(self) -> Any:
        """Of its pixels."""
        return self.layer.data.dtype

    @property
    def data(self) -> Any:
        """All pixels (Z, Y, X), lazy or not; those of a single slice are loaded."""
        layer = self.layer
        return layer.data if layer.ndim == 3 else np.asarray(layer.data)[np.newaxis]

    @property
    def voxel_size_nm(self) -> VoxelSize | None:
        """Edge lengths (Z, Y, X); None where nobody knows."""
        return voxel_size_of(self.layer)

    @property
    def thickness_assumed(self) -> bool:
        """Whether the first of them is a guess."""
        ours = metadata_of(self.layer)
        return ours is not None and ours.thickness_assumed

    @property
    def holds_ids(self) -> bool:
        """Whether its values are ids of cells and no grey values."""
        return isinstance(self.layer, Labels)

    @property
    def class_names(self) -> tuple[str, ...]:
        """What its classes are called, where it is known to hold these."""
        return class_names_of(self.layer)

    @property
    def model_folder(self) -> str:
        """Folder of the model that made it; empty where none did, or nobody knows."""
        ours = metadata_of(self.layer)
        return "" if ours is None else ours.model

    def is_predicted(self, z: int) -> bool | None:
        """Whether a model, or a person, has filled a slice; None where nobody knows."""
        ours = metadata_of(self.layer)
        if ours is None or ours.predicted is None:
            return None
        painted = isinstance(ours.edits, Edits) and ours.edits.role(z) != "untouched"
        return painted or z in ours.predicted

    @property
    def seen_slice(self) -> int | None:
        """The slice that a person looks at; None where the view shows a place beside it."""
        try:
            return current_slice(self._viewer, self.layer)
        except ShapeError:
            return None

    def read(self, z: int) -> npt.NDArray[Any]:
        """Pixels (Y, X) of a slice, loaded where they are lazy; called in threads, too."""
        return read_slice(self.layer, z)

    def version(self, z: int) -> int:
        """How often pixels of a slice have changed so far; called in threads, too."""
        return self._versions[z]

    # -- place -----------------------------------------------------------------------------

    def offset_of(self, other: LayerObserver) -> tuple[int, int, int]:
        """Where another layer, a truth, begins in this prediction (Z, Y, X), in px.

        Raises
        ------
        ShapeError
            If axes or pixel sizes differ, or the shift is not by whole pixels.
        """
        return _offset(self.layer, other.layer)

    # -- events ----------------------------------------------------------------------------

    def _on_paint(self, event: Any) -> None:
        """A stroke, which may go through several slices, seen or not."""
        for atom in event.value:
            self._versions.update(_slices_of(atom[0], self.layer.ndim))
        self.changed.emit()

    def _on_update(self) -> None:
        """While a stroke is drawn."""
        self._raise_seen()
        self.changed.emit()

    def _on_drawn(self) -> None:
        """Drawn anew: with the same pixels where another slice came into view."""
        if self.seen_slice == self._drawn_slice:
            self._raise_seen()
        self._drawn_slice = self.seen_slice
        self.changed.emit()

    def _on_replaced(self) -> None:
        self.replaced.emit()

    def _raise_seen(self) -> None:
        if self.seen_slice is not None:
            self._versions[self.seen_slice] += 1


def _slices_of(indices: Any, ndim: int) -> Iterable[int]:
    """The slices that an entry of napari's undo history has changed: a box, or index arrays."""
    if ndim == 2:
        return [0]
    along_z = indices[0]
    if isinstance(along_z, slice):
        return range(along_z.start, along_z.stop)
    return [int(z) for z in np.unique(along_z)]


def _offset(prediction: Image | Labels, truth: Image | Labels) -> tuple[int, int, int]:
    if prediction.ndim != truth.ndim:
        raise ShapeError(
            f"prediction and truth: expected as many axes, received {prediction.ndim} and "
            f"{truth.ndim}; choose a truth with the slices of the prediction"
        )
    if not same_axes(prediction, truth):
        raise ShapeError(
            f"prediction and truth: expected equal pixel sizes and directions, received scale "
            f"{tuple(prediction.scale)} and {tuple(truth.scale)}; set scale, rotate and shear "
            f"alike. {apart(prediction, truth)}"
        )
    corner = np.asarray(truth.data_to_world((0,) * truth.ndim))  # type: ignore[no-untyped-call]
    exact = np.asarray(prediction.world_to_data(corner))
    whole = np.round(exact)
    if np.abs(exact - whole).max() > _WHOLE:
        raise ShapeError(
            f"prediction and truth: expected a shift by whole pixels, received "
            f"{tuple(np.round(exact, 3).tolist())}; set translate to a multiple of scale"
        )
    z, y, x = (0, 0, 0, *whole.astype(int).tolist())[-3:]
    return z, y, x
