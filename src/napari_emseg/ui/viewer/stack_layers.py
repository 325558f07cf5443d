"""Layers of napari, as sessions know them."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import TYPE_CHECKING, Any

import numpy as np
from napari.utils.colormaps import DirectLabelColormap

from napari_emseg.io.layer_metadata import LayerMetadata, metadata_of
from napari_emseg.ui.viewer import undo_history
from napari_emseg.ui.viewer.class_colors import class_names_of
from napari_emseg.ui.viewer.layers import geometry, stack_shape
from napari_emseg.ui.viewer.window import unwrapped

if TYPE_CHECKING:
    from napari.layers import Image, Labels

    from napari_emseg.core.correct.difference import Difference
    from napari_emseg.types import ArrayLike


class NapariStack:
    """An image or labels layer, as a `napari_emseg.session.painting.labels.StackLayer`."""

    def __init__(self, layer: Image | Labels) -> None:
        self.key: Any = unwrapped(layer)

    @property
    def name(self) -> str:
        """As in the layer list."""
        return str(self.key.name)

    @property
    def shape(self) -> tuple[int, int, int]:
        """(Z, Y, X); `ShapeError` where it is no stack."""
        return stack_shape(self.key)


class NapariLabels(NapariStack):
    """A labels layer, as a `napari_emseg.session.painting.labels.LabelsLayer`.

    Parameters
    ----------
    layer : Labels
        Of two or three axes.
    """

    key: Labels

    def __init__(self, layer: Labels) -> None:
        super().__init__(layer)

    @property
    def dtype(self) -> np.dtype[Any]:
        """Of the labels."""
        dtype: np.dtype[Any] = np.dtype(self.key.data.dtype)
        return dtype

    @property
    def class_names(self) -> tuple[str, ...]:
        """As `class_names_of`."""
        return class_names_of(self.key)

    @property
    def stack(self) -> ArrayLike:
        """All labels (Z, Y, X); a lazy stack stays lazy."""
        data: ArrayLike = self.key.data if self.key.ndim == 3 else self.key.data[np.newaxis]
        return data

    def slice(self, z: int) -> np.ndarray[Any, Any]:
        """Labels (Y, X) of slice ``z``; a view."""
        data = self.key.data
        labels: np.ndarray[Any, Any] = data[z] if self.key.ndim == 3 else data
        return labels

    def about(self) -> dict[str, Any]:
        """What the layer is made with, in a form for JSON; `layer_arguments` reads it."""
        layer, place = self.key, geometry(self.key)
        return {
            "name": layer.name,
            "shape": list(layer.data.shape),
            "dtype": str(self.dtype),
            "opacity": float(layer.opacity),
            "is_mask": isinstance(layer.colormap, DirectLabelColormap),
            "class_names": list(self.class_names),
            "origin": (metadata_of(layer) or LayerMetadata()).origin,
            "place": {
                **{
                    key: np.asarray(place[key]).tolist()
                    for key in ("scale", "translate", "rotate", "shear")
                },
                "units": [str(unit) for unit in place["units"]],
                "axis_labels": list(place["axis_labels"]),
            },
        }

    # -- undo ------------------------------------------------------------------------------

    def write(self, differences: Sequence[Difference]) -> Any:
        """As `undo_history.apply`."""
        return undo_history.apply(self.key, differences)

    def extend(self, differences: Sequence[Difference]) -> None:
        """As `undo_history.extend`."""
        undo_history.extend(self.key, differences)

    def is_of(self, mark: Any, atoms: Sequence[Any]) -> bool:
        """As `undo_history.is_of`."""
        return undo_history.is_of(mark, atoms)

    def steps(self) -> tuple[int, int]:
        """As `undo_history.steps`."""
        return undo_history.steps(self.key)

    def all_done(self) -> Sequence[Any]:
        """As `undo_history.all_done`."""
        return undo_history.all_done(self.key)

    def last_done(self) -> Sequence[Any]:
        """As `undo_history.last_done`."""
        return undo_history.last_done(self.key)

    def last_undone(self) -> Sequence[Any]:
        """As `undo_history.last_undone`."""
        return undo_history.last_undone(self.key)

    def unfinished(self) -> Sequence[Any]:
        """As `undo_history.unfinished`."""
        return undo_history.unfinished(self.key)

    def slices_of(self, atoms: Iterable[Any]) -> set[int]:
        """As `undo_history.slices_of`."""
        return undo_history.slices_of(self.key, atoms)

    def before(self, z: int, atoms: Sequence[Any]) -> np.ndarray[Any, Any]:
        """As `undo_history.before`."""
        return undo_history.before(self.key, z, atoms)
