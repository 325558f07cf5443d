"""A volume of any size through a model, and its cells through the volume, in blocks."""

from __future__ import annotations

import time
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

from napari_emseg.engine.cells.jobs import CellsJob
from napari_emseg.engine.cells.run_blocks import cells_in_blocks
from napari_emseg.engine.distributed.runners import do_in_blocks
from napari_emseg.engine.segment.jobs import BlocksJob, PredictResult, SegmentJob
from napari_emseg.engine.segment.run_blocks import segment_in_blocks
from napari_emseg.io.layout.location import Location
from napari_emseg.io.volumes.ledger import BLOCKS, run_of
from napari_emseg.io.volumes.output import volume_place
from napari_emseg.io.volumes.place import Place
from napari_emseg.types import OnEvent, ShouldStop

if TYPE_CHECKING:
    from napari_emseg.engine.distributed.runners import Runner


def segment_by_others(
    job: BlocksJob, emit: OnEvent, should_stop: ShouldStop, *, client: Any = None
) -> PredictResult:
    """Segment in blocks, whatever is to be made, by those whom a person has named.

    Parameters
    ----------
    job : BlocksJob
        What, and by whom.
    emit, should_stop : callable
        See `engine.run`.
    client : distributed.Client, optional
        Of a cluster that is there, in place of those.
    """
    do = segment_cells_in_blocks if job.segment.what == "cells" else segment_in_blocks
    device = job.segment.device
    return do_in_blocks(do, job.segment, job.shared, client, device, emit, should_stop)


def segment_cells_in_blocks(
    job: SegmentJob,
    runner: Runner,
    emit: OnEvent,
    should_stop: ShouldStop,
    *,
    joins: bool = False,
) -> PredictResult:
    """Do a job for cells in blocks: a probability beside the output first, then its cells.

    Parameters
    ----------
    job : SegmentJob
        With ``what`` cells.
    runner, emit, should_stop, joins
        See `cells_in_blocks`.
    """
    start, out = time.monotonic(), volume_place(job.out)
    folder, _, name = out.address.rpartition("/")
    beside = Place(f"{folder}/.{name.removesuffix('.zarr')}-probability.zarr")
    is_there = run_of(beside / BLOCKS) is not None and not job.overwrite
    predict = replace(
        job, what="probability", out=beside.address, resume=job.resume or (is_there and not joins)
    )
    predicted = segment_in_blocks(predict, runner, emit, should_stop, joins=joins)
    if not predicted.slices:
        return predicted
    cells = CellsJob(
        Path(beside.address), job.out, job.model, job.rules, job.cells, overwrite=job.overwrite,
        resume=job.resume,
    )  # fmt: skip
    source = f"{Location.of(job.source).version()}, slices {job.slices or 'all'}"
    made = cells_in_blocks(cells, runner, emit, should_stop, joins=joins, made_from=source)
    if made.cells is None:
        return replace(predicted, slices=0)
    beside.remove()
    seconds = time.monotonic() - start
    return replace(predicted, seconds=seconds, cells=made.cells)
