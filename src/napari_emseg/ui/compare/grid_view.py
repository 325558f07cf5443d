"""Layers beside one another: pan, zoom, slice and the place of the cursor are shared."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from functools import partial
from typing import TYPE_CHECKING, Any

from napari_emseg.ui.compare.layer_arrangement import Arrangement
from napari_emseg.ui.viewer.canvas_box import CanvasBox

if TYPE_CHECKING:
    from napari.components import ViewerModel
    from napari.layers import Layer

    from napari_emseg.session.turns import Turns

_CURSOR_PX = 10.0
"""Edge of the box around the cursor, in pixels of the screen, where no brush has a size."""


class SideBySide:
    """napari's grid with one pane for each layer; the layers are the very same, painted on as ever.

    Parameters
    ----------
    viewer : ViewerModel
        The window.
    turns : Turns
        In which layers are shown and hidden.
    on_end : callable
        Called when the panes end because their layers are removed.

    Attributes
    ----------
    cursor : CanvasBox
        Marks the place of the cursor.
    """

    def __init__(self, viewer: ViewerModel, turns: Turns, on_end: Callable[[], object]) -> None:
        self._viewer, self._turns, self._on_end = viewer, turns, on_end
        self.cursor = CanvasBox(viewer, "emseg_cursor")
        self._before: Arrangement | None = None
        self._panes: list[Layer] = []
        self._shrunk = 1.0

    @property
    def is_shown(self) -> bool:
        """Whether the panes are shown."""
        return self._before is not None

    def show(self, layers: Sequence[Layer]) -> None:
        """Show these layers from left to right, and nothing else."""
        viewer = self._viewer
        self._before, self._panes, self._shrunk = Arrangement(viewer), list(layers), 1.0
        before = self._before
        self._turns.want(*before.show_only(layers), self._divide, *before.name(layers, True))
        viewer.cursor.events.position.connect(self._mark)
        viewer.layers.events.removed.connect(self._on_removed)

    def _divide(self) -> None:
        """Give each layer its pane."""
        whole, grid = self._fitting_zoom(), self._viewer.canvas.grid
        grid.stride, grid.shape, grid.enabled = 1, self._shape(len(self._panes)), True
        self._shrunk = self._fitting_zoom() / whole
        self._viewer.scene.camera.zoom *= self._shrunk
        if self._before is not None:
            _, width = self._viewer.canvas.viewbox_size(self._viewer.layers)
            self._before.fit_names(width)

    def back(self) -> None:
        """Show a single view again, of the same place."""
        if self._before is None:
            return
        viewer, before = self._viewer, self._before
        self._before = None
        viewer.cursor.events.position.disconnect(self._mark)
        viewer.layers.events.removed.disconnect(self._on_removed)
        self.cursor.hide()
        self._turns.cancel()  # of showing them
        grid, *rest = before.restore()
        self._turns.want(*before.name(self._panes, False), partial(self._unite, grid), *rest)

    def _unite(self, restore_grid: Callable[[], None]) -> None:
        restore_grid()
        self._viewer.scene.camera.zoom /= self._shrunk

    def _shape(self, count: int) -> tuple[int, int]:
        """Rows and columns of which the panes become largest."""
        height, width = self._viewer.canvas.size
        shapes = [(rows, -(-count // rows)) for rows in range(1, count + 1)]
        return max(shapes, key=lambda shape: min(height / shape[0], width / shape[1]))

    def _fitting_zoom(self) -> float:
        """The zoom at which a pane shows all; the camera stays."""
        camera = self._viewer.scene.camera
        center, zoom = camera.center, camera.zoom
        self._viewer.reset_view()
        fitting = float(camera.zoom)
        camera.center, camera.zoom = center, zoom
        return fitting

    def _on_removed(self) -> None:
        self._panes = [layer for layer in self._panes if layer in self._viewer.layers]
        if len(self._panes) < 2:
            self.back()
            self._on_end()

    def _mark(self) -> None:
        """Draw a box at the cursor in every pane, as large as the brush."""
        self.cursor.show(self._viewer.cursor.position, self._edge())

    def _edge(self) -> float:
        """Edge of the box in units of the world."""
        active: Any = self._viewer.layers.selection.active
        if str(getattr(active, "mode", "")) in ("paint", "erase"):
            return float(active.brush_size * abs(active.scale[-1]))
        return float(_CURSOR_PX / self._viewer.scene.camera.zoom)
