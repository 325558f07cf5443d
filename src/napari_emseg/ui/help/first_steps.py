"""The first steps, from a stack to figures, with a link to each dock."""

from __future__ import annotations

from typing import TYPE_CHECKING

from qtpy.QtCore import QUrl
from qtpy.QtWidgets import QTextBrowser, QVBoxLayout, QWidget

from napari_emseg.ui.docking.our_docks import open_dock
from napari_emseg.ui.stacks.open_row import OpenRow

if TYPE_CHECKING:
    import napari

_SCHEME, _LINK = "dock", "#2f7fd6"
"""Of links, and their colour, which is read on a dark and on a light ground."""

_STEPS = (
    "<b>Open a stack</b> with a button above, or drop a file or a folder of slices on the window. "
    "The sample is synthetic tissue with its truth.",
    '<a href="dock:Segment"><b>Segment</b></a>: press <i>Current slice</i>, look, and move '
    "<i>Threshold</i>; then <i>Whole stack</i>. With <i>Result</i> at <i>cells</i> each cell has "
    "one id through the slices.",
    '<a href="dock:Correct"><b>Correct</b></a>: make the prediction editable; <i>Next</i> leads '
    "to the places where repairing helps most. What you paint is kept on disk until it is saved.",
    "<b>Retrain</b>, a page of <i>Correct</i>: the model learns from your corrections in two "
    "minutes, and segments again. You see what changed, and can go back.",
    '<a href="dock:Measure"><b>Measure</b></a>: volume, surface, shape and contacts of each cell, '
    "as a table and as CSV.",
    '<a href="dock:Compare"><b>Compare</b></a>: where you have a truth, scores, and the errors '
    "one by one, beside image and truth.",
    '<a href="dock:Train"><b>Train</b></a>: a model of your own, from labelled slices.',
    "<b>Save</b> results, or all of it as a project, with <i>Save</i> in <i>Segment</i> and "
    "<i>Correct</i>.",
)


class FirstSteps(QWidget):
    """What to do, in order, with buttons that open a stack.

    Parameters
    ----------
    viewer : napari.viewer.Viewer
        Gets the stack and the docks.
    """

    def __init__(self, viewer: napari.Viewer) -> None:
        super().__init__()
        self._viewer = viewer
        self.text = QTextBrowser()
        self.text.setAccessibleName("First steps")
        self.text.setOpenLinks(False)
        self.text.anchorClicked.connect(self._follow)
        document = self.text.document()
        assert document is not None, "a browser always has one"
        document.setDefaultStyleSheet(f"a {{ color: {_LINK} }}")
        steps = "".join(f'<li style="margin-bottom: 6px">{step}</li>' for step in _STEPS)
        self.text.setHtml(f'<ol style="margin-left: 14px; -qt-list-indent: 0">{steps}</ol>')
        layout = QVBoxLayout(self)
        layout.addWidget(OpenRow(viewer))
        layout.addWidget(self.text)

    def _follow(self, link: QUrl) -> None:
        if link.scheme() == _SCHEME:
            open_dock(self._viewer, link.path())
