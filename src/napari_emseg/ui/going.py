"""Moving the view to a slice, or to an error on it."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    from napari.components import ViewerModel

    from napari_emseg.core.mistake import Mistake
    from napari_emseg.ui.canvas_box import CanvasBox
    from napari_emseg.ui.layer_pair import LayerPair

_ROOM_PX = 16
"""Between an error and the box around it, both sides together."""


def go_to_slice(viewer: ViewerModel, pair: LayerPair, z: int) -> None:
    """Show a slice of the prediction; the camera stays."""
    world = pair.world(z, 0, 0)
    first = viewer.dims.ndim - len(world)
    for axis, at in enumerate(world[:-2], start=first):
        viewer.dims.set_point(axis, float(at))


def go_to_error(
    viewer: ViewerModel, pair: LayerPair, z: int, mistake: Mistake, pointer: CanvasBox
) -> None:
    """Show an error in the middle of the view, with what is around it, and a box drawn there."""
    go_to_slice(viewer, pair, z)
    world = pair.world(z, *mistake.position)
    pixel = float(np.abs(np.asarray(pair.prediction.scale)[-1]))
    camera = viewer.scene.camera
    camera.center = (camera.center[0], float(world[-2]), float(world[-1]))
    camera.zoom = float(min(viewer.canvas.viewbox_size(viewer.layers))) / (
        mistake.extent_px * pixel
    )
    pointer.show(world[-2], world[-1], (mistake.length_px + _ROOM_PX) * pixel)
