"""A square drawn around a place of the world, in every pane of the grid at once.

Whichever two axes are on the screen; there is none in three dimensions.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

from napari.components.overlays import ZoomOverlay

if TYPE_CHECKING:
    from napari.components import ViewerModel


class CanvasBox:
    """A square that stays at its place when the view is moved.

    Parameters
    ----------
    viewer : ViewerModel
        The window.
    name : str
        What the overlay is called; no two boxes share a name.
    """

    def __init__(self, viewer: ViewerModel, name: str) -> None:
        self._viewer = viewer
        self._world: tuple[float, ...] = ()
        self._edge = 0.0
        self._is_wanted = False
        self._overlay = viewer.canvas.overlays.setdefault(name, ZoomOverlay(gridded=True))
        camera = viewer.scene.camera.events
        dims, size = viewer.dims.events, viewer.canvas.events.size
        self._events = [camera.center, camera.zoom, dims.order, dims.ndisplay, size]
        for event in self._events:
            event.connect(self._draw)

    @property
    def is_shown(self) -> bool:
        """Whether it is to be seen."""
        return bool(self._overlay.visible)

    @property
    def place(self) -> tuple[float, float, float]:
        """Centre, down and to the right on the screen, and edge, in units of the world."""
        down, right = self._viewer.dims.displayed[-2:]
        return self._world[down], self._world[right], self._edge

    def show(self, world: Sequence[float], edge: float) -> None:
        """Draw it around a place on all axes of the viewer; both in units of the world."""
        self._world, self._edge = tuple(map(float, world)), float(edge)
        self._is_wanted = True
        self._draw()

    def hide(self) -> None:
        """Draw it no more."""
        self._is_wanted = self._overlay.visible = False

    def stop(self) -> None:
        """Draw it no more, and follow the camera no more."""
        self.hide()
        for event in self._events:
            event.disconnect(self._draw)

    def _draw(self) -> None:
        viewer = self._viewer
        flat = viewer.dims.ndisplay == 2 and viewer.dims.ndim == len(self._world)
        self._overlay.visible = self._is_wanted and flat
        if not self._overlay.visible:
            return
        *place, edge = self.place
        camera = viewer.scene.camera
        middle = [size / 2 for size in viewer.canvas.viewbox_size(viewer.layers)]
        at = [
            m + (where - centre) * camera.zoom
            for m, where, centre in zip(middle, place, camera.center[-2:], strict=True)
        ]
        half = edge * camera.zoom / 2
        self._overlay.position = ((at[0] - half, at[1] - half), (at[0] + half, at[1] + half))
