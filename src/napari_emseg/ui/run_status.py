"""How far a segmentation is, in a bar and in words, and the button that stops it."""

from __future__ import annotations

from magicgui.widgets import Container, ProgressBar, PushButton
from qtpy.QtCore import QTimer

from napari_emseg.types import Progress
from napari_emseg.ui.forms import wrapped_label
from napari_emseg.ui.words import left

_STEPS = 1000
"""Resolution of the progress bar."""

_PATIENCE_MS = 200
"""What is done before shows no bar: it would flicker, and drawing it would take its share."""


class RunStatus(Container):
    """A bar, *Stop* and a sentence below them."""

    def __init__(self) -> None:
        self.bar = ProgressBar(min=0, max=_STEPS, value=0)
        self.stop = PushButton(text="Stop", tooltip="Stop; finished slices are kept.")
        self.message = wrapped_label("")
        super().__init__(widgets=[self.bar, self.stop, self.message], labels=False)
        self.margins = (0, 0, 0, 0)
        self._bar_soon = QTimer(self.native)
        self._bar_soon.setSingleShot(True)
        self._bar_soon.setInterval(_PATIENCE_MS)
        self._bar_soon.timeout.connect(lambda: setattr(self.bar, "visible", True))
        self.show_idle("")

    def show_idle(self, message: str) -> None:
        """Nothing runs."""
        self._show_running(False, message)
        self.bar.max = _STEPS
        self.bar.value = 0

    def show_busy(self, message: str) -> None:
        """Something runs, and nobody knows yet how long."""
        self._show_running(True, message)
        self.bar.max = 0  # moves to and fro

    def show_progress(self, event: Progress, of: str = "") -> None:
        """So much is done; the sentence begins with ``of``, such as ``Stack 2 of 3: ``."""
        self.bar.max = _STEPS
        self.bar.value = round(_STEPS * event.done / event.total)
        done = f"{event.done:.0f} of {event.total:.0f} {event.unit}"
        self.message.value = f"{of}{done}{left(event.seconds_left)}"

    def show_stopping(self) -> None:
        """It has been asked to stop, and nobody need ask again."""
        self.message.value = "Stopping ..."
        self.stop.enabled = False

    def _show_running(self, running: bool, message: str) -> None:
        if running:
            self._bar_soon.start()
        else:
            self._bar_soon.stop()
            self.bar.visible = False
        self.stop.enabled = running
        self.message.value = message
