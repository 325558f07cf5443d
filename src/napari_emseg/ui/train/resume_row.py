"""The row that offers a training that was cut off."""

from __future__ import annotations

from napari_emseg.session.train.setup import TrainSetup
from napari_emseg.ui.widgets.restore_row import Offer


class ResumeRow(Offer):
    """Draws what a session offers to go on with; hidden where there is nothing.

    Parameters
    ----------
    setup : TrainSetup
        Offers it, and goes on with it.
    """

    def __init__(self, setup: TrainSetup) -> None:
        super().__init__("Resume", "Go on after its last finished epoch.")
        self._resumable = setup.offer
        self.accepted.connect(setup.resume)
        self.discarded.connect(self._resumable.discard)
        self._resumable.events.run.connect(self._show)
        self._show()

    def _show(self) -> None:
        self.offer("" if self._resumable.run is None else self._resumable.text)
