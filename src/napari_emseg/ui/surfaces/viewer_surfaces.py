"""The surfaces of cells in a viewer."""

from __future__ import annotations

from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
import numpy.typing as npt
from napari.layers import Labels
from napari.layers import Surface as SurfaceLayer
from napari.utils.colormaps import Colormap
from qtpy.QtCore import QObject
from qtpy.QtWidgets import QWidget

from napari_emseg.api.export import Exported
from napari_emseg.errors import ShapeError
from napari_emseg.session.surfaces.session import SurfacesSession
from napari_emseg.ui.background.executor import QtExecutor
from napari_emseg.ui.docking.dock_closed import WhenClosed
from napari_emseg.ui.surfaces.two_views import TwoViews
from napari_emseg.ui.viewer.layers import add_unselected, as_stack, geometry
from napari_emseg.ui.viewer.window import main_window, unwrapped
from napari_emseg.ui.widgets.activity import Activity
from napari_emseg.ui.widgets.notify import show_error, show_info, show_warning

if TYPE_CHECKING:
    from collections.abc import Iterable

    from napari_emseg.core.surfaces.surface import Surface
    from napari_emseg.types import Stack

_ANGLES = (0, 25, 60)
"""From which a person first sees surfaces, in degrees: obliquely, so that depth is seen."""

_FILLED = 0.6
"""Share of the canvas that a first surface takes."""


class ViewerSurfaces(QObject):
    """The surfaces of a window's cells.

    Parameters
    ----------
    viewer : napari.viewer.Viewer
        Where they are shown.
    parent : QWidget
        The window; with it, this ends.

    Attributes
    ----------
    session : SurfacesSession
        Makes and writes them.
    """

    def __init__(self, viewer: Any, parent: QWidget) -> None:
        super().__init__(parent)
        self._viewer = viewer
        self._views: TwoViews | None = None
        self.session = SurfacesSession(QtExecutor(self))
        self.session.failed.connect(show_warning)
        self.session.written.connect(_tell)
        self.session.progressed.connect(self._show_progress)
        self._activity = Activity(self, "Surfaces of cells")
        WhenClosed(parent, self.session.close)

    def show(self, layer: Labels, cell: int) -> None:
        """Show a cell in 3-D as a layer of its own, in the colour that it has in its labels.

        It lies where the cell lies, in the units of the labels. One that is shown already is made
        anew.
        """
        if layer.ndim != 3:
            show_warning(f"{layer.name}: expected a volume (Z, Y, X), received {layer.ndim} axes.")
            return
        stack = _stack(layer)
        if stack is not None:
            z, y, x = map(float, np.abs(layer.scale))
            self.session.make(stack, cell, (z, y, x), partial(self._add, layer, cell))

    def save(
        self, layer: Labels, path: Path, ids: Iterable[int] | None, settings: dict[str, Any]
    ) -> None:
        """Write cells of labels; see `napari_emseg.api.export.export_cells`."""
        stack = _stack(layer)
        if stack is None:
            return
        source = [Path(layer.source.path)] if layer.source.path else []
        # of a file that is there Qt has asked already; a folder is never filled twice
        overwrite = path.is_file()
        self.session.write(stack, path, ids, overwrite=overwrite, sources=source, settings=settings)

    def _add(self, labels: Labels, cell: int, surface: Surface) -> None:
        is_first = self._views is None
        if self._views is None:
            self._views = TwoViews(self._viewer)
        self._viewer.dims.ndisplay = 3
        name = f"{labels.name}: cell {cell}"
        if name in self._viewer.layers:
            self._viewer.layers.remove(name)
        color = labels.get_color(cell)
        layer = SurfaceLayer(
            _seen(surface, labels),
            name=name,
            shading="smooth",
            colormap=Colormap([color, color]),
            **_place(labels),
        )
        add_unselected(self._viewer, layer)
        if is_first:
            self._look_at(layer)

    def _look_at(self, layer: SurfaceLayer) -> None:
        first, last = layer.extent.world
        camera = self._viewer.scene.camera
        camera.angles = _ANGLES
        camera.center = tuple((first + last) / 2)
        canvas = min(self._viewer.canvas.viewbox_size(self._viewer.layers))
        camera.zoom = _FILLED * float(canvas) / float(np.linalg.norm(last - first))

    def _show_progress(self, done: float | None) -> None:
        if done is None:
            self._activity.end()
        else:
            self._activity.show(done)


def _stack(layer: Labels) -> Stack | None:
    """Of the layer; where it is none, that is said."""
    try:
        return as_stack(layer, "labels")
    except ShapeError as error:
        show_error(str(error))
        return None


def _seen(surface: Surface, labels: Labels) -> tuple[npt.NDArray[Any], npt.NDArray[Any]]:
    """Vertices (z, y, x) and faces of a layer in the place `_place`."""
    edges = np.abs(labels.scale)
    # half a voxel beyond the first and the last slice would shift the steps of the slider
    last = (np.array(labels.data.shape) - 1) * edges
    return np.clip(surface.vertices[:, ::-1], 0, last) / edges.max(), surface.faces


def _place(labels: Labels) -> dict[str, Any]:
    """Where a surface lies beside its labels.

    All its axes have one scale, as light falls wrongly on what is stretched along one, and one that
    is as large as the labels' largest: the sliders step by the smallest one of all layers.
    """
    place = geometry(labels)
    return {**place, "scale": np.sign(place["scale"]) * np.abs(place["scale"]).max()}


def _tell(found: Exported) -> None:
    show_info(f"Saved {len(found.ids)} cells: {found.path}")
    if found.notes:
        show_warning(" ".join(found.notes))


def surfaces_of(viewer: Any) -> ViewerSurfaces:
    """The surfaces of a viewer with a window; made when they are first asked for."""
    window = main_window(viewer)
    found = window.findChild(ViewerSurfaces)
    if found is None:
        found = ViewerSurfaces(unwrapped(viewer), window)
    assert isinstance(found, ViewerSurfaces)
    return found
