"""Through how many slices cells live, and those that live too shortly."""

from __future__ import annotations

from collections import deque
from typing import TypeVar

import numpy as np
import numpy.typing as npt

from napari_emseg.core.label_images import BoolImage, CellIds, contingency
from napari_emseg.core.segment.cell_count import CellCount

_Kind = TypeVar("_Kind", bound=np.generic)


class CellLives:
    """In how many slices each cell lives, and which cells reach an end of what is seen.

    Nobody sees how far a cell goes on that reaches the first or the last slice. So it is short in
    no case.
    """

    def __init__(self) -> None:
        self._slices = np.zeros(1, np.int32)
        self._at_end = np.zeros(1, bool)

    def add(self, ids: CellIds, *, at_end: bool = False) -> None:
        """Count the cells of a slice (Y, X); ``at_end`` where a slice beside it is not seen."""
        present = _present(ids)
        self._slices = _longer(self._slices, present)
        self._at_end = _longer(self._at_end, present)
        self._slices[present] += 1
        self._at_end[present] |= at_end

    def reach_end(self, ids: CellIds) -> None:
        """Note that these cells of a slice (Y, X), which was counted, reach an end."""
        self._at_end[_present(ids)] = True

    def keep(self, kept: BoolImage) -> None:
        """Of the ids so far, those and no others are taken to reach an end."""
        self._at_end[: kept.size] = kept

    def are_short(self, least: int, ids: npt.NDArray[np.intp] | None = None) -> BoolImage:
        """Whether the cells live in fewer slices than ``least``: these, or all ids from 0 on."""
        wanted = slice(None) if ids is None else ids
        short: BoolImage = (self._slices[wanted] < least) & ~self._at_end[wanted]
        return short

    def count(self, least: int) -> CellCount:
        """How many cells are left without the short ones."""
        left = (self._slices > 0) & ~self.are_short(least)
        return CellCount(int(left.sum()), int((left & self.are_short(2)).sum()))


class ShortCellFilter:
    """Leaves the short cells out of slices that come in order, and numbers the others 1, 2, ...

    A slice is held until as many that follow it have come as its cells need to be long enough:
    ``least - 1``, and the missing sections among them.

    Parameters
    ----------
    least : int
        In how many slices a cell must live.
    """

    def __init__(self, least: int) -> None:
        self._least, self._lives = least, CellLives()
        self._held: deque[tuple[CellIds, bool]] = deque()
        self._last: CellIds | None = None
        self._number = np.zeros(1, np.uint32)
        self._last_number = 0
        self._sees_all = True

    def put(self, ids: CellIds, *, missing: bool = False) -> list[CellIds]:
        """Take the linked cells (Y, X) of the next slice; returns slices that are decided."""
        if not missing:
            self._lives.add(ids, at_end=self._last is None)
            self._last = ids
        self._held.append((ids, missing))
        return self._decided(self._least - 1)

    def end(self) -> list[CellIds]:
        """No slice follows: returns those that are held."""
        if self._last is not None:
            self._lives.reach_end(self._last)
        return self._decided(0)

    def go_on(self, decided: CellIds, *, last_number: int) -> None:
        """Begin after ``decided``, which an earlier run has made of the last slice that was put.

        Parameters
        ----------
        decided : (Y, X) uint32 array
            Numbers of its cells; those that were short are 0. Where as many slices as a cell needs
            less one were put, missing sections aside, all is as if there had been no stop.
        last_number : int
            The highest number that was given.
        """
        self._held.clear()
        self._last_number, self._sees_all = last_number, False
        if self._last is not None:
            shared = contingency(self._last, decided)
            self._number = np.asarray(shared.argmax(axis=1)).ravel().astype(np.uint32)
            self._lives.keep(self._number > 0)

    def count(self) -> CellCount:
        """How many cells were let through."""
        seen = self._lives.count(self._least).in_one_slice if self._sees_all else None
        return CellCount(self._last_number, seen)

    def _decided(self, following: int) -> list[CellIds]:
        """The slices that so many follow, missing sections aside."""
        decided: list[CellIds] = []
        tissue = sum(not missing for _, missing in self._held)
        while self._held and (self._held[0][1] or tissue > following):
            ids, missing = self._held.popleft()
            tissue -= not missing
            decided.append(ids if missing else self._numbered(ids))
        return decided

    def _numbered(self, ids: CellIds) -> CellIds:
        present = _present(ids)
        self._number = _longer(self._number, present)
        is_new = (self._number[present] == 0) & ~self._lives.are_short(self._least, present)
        new = present[is_new]
        self._number[new] = self._last_number + 1 + np.arange(new.size)
        self._last_number += new.size
        return self._number[ids]


def _present(ids: CellIds) -> npt.NDArray[np.intp]:
    """The ids of a slice, ascending, without 0."""
    return np.flatnonzero(np.bincount(ids.ravel())[1:]) + 1


def _longer(of_ids: npt.NDArray[_Kind], present: npt.NDArray[np.intp]) -> npt.NDArray[_Kind]:
    """What is known of each id, with room for these; twice as much, so that it is seldom copied."""
    needed = int(present.max(initial=0)) + 1
    if needed <= of_ids.size:
        return of_ids
    longer = np.zeros(2 * needed, of_ids.dtype)
    longer[: of_ids.size] = of_ids
    return longer
