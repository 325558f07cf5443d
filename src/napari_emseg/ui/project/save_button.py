"""The button *Save* of the docks: a result as TIFF or OME-Zarr, or all work as a project."""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING, Any

from qtpy.QtWidgets import QFileDialog, QMenu, QPushButton

from napari_emseg.errors import EmsegError
from napari_emseg.io.formats.file_format import ending
from napari_emseg.io.formats.registry import stack_endings
from napari_emseg.io.napari_writer import write_image, write_labels
from napari_emseg.ui.project.commands import open_project, save_project
from napari_emseg.ui.viewer.window import main_window
from napari_emseg.ui.widgets.notify import show_error, show_info

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from napari.layers import Layer

_FORMATS = {"TIFF (*.tif)": ".tif", "OME-Zarr (*.zarr)": ".zarr"}
_LETTERS = 60


class SaveButton(QPushButton):
    """Offers what a dock has made, one line each, and the project.

    Parameters
    ----------
    viewer : napari.viewer.Viewer
        Whose window asks where to.
    layers : callable
        Gives the layers that can be saved now.
    """

    def __init__(self, viewer: Any, layers: Callable[[], Sequence[Layer | None]]) -> None:
        super().__init__("Save")
        self.setToolTip(
            "Save what was made here as TIFF or OME-Zarr, with voxel size, edits and reviewed "
            "slices; or all layers and docks as a project. napari's own filter in File > Save "
            "drops voxel size and edits: choose EM labels or EM stack there."
        )
        self._viewer, self._layers = viewer, layers
        self._menu = QMenu(self)
        self._menu.aboutToShow.connect(self.fill)
        self.setMenu(self._menu)

    def fill(self) -> QMenu:
        """Offer what there is now."""
        menu = self._menu
        menu.clear()
        there = [each for each in self._layers() if each is not None]
        for layer in dict.fromkeys(there):
            action = menu.addAction(f"{_cut(layer.name)} ...")
            assert action is not None, "a menu makes its actions"
            action.triggered.connect(partial(self._save, layer))
        menu.addSeparator()
        for text, do in (("Project ...", save_project), ("Open a project ...", open_project)):
            action = menu.addAction(text)
            assert action is not None, "a menu makes its actions"
            action.triggered.connect(partial(_call, do, self._viewer))
        return menu

    def _save(self, layer: Layer, _: object = None) -> None:
        chosen, kind = QFileDialog.getSaveFileName(
            main_window(self._viewer), f"Save {layer.name}", f"{layer.name}.tif",
            ";;".join(_FORMATS),
        )  # fmt: skip
        if not chosen:
            return
        path = chosen if ending(chosen) in stack_endings() else chosen + _FORMATS.get(kind, ".tif")
        data, meta, type_ = layer.as_layer_data_tuple()
        write = write_labels if type_ == "labels" else write_image
        try:
            (written,) = write(path, data, meta)
        except EmsegError as error:
            show_error(str(error))
        else:
            show_info(f"Saved {written}")


def _call(do: Callable[[Any], object], viewer: Any, _: object = None) -> None:
    do(viewer)


def _cut(name: str) -> str:
    """A name that widens no menu; what tells it from others is often at its end."""
    half = _LETTERS // 2
    return name if len(name) <= _LETTERS else f"{name[:half]} ... {name[-half:]}"
