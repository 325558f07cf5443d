"""The row that says how long a training takes on this machine."""

from __future__ import annotations

from typing import Any

from magicgui.widgets import Container, PushButton

from napari_emseg.session.train.time_estimate import TimeEstimate
from napari_emseg.ui.widgets.forms import wrapped_label


class TimeEstimateRow(Container[Any]):
    """Draws a `TimeEstimate`, with a button to measure where nothing is known, or to stop that.

    Parameters
    ----------
    estimate : TimeEstimate
        What is known.
    """

    def __init__(self, estimate: TimeEstimate) -> None:
        self._estimate = estimate
        self.text = wrapped_label("")
        self.measure = PushButton(
            text="Measure", tooltip="Train some steps on noise, which takes about half a minute."
        )
        super().__init__(widgets=[self.text, self.measure], labels=False)
        self.margins = (0, 0, 0, 0)
        self.measure.changed.connect(self._turn)
        for event in (estimate.events.text, estimate.events.is_unknown):
            event.connect(self._show)
        estimate.events.is_measuring.connect(self._show)
        self._show()

    def _show(self) -> None:
        self.text.value = self._estimate.text
        self.measure.visible = self._estimate.is_unknown
        self.measure.text = "Stop measuring" if self._estimate.is_measuring else "Measure"

    def _turn(self) -> None:
        if self._estimate.is_measuring:
            self._estimate.stop()
        else:
            self._estimate.measure()
