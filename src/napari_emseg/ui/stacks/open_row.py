"""Buttons that open a stack, for those who do not know napari's menus yet."""

from __future__ import annotations

from typing import TYPE_CHECKING

from napari.layers import Layer
from qtpy.QtWidgets import QFileDialog, QHBoxLayout, QWidget

from napari_emseg.errors import EmsegError
from napari_emseg.io.formats.registry import stack_endings
from napari_emseg.io.napari_reader import Paths, read_layers
from napari_emseg.ui.viewer.window import main_window
from napari_emseg.ui.widgets.buttons import button
from napari_emseg.ui.widgets.notify import show_error

if TYPE_CHECKING:
    import napari

STACK_FILES = f"Stacks ({' '.join(f'*{each}' for each in stack_endings())});;All files (*)"
"""What a file dialog offers where a stack is wanted."""


class OpenRow(QWidget):
    """Three buttons: the bundled sample, a file or several slices, a folder.

    Parameters
    ----------
    viewer : napari.viewer.Viewer
        Gets the layers.
    """

    def __init__(self, viewer: napari.Viewer) -> None:
        super().__init__()
        self._viewer = viewer
        self.sample = button(
            "Open sample", "Eight slices of synthetic tissue, with their truth.", self._open_sample
        )
        self.file = button(
            "Open file ...", "A stack, or the slices of one as several files.", self._ask_for_files
        )
        self.folder = button(
            "Open folder ...", "A folder of slices, or a zarr.", self._ask_for_folder
        )
        layout = QHBoxLayout(self)
        layout.setContentsMargins(0, 0, 0, 0)
        for each in (self.sample, self.file, self.folder):
            layout.addWidget(each)

    def open(self, paths: Paths) -> None:
        """Add the layers of a stack; what is wrong with it is said."""
        try:
            layers = read_layers(paths)
        except EmsegError as error:
            show_error(str(error))
            return
        for each in layers:
            self._viewer.add_layer(Layer.create(*each))

    def _open_sample(self) -> None:
        self._viewer.open_sample("napari-emseg", "phantom")

    def _ask_for_files(self) -> None:
        window = main_window(self._viewer)
        if chosen := QFileDialog.getOpenFileNames(window, "Open a stack", "", STACK_FILES)[0]:
            self.open(chosen)

    def _ask_for_folder(self) -> None:
        window = main_window(self._viewer)
        if chosen := QFileDialog.getExistingDirectory(window, "Open a folder of slices"):
            self.open(chosen)
