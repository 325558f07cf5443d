"""The overlays of a round: what the model says before it learns, and which pixels have changed."""

from __future__ import annotations

from collections.abc import Hashable
from typing import TYPE_CHECKING, Any

import numpy as np
import numpy.typing as npt
from napari.layers import Labels, Layer

from napari_emseg.io.layer_metadata import CHANGES, PREVIEW, LayerMetadata
from napari_emseg.session.retrain.round import NOW_CELL, NOW_MEMBRANE, NOW_OTHER_CLASS
from napari_emseg.ui.viewer.label_colors import label_colors
from napari_emseg.ui.viewer.layers import add_unselected, geometry

if TYPE_CHECKING:
    from napari.components import ViewerModel

    from napari_emseg.session.prediction.layers import SourceImage
    from napari_emseg.session.prediction.prediction import Prediction

_COLORS = {
    None: "transparent", 0: "transparent",
    NOW_CELL: "#F0E442", NOW_MEMBRANE: "#D55E00", NOW_OTHER_CLASS: "#CC79A7",
}  # fmt: skip
"""Yellow, vermillion and purple of Okabe and Ito, which all tell apart, also over the mask."""

_OPACITY = 0.8

_OUTLINE, _OUTLINE_PX = {None: "transparent", 0: "transparent", 1: "#F0E442"}, 2
"""Yellow lines, which change no colour of a mask below, and look like no result."""


class RetrainView:
    """A `napari_emseg.session.retrain.adapters.View` over a viewer.

    Parameters
    ----------
    viewer : ViewerModel
        Where the layers are.
    """

    def __init__(self, viewer: ViewerModel) -> None:
        self._viewer = viewer

    @property
    def active(self) -> Hashable | None:
        """The layer that a person's next stroke goes to; one that is gone cannot be chosen."""
        return self._viewer.layers.selection.active

    @active.setter
    def active(self, layer: Hashable | None) -> None:
        if isinstance(layer, Layer) and layer in self._viewer.layers:
            self._viewer.layers.selection.active = layer

    def show_changes(self, prediction: Prediction, changed: npt.NDArray[Any]) -> ChangedPixels:
        """Add the overlay of ``changed`` (Z, Y, X) on top; it cannot be painted on."""
        image: Any = prediction.image
        layer = Labels(
            changed[0] if image.ndim == 2 else changed,
            name=f"{image.name} changed",
            opacity=_OPACITY,
            colormap=label_colors(_COLORS),
            metadata=LayerMetadata(
                source=image.name, model=prediction.model, kind=CHANGES
            ).stored(),
            **geometry(image),
        )
        self._viewer.add_layer(layer)
        layer.editable = False
        return ChangedPixels(self._viewer, layer)

    def show_preview(self, image: SourceImage) -> QuickPreviewLayer:
        """Add the outlines on top, empty; what a person works on stays chosen."""
        return QuickPreviewLayer(self._viewer, image)


class QuickPreviewLayer:
    """A `napari_emseg.session.retrain.adapters.PreviewLayer`: outlines, over whatever is shown."""

    def __init__(self, viewer: ViewerModel, image: SourceImage) -> None:
        source: Any = image.layer
        self._viewer, self._masks = viewer, np.zeros(image.shape, np.uint8)
        self._layer = Labels(
            self._masks[0] if source.ndim == 2 else self._masks,
            name=f"{source.name} quick preview",
            opacity=_OPACITY,
            colormap=label_colors(_OUTLINE),
            metadata=LayerMetadata(kind=PREVIEW).stored(),
            **geometry(source),
        )
        self._layer.contour = _OUTLINE_PX
        add_unselected(viewer, self._layer)
        self._layer.editable = False

    def fill(self, z: int, mask: npt.NDArray[np.uint8]) -> None:
        """As `fill` there."""
        self._masks[z] = mask != 0
        if self._layer in self._viewer.layers:
            self._layer.refresh(extent=False)

    def remove(self) -> None:
        """Take it out of the viewer, where it still is."""
        if self._layer in self._viewer.layers:
            self._viewer.layers.remove(self._layer)


class ChangedPixels:
    """A `napari_emseg.session.retrain.adapters.Overlay`."""

    def __init__(self, viewer: ViewerModel, layer: Layer) -> None:
        self._viewer, self._layer = viewer, layer

    def remove(self) -> None:
        """Take it out of the viewer, where it still is."""
        if self._layer in self._viewer.layers:
            self._viewer.layers.remove(self._layer)
