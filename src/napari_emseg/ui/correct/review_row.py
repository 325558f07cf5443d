"""Strip, legend and button that show what is edited and reviewed."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from qtpy.QtWidgets import QCheckBox, QVBoxLayout, QWidget

from napari_emseg.core.correct.edits import Edits
from napari_emseg.errors import ShapeError
from napari_emseg.ui.correct.edit_strip import EditLegend, EditStrip
from napari_emseg.ui.viewer.layers import current_slice

if TYPE_CHECKING:
    from napari.components import ViewerModel

    from napari_emseg.ui.painting.edit_tracker import LayerEdits


class ReviewRow(QWidget):
    """What a person has done to each slice of a layer.

    Parameters
    ----------
    viewer : ViewerModel
        Shows a slice, which clicks change.
    """

    KEY = "R"

    def __init__(self, viewer: ViewerModel, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._viewer = viewer
        self._follower: LayerEdits | None = None
        self.strip, self.legend = EditStrip(), EditLegend()
        self.reviewed = QCheckBox(f"All of this slice is right ({self.KEY})")
        self.reviewed.setToolTip(
            "Mark the slice that the viewer shows as reviewed: it counts as corrected, and a new "
            "prediction leaves it as it is. So does a right click in the strip."
        )
        layout = QVBoxLayout(self)
        layout.setContentsMargins(0, 0, 0, 0)
        for part in (self.strip, self.legend, self.reviewed):
            layout.addWidget(part)
        self.strip.wanted.connect(self._go)
        self.strip.turned.connect(self._turn)
        self.reviewed.clicked.connect(self.turn_here)
        dims = viewer.dims.events
        self._seen = (dims.point, dims.order, dims.ndisplay)
        for event in self._seen:
            event.connect(self._show_here)

    def show_layer(self, follower: LayerEdits | None) -> None:
        """Show another layer, or none."""
        if self._follower is not None:
            self._follower.layer.bind_key(self.KEY, None)
        self._follower = follower
        if follower is not None:
            follower.layer.bind_key(self.KEY, self._on_key, overwrite=True)
        self.look()

    def look(self) -> None:
        """Something else is edited or reviewed."""
        follower = self._follower
        edits, total = (Edits(), 0) if follower is None else (follower.edits, follower.total)
        self.strip.show_edits(edits, total)
        self.legend.show_edits(edits, total)
        self._show_here()

    def turn_here(self) -> None:
        """Call the slice that the viewer shows reviewed, or not any more."""
        z = self._here()
        if z is not None:
            self._turn(z)

    def stop(self) -> None:
        """The dock is closed."""
        self.show_layer(None)
        for event in self._seen:
            event.disconnect(self._show_here)

    def _on_key(self, _: Any) -> None:
        self.turn_here()

    def _turn(self, z: int) -> None:
        if self._follower is not None:
            self._follower.review(z, not self._follower.edits.of(z).reviewed)

    def _go(self, z: int) -> None:
        if self._follower is None or self._follower.layer.ndim == 2:
            return
        layer, viewer = self._follower.layer, self._viewer
        at = list(layer.world_to_data(viewer.dims.point))
        at[0] = z
        for axis, place in enumerate(layer.data_to_world(at), viewer.dims.ndim - layer.ndim):
            if axis not in viewer.dims.displayed:
                viewer.dims.set_point(axis, place)

    def _here(self) -> int | None:
        """The slice that the viewer shows."""
        if self._follower is None or self._viewer.dims.ndisplay != 2:
            return None
        try:
            return current_slice(self._viewer, self._follower.layer)
        except ShapeError:  # a place beside the layer
            return None

    def _show_here(self) -> None:
        z = self._here()
        self.strip.show_here(z)
        self.reviewed.setEnabled(z is not None)
        is_reviewed = z is not None and self._follower is not None and (
            self._follower.edits.of(z).reviewed
        )  # fmt: skip
        self.reviewed.setChecked(bool(is_reviewed))
