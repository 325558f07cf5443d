"""A job in napari's activity dock, where all that goes on is seen at once."""

from __future__ import annotations

from napari.utils import progress
from qtpy.QtCore import QObject

from napari_emseg.ui.background.timers import later

_STEPS = 1000
_PACE_MS = 200


class Activity:
    """A line and a bar, soon after the first `show` and until `end`.

    Parameters
    ----------
    parent : QObject
        What it belongs to, and with what it ends at the latest.
    title : str
        What goes on.
    """

    def __init__(self, parent: QObject, title: str) -> None:
        self._title = title
        self._bar: progress | None = None
        self._done: float | None = None
        self._is_over = False
        # in a turn of its own: napari's bar runs the event loop, and who calls is not done yet
        self._soon = later(parent, self._draw)
        parent.destroyed.connect(self._close_bar)

    def show(self, done: float | None) -> None:
        """So much is done, 0..1; None where nobody knows."""
        self._done, self._is_over = done, False
        if not self._soon.isActive():
            self._soon.start(_PACE_MS)

    def end(self) -> None:
        """It is over."""
        self._is_over = True
        self._soon.stop()
        self._close_bar()

    def _close_bar(self) -> None:
        bar, self._bar = self._bar, None
        if bar is not None:
            bar.close()

    def _draw(self) -> None:
        done, total = self._done, 0 if self._done is None else _STEPS
        if self._bar is not None and self._bar.total != total:
            self._close_bar()  # napari's bar does not change its kind
        if self._bar is None:
            self._bar = progress(total=total, desc=self._title)
            if self._is_over:  # while the bar was made, which runs the event loop
                self._close_bar()
        bar = self._bar
        if bar is not None and done is not None:
            bar.update(round(_STEPS * done - bar.n))
