"""The dock *Correct*: from a prediction to labels that are right, with nothing lost on the way."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, cast

from qtpy.QtWidgets import QHBoxLayout, QLabel, QTabWidget, QVBoxLayout, QWidget

from napari_emseg.session.correct.session import CorrectSession
from napari_emseg.ui.background.executor import QtExecutor
from napari_emseg.ui.correct.class_brush import ClassBrush
from napari_emseg.ui.correct.fields import CorrectFields
from napari_emseg.ui.correct.make_editable import MakeEditable
from napari_emseg.ui.correct.next_region import NextRegionPanel
from napari_emseg.ui.correct.review_row import ReviewRow
from napari_emseg.ui.correct.tool_buttons import BrushTools
from napari_emseg.ui.correct.view import ViewerForCorrecting
from napari_emseg.ui.correct.volume_tools import VolumeTools
from napari_emseg.ui.docking.dock_closed import WhenClosed
from napari_emseg.ui.docking.dock_tabs import TabWithOthers
from napari_emseg.ui.docking.focus_ring import FocusRing
from napari_emseg.ui.help.help_button import help_button
from napari_emseg.ui.painting.autosave import autosave_of
from napari_emseg.ui.painting.edit_tracker import layer_of, tracker_of
from napari_emseg.ui.painting.recovery_row import RecoveryOffer
from napari_emseg.ui.prediction.reopened import take_up_saved
from napari_emseg.ui.project.save_button import SaveButton
from napari_emseg.ui.retrain.corrections import Corrections
from napari_emseg.ui.retrain.panel import RetrainPanel
from napari_emseg.ui.viewer.stack_layers import NapariStack
from napari_emseg.ui.viewer.workspace import workspace_of
from napari_emseg.ui.widgets.forms import wrapped_label
from napari_emseg.ui.widgets.notify import show_error
from napari_emseg.ui.widgets.scroll_page import SIDE_PX, TOP_PX, Page

if TYPE_CHECKING:
    import napari.viewer
    from napari.layers import Image

    from napari_emseg.session.painting.edit_tracker import EditTracker


_REPAIR = "Repair"


class CorrectWidget(QWidget):
    """Repair a prediction with the brush.

    Parameters
    ----------
    viewer : napari.viewer.Viewer
        Injected by napari, which looks for this very annotation.

    Attributes
    ----------
    session : CorrectSession
        What is shown.
    fields : CorrectFields
        The stack and the labels that are repaired.
    editable : MakeEditable
        Brings predictions into the labels.
    review : ReviewRow
        Which slices are edited or reviewed.
    volume : VolumeTools
        Repairs the cells of a volume, decision by decision.
    regions : NextRegionPanel
        Where correcting helps most.
    brush : BrushTools
        Draws, fills, splits and merges.
    classes : ClassBrush
        Which class the brush paints, where the labels hold classes.
    retrain : RetrainPanel
        Has the model learn from the corrections, and looks again.
    """

    def __init__(self, viewer: napari.viewer.Viewer) -> None:
        super().__init__()
        self._viewer = viewer
        autosave_of(viewer)  # all that is painted from now on is kept safe
        self._view = ViewerForCorrecting(viewer)
        self.session = CorrectSession(QtExecutor(self), workspace_of(viewer), self._view)
        self.recovery = RecoveryOffer(viewer)
        self.fields = CorrectFields(viewer)
        self.editable = MakeEditable(viewer, self.session, lambda: self.fields.image.value)
        self.review = ReviewRow(viewer, self.session)
        self.brush = BrushTools(self.session.brush)
        self.classes = ClassBrush(self.session.brush)
        self.volume = VolumeTools(self.session.volume)
        self.regions = NextRegionPanel(viewer, self.session.regions)
        self.retrain = RetrainPanel(viewer, lambda: self.corrections)
        self.save = SaveButton(viewer, lambda: [self.fields.labels_layer])
        self.keys = help_button(viewer, "Keys")
        self.status = wrapped_label("")
        self._lay_out()
        self._connect()
        self.reset_choices()
        self._choose_image(self.fields.image.value)
        self._choose()
        self.recovery.look()

    def _pages(self) -> dict[str, QWidget]:
        """What stands in the dock, by the title of its tab; in the order in which it is done."""
        return {
            "Labels": Page(
                self.recovery.native, self.fields.form.native,
                _heading("Make editable"), self.editable.native,
            ),
            _REPAIR: Page(
                _heading("Where next"), self.regions,
                _heading("Brush"), self.classes.widget, self.brush.native,
                _heading("Edited slices"), self.review,
            ),
            "Volume": Page(self.volume.native),
            "Retrain": self.retrain,
        }  # fmt: skip

    def _lay_out(self) -> None:
        self.tabs = QTabWidget()
        self._page_of = self._pages()
        for title, page in self._page_of.items():
            self.tabs.addTab(page, title)
        layout = QVBoxLayout(self)
        layout.setContentsMargins(0, TOP_PX, 0, 0)
        layout.addWidget(self.tabs, stretch=1)
        layout.addWidget(self.status.native)
        foot = QHBoxLayout()
        foot.setContentsMargins(SIDE_PX, 0, SIDE_PX, SIDE_PX)
        foot.addWidget(self.save, stretch=1)
        foot.addWidget(self.keys.native)
        layout.addLayout(foot)

    def _connect(self) -> None:
        self.fields.chosen.connect(self._choose)
        self.fields.image.changed.connect(self._choose_image)
        self.recovery.restored.connect(self.fields.choose)
        self.session.made.connect(self._on_made)
        self.session.events.message.connect(self._show_message)
        self.session.refused.connect(show_error)
        self.session.roles_changed.connect(self.retrain.look_soon)
        TabWithOthers(self)
        FocusRing(self)
        WhenClosed(self, self._close)

    def reset_choices(self, _: object = None) -> None:
        """Offer the layers that there are now; napari calls this."""
        take_up_saved(self._viewer)
        self.fields.reset_choices()
        self.editable.reset_choices()
        self.session.regions.look()

    @property
    def project_fields(self) -> dict[str, Any]:
        """What a project brings back."""
        fields, brush = self.fields, self.brush
        return {
            "image": fields.image, "labels": fields.labels, "meaning": fields.meaning,
            "prediction": self.editable.prediction, "slices": self.editable.slices,
            "thickness_px": brush.thickness, "model": self.retrain.model, **self.retrain.config,
        }  # fmt: skip

    @property
    def corrections(self) -> Corrections:
        """What was corrected, to learn from.

        Raises
        ------
        EmsegError
            If something is missing, or does not fit.
        """
        slices = self.session.corrected_slices()
        image, tracker = self.session.image, self.session.tracker
        assert image is not None
        assert tracker is not None
        edits = {z: tracker.edits.of(z) for z in slices}
        return Corrections(cast("Image", image.key), layer_of(tracker), edits)

    # -- what happens ----------------------------------------------------------------------

    def _choose(self) -> None:
        """Other labels are repaired, or they mean something else."""
        layer = self.fields.labels_layer
        tracker = None if layer is None else tracker_of(layer)
        self.session.choose(tracker, self.fields.kind)

    def _choose_image(self, image: Image | None) -> None:
        self.session.image = None if image is None else NapariStack(image)
        self.reset_choices()
        self.retrain.look_soon()

    def _on_made(self, tracker: EditTracker) -> None:
        self.fields.choose(layer_of(tracker))
        self.tabs.setCurrentWidget(self._page_of[_REPAIR])

    def _show_message(self, message: str) -> None:
        self.status.value = message

    def _close(self) -> None:
        """Leave layers and viewer without what this dock has put on them."""
        self.session.close()
        self.fields.stack.stop()
        self.regions.close_panel()
        self.retrain.close_panel()
        self.review.stop()
        self.brush.stop()
        self.volume.stop()
        self.recovery.stop()
        self._view.stop()


def _heading(text: str) -> QWidget:
    return QLabel(f"<b>{text}</b>")
