"""Decisions about cells of a volume, written into their labels as one step of undo each."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING, Any, TypeAlias

import numpy as np

from napari_emseg.errors import LabelsError
from napari_emseg.session.correct.free_id import HighestId
from napari_emseg.session.correct.volume_fragments import VolumeFragments
from napari_emseg.session.executor import Lane
from napari_emseg.session.painting.edit_tracker import EditTracker
from napari_emseg.session.painting.labels import differences

if TYPE_CHECKING:
    from napari_emseg.core.proofread.decision import Change
    from napari_emseg.core.proofread.proofreading import Proofreading

Decide: TypeAlias = "Callable[[Proofreading], Change]"


class VolumeActs:
    """Acts on the labels of one volume, and goes along when a step is undone.

    Parameters
    ----------
    tracker : EditTracker
        Of the labels.
    fragments : VolumeFragments
        Of them.
    lane : Lane
        Where a free id is looked for.
    """

    def __init__(self, tracker: EditTracker, fragments: VolumeFragments, lane: Lane) -> None:
        self._tracker, self.fragments = tracker, fragments
        self._ids = HighestId(tracker, lane)
        # what the layer knows the step of each decision by; None where it changed no pixel
        self._done: list[Any] = []
        self._undone: list[Any] = []

    @property
    def cells(self) -> Proofreading:
        """The cells as they are now."""
        return self.fragments.cells

    def stop(self) -> None:
        """Act no more."""
        self._ids.stop()
        self.fragments.scratch.close()

    def do(self, decide: Decide) -> bool:
        """Take a decision and write it; whether any pixel has changed.

        Raises
        ------
        LabelsError
            If it cannot be taken.
        """
        from napari_emseg.core.proofread.pixels import changed_slices

        layer = self._tracker.layer
        if layer.unfinished():
            raise LabelsError("labels: a stroke is not finished; let go of the mouse first")
        self.cells.highest = max(self.cells.highest, self._ids.next() - 1)
        change = decide(self.cells)
        old = {int(each) for each in np.unique(change.old)} - {0}
        vanished = {each for each in old if not (self.cells.table == each).any()}
        painted = [z for z in self._tracker.edits.slices if z < self._tracker.total]
        slices = changed_slices(
            layer.stack, self.fragments.pixels, self.cells.volume.graph, change,
            vanished=vanished, painted=painted if vanished else (),
        )  # fmt: skip
        self._undone = []
        # noted first: the layer tells of the step while it is written
        self._note()
        self._done.append(layer.write(differences(layer, slices)))
        return self._done[-1] is not None

    def follow(self) -> bool:
        """Look whether the last step was undone or done again; whether decisions went along."""
        layer = self._tracker.layer
        if self._is_last(self._done, layer.last_undone()):
            self._back()
        elif self._is_last(self._undone, layer.last_done()):
            self._again()
        else:
            return False
        self._note()
        return True

    def _is_last(self, marks: list[Any], atoms: Sequence[Any]) -> bool:
        """Whether a step is that of the last decision that changed a pixel."""
        last = next((mark for mark in reversed(marks) if mark is not None), None)
        return last is not None and self._tracker.layer.is_of(last, atoms)

    def _back(self) -> None:
        """Take back decisions down to the last one that changed a pixel."""
        while self._done:
            self.cells.undo()
            self._undone.append(self._done.pop())
            if self._undone[-1] is not None:
                return

    def _again(self) -> None:
        """Take one again, and with it those after it that changed none."""
        while self._undone:
            self.cells.redo()
            self._done.append(self._undone.pop())
            if self._done[-1] is not None and (not self._undone or self._undone[-1] is not None):
                return

    def _note(self) -> None:
        """Keep the decisions with the labels."""
        from napari_emseg.core.proofread.decision import to_json

        log, count = self.cells.log, self.cells.volume.graph.count
        self._tracker.edits.decisions = to_json(log, count) if len(log) else None
