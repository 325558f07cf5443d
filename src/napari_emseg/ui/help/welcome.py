"""What the dock *Segment* says while there is nothing to segment."""

from __future__ import annotations

from typing import TYPE_CHECKING

from qtpy.QtWidgets import QVBoxLayout, QWidget

from napari_emseg.ui.help.help_button import help_button
from napari_emseg.ui.stacks.open_row import OpenRow
from napari_emseg.ui.widgets.forms import wrapped_label

if TYPE_CHECKING:
    import napari

_WORDS = (
    "<b>No image is open.</b> Try it on the sample, or open your own stack: a file, slices, or a "
    "folder of them."
)


class Welcome(QWidget):
    """Opens a stack, and leads to the first steps.

    Parameters
    ----------
    viewer : napari.viewer.Viewer
        Gets the stack.
    """

    def __init__(self, viewer: napari.Viewer) -> None:
        super().__init__()
        self.open_row = OpenRow(viewer)
        self.first_steps = help_button(viewer, "First steps")
        layout = QVBoxLayout(self)
        layout.setContentsMargins(0, 0, 0, 0)
        for part in (wrapped_label(_WORDS).native, self.open_row, self.first_steps.native):
            layout.addWidget(part)
