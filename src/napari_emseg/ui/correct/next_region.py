"""The panel *Where next*: it jumps to the regions where correcting helps most."""

from __future__ import annotations

from typing import TYPE_CHECKING

from magicgui.widgets import Container, PushButton
from qtpy.QtWidgets import QVBoxLayout, QWidget

from napari_emseg.session.help.keys import NEXT_PLACE, PREVIOUS_PLACE
from napari_emseg.ui.docking.dock_closed import WhenClosed
from napari_emseg.ui.viewer.shortcuts import pressed, viewer_shortcut
from napari_emseg.ui.widgets.forms import wrapped_label

if TYPE_CHECKING:
    from napari.components import ViewerModel

    from napari_emseg.session.correct.region_visits import RegionVisits


class NextRegionPanel(QWidget):
    """*Next* and *Previous* among the regions of the newest prediction.

    Parameters
    ----------
    viewer : ViewerModel
        Gets the keys.
    visits : RegionVisits
        Knows where to go.
    """

    def __init__(self, viewer: ViewerModel, visits: RegionVisits) -> None:
        super().__init__()
        self._viewer, self.visits = viewer, visits
        self.previous = PushButton(
            text="Previous", tooltip=f"Back to the place before ({pressed(PREVIOUS_PLACE)})."
        )
        self.next = PushButton(
            text="Next",
            tooltip="Go to the place where correcting helps most: much is uncertain there, and "
            f"large cells hang together by it or do not ({pressed(NEXT_PLACE)}).",
        )
        self.message = wrapped_label("")
        self._lay_out()
        self._connect()
        self._show()

    def _lay_out(self) -> None:
        row = Container(widgets=[self.previous, self.next], layout="horizontal", labels=False)
        row.margins = (0, 0, 0, 0)
        layout = QVBoxLayout(self)
        layout.setContentsMargins(0, 0, 0, 0)
        layout.addWidget(row.native)
        layout.addWidget(self.message.native)

    def _connect(self) -> None:
        self.next.changed.connect(self.visits.go_on)
        self.previous.changed.connect(self.visits.go_back)
        for event in (self.visits.events.message, self.visits.events.can_go_back):
            event.connect(self._show)
        self._shortcuts = [
            viewer_shortcut(self._viewer, NEXT_PLACE, self.visits.go_on),
            viewer_shortcut(self._viewer, PREVIOUS_PLACE, self.visits.go_back),
        ]
        WhenClosed(self, self.close_panel)

    def close_panel(self) -> None:
        """Let go of keys and events; the dock that holds the panel calls this when it is closed."""
        self.visits.close()
        for event in (self.visits.events.message, self.visits.events.can_go_back):
            event.disconnect(self._show, missing_ok=True)
        for shortcut in self._shortcuts:
            shortcut.stop()

    def _show(self) -> None:
        self.message.value = self.visits.message
        self.previous.enabled = self.visits.can_go_back
