"""Bringing a slice, or a pixel, of a stack before a person's eyes.

Right for layers that are moved or scaled, for rolled axes and in three dimensions.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from napari.components import ViewerModel
    from napari.layers import Image, Labels

_LEAST_CANVAS_PX = 200.0
"""Size on the screen that what is looked at has at least."""


def go_to_slice(viewer: ViewerModel, layer: Image | Labels, z: int) -> None:
    """Show a slice; within it, the view stays."""
    if layer.ndim > 2:
        axis, at = next(iter(_world(viewer, layer, (z, 0, 0)).items()))
        _look_at(viewer, {axis: at})


def go_to(
    viewer: ViewerModel,
    layer: Image | Labels,
    position: tuple[int, float, float],
    *,
    size_px: float,
    fill: bool = False,
) -> tuple[float, ...]:
    """Show a pixel in the middle of the view.

    Parameters
    ----------
    viewer : ViewerModel
        Where it is shown.
    layer : Image or Labels
        Whose pixel it is, (Z, Y, X) or (Y, X).
    position : (int, float, float)
        Slice, row and column.
    size_px : float
        Edge of what is to be seen around it.
    fill : bool
        Whether that fills the view; else the camera only zooms in where it would be tiny.

    Returns
    -------
    tuple of float
        Where it is in the world, on all axes of the viewer.
    """
    _look_at(viewer, _world(viewer, layer, position))
    camera, size = viewer.scene.camera, size_px * abs(float(layer.scale[-1]))
    if fill:
        camera.zoom = float(min(viewer.canvas.viewbox_size(viewer.layers))) / size
    else:
        camera.zoom = max(camera.zoom, _LEAST_CANVAS_PX / size)
    return place_of(viewer, layer, position)


def place_of(
    viewer: ViewerModel, layer: Image | Labels, position: tuple[int, float, float]
) -> tuple[float, ...]:
    """Where a pixel is in the world, on all axes of the viewer."""
    world = _world(viewer, layer, position)
    return tuple(world.get(axis, at) for axis, at in enumerate(map(float, viewer.dims.point)))


def _world(
    viewer: ViewerModel, layer: Image | Labels, position: tuple[float, float, float]
) -> dict[int, float]:
    """Where a pixel is, by axis of the viewer; a layer of fewer axes has the last ones."""
    world = layer.data_to_world(position[-layer.ndim :])  # type: ignore[no-untyped-call]
    return dict(enumerate(map(float, world), start=viewer.dims.ndim - layer.ndim))


def _look_at(viewer: ViewerModel, world: Mapping[int, float]) -> None:
    """Move sliders, and the camera along the axes that are on the screen."""
    dims, camera = viewer.dims, viewer.scene.camera
    dims.set_point(list(world), list(world.values()))
    before = camera.center[-len(dims.displayed) :]
    shown = [world.get(axis, at) for axis, at in zip(dims.displayed, before, strict=True)]
    camera.center = (*camera.center[: -len(shown)], *shown)  # type: ignore[assignment]
