"""The dock *Correct*: from a prediction to labels that are right, with nothing lost on the way."""

from __future__ import annotations

from typing import TYPE_CHECKING

from qtpy.QtWidgets import QLabel, QVBoxLayout, QWidget

from napari_emseg.errors import LabelsError, ShapeError
from napari_emseg.ui.background.dock_closed import WhenClosed
from napari_emseg.ui.correct.fields import CorrectFields
from napari_emseg.ui.correct.make_editable import MakeEditable
from napari_emseg.ui.correct.next_region import NextRegionPanel
from napari_emseg.ui.correct.review_row import ReviewRow
from napari_emseg.ui.correct.tool_actions import BrushActs
from napari_emseg.ui.correct.tool_buttons import BrushTools
from napari_emseg.ui.painting.autosave import autosave_of
from napari_emseg.ui.painting.recovery_row import RecoveryOffer
from napari_emseg.ui.retrain.corrections import Corrections
from napari_emseg.ui.retrain.panel import RetrainPanel
from napari_emseg.ui.viewer.layers import stack_shape
from napari_emseg.ui.widgets.forms import wrapped_label
from napari_emseg.ui.widgets.notify import show_error
from napari_emseg.ui.widgets.scroll_page import Page

if TYPE_CHECKING:
    import napari.viewer
    from napari.layers import Labels

_TOP_PX = 6


class CorrectWidget(QWidget):
    """Repair a prediction with the brush.

    Parameters
    ----------
    viewer : napari.viewer.Viewer
        Injected by napari, which looks for this very annotation.

    Attributes
    ----------
    fields : CorrectFields
        The stack and the labels that are repaired.
    editable : MakeEditable
        Brings predictions into the labels.
    review : ReviewRow
        Which slices are edited or reviewed.
    places : NextRegionPanel
        Where correcting helps most.
    brush : BrushTools
        Draws, fills, splits and merges.
    retrain : RetrainPanel
        Has the model learn from the corrections, and looks again.
    """

    def __init__(self, viewer: napari.viewer.Viewer) -> None:
        super().__init__()
        self._viewer = viewer
        self._autosave = autosave_of(viewer)
        self._is_closed = False
        self.recovery = RecoveryOffer(viewer)
        self.fields = CorrectFields(viewer)
        self.editable = MakeEditable(viewer, self.fields, self._autosave)
        self.review, self.brush = ReviewRow(viewer), BrushTools(viewer)
        self.places = NextRegionPanel(viewer, lambda: self.corrections)
        self.retrain = RetrainPanel(viewer, lambda: self.corrections)
        self.status = wrapped_label("")
        self._lay_out()
        self._connect()
        self._choose()
        self.recovery.look()

    def _parts(self) -> list[QWidget]:
        """What stands in the dock, from top to bottom."""
        return [
            self.recovery.native,
            self.fields.form.native,
            _heading("Make editable"), self.editable.native,
            _heading("Edited slices"), self.review,
            _heading("Where next"), self.places,
            _heading("Brush"), self.brush.native,
            _heading("Retrain"), self.retrain,
        ]  # fmt: skip

    def _lay_out(self) -> None:
        layout = QVBoxLayout(self)
        layout.setContentsMargins(0, _TOP_PX, 0, 0)
        self.page = Page(*self._parts())
        layout.addWidget(self.page, stretch=1)
        layout.addWidget(self.status.native)

    def _connect(self) -> None:
        self.fields.chosen.connect(self._choose)
        self.recovery.restored.connect(self.fields.choose)
        for panel in (self.editable, self.brush):
            panel.said.connect(self._say)
            panel.failed.connect(self._refuse)
        self._autosave.changed.connect(self._on_edits)
        WhenClosed(self, self._close)

    def reset_choices(self, _: object = None) -> None:
        """Offer the layers that there are now; napari calls this."""
        self.fields.reset_choices()
        self.editable.reset_choices()

    @property
    def corrections(self) -> Corrections:
        """What was corrected, to learn from.

        Raises
        ------
        EmsegError
            If something is missing, or does not fit.
        """
        image, labels = self.fields.image.value, self.fields.labels_layer
        if image is None:
            raise ShapeError("Image: open or choose an image layer first.")
        if labels is None:
            raise LabelsError("Labels: make a prediction editable first, or choose a layer.")
        if stack_shape(image) != stack_shape(labels):
            raise ShapeError(
                f"Labels: expected the shape of {image.name!r}, {stack_shape(image)}, received "
                f"{labels.name!r} with {stack_shape(labels)}; choose layers that belong together"
            )
        slices = self._autosave.of(labels).edits.slices
        if not slices:
            raise LabelsError(
                f"Labels: no slice of {labels.name!r} is edited or reviewed; repair one, or mark "
                "one that is right"
            )
        return Corrections(image, labels, slices)

    # -- what happens ----------------------------------------------------------------------

    def _choose(self) -> None:
        """Other labels are repaired, or they mean something else."""
        layer = self.fields.labels_layer
        if layer is None:
            self.brush.use(None)
            self.review.show_layer(None)
            return
        follower = self._autosave.of(layer)
        self.brush.use(BrushActs(follower, are_cells=self.fields.are_cells))
        self.review.show_layer(follower)
        self._viewer.layers.selection.active = layer

    def _on_edits(self, layer: Labels) -> None:
        if layer is self.fields.labels_layer:
            self.review.look()

    def _say(self, message: str) -> None:
        self.status.value = message

    def _refuse(self, message: str) -> None:
        self.status.value = message
        show_error(message)

    def _close(self) -> None:
        """Leave layers and viewer without what this dock has put on them."""
        if self._is_closed:
            return
        self._is_closed = True
        self._autosave.changed.disconnect(self._on_edits, missing_ok=True)
        self.brush.use(None)
        self.places.close_panel()
        self.retrain.close_panel()
        self.review.stop()
        self.editable.stop()
        self.recovery.stop()


def _heading(text: str) -> QWidget:
    return QLabel(f"<b>{text}</b>")
