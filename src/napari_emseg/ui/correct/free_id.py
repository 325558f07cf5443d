"""The next id that no cell has."""

from __future__ import annotations

from collections.abc import Iterable
from concurrent.futures import ThreadPoolExecutor
from typing import TYPE_CHECKING

import numpy as np

from napari_emseg.errors import LabelsError

if TYPE_CHECKING:
    from napari_emseg.ui.painting.edit_tracker import LayerEdits


class HighestId:
    """Looks for the highest id of a stack, in a thread, and keeps up with what is painted.

    Parameters
    ----------
    follower : LayerEdits
        Of the layer.
    """

    def __init__(self, follower: LayerEdits) -> None:
        self._follower = follower
        self._changed: set[int] = set()
        follower.changed.connect(self._note)
        thread = ThreadPoolExecutor(1, thread_name_prefix="emseg-ids")
        self._found = thread.submit(self._look, range(follower.total))
        thread.shutdown(wait=False)
        self._highest = 0

    def next(self) -> int:
        """An id that is free.

        Raises
        ------
        LabelsError
            If the layer's dtype has none left.
        """
        looked_at, self._changed = self._changed, set()
        self._highest = max(self._highest, self._found.result(), self._look(looked_at))
        most = np.iinfo(self._follower.layer.data.dtype).max
        if self._highest >= most:
            raise LabelsError(
                f"labels: all ids up to {most} are taken; convert the layer to a larger type "
                "(right click on it, Convert data type)"
            )
        return self._highest + 1

    def _note(self, changed: set[int]) -> None:
        self._changed |= changed

    def _look(self, slices: Iterable[int]) -> int:
        ids = (self._follower.now(z) for z in slices if z < self._follower.total)
        return max((int(np.max(each, initial=0)) for each in ids), default=0)
