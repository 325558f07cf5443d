"""What starts and stops a job, and how far it is."""

from __future__ import annotations

from typing import Any

from magicgui.widgets import Container, ProgressBar, PushButton

from napari_emseg.ui.background.timers import later
from napari_emseg.ui.widgets.activity import Activity
from napari_emseg.ui.widgets.forms import row_of, wrapped_label

_STEPS = 1000
"""Resolution of the progress bar."""

_PATIENCE_MS = 200
"""Of what is done before, only the end is drawn: the rest would flicker, and take its share."""


class RunRow(Container[Any]):
    """Buttons, a bar and a sentence.

    Parameters
    ----------
    start : PushButton or Container
        What starts the job and cannot be clicked while it runs: a button, which then stands beside
        *Stop*, or several, above it.
    stop_tip : str
        What *Stop* does.
    title : str
        What napari's activity dock calls the job.
    """

    def __init__(self, start: PushButton | Container[Any], stop_tip: str, title: str) -> None:
        self.start = start
        self.stop = PushButton(text="Stop", tooltip=stop_tip)
        self.bar = ProgressBar(min=0, max=_STEPS, value=0)
        self.bar.native.setAccessibleName(f"{title}: how far it is")
        self.message = wrapped_label("")
        several = isinstance(start, Container)
        buttons = [start, self.stop] if several else [row_of(start, self.stop)]
        super().__init__(widgets=[*buttons, self.bar, self.message], labels=False)
        self._said = ""
        self._is_running = False
        self._activity = Activity(self.native, title)
        self._soon = later(self.native, self._show_all)
        self.show_idle("")

    def show_idle(self, message: str) -> None:
        """Nothing runs."""
        self.end()
        self.bar.visible = False
        self._enable(running=False)
        self.say(message)
        self.native.setUpdatesEnabled(True)

    def end(self) -> None:
        """Nothing runs, or nobody looks any more."""
        self._soon.stop()
        self._activity.end()

    def say(self, message: str) -> None:
        """Change the sentence."""
        self._said = message
        if not self._soon.isActive():  # else it would have the window laid out and drawn anew
            self.message.value = message

    def show_running(self, message: str, done: float | None = None) -> None:
        """Something runs; ``done`` is the part of it that is done, 0..1, where that is known."""
        if not self._is_running:
            self._soon.start(_PATIENCE_MS)
            self.native.setUpdatesEnabled(False)
        self._enable(running=True)
        self._fill(done)
        self._activity.show(done)
        self.say(message)

    def let_start(self) -> None:
        """What runs is in nobody's way: another job may be started beside it."""
        self.start.enabled = True

    def show_stopping(self) -> None:
        """It has been asked to stop, and nobody need ask again."""
        self.stop.enabled = False
        self.say("Stopping ...")

    def _show_all(self) -> None:
        self.bar.visible = True
        self.message.value = self._said
        self.native.setUpdatesEnabled(True)

    def _enable(self, *, running: bool) -> None:
        self._is_running = running
        self.start.enabled = not running
        self.stop.enabled = running

    def _fill(self, done: float | None) -> None:
        self.bar.max = 0 if done is None else _STEPS  # 0 moves to and fro
        self.bar.value = 0 if done is None else round(_STEPS * done)
