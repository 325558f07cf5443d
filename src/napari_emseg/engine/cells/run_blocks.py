"""The cells of a volume of any size, in blocks, by as many processes as there are."""

from __future__ import annotations

import math
import secrets
import time
from collections.abc import Iterator
from dataclasses import replace
from itertools import chain
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np

from napari_emseg import __version__
from napari_emseg.core.blocks.plan import bytes_read, chunks_of, plan_blocks
from napari_emseg.engine.cells.blocks import FRAGMENTS, HALO_PX, CellBlocks
from napari_emseg.engine.cells.jobs import CellsJob, CellsResult
from napari_emseg.engine.cells.solutions import Solution, last_solution
from napari_emseg.engine.cells.solving import CONNECT, CUT, Solving, keep_graph
from napari_emseg.engine.cells.volume import AsProbability, require_volume
from napari_emseg.engine.distributed.stage import Stage
from napari_emseg.io.file_fingerprint import sha256_of
from napari_emseg.io.layout.location import Location
from napari_emseg.io.read import read_stack
from napari_emseg.io.resumable_writer import planned_stack
from napari_emseg.io.volumes.ome_volume import OmeVolume, shard_of
from napari_emseg.io.volumes.output import BlocksOutput
from napari_emseg.types import OnEvent, ShouldStop, Stack

if TYPE_CHECKING:
    from napari_emseg.engine.distributed.runners import Runner

_RUN = "run-id"


def cells_in_blocks(
    job: CellsJob,
    runner: Runner,
    emit: OnEvent,
    should_stop: ShouldStop,
    *,
    joins: bool = False,
    made_from: str = "",
) -> CellsResult:
    """Do a job in blocks; slices that stay whole give the cells of one process.

    Fragments and graph are kept beside the output: with ``resume`` and other settings of what is
    merged, only the solution and the ids are made anew. Corrections that a person has made are
    applied again.

    Parameters
    ----------
    job : CellsJob
        What to do.
    runner : Runner
        Who does the blocks.
    emit, should_stop : callable
        See `engine.run`.
    joins : bool
        Whether others may be at it already.
    made_from : str
        What the source was made from, where it is made for this run alone.
    """
    from napari_emseg.model.packages.edges import edges_file
    from napari_emseg.model.packages.library import find_model

    start = time.monotonic()
    require_volume(job.config)
    stack = read_stack(job.source, kind="image", voxel_size_nm=job.voxel_size_nm, in_parts=True)
    source = AsProbability.of(stack, Path(job.source).name, emit)
    name = f"{stack.name} cells"
    planned = planned_stack(stack, len(stack), np.uint32, kind="labels", name=name, predicted=None)
    blocks = plan_blocks(
        stack.shape, read=chunks_of(stack), write=shard_of(stack.shape), halo=(0, HALO_PX, HALO_PX)
    )
    cut = {each: getattr(job.config, each) for each in _CUT}
    about = {
        "input": made_from or Location.of(job.source).version(),
        "edges": sha256_of(edges_file(find_model(job.model))),
        "napari-emseg": __version__,
        "shape": blocks.shape,
        "blocks": blocks.size,
        "voxel_size_nm": stack.voxel_size_nm,
        "threshold": job.rules.threshold,
        **cut,
    }
    out = BlocksOutput(
        job.out, planned, about, joins=joins, resume=job.resume, overwrite=job.overwrite,
        sources=[job.source],
    )  # fmt: skip
    fragments = OmeVolume(out.run / FRAGMENTS, stack.shape, "int32", "labels")
    fragments.make(planned_stack(stack, len(stack), np.int32, kind="labels", predicted=None))
    out.run.create(_RUN, secrets.token_hex(8).encode())
    cells = CellBlocks(
        str(Location.of(job.source)), source.reading, blocks, out.run, fragments, job.model,
        job.rules.threshold, replace(type(job.config)(), **cut), stack.voxel_size_nm,
        (out.run.read(_RUN) or b"").decode(),
    )  # fmt: skip
    keep_graph(cells)
    _, last = last_solution(out.run)
    corrections = () if last is None else last.corrections
    asked = Solving(cells, out, Solution(job.config, job.rules.least_slices, corrections))
    stages = chain(_graph_stages(cells, stack), asked.stages())
    is_done = runner.run(stages, out.run, emit, should_stop)
    seconds = time.monotonic() - start
    if not is_done:
        return CellsResult(None, 0, seconds)
    asked.finish()
    return CellsResult(asked.count, int(cells.counts().sum()), seconds)


_CUT = ("fragment_sigma_px", "smallest_fragment_px")
"""Settings that fragments depend on; those of the solution may be others when one goes on."""


def _graph_stages(cells: CellBlocks, stack: Stack) -> Iterator[Stage]:
    count, blocks = len(cells.blocks), cells.blocks
    read = bytes_read(blocks, stack)
    yield Stage(
        CUT, count, cells.cut, cells.title, cells.same, read_bytes=read,
        written_bytes=4 * math.prod(blocks.shape),
    )  # fmt: skip
    yield Stage("numbers", 1, cells.number, is_for_all=True)
    yield Stage(CONNECT, count, cells.connect, cells.title, cells.same, read_bytes=read)
