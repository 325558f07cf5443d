"""Cells that are followed through the slices of a prediction, beside the window."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from functools import partial
from typing import TYPE_CHECKING, Any, Self

import numpy as np
import numpy.typing as npt
from psygnal import Signal

from napari_emseg.errors import CancelledError, EmsegError
from napari_emseg.session.executor import Executor, Task
from napari_emseg.session.prediction.rules import Rules
from napari_emseg.session.words import left
from napari_emseg.types import Event, Progress, VoxelSize

if TYPE_CHECKING:
    from napari_emseg.core.cells3d.volume_cells import VolumeCells
    from napari_emseg.core.label_images import CellIds
    from napari_emseg.core.segment.cell_count import CellCount
    from napari_emseg.io.scratch import Scratch

FOLLOWING = "Following cells through the volume"

_AT_ONCE_PX = 2**21
"""So many pixels are handed over in a turn."""


@dataclass(frozen=True)
class Cut:
    """What the fragments of a volume depend on.

    Parameters
    ----------
    slices : range
        Which slices, one after the other.
    threshold, fragment_sigma_px, smallest_fragment_px : float, float and int
        See `MaskConfig` and `CellsConfig`.
    voxel_size_nm : tuple of float, optional
        Edge lengths (Z, Y, X) in nm.
    """

    slices: range
    threshold: float
    fragment_sigma_px: float
    smallest_fragment_px: int
    voxel_size_nm: VoxelSize | None

    @classmethod
    def of(cls, slices: range, rules: Rules, voxel_size_nm: VoxelSize | None) -> Self:
        """By these rules."""
        cells = rules.cells
        return cls(
            slices, rules.mask.threshold, cells.fragment_sigma_px, cells.smallest_fragment_px,
            voxel_size_nm,
        )  # fmt: skip


@dataclass(eq=False)
class _Volume:
    """Slices that are, or were, cut and solved.

    Parameters
    ----------
    cut : Cut
        How they are.
    fragments : (slices, Y, X) int32 memmap
        Filled while it is cut.
    cells : VolumeCells or None
        What belongs together; None until it is solved.
    """

    cut: Cut
    fragments: np.memmap[Any, Any]
    cells: VolumeCells | None = None
    is_stopped: bool = False

    def ids(
        self, rules: Rules, here: int, shown: CellIds
    ) -> tuple[npt.NDArray[np.uint32], CellCount]:
        """The id of the cell of each fragment, as far as possible as ``shown`` in slice ``here``.

        And how many cells there are.
        """
        from napari_emseg.core.cells3d.kept_ids import keep_ids
        from napari_emseg.core.cells3d.volume_cells import count_cells

        assert self.cells is not None
        table = self.cells.table(
            rules.cells.merging, least_slices=rules.mask.least_slices,
            smallest_um3=rules.cells.smallest_cell_um3,
        )  # fmt: skip
        count = count_cells(table, self.cells.graph)
        if here in self.cut.slices:
            table = keep_ids(table, self._fragments(here), shown)
        return table, count

    def slice_ids(
        self, z: int, table: npt.NDArray[np.uint32], probability: npt.NDArray[np.float32] | None
    ) -> CellIds:
        """Ids (Y, X) of slice ``z``; 0 on membranes where ``probability`` is given."""
        ids: CellIds = table[self._fragments(z)]
        if probability is not None:
            ids[probability <= self.cut.threshold] = 0
        return ids

    def _fragments(self, z: int) -> npt.NDArray[np.int32]:
        return np.asarray(self.fragments[z - self.cut.slices.start])


class VolumeFollower:
    """Follows cells on a lane of its own, and hands their slices over in turns.

    What is solved is kept: to merge more, or to leave membranes free, is then a look-up.

    Parameters
    ----------
    probability : (Z, Y, X) float32 array
        Read slice by slice.
    model : str
        Folder of the model, whose edge weights are taken; those of the default where it is gone.
    scratch : Scratch
        Where fragments lie.
    executor : Executor
        Gives the lane.
    shown : callable
        Gives the slice that a person looks at and the ids that are shown there.
    on_slice : callable
        Called as ``on_slice(z, ids)``, the slice that is looked at first.
    on_end : callable
        Called with how many cells there are, when all slices were handed over.
    on_failed : callable
        Called with what is wrong.

    Attributes
    ----------
    said : psygnal.Signal
        Emitted with a sentence and the part that is done, 0..1 or None; with an empty sentence
        when nothing is done any more.
    """

    said = Signal(str, object)

    def __init__(
        self,
        probability: npt.NDArray[np.float32],
        model: str,
        scratch: Scratch,
        executor: Executor,
        *,
        shown: Callable[[], tuple[int, CellIds]],
        on_slice: Callable[[int, CellIds], object],
        on_end: Callable[[CellCount], object],
        on_failed: Callable[[str], object],
    ) -> None:
        self._probability, self._model, self._scratch = probability, model, scratch
        self._shown, self._on_slice, self._on_end = shown, on_slice, on_end
        self._on_failed = on_failed
        self._solved: _Volume | None = None
        self._cutting: _Volume | None = None
        self._task: Task | None = None
        self.resume(executor)

    @property
    def is_busy(self) -> bool:
        """Whether something is still to be handed over."""
        return self._task is not None and self._task.is_running

    def holds(self, cut: Cut) -> bool:
        """Whether that is solved."""
        return self._solved is not None and self._solved.cut == cut

    def follow(self, cut: Cut, rules: Rules) -> None:
        """Follow cells by rules; all that was asked for before is dropped.

        Slices are cut into fragments unless `holds` says that they are.
        """
        if self._is_stopped:
            return
        self._drop()
        if self.holds(cut):
            self._number(rules)
            return
        shape = (len(cut.slices), *self._probability.shape[1:])
        try:
            fragments = self._scratch.allocate("fragments", shape, np.int32, reserve=False)
        except EmsegError as error:
            self._fail(str(error))
            return
        self._cutting = _Volume(cut, fragments)
        self.said.emit(f"{FOLLOWING} ...", None)
        self._task = self._lane.run(
            partial(self._solve, self._cutting, rules), partial(self._take, rules), self._fail
        )

    def cancel(self) -> None:
        """Drop what was asked for."""
        is_told = self.is_busy
        self._drop()
        if is_told:
            self.said.emit("", None)

    def stop(self) -> None:
        """Do nothing more, until `resume`."""
        self.cancel()
        self._lane.stop()
        self._is_stopped = True

    def resume(self, executor: Executor) -> None:
        """Go on, by the executor of whoever is there now."""
        self._executor, self._lane = executor, executor.lane("volume")
        self._is_stopped = False

    def release(self) -> None:
        """Stop for good, and give up the fragments."""
        self.stop()
        self._give_up(self._solved)
        self._solved = None

    # -- one after the other ---------------------------------------------------------------

    def _solve(self, volume: _Volume, rules: Rules) -> None:
        """In the lane."""
        from napari_emseg.engine.segment.volume import solve_prediction
        from napari_emseg.model.packages.library import model_or_default

        slices = volume.cut.slices
        self._scratch.reserve(volume.fragments, range(len(slices)))
        whole = len(slices) == len(self._probability)
        probability = self._probability if whole else self._probability[slices.start : slices.stop]
        try:
            solved = solve_prediction(
                probability, volume.fragments, model_or_default(self._model), rules.mask,
                rules.cells, volume.cut.voxel_size_nm, on_event=partial(self._tell, volume),
                should_stop=lambda: volume.is_stopped,
            ).volume  # fmt: skip
        except CancelledError:  # nobody waits for it
            return
        volume.cells = solved

    def _take(self, rules: Rules, _: object) -> None:
        self._give_up(self._solved)
        self._solved, self._cutting = self._cutting, None
        self._number(rules)

    def _number(self, rules: Rules) -> None:
        volume = self._solved
        assert volume is not None
        here, ids = self._shown()
        order = sorted(volume.cut.slices, key=lambda z: abs(z - here))
        self._task = self._lane.run(
            partial(volume.ids, rules, here, ids),
            lambda found: self._put(volume, rules, order, *found),
        )

    def _put(
        self,
        volume: _Volume,
        rules: Rules,
        order: list[int],
        table: npt.NDArray[np.uint32],
        count: CellCount,
    ) -> None:
        """Hand over some slices, and the others afterwards: the window answers between them."""
        if not order:
            self._on_end(count)
            self.said.emit("", None)
            return
        some = max(1, _AT_ONCE_PX // volume.fragments[0].size)
        now, later = order[:some], order[some:]

        def make() -> list[tuple[int, CellIds]]:
            seen = not rules.cells.fill_membranes
            return [
                (z, volume.slice_ids(z, table, np.asarray(self._probability[z]) if seen else None))
                for z in now
            ]

        def hand_over(made: list[tuple[int, CellIds]]) -> None:
            for z, ids in made:
                self._on_slice(z, ids)
            self._put(volume, rules, later, table, count)

        self._task = self._lane.run(make, hand_over)

    def _fail(self, message: str) -> None:
        self._drop()
        self._on_failed(message)

    def _drop(self) -> None:
        if self._task is not None:
            self._task.stop()
        if self._cutting is not None:
            self._cutting.is_stopped = True
            self._give_up(self._cutting)
            self._cutting = None

    def _give_up(self, volume: _Volume | None) -> None:
        if volume is not None:
            self._scratch.release(str(volume.fragments.filename))

    def _tell(self, volume: _Volume, event: Event) -> None:
        """In the lane: say how far it is."""
        if isinstance(event, Progress):
            words = f"{FOLLOWING}: {event.done:.0f} of {event.total:.0f} slices"
            said = f"{words}{left(event.seconds_left)}", event.done / event.total
            self._executor.deliver(partial(self._say, volume, *said))

    def _say(self, volume: _Volume, words: str, done: float) -> None:
        if volume is self._cutting:
            self.said.emit(words, done)
