"""Bringing a pixel of a stack before a person's eyes."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    from napari.components import ViewerModel
    from napari.layers import Image

_LEAST_CANVAS_PX = 200.0
"""Size on the screen that what is looked at has at least."""


def go_to(
    viewer: ViewerModel, layer: Image, position: tuple[int, int, int], *, size_px: float
) -> None:
    """Set slider and camera on a pixel; right for moved and scaled layers, and for rolled axes.

    Parameters
    ----------
    viewer : ViewerModel
        Where it is shown.
    layer : Image
        Whose pixel it is, (Z, Y, X) or (Y, X).
    position : (int, int, int)
        Slice, row and column.
    size_px : float
        Edge of what is to be seen around it; the camera zooms in where it would be tiny.
    """
    world = np.asarray(layer.data_to_world(position[-layer.ndim :]), float)
    dims = viewer.dims
    first = dims.ndim - layer.ndim  # a layer of fewer axes has the last ones
    dims.set_point(range(first, dims.ndim), tuple(world))
    point = np.asarray(dims.point, float)
    shown = [
        float(world[axis - first] if axis >= first else point[axis]) for axis in dims.displayed
    ]
    viewer.scene.camera.center = (0.0, *shown) if len(shown) == 2 else tuple(shown)
    extent = size_px * abs(float(layer.scale[-1]))
    viewer.scene.camera.zoom = max(viewer.scene.camera.zoom, _LEAST_CANVAS_PX / extent)
