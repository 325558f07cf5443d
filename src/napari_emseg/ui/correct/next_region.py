"""The panel *Where next*: it jumps to the places where correcting helps most."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np
from magicgui.widgets import Container, PushButton
from qtpy.QtWidgets import QVBoxLayout, QWidget

from napari_emseg.core.correct.review_regions import SQUARE_PX, ReviewRegion
from napari_emseg.errors import EmsegError
from napari_emseg.ui.background.dock_closed import WhenClosed
from napari_emseg.ui.correct.region_ranking import Ranker
from napari_emseg.ui.viewer.go_to import go_to
from napari_emseg.ui.viewer.workspace import workspace_of
from napari_emseg.ui.widgets.forms import wrapped_label

if TYPE_CHECKING:
    from collections.abc import Callable

    from napari.components import ViewerModel

    from napari_emseg.ui.retrain.corrections import Corrections

NEXT_KEY, PREVIOUS_KEY = "Alt-N", "Alt-P"
_NOTHING = "Segment a slice or the stack first; its doubtful places are found from the prediction."
_CORRECTED_PX = 40
"""So many pixels of a square differ from the prediction where a person has corrected it: more than
what is cleaned of specks, and less than a stroke of the brush."""


class NextRegionPanel(QWidget):
    """*Next* and *Previous* among the places of the newest prediction.

    Parameters
    ----------
    viewer : ViewerModel
        Where the layers are.
    source : callable
        Gives what is corrected; raises `EmsegError` where nothing is.
    """

    def __init__(self, viewer: ViewerModel, source: Callable[[], Corrections]) -> None:
        super().__init__()
        self._viewer, self._source = viewer, source
        self._workspace = workspace_of(viewer)
        self._visited: list[tuple[int, ReviewRegion]] = []
        self._at = -1
        self._is_wanted = False
        self.ranker = Ranker(self._on_ranked, self)
        self.previous = PushButton(
            text="Previous", tooltip=f"Back to the place before ({PREVIOUS_KEY})."
        )
        self.next = PushButton(
            text="Next",
            tooltip="Go to the place where correcting helps most: much is uncertain there, and "
            f"large cells hang together by it or do not ({NEXT_KEY}).",
        )
        self.message = wrapped_label("")
        self._lay_out()
        self._connect()
        self._look()

    def _lay_out(self) -> None:
        row = Container(widgets=[self.previous, self.next], layout="horizontal", labels=False)
        row.margins = (0, 0, 0, 0)
        layout = QVBoxLayout(self)
        layout.setContentsMargins(0, 0, 0, 0)
        layout.addWidget(row.native)
        layout.addWidget(self.message.native)

    def _connect(self) -> None:
        self.next.changed.connect(self.go_on)
        self.previous.changed.connect(self.go_back)
        self._workspace.segmented.connect(self._look)
        self._viewer.bind_key(NEXT_KEY, lambda _: self.go_on(), overwrite=True)
        self._viewer.bind_key(PREVIOUS_KEY, lambda _: self.go_back(), overwrite=True)
        self._bound = True
        WhenClosed(self, self.close_panel)

    def close_panel(self) -> None:
        """Let go of keys and events; the dock that holds the panel calls this when it is closed."""
        self._workspace.segmented.disconnect(self._look, missing_ok=True)
        self.ranker.stop()
        if self._bound:
            self._bound = False
            self._viewer.bind_key(NEXT_KEY, None)
            self._viewer.bind_key(PREVIOUS_KEY, None)

    # -- actions ---------------------------------------------------------------------------

    def go_on(self) -> None:
        """To the next place: one that *Previous* came from, else the worst that is left."""
        self._look()
        if self._at + 1 < len(self._visited):
            self._show(self._at + 1)
            return
        place = self._worst_left()
        self._is_wanted = place is None and not self.ranker.is_done
        if place is not None:
            self._visited.append(place)
            self._show(len(self._visited) - 1)
        elif self._is_wanted:
            self.message.value = "Looking for doubtful places ..."
        elif self.ranker.prediction is not None:
            self.message.value = "No doubtful place is left that you have not seen."

    def go_back(self) -> None:
        """To the place before."""
        if self._at > 0:
            self._show(self._at - 1)

    # -- places ----------------------------------------------------------------------------

    def _look(self, _: object = None) -> None:
        """Rank the newest prediction, with what it has got since."""
        prediction = self._workspace.newest()
        if prediction is None:
            self.message.value = _NOTHING
        else:
            if prediction is not self.ranker.prediction:
                self._visited, self._at = [], -1
                self.message.value = ""
            self.ranker.rank(prediction)
        self.previous.enabled = self._at > 0

    def _on_ranked(self) -> None:
        if self._is_wanted:
            self.go_on()

    def _worst_left(self) -> tuple[int, ReviewRegion] | None:
        seen = {(z, str(place.square)) for z, place in self._visited}
        corrections = self._corrections()
        left = (
            (z, place)
            for z, place in self.ranker.order
            if (z, str(place.square)) not in seen
            and not (corrections is not None and self._is_corrected(corrections, z, place))
        )
        return next(left, None)

    def _corrections(self) -> Corrections | None:
        prediction = self.ranker.prediction
        try:
            corrections = self._source()
        except EmsegError:  # nothing yet
            return None
        same = prediction is not None and corrections.image is prediction.image
        return corrections if same else None

    def _is_corrected(self, corrections: Corrections, z: int, place: ReviewRegion) -> bool:
        """Whether a person has painted in the square what the prediction does not say."""
        prediction = self.ranker.prediction
        if z not in corrections.slices or prediction is None:
            return False
        labels: Any = corrections.labels.data
        painted = np.asarray((labels if labels.ndim == 2 else labels[z])[place.square]) != 0
        threshold = prediction.rules[1].threshold
        predicted = np.asarray(prediction.probability[z][place.square]) > threshold
        return int(np.count_nonzero(painted != predicted)) >= _CORRECTED_PX

    def _show(self, number: int) -> None:
        prediction = self.ranker.prediction
        assert prediction is not None
        self._at = number
        z, place = self._visited[number]
        if prediction.image in self._viewer.layers:
            go_to(self._viewer, prediction.image, (z, place.y, place.x), size_px=SQUARE_PX)
        self.previous.enabled = number > 0
        more = "" if self.ranker.is_done else "; other slices are still being looked through"
        self.message.value = f"Slice {z}, around row {place.y}, column {place.x}{more}."
