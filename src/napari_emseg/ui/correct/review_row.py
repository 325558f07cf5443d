"""Strip, legend and button that show what is edited and reviewed."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from napari.layers import Labels
from qtpy.QtWidgets import QCheckBox, QVBoxLayout, QWidget

from napari_emseg.core.correct.edits import Edits
from napari_emseg.session.help.keys import REVIEW
from napari_emseg.ui.correct.edit_strip import EditLegend, EditStrip
from napari_emseg.ui.painting.edit_tracker import layer_of
from napari_emseg.ui.viewer.go_to import go_to_slice
from napari_emseg.ui.viewer.shortcuts import Shortcut, pressed
from napari_emseg.ui.viewer.slice_in_view import SliceFollower
from napari_emseg.ui.viewer.window import unwrapped

if TYPE_CHECKING:
    from napari.components import ViewerModel

    from napari_emseg.session.correct.session import CorrectSession


class ReviewRow(QWidget):
    """What a person has done to each slice of the labels that are corrected.

    Parameters
    ----------
    viewer : ViewerModel
        Shows a slice, which clicks change.
    session : CorrectSession
        Knows the labels.
    """

    def __init__(self, viewer: ViewerModel, session: CorrectSession) -> None:
        super().__init__()
        self._viewer, self._session = viewer, session
        self._layer: Labels | None = None
        self.strip, self.legend = EditStrip(), EditLegend()
        self.reviewed = QCheckBox(f"All of this slice is right ({pressed(REVIEW)})")
        self.reviewed.setToolTip(
            "Mark the slice that the viewer shows as reviewed: it counts as corrected, and a new "
            "prediction leaves it as it is. So does a right click in the strip."
        )
        layout = QVBoxLayout(self)
        layout.setContentsMargins(0, 0, 0, 0)
        for part in (self.strip, self.legend, self.reviewed):
            layout.addWidget(part)
        self._shortcut = Shortcut(REVIEW, Labels, self._on_key)
        self._connect()

    def _connect(self) -> None:
        self.strip.wanted.connect(self._go)
        self.strip.turned.connect(self._session.turn_review)
        self.reviewed.clicked.connect(self._turn)
        self._session.roles_changed.connect(self.look)
        self._session.events.tracker.connect(self._bind)
        self._seen = SliceFollower(self._viewer, self._show_here)

    def look(self) -> None:
        """Something else is edited or reviewed."""
        tracker = self._session.tracker
        edits, total = (Edits(), 0) if tracker is None else (tracker.edits, tracker.total)
        self.strip.show_edits(edits, total)
        self.legend.show_edits(edits, total)
        self._show_here()

    def stop(self) -> None:
        """The dock is closed."""
        self._shortcut.stop()
        self._session.roles_changed.disconnect(self.look, missing_ok=True)
        self._seen.stop()

    def _bind(self) -> None:
        """Have the key act on the layer that is corrected now."""
        tracker = self._session.tracker
        self._layer = None if tracker is None else layer_of(tracker)

    def _on_key(self, layer: Any) -> None:
        if unwrapped(layer) is self._layer:
            self._turn()

    def _turn(self) -> None:
        self._session.turn_review()

    def _go(self, z: int) -> None:
        if self._layer is not None:
            go_to_slice(self._viewer, self._layer, z)

    def _show_here(self) -> None:
        self._session.look()
        z, tracker = self._session.slice_in_view(), self._session.tracker
        self.strip.show_here(z)
        self.reviewed.setEnabled(z is not None)
        is_reviewed = z is not None and tracker is not None and tracker.edits.of(z).reviewed
        self.reviewed.setChecked(bool(is_reviewed))
