"""Masks and cells of slices, made beside the window."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from functools import cached_property, partial
from typing import TYPE_CHECKING, Any, TypeAlias

import numpy as np

from napari_emseg.core.classes import to_class_map
from napari_emseg.core.config.prediction import MaskConfig
from napari_emseg.session.executor import Executor, Task
from napari_emseg.session.prediction.rules import Kinds

if TYPE_CHECKING:
    from napari_emseg.core.label_images import CellIds
    from napari_emseg.core.segment.cell_count import CellCount
    from napari_emseg.core.segment.postprocess import CellLinker

Changes: TypeAlias = "dict[int, CellIds]"
"""Cells (Y, X) of slices, by index."""

SliceResults: TypeAlias = dict[str, np.ndarray[Any, Any]]
"""Of one slice (Y, X), by kind: ``mask`` and ``classes`` as uint8, ``cells`` as uint32."""


@dataclass(eq=False)
class _Pass:
    """One set of rules, and the cells made by them so far."""

    kinds: Kinds
    config: MaskConfig
    first: int
    ids: CellIds | None
    made: set[int] = field(default_factory=set)

    @cached_property
    def linker(self) -> CellLinker:
        from napari_emseg.core.segment.postprocess import (
            CellLinker,  # scipy and skimage: beside the window
        )

        return CellLinker(self.config, self.first, self.ids)

    def make(
        self,
        z: int,
        probability: np.ndarray[Any, Any],
        within: np.ndarray[Any, Any] | None = None,
    ) -> SliceResults:
        from napari_emseg.core.segment.postprocess import to_mask

        results: SliceResults = {}
        if "mask" in self.kinds or "classes" in self.kinds:
            mask = to_mask(probability, self.config)
            if "mask" in self.kinds:
                results["mask"] = mask
            if "classes" in self.kinds and within is not None:
                # a part of a slice may be predicted alone: nothing is known of the rest
                results["classes"] = np.where(within == 0, 0, to_class_map(mask, within))
        if "cells" in self.kinds:
            self.made.add(z)
            results["cells"] = self.linker.cells(z, probability, missing=not probability.any())
        return results

    def without_short_cells(self, whole: set[int], cells: CellIds) -> tuple[Changes, CellCount]:
        """Slices without the cells that live in too few, and how many cells are left.

        Those beside a slice that was not predicted, as a whole, are at an end.
        """
        from napari_emseg.core.segment.cell_lives import CellLives  # scipy: beside the window

        lives, least = CellLives(), self.config.least_slices
        for z in self.made:
            lives.add(cells[z], at_end=not self.linker.is_between(z, whole))
        short = lives.are_short(least)
        changes = {z: np.where(short[cells[z]], 0, cells[z]) for z in self.made if least > 1}
        return changes, lives.count(least)


class ResultMaker:
    """Makes mask and cells of slices on a lane of its own, and hands them over.

    Parameters
    ----------
    probability : (Z, Y, X) float32 array
        Read slice by slice.
    on_slice : callable
        Called as ``on_slice(z, results)``.
    executor : Executor
        Gives the lane.
    within : (Z, Y, X) uint8 array, optional
        The class that each pixel has within cells, where there are more than two.

    Attributes
    ----------
    is_stopped : bool
        Whether `stop` was called.
    """

    def __init__(
        self,
        probability: np.ndarray[Any, Any],
        on_slice: Callable[[int, SliceResults], None],
        executor: Executor,
        *,
        within: np.ndarray[Any, Any] | None = None,
    ) -> None:
        self._probability, self._on_slice, self._executor = probability, on_slice, executor
        self._within = within
        self._lane = executor.lane("cells")
        self._pass: _Pass | None = None
        self._wanted: list[Task] = []
        self.is_stopped = False

    def begin(
        self, kinds: Kinds, config: MaskConfig, z: int = 0, ids: CellIds | None = None
    ) -> None:
        """Make slices by these rules from now on; what is not made yet by others is dropped.

        Parameters
        ----------
        kinds : tuple of str
            As for `Kinds`.
        config : MaskConfig
            How they are made.
        z, ids : int and (Y, X) uint32 array, optional
            Where to begin linking; see `CellLinker`.
        """
        self._drop_slices()
        self._pass = _Pass(kinds, config, z, ids)

    def first(self, prepare: Callable[[], None]) -> None:
        """Do this in the lane, before all that is wanted from now on."""
        if not self.is_stopped:
            self._lane.run(prepare)

    def make(self, slices: Iterable[int]) -> None:
        """Make these slices, in this order."""
        if self.is_stopped:
            return
        assert self._pass is not None, "begin comes first"
        self._wanted = [task for task in self._wanted if task.is_running]
        for z in slices:
            make = partial(_slice_results, self._pass, z, self._probability, self._within)
            self._wanted.append(self._lane.run(make, partial(self._on_slice, z)))

    def leave_out_short_cells(
        self, whole: set[int], cells: CellIds, then: Callable[[Changes, CellCount], object]
    ) -> None:
        """Find the cells that live in too few slices, when all slices wanted so far are made.

        Parameters
        ----------
        whole : set of int
            Slices that are predicted as a whole.
        cells : (Z, Y, X) uint32 array
            As they were handed over; read slice by slice.
        then : callable
            Called with the slices to write in their place, and how many cells are left.
        """
        made = self._pass
        if made is not None and "cells" in made.kinds:
            self.after(lambda: self._leave_out(made, set(whole), cells, then))

    def _leave_out(
        self,
        made: _Pass,
        whole: set[int],
        cells: CellIds,
        then: Callable[[Changes, CellCount], object],
    ) -> None:
        if made is self._pass and not self.is_stopped:
            work = partial(made.without_short_cells, whole, cells)
            self._wanted.append(self._lane.run(work, lambda found: then(*found)))

    def after(self, call: Callable[[], object]) -> None:
        """Call when all slices wanted so far have been handed over.

        Once it is stopped, no slice is waited for.
        """
        if self.is_stopped:
            self._executor.deliver(call)
        else:
            self._lane.run(_nothing, lambda _: call())

    def stop(self) -> None:
        """Make no more slices, and hand none over; who waits for them is told all the same."""
        if not self.is_stopped:
            self.is_stopped = True
            self._drop_slices()
            self._lane.run(_nothing, lambda _: self._lane.stop())  # those who wait come first

    def _drop_slices(self) -> None:
        for task in self._wanted:
            task.stop()
        self._wanted.clear()


def _slice_results(
    wanted: _Pass,
    z: int,
    probability: np.ndarray[Any, Any],
    within: np.ndarray[Any, Any] | None,
) -> SliceResults:
    return wanted.make(
        z, np.asarray(probability[z]), None if within is None else np.asarray(within[z])
    )


def _nothing() -> None:
    """What is done where only its turn is waited for."""
