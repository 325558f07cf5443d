"""A square drawn around a place of the world, in every pane of the grid at once."""

from __future__ import annotations

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
        self._place = (0.0, 0.0, 0.0)
        self._overlay = viewer.canvas.overlays.setdefault(name, ZoomOverlay(gridded=True))
        camera = viewer.scene.camera.events
        self._events = [camera.center, camera.zoom, viewer.canvas.events.size]
        for event in self._events:
            event.connect(self._draw)

    @property
    def is_shown(self) -> bool:
        """Whether it is to be seen."""
        return bool(self._overlay.visible)

    @property
    def place(self) -> tuple[float, float, float]:
        """Centre (Y, X) and edge, in units of the world."""
        return self._place

    def show(self, y: float, x: float, edge: float) -> None:
        """Draw it around (Y, X), both and the edge in units of the world."""
        self._place = (float(y), float(x), float(edge))
        self._overlay.visible = True
        self._draw()

    def hide(self) -> None:
        """Draw it no more."""
        self._overlay.visible = False

    def stop(self) -> None:
        """Draw it no more, and follow the camera no more."""
        self.hide()
        for event in self._events:
            event.disconnect(self._draw)

    def _draw(self) -> None:
        if not self._overlay.visible:
            return
        viewer, (y, x, edge) = self._viewer, self._place
        camera = viewer.scene.camera
        middle = [size / 2 for size in viewer.canvas.viewbox_size(viewer.layers)]
        at = [
            m + (where - centre) * camera.zoom
            for m, where, centre in zip(middle, (y, x), camera.center[-2:], strict=True)
        ]
        half = edge * camera.zoom / 2
        self._overlay.position = ((at[0] - half, at[1] - half), (at[0] + half, at[1] + half))
