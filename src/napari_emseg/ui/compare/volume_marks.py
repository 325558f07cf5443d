"""The cells of an error of the volume, marked through all slices, and alone in three dimensions."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np
from napari.layers import Labels

from napari_emseg.core.scores.volume.errors import LARGER, REST, SMALLER, VolumeError
from napari_emseg.io.layer_metadata import LayerMetadata
from napari_emseg.ui.viewer.label_colors import label_colors
from napari_emseg.ui.viewer.layers import add_unselected, geometry, shows_slice

if TYPE_CHECKING:
    from napari.components import ViewerModel
    from napari.layers import Layer

    from napari_emseg.session.compare.layer_pair import LayerPair

_COLORS: dict[int | None, str] = {
    None: "transparent", 0: "transparent", LARGER: "#56b4e9", SMALLER: "#d55e00", REST: "#f0e442"
}  # fmt: skip
"""Okabe and Ito's, which people with any colour vision tell apart."""

IN_WORDS = "blue is the larger piece, orange-red the smaller one, yellow what else is in their cell"


class VolumeMarks:
    """A layer with the pieces of one error; it comes with the first error that is chosen.

    Parameters
    ----------
    viewer : ViewerModel
        Where the layer goes.

    Attributes
    ----------
    layer : Labels or None
        The layer, while there is one.
    """

    def __init__(self, viewer: ViewerModel) -> None:
        self._viewer = viewer
        self._data: np.ndarray[Any, Any] = np.zeros((0, 0, 0), np.uint8)
        self._pair: LayerPair | None = None
        self._error: VolumeError | None = None
        self._hidden: list[Layer] = []
        self._is_alone = True
        self.layer: Labels | None = None
        viewer.layers.events.removed.connect(self._on_removed)
        viewer.dims.events.ndisplay.connect(self._arrange)

    def put(self, pair: LayerPair, error: VolumeError, z: int, marks: np.ndarray[Any, Any]) -> None:
        """Take what is marked of a slice, and draw it where it is seen."""
        if pair is not self._pair:
            self.remove()
            self._pair, self._data = pair, np.zeros(pair.shape, np.uint8)
        if error is not self._error:
            self._error = error
            self._data[:] = 0
        self._data[z][pair.window] = marks
        if self._viewer.dims.ndisplay == 3:
            return  # the whole goes to the screen each time: at the end
        if self.layer is None:
            self._add()
        elif shows_slice(self._viewer, self.layer, z):
            self.layer.refresh(extent=False, thumbnail=False)

    def finish(self) -> None:
        """Draw all slices."""
        if self.layer is None:
            self._add()
        elif self._viewer.dims.ndisplay == 3:
            self.layer.refresh(extent=False, thumbnail=False)
        self._arrange()

    def show_alone(self, is_alone: bool) -> None:
        """Whether all other layers are hidden in three dimensions."""
        self._is_alone = is_alone
        self._arrange()

    def remove(self) -> None:
        """Take the layer away, and show all others as they were."""
        layer, self.layer, self._pair, self._error = self.layer, None, None, None
        self._arrange()
        if layer is not None and layer in self._viewer.layers:
            self._viewer.layers.remove(layer)

    def stop(self) -> None:
        """Leave the layer as it is, show the others, and listen to nothing any more."""
        self._is_alone = False
        self._arrange()
        self._viewer.layers.events.removed.disconnect(self._on_removed)
        self._viewer.dims.events.ndisplay.disconnect(self._arrange)

    def _add(self) -> None:
        pair = self._pair
        if pair is None:
            return
        prediction: Any = pair.prediction.layer
        self.layer = Labels(
            self._data,
            name="error in the volume",
            opacity=0.6,
            colormap=label_colors(_COLORS),
            metadata=LayerMetadata(errors_of=pair.prediction.name).stored(),
            **geometry(prediction),
        )
        add_unselected(self._viewer, self.layer)
        self.layer.editable = False

    def _arrange(self) -> None:
        """Hide the other layers, or show those again that were hidden."""
        layers = self._viewer.layers
        if self.layer is not None and self._is_alone and self._viewer.dims.ndisplay == 3:
            others = [each for each in layers if each.visible and each is not self.layer]
            self.layer.visible = True
            self._hidden += others
            for layer in others:
                layer.visible = False
            return
        hidden, self._hidden = self._hidden, []
        for layer in hidden:
            if layer in layers:
                layer.visible = True

    def _on_removed(self) -> None:
        if self.layer is not None and self.layer not in self._viewer.layers:
            self.layer = self._pair = self._error = None
            self._arrange()
