"""Start and stop of a long job, and how far it is."""

from __future__ import annotations

from magicgui.widgets import Container, ProgressBar, PushButton

from napari_emseg.ui.forms import wrapped_label

_STEPS = 1000
"""Resolution of the progress bar."""


class RunRow(Container):
    """Two buttons, a bar and a sentence."""

    def __init__(self, start: str, start_tip: str, stop_tip: str) -> None:
        self.start = PushButton(text=start, tooltip=start_tip)
        self.stop = PushButton(text="Stop", tooltip=stop_tip)
        self.progress = ProgressBar(min=0, max=_STEPS, value=0)
        self.status = wrapped_label("")
        buttons = Container(widgets=[self.start, self.stop], layout="horizontal", labels=False)
        buttons.margins = (0, 0, 0, 0)
        super().__init__(widgets=[buttons, self.progress, self.status], labels=False)
        self.show_idle("")

    def show_idle(self, message: str) -> None:
        """Nothing runs."""
        self._show(False, message)

    def show_running(self, message: str, done: float | None = None) -> None:
        """Something runs; ``done`` is the part of it that is done, 0..1, where that is known."""
        self._show(True, message)
        self.progress.max = 0 if done is None else _STEPS  # 0 moves to and fro
        self.progress.value = 0 if done is None else round(_STEPS * done)

    def _show(self, running: bool, message: str) -> None:
        self.start.enabled = not running
        self.stop.enabled = running
        self.progress.visible = running
        self.status.value = message
