"""Surfaces of cells, made and written beside the window."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from functools import partial
from pathlib import Path
from typing import Any, ClassVar

from psygnal import Signal

from napari_emseg.api.export import Exported, export_cells
from napari_emseg.core.cell_ids import require_ids
from napari_emseg.core.surfaces.surface import Surface
from napari_emseg.core.surfaces.surfaces import surface_of_cell
from napari_emseg.errors import CancelledError, LabelsError
from napari_emseg.session.executor import Executor
from napari_emseg.types import Stack, VoxelSize

_MOST_STEP_PX = 3


def seen_step(edges: VoxelSize) -> int:
    """Every which pixel of a section is enough for what is seen of a cell in 3-D.

    Where sections are thick, surfaces of all pixels would be slow to draw and look no finer.

    Examples
    --------
    >>> seen_step((50, 4, 4)), seen_step((30, 6, 6)), seen_step((8, 8, 8))
    (3, 2, 1)
    """
    z, y, x = edges
    return min(max(1, int(z / 2 / max(y, x))), _MOST_STEP_PX)


@dataclass(eq=False)
class SurfacesSession:
    """What a person asks for of cells in three dimensions.

    Parameters
    ----------
    executor : Executor
        Works in a lane, one wish after the other.

    Attributes
    ----------
    progressed : psygnal.Signal
        Emitted with the share 0..1 that is done, and with None when nothing goes on.
    written : psygnal.Signal
        Emitted with what was written.
    failed : psygnal.Signal
        Emitted with what is wrong.
    """

    progressed: ClassVar[Signal] = Signal(object)
    written: ClassVar[Signal] = Signal(Exported)
    failed: ClassVar[Signal] = Signal(str)

    executor: Executor
    is_closed: bool = field(default=False, init=False)

    def __post_init__(self) -> None:
        self._lane = self.executor.lane("surfaces")

    def make(
        self, stack: Stack, cell: int, edges: VoxelSize, show: Callable[[Surface], object]
    ) -> None:
        """Make the surface of a cell.

        Parameters
        ----------
        stack : Stack
            Ids of cells.
        cell : int
            Which; 0 is none.
        edges : tuple of float
            Edge lengths (Z, Y, X) of a voxel, in the unit in which the surface is to be.
        show : callable
            Called with it.
        """

        def made() -> Surface:
            require_ids(stack.data, stack.name, way_out="make cells of it first")
            step = seen_step(edges)
            try:
                return self._surface(stack, cell, edges, step)
            except LabelsError:
                if step == 1:
                    raise
                return self._surface(stack, cell, edges, 1)  # too small for that

        if cell <= 0:
            self.failed.emit(
                "No cell is chosen: take one with the picker of the layer's controls, which "
                "copies the label that you click on"
            )
            return
        self._begin(made, show)

    def _surface(self, stack: Stack, cell: int, edges: VoxelSize, step: int) -> Surface:
        z, y, x = edges
        return surface_of_cell(
            stack.data[:, ::step, ::step], cell, voxel_size_nm=(z, step * y, step * x),
            on_slice=self._advance,
        )  # fmt: skip

    def write(
        self,
        stack: Stack,
        path: Path,
        ids: Iterable[int] | None,
        *,
        overwrite: bool,
        sources: Iterable[Path],
        settings: dict[str, Any],
    ) -> None:
        """Write cells; as `export_cells`."""
        self._begin(
            partial(
                export_cells, stack, path, ids=ids, overwrite=overwrite, sources=list(sources),
                on_slice=self._advance, on_cell=self._advance, **settings,
            ),
            self.written.emit,
        )  # fmt: skip

    def wait(self) -> None:
        """Until all that was asked for is done."""
        self._lane.wait()

    def close(self) -> None:
        """End what is being done, and begin nothing more."""
        self.is_closed = True
        self._lane.stop()

    def _begin(self, make: Callable[[], Any], then: Callable[[Any], object]) -> None:
        def end(call: Callable[[Any], object], result: Any) -> None:
            self.progressed.emit(None)
            call(result)

        self.progressed.emit(0.0)
        self._lane.run(make, partial(end, then), partial(end, self.failed.emit))

    def _advance(self, done: int, total: int) -> None:
        """In the lane."""
        if self.is_closed:
            raise CancelledError("The window is closed.")
        self.executor.deliver(partial(self._show_progress, done / total))

    def _show_progress(self, share: float) -> None:
        if not self.is_closed:
            self.progressed.emit(share)
