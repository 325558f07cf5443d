"""A volume of any size through a model, in blocks, by as many processes as there are."""

from __future__ import annotations

import math
import time
from collections.abc import Iterator, Sequence
from dataclasses import asdict, replace
from itertools import pairwise
from typing import TYPE_CHECKING, Any

import numpy as np

from napari_emseg import __version__
from napari_emseg.core.blocks.plan import Blocks, bytes_read, chunks_of, plan_blocks
from napari_emseg.core.segment.pixel_fit import PixelFit, fit_pixels
from napari_emseg.core.segment.tiling import margin
from napari_emseg.engine.distributed.pyramid import pyramid_stages
from napari_emseg.engine.distributed.stage import Stage
from napari_emseg.engine.segment.blocks import BESIDE_PX, PredictBlocks
from napari_emseg.engine.segment.jobs import PredictResult, SegmentJob
from napari_emseg.engine.segment.look import Look
from napari_emseg.engine.segment.polarity import with_dark_membranes
from napari_emseg.errors import SettingError
from napari_emseg.io.file_fingerprint import sha256_of
from napari_emseg.io.layout.location import Location
from napari_emseg.io.read import read_stack
from napari_emseg.io.resumable_writer import planned_stack
from napari_emseg.io.volumes.ome_volume import OmeVolume, shard_of
from napari_emseg.io.volumes.output import BlocksOutput
from napari_emseg.types import Log, OnEvent, ShouldStop, Stack, StackKind, Zyx, noted_names

if TYPE_CHECKING:
    from napari_emseg.engine.distributed.runners import Runner
    from napari_emseg.model.packages.package import ModelPackage

_RESAMPLED_PX = 4
"""What interpolation needs around a block."""


def segment_in_blocks(
    job: SegmentJob,
    runner: Runner,
    emit: OnEvent,
    should_stop: ShouldStop,
    *,
    joins: bool = False,
) -> PredictResult:
    """Do a job in blocks; what is written is that of one process bit for bit.

    That holds for slices that stay whole (`core.blocks.plan`); of those that are cut, grey values
    are those of a sample of each.

    Parameters
    ----------
    job : SegmentJob
        With ``what`` probability, mask or classes, and slices that follow on one another.
    runner : Runner
        Who does the blocks.
    emit, should_stop : callable
        See `engine.run`.
    joins : bool
        Whether others may be at it already.

    Returns
    -------
    PredictResult
        With 0 slices where other parts are not done yet.

    Raises
    ------
    WorkerError
        If blocks failed, or the cluster did; what is done is kept.
    EmsegError
        As `engine.segment.run.segment`.
    """
    from napari_emseg.core.segment.segmenter import DTYPES
    from napari_emseg.model.packages.library import find_model

    start = time.monotonic()
    stack = read_stack(job.source, kind="image", in_parts=True)
    chosen, package = _slices(job.slices, len(stack)), find_model(job.model)
    if job.what == "cells":
        raise SettingError(
            "what: expected probability, mask or classes, received cells; make a probability in "
            "blocks, and cells of that"
        )
    if job.config.int8 and not package.int8.is_file():
        raise SettingError(
            f"int8: {package.info.name!r} has no int8 form, and none is made where a volume is "
            "done in blocks; predict without it"
        )
    fitted = fit_pixels(stack.voxel_size_nm, package.info.voxel_size_nm, job.config)
    for said in (*stack.notes, fitted.said):
        if said:
            emit(Log(said))
    kind: StackKind = "image" if job.what == "probability" else "labels"
    names = package.info.class_names if job.what == "classes" else ()
    planned = planned_stack(
        stack, len(chosen), DTYPES[job.what], kind=kind, edits=noted_names(names),
        predicted=tuple(range(len(chosen))),
    )  # fmt: skip
    blocks = blocks_of(planned.shape, stack, package, fitted, job.rules.smallest_cell_px)
    membranes = _membranes(stack, chosen, job.config.membranes, emit)
    job = replace(job, config=replace(job.config, membranes=membranes))
    out = BlocksOutput(
        job.out, planned, _about(job, package, blocks), joins=joins, resume=job.resume,
        overwrite=job.overwrite, sources=[job.source],
    )  # fmt: skip
    stages = _stages(job, out, blocks, stack, chosen.start, package, emit)
    is_done = runner.run(stages, out.run, emit, should_stop)
    if is_done:
        out.finish()
    seconds = time.monotonic() - start
    done = len(chosen) if is_done else 0
    return PredictResult(done, seconds, f"{len(blocks)} blocks", package.info.threshold)


def blocks_of(
    shape: Zyx, stack: Stack, package: ModelPackage, fitted: PixelFit, beside_px: int
) -> Blocks:
    """The blocks in which a stack goes through a model."""
    network, resampling = package.info.network, fitted.resampling
    factors = (resampling.down, resampling.across)
    down, across = (
        math.ceil(margin(network.reach) / factor)
        + min(BESIDE_PX, beside_px)
        + (_RESAMPLED_PX if resampling.is_needed else 0)
        for factor in factors
    )
    return plan_blocks(
        shape, read=chunks_of(stack), write=shard_of(shape), grain=network.multiple,
        halo=(network.input_slices // 2, down, across),
    )  # fmt: skip


def _stages(
    job: SegmentJob, out: BlocksOutput, blocks: Blocks, stack: Stack, first: int,
    package: ModelPackage, emit: OnEvent,
) -> Iterator[Stage]:  # fmt: skip
    source, chunks, look = str(Location.of(job.source)), chunks_of(stack), None
    if not blocks.whole_slices:
        beside = blocks.halo[0]
        seen = range(max(0, first - beside), min(len(stack), first + blocks.shape[0] + beside))
        before = package.info.network.before
        look = Look.at(source, out.run, chunks, job.config.membranes, seen, before)
        emit(Log(look.said))
        yield Stage("look", look.count, look)
    do = PredictBlocks(
        source, out.volume, blocks, first, str(package.folder), job.device, job.what, job.config,
        job.rules, look,
    )  # fmt: skip
    volume: OmeVolume = out.volume
    yield Stage(
        "predict", len(blocks), do, do.title, do.same, read_bytes=bytes_read(blocks, stack),
        written_bytes=math.prod(volume.shape) * np.dtype(volume.dtype).itemsize,
    )  # fmt: skip
    yield from pyramid_stages(volume)


def _slices(slices: Sequence[int] | None, total: int) -> range:
    if slices is None:
        return range(total)
    if not slices or any(b != a + 1 for a, b in pairwise(slices)):
        raise SettingError(
            "slices: expected slices that follow on one another where a volume is done in blocks, "
            f"such as 3:7, received {list(slices)[:8]}"
        )
    if slices[0] < 0 or slices[-1] >= total:
        raise SettingError(
            f"slices: expected numbers from 0 to {total - 1}, received {slices[0]} to {slices[-1]}"
        )
    return range(slices[0], slices[-1] + 1)


def _membranes(stack: Stack, slices: range, membranes: str, emit: OnEvent) -> str:
    """What membranes are, looked at once for all blocks."""
    turned = with_dark_membranes(stack, slices, membranes, emit)
    return "dark" if turned is stack else "bright"


def _about(job: SegmentJob, package: ModelPackage, blocks: Blocks) -> dict[str, Any]:
    """What the voxels depend on, by the names that a person knows."""
    rules = {} if job.what == "probability" else asdict(job.rules)
    return {
        "input": Location.of(job.source).version(),
        "model": f"{package.info.name} (sha256 {sha256_of(package.weights)})",
        "slices": list(job.slices) if job.slices else "all",
        "what": job.what,
        "napari-emseg": __version__,
        "shape": blocks.shape,
        "blocks": blocks.size,
        **asdict(job.config),
        **rules,
    }
