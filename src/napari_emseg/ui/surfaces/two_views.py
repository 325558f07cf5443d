"""Slices in 2-D and surfaces in 3-D, each seen as they were left."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any
from weakref import WeakSet

if TYPE_CHECKING:
    from napari.components import ViewerModel
    from napari.layers import Layer


class TwoViews:
    """Remembers what is visible in 2-D and in 3-D, and from where, and shows it again there.

    A stack would hide the surfaces of its cells in 3-D, and surfaces are no slices.

    Parameters
    ----------
    viewer : ViewerModel
        Whose layers are meant.
    """

    def __init__(self, viewer: ViewerModel) -> None:
        self._viewer = viewer
        self._seen: dict[int, WeakSet[Layer]] = {2: self._visible(), 3: WeakSet()}
        self._cameras: dict[int, tuple[Any, float]] = {}
        if viewer.dims.ndisplay == 3:
            self._show(3)
        viewer.dims.events.ndisplay.connect(self._turn)

    def _turn(self) -> None:
        now, camera = self._viewer.dims.ndisplay, self._viewer.scene.camera
        self._seen[5 - now] = self._visible()
        self._cameras[5 - now] = camera.center, camera.zoom
        self._show(now)
        if now in self._cameras:
            camera.center, camera.zoom = self._cameras[now]

    def _show(self, view: int) -> None:
        for layer in self._viewer.layers:
            layer.visible = layer in self._seen[view]

    def _visible(self) -> WeakSet[Layer]:
        return WeakSet(layer for layer in self._viewer.layers if layer.visible)
