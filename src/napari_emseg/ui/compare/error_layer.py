"""The layer that shows what is right and wrong."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np
from napari.layers import Labels

from napari_emseg.core.scores.segmentation_error import (
    FALSE_NEGATIVE,
    FALSE_POSITIVE,
    MERGER,
    SPLIT,
    TRUE_POSITIVE,
)
from napari_emseg.io.layer_metadata import LayerMetadata
from napari_emseg.report.figures import ERROR_COLORS
from napari_emseg.session.turns import Turns
from napari_emseg.ui.background.executor import QtExecutor
from napari_emseg.ui.viewer.label_colors import label_colors
from napari_emseg.ui.viewer.layers import add_unselected, geometry, shows_slice

if TYPE_CHECKING:
    from collections.abc import Callable

    from napari.components import ViewerModel
    from napari.utils.colormaps import DirectLabelColormap

    from napari_emseg.session.compare.layer_pair import LayerPair

SHOWN = {
    "pixels and cells": (TRUE_POSITIVE, FALSE_NEGATIVE, FALSE_POSITIVE, MERGER, SPLIT),
    "wrong pixels and cells": (FALSE_NEGATIVE, FALSE_POSITIVE, MERGER, SPLIT),
    "merged and split cells": (MERGER, SPLIT),
    "nothing": (),
}
"""What a person may choose to see, and the values that have a colour then."""

_FOUND_OPACITY = "40"


class ErrorLayer:
    """Error maps of slices, drawn as they are made; the layer comes with the first one.

    Parameters
    ----------
    viewer : ViewerModel
        Where the layer goes.
    on_removed : callable
        Called when a person has removed the layer.
    """

    def __init__(self, viewer: ViewerModel, on_removed: Callable[[], object]) -> None:
        self._viewer, self._tell_removed = viewer, on_removed
        self._pair: LayerPair | None = None
        self._data: np.ndarray[Any, Any] | None = None
        self._shown = next(iter(SHOWN))
        self._turns = Turns(QtExecutor())
        self.layer: Labels | None = None
        viewer.layers.events.removed.connect(self._on_removed)

    def put(self, pair: LayerPair, z: int, error_map: np.ndarray[Any, Any]) -> None:
        """Take the map of a slice, and draw it where it is seen."""
        if self._shown == "nothing":
            return
        if pair is not self._pair:
            self._begin(pair)
        assert self._data is not None
        self._data[z][pair.window] = error_map
        if self.layer is None:
            if self._turns.is_idle:  # not with the removal of the one before
                self._turns.want(self._add)
        elif self.layer.visible and shows_slice(self._viewer, self.layer, z):
            self.layer.refresh(extent=False, thumbnail=False)

    def show(self, shown: str) -> None:
        """Colour what is to be seen, one of `SHOWN`."""
        self._shown = shown
        if self.layer is not None:
            self.layer.colormap = _colors(shown)
            self.layer.visible = shown != "nothing"

    def remove(self) -> None:
        """Take the layer away."""
        self._turns.cancel()
        layer, self.layer, self._pair = self.layer, None, None
        if layer is not None and layer in self._viewer.layers:
            self._viewer.layers.remove(layer)

    def _begin(self, pair: LayerPair) -> None:
        kept = self._data is not None and self._data.shape == pair.shape
        same_place = self._pair is not None and (
            self._pair.prediction.layer is pair.prediction.layer
        )
        if self.layer is not None and (self.layer not in self._viewer.layers or not same_place):
            self.remove()
            kept = False
        if kept and self.layer is not None:
            assert self._data is not None
            self._data[:] = 0
        else:
            self._data = np.zeros(pair.shape, np.uint8)
        self._pair = pair

    def _add(self) -> None:
        pair = self._pair
        if pair is None or self._shown == "nothing":
            return
        assert self._data is not None
        prediction: Any = pair.prediction.layer
        self.layer = Labels(
            self._data[0] if prediction.ndim == 2 else self._data,
            name="errors",
            opacity=0.85,
            colormap=_colors(self._shown),
            metadata=LayerMetadata(errors_of=pair.prediction.name).stored(),
            **geometry(prediction),
        )
        add_unselected(self._viewer, self.layer)
        self.layer.editable = False

    def _on_removed(self) -> None:
        if self.layer is not None and self.layer not in self._viewer.layers:
            self.layer = self._pair = None
            self._tell_removed()

    def stop(self) -> None:
        """Leave the layer as it is, and listen to nothing any more."""
        self._turns.cancel()
        self._viewer.layers.events.removed.disconnect(self._on_removed)


def _colors(shown: str) -> DirectLabelColormap:
    colors: dict[int | None, str] = {value: ERROR_COLORS[value] for value in SHOWN[shown]}
    if TRUE_POSITIVE in colors:
        colors[TRUE_POSITIVE] += _FOUND_OPACITY
    colors |= {None: "transparent", 0: "transparent"}
    return label_colors(colors)
