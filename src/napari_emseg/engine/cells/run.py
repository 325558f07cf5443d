"""The cells of a volume, from file to file."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from napari_emseg.engine.cells.jobs import CellsJob, CellsResult
from napari_emseg.types import OnEvent, ShouldStop


def cells(job: CellsJob, emit: OnEvent, should_stop: ShouldStop) -> CellsResult:
    """Write the cells of the volume that the job names."""
    import numpy as np

    from napari_emseg.engine.cells.volume import AsProbability, require_volume, solve_volume
    from napari_emseg.io.read import read_stack
    from napari_emseg.io.resumable_writer import planned_stack
    from napari_emseg.io.scratch import Scratch
    from napari_emseg.io.write import check_target, write_stack
    from napari_emseg.model.packages.edges import read_edges
    from napari_emseg.model.packages.library import find_model

    require_volume(job.config)
    stack = read_stack(job.source, kind="image", voxel_size_nm=job.voxel_size_nm)
    planned = planned_stack(stack, len(stack), np.uint32, kind="labels", predicted=None)
    where: dict[str, Any] = {"overwrite": job.overwrite, "sources": [job.source]}
    check_target(job.out, planned, slice_ending=".tif", **where)
    probability = AsProbability.of(stack, Path(job.source).name, emit)
    edges = read_edges(find_model(job.model))
    with Scratch() as scratch:
        fragments = scratch.allocate("fragments", stack.shape, np.int32)
        solved = solve_volume(
            probability, fragments, edges, rules=job.rules, config=job.config,
            voxel_size_nm=stack.voxel_size_nm, on_event=emit, should_stop=should_stop,
        )  # fmt: skip
        written = planned.with_data(solved.cells, name=f"{stack.name} cells")
        write_stack(job.out, written, slice_ending=".tif", should_stop=should_stop, **where)
        del fragments
    return CellsResult(solved.count, solved.volume.graph.count, solved.seconds)
