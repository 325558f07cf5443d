"""What the brush tools do to a layer, each as one step of undo."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from importlib import import_module
from typing import TYPE_CHECKING, Any

import numpy as np
import numpy.typing as npt

from napari_emseg.core.classes import MEMBRANE, cells_of, with_cells
from napari_emseg.session.correct.free_id import HighestId
from napari_emseg.session.executor import Lane
from napari_emseg.session.painting.edit_tracker import EditTracker
from napari_emseg.session.painting.labels import LabelsLayer, differences
from napari_emseg.types import RepairedKind

if TYPE_CHECKING:
    from napari_emseg.core.correct.brushwork import Point

_REACH = 4
"""Membranes between cells that can be merged are at most so many times as thick as drawn ones."""
_LEAST_REACH_PX = 10


def load_tools(lane: Lane) -> None:
    """Import in a lane what the first act would make the window wait for: scipy and skimage."""
    lane.run(lambda: import_module("napari_emseg.core.correct.brushwork"))


class BrushActs:
    """Acts on one layer.

    Parameters
    ----------
    tracker : EditTracker
        Of the layer.
    lane : Lane
        For what takes long.
    kind : {"mask", "cells", "classes"}
        What the labels hold. Of classes the tools see cells and what is none, as of a mask.
    """

    def __init__(self, tracker: EditTracker, lane: Lane, kind: RepairedKind = "mask") -> None:
        self._tracker, self.kind = tracker, kind
        self.are_cells = kind == "cells"
        self._highest = HighestId(tracker, lane) if self.are_cells else None

    @property
    def membrane(self) -> int:
        """What membrane is painted with."""
        return MEMBRANE if self.kind == "classes" else 0

    @property
    def layer(self) -> LabelsLayer:
        """What is acted on."""
        return self._tracker.layer

    def stop(self) -> None:
        """Act no more."""
        if self._highest is not None:
            self._highest.stop()

    def fill(self, z: int, at: Point, thickness_px: int) -> None:
        """Make cell of the membrane at a pixel; `LabelsError` where there is none to fill."""
        from napari_emseg.core.correct.brushwork import fill_cell

        labels = np.asarray(self.layer.slice(z))
        filled = fill_cell(
            self._cells(labels), at, ids=self.are_cells, new_id=self._next_id(), rim_px=thickness_px
        )
        self._write([(z, self._with_cells(labels, filled))])

    def part(self, atoms: Sequence[Any]) -> int:
        """Give what a stroke has cut off ids of its own, as a part of the stroke.

        Returns
        -------
        int
            How many slices had something cut off.
        """
        from napari_emseg.core.correct.brushwork import part_cells

        if not self.are_cells:
            return 0
        parted = []
        for z in self.layer.slices_of(atoms):
            now = np.asarray(self.layer.slice(z))
            labels = part_cells(self.layer.before(z, atoms), now, self._next_id())
            if (labels != now).any():
                parted.append((z, labels))
        if parted:
            self.layer.extend(differences(self.layer, parted))
            self._tracker.note({z for z, _ in parted})
        return len(parted)

    def join(self, z: int, one: Point, other: Point, thickness_px: int, *, through: bool) -> None:
        """Make one cell of two.

        Parameters
        ----------
        z : int
            The slice on which both were clicked.
        one, other : (int, int)
            Row and column in each; the label of the first stays.
        thickness_px : int
            How thick membranes are drawn.
        through : bool
            Where cells have ids, change them also in the slices above and below, as far as the
            second cell goes without a gap.

        Raises
        ------
        LabelsError
            If they cannot be joined.
        """
        from napari_emseg.core.correct.brushwork import join_cells

        labels = np.asarray(self.layer.slice(z))
        reach = max(_REACH * thickness_px, _LEAST_REACH_PX)
        joined = join_cells(self._cells(labels), one, other, ids=self.are_cells, reach_px=reach)
        changes = [(z, self._with_cells(labels, joined))]
        if through and self.are_cells:
            changes += self._renamed(z, labels[other], labels[one])
        self._write(changes)

    def _renamed(self, z: int, old: Any, new: Any) -> Iterator[tuple[int, npt.NDArray[Any]]]:
        """Slices above and below in which a cell goes on, with its new id."""
        for way in (range(z + 1, self._tracker.total), range(z - 1, -1, -1)):
            for k in way:
                labels = np.asarray(self.layer.slice(k))
                if not (labels == old).any():
                    break
                yield k, np.where(labels == old, new, labels)

    def _cells(self, labels: npt.NDArray[Any]) -> npt.NDArray[Any]:
        """Labels (Y, X) as the tools see them, 0 being membrane."""
        return cells_of(labels) if self.kind == "classes" else labels

    def _with_cells(self, labels: npt.NDArray[Any], made: npt.NDArray[Any]) -> npt.NDArray[Any]:
        """Labels (Y, X) with what a tool has made of what it saw."""
        return with_cells(labels, made) if self.kind == "classes" else made

    def _write(self, slices: list[tuple[int, npt.NDArray[Any]]]) -> None:
        self.layer.write(differences(self.layer, slices))

    def _next_id(self) -> int:
        return 1 if self._highest is None else self._highest.next()
