"""Leads from the lists of the dock *Compare* to what they are about."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, Any

import numpy as np
import numpy.typing as npt

from napari_emseg.core.scores.segmentation_error import SegmentationError
from napari_emseg.core.scores.volume.errors import VolumeError
from napari_emseg.ui.viewer.canvas_box import CanvasBox
from napari_emseg.ui.viewer.go_to import go_to, go_to_slice

if TYPE_CHECKING:
    from napari.components import ViewerModel

    from napari_emseg.session.compare.layer_pair import LayerPair

_ROOM_PX = 16
"""Between an error and the box around it, both sides together."""

_MEETING_PX = 24.0
"""Edge of the box where two pieces of the volume meet."""

_AROUND, _FLAT_PX = 1.5, (96, 320)
"""How much more than a piece is to be seen in a slice, and how much at least and at most."""


class ErrorNavigation:
    """Moves the view to a slice or an error, and draws a box around the error.

    Parameters
    ----------
    viewer : ViewerModel
        The window.
    pair : callable
        Gives what is compared, or None.
    """

    def __init__(self, viewer: ViewerModel, pair: Callable[[], LayerPair | None]) -> None:
        self._viewer, self._pair = viewer, pair
        self._box = CanvasBox(viewer, "emseg_error")
        viewer.dims.events.current_step.connect(self._box.hide)

    def go_to_slice(self, z: int) -> None:
        """Show a slice of the prediction; within it, the view stays."""
        if (pair := self._pair()) is not None:
            layer: Any = pair.prediction.layer
            go_to_slice(self._viewer, layer, z)

    def go_to_error(self, z: int, error: SegmentationError) -> None:
        """Show an error in the middle of the view, with what is around it."""
        if (pair := self._pair()) is None:
            return
        layer: Any = pair.prediction.layer
        at = pair.pixel(z, *error.position)
        world = go_to(self._viewer, layer, at, size_px=error.extent_px, fill=True)
        self._box.show(world, (error.length_px + _ROOM_PX) * abs(float(layer.scale[-1])))

    def go_to_volume_error(self, error: VolumeError) -> None:
        """Show where the pieces of an error meet, in two dimensions or in three."""
        if (pair := self._pair()) is None:
            return
        layer: Any = pair.prediction.layer
        is_flat = self._viewer.dims.ndisplay == 2
        size = _size_px(error, np.abs(layer.scale), is_flat=is_flat)
        world = go_to(self._viewer, layer, error.place, size_px=size, fill=True)
        self._box.show(world, _MEETING_PX * abs(float(layer.scale[-1])))

    def stop(self) -> None:
        """Draw no box any more."""
        self._viewer.dims.events.current_step.disconnect(self._box.hide)
        self._box.stop()


def _size_px(error: VolumeError, scale: npt.NDArray[np.float64], *, is_flat: bool) -> float:
    """Edge of what is to be seen around the place of an error, in px: the smaller piece."""
    first, last = np.asarray(error.box)
    if is_flat:  # a long piece is elsewhere in each slice
        return float(np.clip(_AROUND * (last - first)[1:].max(), *_FLAT_PX))
    away = np.maximum(last - error.place, error.place - first) * scale / scale[-1]
    return float(max(2 * away.max(), _FLAT_PX[0]))
