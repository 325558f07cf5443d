"""Cells that were edited since they were measured."""

from __future__ import annotations

from collections.abc import Iterable
from typing import TYPE_CHECKING

import numpy as np
from psygnal import Signal

from napari_emseg.core.measure.table import Units
from napari_emseg.session.executor import Executor
from napari_emseg.session.measure.measured_layer import MeasuredLayer

if TYPE_CHECKING:
    from napari_emseg.core.measure.measures import Measures

_CALM_S = 0.3
"""How long nothing must be painted until slices are looked at."""


class EditsSince:
    """Looks at slices that may have changed, and compares their profiles with those of before.

    What is undone counts as never done.

    Parameters
    ----------
    executor : Executor
        Looks at slices.
    layer : MeasuredLayer
        What is measured from now on.
    units : Units
        With which it is.

    Attributes
    ----------
    changed : psygnal.Signal
        Emitted when other cells than before are known to be edited.
    are_all : bool
        Whether all measures hold no more: the pixels, or the voxel size, are others.
    """

    changed = Signal()

    def __init__(self, executor: Executor, layer: MeasuredLayer, units: Units) -> None:
        self.layer, self._units = layer, units
        self.are_all = False
        self._measures: Measures | None = None
        self._is_mask = False
        self._of_slice: dict[int, frozenset[int]] = {}
        self._versions = self._now()
        self._lane = executor.lane("edited")
        self._soon = executor.timer(self._look, _CALM_S)

    @property
    def ids(self) -> frozenset[int]:
        """Ids of cells that were edited, made or taken away."""
        return frozenset().union(*self._of_slice.values())

    @property
    def slices(self) -> list[int]:
        """The slices on which they were, ascending."""
        return sorted(z for z, ids in self._of_slice.items() if ids)

    def begin(self, measures: Measures) -> None:
        """Compare with these measures, from now on."""
        self._measures = measures
        self.layer.changed.connect(self._on_changed)
        self._soon.start()  # someone may have painted meanwhile

    def doubt_all(self) -> None:
        """Nothing of what was measured holds any more."""
        if not self.are_all:
            self.are_all = True
            self.changed.emit()

    def close(self) -> None:
        """Look at nothing any more."""
        if self._measures is not None:
            self.layer.changed.disconnect(self._on_changed)
        self._measures = None
        self._soon.stop()
        self._lane.stop()

    def _now(self) -> list[int]:
        return [self.layer.version(z) for z in range(self.layer.shape[0])]

    def _on_changed(self) -> None:
        self._soon.start()

    def _look(self) -> None:
        measures, now = self._measures, self._now()
        if measures is None or self.are_all:
            return
        doubted = [z for z, (a, b) in enumerate(zip(now, self._versions, strict=True)) if a != b]
        if doubted:
            self._lane.latest(
                lambda: self._compared(measures, doubted), lambda found: self._take(now, found)
            )

    def _compared(self, measures: Measures, slices: Iterable[int]) -> dict[int, frozenset[int]]:
        from napari_emseg.core.measure.edited_cells import edited_cells  # it loads OpenCV

        found = {}
        for z in slices:
            ids = np.maximum(np.asarray(self.layer.read(z)).astype(np.int64), 0)
            edited = edited_cells(measures.profiles, z, ids, self._units, is_mask=measures.of_mask)
            found[z] = frozenset(edited.tolist())
        return found

    def _take(self, now: list[int], found: dict[int, frozenset[int]]) -> None:
        before = self.ids
        for z in found:
            self._versions[z] = now[z]
        self._of_slice |= found
        if self.ids != before:
            self.changed.emit()
