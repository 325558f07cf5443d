"""A job in napari's activity dock, where all that goes on is seen at once."""

from __future__ import annotations

from napari.utils import progress

_STEPS = 1000


class Activity:
    """A line and a bar from the first `show` to `end`.

    Parameters
    ----------
    title : str
        What goes on.
    """

    def __init__(self, title: str) -> None:
        self._title = title
        self._bar: progress | None = None

    def show(self, done: float | None) -> None:
        """So much is done, 0..1; None where nobody knows."""
        total = 0 if done is None else _STEPS
        if self._bar is not None and self._bar.total != total:
            self.end()  # napari's bar does not change its kind
        if self._bar is None:
            self._bar = progress(total=total, desc=self._title)
        if done is not None:
            self._bar.update(round(_STEPS * done - self._bar.n))

    def end(self) -> None:
        """It is over."""
        bar, self._bar = self._bar, None
        if bar is not None:
            bar.close()
