"""What a person measures, what came of it, and what of that holds no more."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, ClassVar

from psygnal import Signal, SignalGroupDescriptor

from napari_emseg.core.config.measurement import MeasureConfig
from napari_emseg.core.measure.table import Units
from napari_emseg.errors import CancelledError, EmsegError
from napari_emseg.report.tables import check_csv, write_table
from napari_emseg.session.executor import Executor, Task
from napari_emseg.session.measure.edits_since import EditsSince
from napari_emseg.session.measure.measured_layer import MeasuredLayer
from napari_emseg.session.measure.places import Place, Places
from napari_emseg.session.measure.shown_table import ShownTable
from napari_emseg.session.words import plural, voxel
from napari_emseg.types import VoxelSize

if TYPE_CHECKING:
    from napari_emseg.core.measure.measures import Measures


class Phase(StrEnum):
    """What goes on."""

    EMPTY = "no cells are chosen"
    READY = "cells can be measured"
    MEASURING = "cells are measured"
    CLOSED = "nothing is measured any more"


class _Stop:
    """Says whether a measurement is to end."""

    is_wanted = False


@dataclass(eq=False)
class MeasureSession:
    """Cells of a layer, measured.

    Attributes
    ----------
    phase : Phase
        What goes on.
    said : str
        What will be measured, or why nothing can be; or why it was not.
    progress : tuple of int
        Slices done, and all slices, while cells are measured.
    cells : MeasuredLayer or None
        What is measured.
    measures : Measures or None
        What came of it.
    shown : ShownTable
        Which of the tables is seen.
    edits : EditsSince or None
        Which cells were edited since they were measured.
    places : Places or None
        Where they lie.
    measured : psygnal.Signal
        Emitted when there are measures, or none any more.
    edited : psygnal.Signal
        Emitted when other cells than before are known to be edited.
    saved : psygnal.Signal
        Emitted with what was written, in words.
    warned : psygnal.Signal
        Emitted with a text that says why what a person asked for is not done.
    """

    events: ClassVar[SignalGroupDescriptor] = SignalGroupDescriptor()
    measured: ClassVar[Signal] = Signal()
    edited: ClassVar[Signal] = Signal()
    saved: ClassVar[Signal] = Signal(str)
    warned: ClassVar[Signal] = Signal(str)

    executor: Executor
    phase: Phase = Phase.EMPTY
    said: str = ""
    progress: tuple[int, int] = (0, 0)

    def __post_init__(self) -> None:
        self.cells: MeasuredLayer | None = None
        self.shown = ShownTable()
        self.measures: Measures | None = None
        self.places: Places | None = None
        self.edits: EditsSince | None = None
        self._image: MeasuredLayer | None = None
        self._classes: MeasuredLayer | None = None
        self._voxel_size_nm: VoxelSize | None = None
        self._lane = self.executor.lane("measure")
        self._saving = self.executor.lane("save")
        self._run: Task | None = None
        self._stop = _Stop()

    # -- what is measured ------------------------------------------------------------------

    def choose(
        self,
        cells: MeasuredLayer | None,
        image: MeasuredLayer | None = None,
        classes: MeasuredLayer | None = None,
        voxel_size_nm: VoxelSize | None = None,
    ) -> None:
        """Measure these from now on; what is known of other cells is forgotten.

        ``voxel_size_nm`` counts where the layer does not know its own.
        """
        if self.phase is Phase.CLOSED:
            return
        is_other = cells is None or self.cells is None or cells.layer is not self.cells.layer
        self._image, self._classes, self._voxel_size_nm = image, classes, voxel_size_nm
        if is_other:
            self.stop()
            self._forget()
            self._follow(cells)
        elif cells is not None and cells is not self.cells:
            cells.close()
        if self.phase is not Phase.MEASURING:
            self._look()

    @property
    def voxel_size_nm(self) -> VoxelSize | None:
        """Of the cells; None where nobody knows."""
        known = None if self.cells is None else self.cells.voxel_size_nm
        return known or self._voxel_size_nm

    def _follow(self, cells: MeasuredLayer | None) -> None:
        if self.cells is not None:
            self.cells.close()
        self.cells = cells
        if cells is not None:
            cells.replaced.connect(self._on_replaced)

    def _look(self) -> None:
        """Say what would be measured."""
        cells = self.cells
        if cells is None:
            self.said, self.phase = (
                "Cells: open, predict or paint some, and choose them.",
                Phase.EMPTY,
            )
            return
        try:
            slices, rows, columns = cells.shape
        except EmsegError as error:
            self.said, self.phase = str(error), Phase.EMPTY
            return
        size = self.voxel_size_nm
        said = f"{plural(slices, 'slice')} of {columns} x {rows} px, {voxel(size)}"
        if size is None:
            said += ": all will be in px, as if voxels were cubes"
        elif cells.thickness_assumed:
            said += "; the thickness of the sections is a guess"
        self.said, self.phase = f"{said}.", Phase.READY

    def _on_replaced(self) -> None:
        if self.edits is not None:
            self.edits.doubt_all()
        if self.phase is Phase.MEASURING:
            self.stop()  # half of it was measured as it was before
        else:
            self._look()

    # -- measuring -------------------------------------------------------------------------

    def measure(self, config: MeasureConfig | None = None, *, sections: bool = False) -> None:
        """Measure the cells; see `measure_cells`."""
        cells = self.cells
        if cells is None or self.phase is not Phase.READY:
            if self.phase is not Phase.MEASURING:
                self.warned.emit(self.said)
            return
        image, classes, size = self._image, self._classes, self.voxel_size_nm
        edits = EditsSince(self.executor, cells, Units.of(size))
        self._stop = stop = _Stop()
        self.progress, self.phase = (0, cells.shape[0]), Phase.MEASURING

        def advance(done: int, total: int) -> None:
            if stop.is_wanted:
                raise CancelledError(f"Stopped after {done} of {total} slices.")
            self.executor.deliver(partial(self._advance, stop, done, total))

        def work() -> tuple[Measures, Places]:
            from napari_emseg.core.measure.measures import measure_cells  # it loads OpenCV

            found = measure_cells(
                cells.data, voxel_size_nm=size, sections=sections, config=config,
                image=None if image is None else image.data,
                classes=None if classes is None else classes.data, on_slice=advance,
            )  # fmt: skip
            return found, Places(found, Units.of(size))

        failed = partial(self._fail, edits)
        self._run = self._lane.run(work, partial(self._take, edits), failed)

    def stop(self) -> None:
        """Measure no more; what was known before stays."""
        self._stop.is_wanted = True

    def _advance(self, stop: _Stop, done: int, total: int) -> None:
        if stop is self._stop and self.phase is Phase.MEASURING:
            self.progress = done, total

    def _take(self, edits: EditsSince, found: tuple[Measures, Places]) -> None:
        if self.phase is Phase.CLOSED or edits.layer is not self.cells:
            edits.close()  # of cells that are no more chosen
            self._look_again()
            return
        self._forget(tell=False)
        self.measures, self.places = found
        self.edits = edits
        edits.begin(self.measures)
        edits.changed.connect(self.edited.emit)
        self.shown.take(self.measures)
        self.measured.emit()
        self._look_again()
        self.said = " ".join((_counted(self.measures), *self.measures.notes))

    def _fail(self, edits: EditsSince, message: str) -> None:
        edits.close()
        self._look_again()
        self.said = message
        if not self._stop.is_wanted:
            self.warned.emit(message)

    def _look_again(self) -> None:
        if self.phase is not Phase.CLOSED:
            self.phase = Phase.READY
            self._look()

    def _forget(self, *, tell: bool = True) -> None:
        if self.edits is not None:
            self.edits.close()
        had, self.measures = self.measures, None
        self.places = self.edits = None
        if tell and had is not None:
            self.shown.take(None)
            self.measured.emit()

    # -- what comes of it ------------------------------------------------------------------

    def place_of(self, row: int) -> Place | None:
        """Where a row of the shown table lies; None for a whole slice."""
        return None if self.places is None else self.places.of_row(self.shown.name, row)

    def save(self, path: Path) -> None:
        """Write the rows that are shown as CSV; units stand in the names of the columns."""
        table, name, total = self.shown.filtered, self.shown.name, len(self.shown.table)

        def work() -> str:
            check_csv(path)
            write_table(table, path)
            count = f"{len(table)}" if len(table) == total else f"{len(table)} of {total}"
            return f"Saved {path}: {count} rows of the table {name}."

        self._saving.run(work, self.saved.emit, self.warned.emit)

    def close(self) -> None:
        """Measure nothing more, and let go of the layer."""
        self.stop()
        self.phase = Phase.CLOSED
        if self.edits is not None:
            self.edits.close()
        if self.cells is not None:
            self.cells.close()
        for lane in (self._lane, self._saving):
            lane.stop()


def _counted(measures: Measures) -> str:
    slices = plural(len(measures.slices), "slice")
    if measures.cells is None:
        return f"{plural(len(measures.profiles), 'profile')} of cells in {slices}."
    return f"{plural(len(measures.cells), 'cell')} in {slices}."
