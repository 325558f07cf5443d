"""The next id that no cell has."""

from __future__ import annotations

from collections.abc import Iterable

import numpy as np

from napari_emseg.errors import LabelsError
from napari_emseg.session.executor import Lane
from napari_emseg.session.painting.edit_tracker import EditTracker


class HighestId:
    """Looks for the highest id of a stack, in a lane, and keeps up with what is painted.

    Parameters
    ----------
    tracker : EditTracker
        Of the layer.
    lane : Lane
        Where the stack is looked through.
    """

    def __init__(self, tracker: EditTracker, lane: Lane) -> None:
        self._tracker, self._lane = tracker, lane
        self._changed: set[int] = set()
        self._highest, self._is_over = 0, False
        tracker.changed.connect(self._note)
        lane.run(self._look_through)

    def next(self) -> int:
        """An id that is free.

        Raises
        ------
        LabelsError
            If the layer's dtype has none left.
        """
        self._lane.wait()
        looked_at, self._changed = self._changed, set()
        self._highest = max(self._highest, self._look(looked_at))
        most = np.iinfo(self._tracker.layer.dtype).max
        if self._highest >= most:
            raise LabelsError(
                f"labels: all ids up to {most} are taken; convert the layer to a larger type "
                "(right click on it, Convert data type)"
            )
        return self._highest + 1

    def stop(self) -> None:
        """Look no more."""
        self._is_over = True
        self._tracker.changed.disconnect(self._note, missing_ok=True)

    def _note(self, changed: set[int]) -> None:
        self._changed |= changed

    def _look_through(self) -> None:
        """In the lane; what is noted meanwhile is looked at once more."""
        self._highest = self._look(range(self._tracker.total))

    def _look(self, slices: Iterable[int]) -> int:
        highest, layer = 0, self._tracker.layer
        for z in slices:
            if self._is_over:
                break
            if z < self._tracker.total:
                highest = max(highest, int(np.max(np.asarray(layer.slice(z)), initial=0)))
        return highest
