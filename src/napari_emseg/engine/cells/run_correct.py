"""The cells of a volume of any size corrected, in blocks."""

from __future__ import annotations

import time
from dataclasses import replace
from typing import TYPE_CHECKING

from napari_emseg.core.proofread.corrections import read_corrections
from napari_emseg.engine.cells.blocks import CellBlocks
from napari_emseg.engine.cells.correct import place_corrections
from napari_emseg.engine.cells.jobs import CellsResult, CorrectJob
from napari_emseg.engine.cells.solutions import Solution, last_solution
from napari_emseg.engine.cells.solving import Solving, kept_graph
from napari_emseg.errors import ReadError
from napari_emseg.io.layout.location import Location
from napari_emseg.io.read import read_stack
from napari_emseg.io.volumes.ledger import BLOCKS, run_of
from napari_emseg.io.volumes.ome_volume import written_name
from napari_emseg.io.volumes.output import BlocksOutput, volume_place
from napari_emseg.types import OnEvent, ShouldStop

if TYPE_CHECKING:
    from napari_emseg.engine.distributed.runners import Runner


def correct_in_blocks(
    job: CorrectJob, runner: Runner, emit: OnEvent, should_stop: ShouldStop, *, joins: bool = False
) -> CellsResult:
    """Do a job: the ids are those that were solved, with these corrections and no others.

    Blocks in which no id changes are not written.

    Parameters
    ----------
    job : CorrectJob
        What to do.
    runner, emit, should_stop, joins
        See `cells_in_blocks`.

    Raises
    ------
    LabelsError
        If a correction cannot be understood, or lies in no cell: nothing has changed then.
    ReadError
        If these are no cells whose graph is kept and whole.
    """
    start, run = time.monotonic(), volume_place(job.cells) / BLOCKS
    about, cells, (_, last) = run_of(run), kept_graph(run), last_solution(run)
    if about is None or cells is None or last is None:
        raise ReadError(
            f"{job.cells}: expected cells that were made in blocks, with their whole graph beside "
            "them, received others; make them in blocks, or go on with what was stopped"
        )
    corrections = read_corrections(job.corrections, cells.voxel_size_nm)
    wanted = replace(last, corrections=corrections)
    _check(cells, wanted, about["input"])
    stack = read_stack(job.cells, kind="labels", raw_values=True, in_parts=True)
    planned = stack.with_data(stack.data, name=written_name(volume_place(job.cells)) or stack.name)
    out = BlocksOutput(job.cells, planned, about, joins=joins, resume=True)
    solving = Solving(cells, out, wanted)
    if not runner.run(solving.stages(), run, emit, should_stop):
        return CellsResult(None, 0, time.monotonic() - start)
    solving.finish()
    seconds = time.monotonic() - start
    return CellsResult(solving.count, int(cells.counts().sum()), seconds)


def _check(cells: CellBlocks, wanted: Solution, source: str) -> None:
    """Raise what can be known before anything is done."""
    table = cells.place.read_arrays(wanted.solved)["table"]
    place_corrections(cells, table, wanted.corrections)
    if wanted.config.fill_membranes:
        return
    where = Location.of(cells.source)
    if not where.is_remote and not where.path.exists():
        raise ReadError(
            f"{cells.source}: is not there any more, and says where membranes are, which are "
            "left 0; put it back"
        )
    if where.version() != source:
        raise ReadError(f"{cells.source}: has changed since cells were made of it; make them anew")
