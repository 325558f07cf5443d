"""Stacks on their way through a model.

Keras and OpenVINO are loaded inside these functions, by the jobs that need them.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import asdict, replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
import numpy.typing as npt

from napari_emseg.core.segment.pixel_fit import fit_pixels
from napari_emseg.engine.segment.jobs import PredictJob, PredictResult, SegmentJob, WarmUpJob
from napari_emseg.engine.segment.stack import StackPrediction
from napari_emseg.engine.segment.volume import is_followed, segment_volume
from napari_emseg.errors import ShapeError
from napari_emseg.io.file_fingerprint import sha256_of
from napari_emseg.io.layout.location import Location
from napari_emseg.model.predict.predictor import CostEstimate, Predictor
from napari_emseg.types import (
    Float32Array,
    OnEvent,
    ShouldStop,
    Stack,
    StackKind,
    noted_names,
)

if TYPE_CHECKING:
    from napari_emseg.model.packages.package import ModelPackage


def warm_up(job: WarmUpJob, emit: OnEvent, should_stop: ShouldStop) -> CostEstimate | None:
    """Load what the job names; its `CostEstimate`, or None without a shape."""
    from napari_emseg.model.packages.library import find_model

    package = find_model(job.model)
    pixels = fit_pixels(job.voxel_size_nm, package.info.voxel_size_nm, job.config)
    predictor = Predictor.of(package, job.device, job.config, emit, pixels.resampling)
    return None if job.shape is None else predictor.cost(job.shape)


def predict(job: PredictJob, emit: OnEvent, should_stop: ShouldStop) -> PredictResult:
    """Fill the files that the job names, slice by slice."""
    from napari_emseg.core.classes import cell_probability, class_doubt, class_within_cells
    from napari_emseg.io.scratch import attach

    work = _prediction(job, Stack(attach(job.source), job.voxel_size_nm), emit, should_stop)
    out = _attach("out", job.out, work.stack)
    named = {"within_cells": class_within_cells, "class_doubt": class_doubt}
    more = [
        (_attach(name, path, work.stack), made_of)
        for name, made_of in named.items()
        if (path := getattr(job, name)) is not None
    ]
    region = job.region or (slice(None), slice(None))
    for z, channels in work.predicted(job.region):
        out[z, *region] = cell_probability(channels)
        for shared, made_of in more:
            shared[z, *region] = made_of(channels)
        work.finished(z)
    return work.result()


def segment(job: SegmentJob, emit: OnEvent, should_stop: ShouldStop) -> PredictResult:
    """Write the output that the job names, or go on with it."""
    from napari_emseg.core.segment.segmenter import DTYPES, Segmenter
    from napari_emseg.io.prefetch import write_behind
    from napari_emseg.io.read import read_stack
    from napari_emseg.io.resumable_writer import ResumableWriter, planned_stack

    stack = read_stack(job.source, kind="image")
    if job.what == "cells" and is_followed(job.slices, len(stack), job.cells):
        return _segment_volume(job, stack, emit, should_stop)
    work = _prediction(job, stack, emit, should_stop)
    kind: StackKind = "image" if job.what == "probability" else "labels"
    count = len(work.slices)
    names = work.package.info.class_names if job.what == "classes" else ()
    planned = planned_stack(
        work.stack,
        count,
        DTYPES[job.what],
        kind=kind,
        edits=noted_names(names),
        predicted=tuple(range(count)),
    )
    places = {"overwrite": job.overwrite, "resume": job.resume}
    with ResumableWriter(
        job.out, planned, _run_of(job, work.package), **places, sources=[job.source]
    ) as out:
        segmenter, first = Segmenter(job.what, job.rules), out.done
        again = work.slices_back(first, segmenter.slices_again)

        def go_on() -> None:
            back = work.slices_back(first, 1)
            segmenter.go_on(first - 1, out.last(before=back - 1), last_id=int(out.highest))

        def write(slices: Iterable[npt.NDArray[Any]]) -> None:
            for pixels in slices:
                out.put(out.done, pixels)
                work.finished(work.slices[out.done - 1])

        def take(i: int, channels: Float32Array) -> None:
            made = segmenter(i, channels)
            if i >= first:
                write(made)
            elif i == first - 1:
                go_on()

        if first and not again:
            go_on()
        came = first - again
        with write_behind(take) as put:
            for _, channels in work.predicted(skip=first, again=again):
                put(came, channels)
                came += 1
        if came == len(work.slices):
            write(segmenter.end())
    return work.result("they are kept, to go on from", cells=segmenter.count, resume=True)


def _segment_volume(
    job: SegmentJob, stack: Stack, emit: OnEvent, should_stop: ShouldStop
) -> PredictResult:
    from napari_emseg.model.packages.library import find_model

    package = find_model(job.model)
    stack.require_slices(range(len(stack)) if job.slices is None else job.slices)
    run = _run_of(replace(job, what="probability"), package)
    return segment_volume(
        job, stack, package, run, lambda each: segment(each, emit, should_stop), emit, should_stop
    )


def _prediction(
    job: PredictJob | SegmentJob, stack: Stack, emit: OnEvent, should_stop: ShouldStop
) -> StackPrediction:
    from napari_emseg.model.packages.library import find_model

    return StackPrediction(
        stack, find_model(job.model), slices=job.slices, device=job.device, config=job.config,
        on_event=emit, should_stop=should_stop,
    )  # fmt: skip


def _run_of(job: SegmentJob, package: ModelPackage) -> dict[str, Any]:
    """What the pixels of a segmentation depend on, by the names that a person knows."""
    rules = {} if job.what == "probability" else asdict(job.rules)
    return {
        "input": Location.of(job.source).version(),
        "model": f"{package.info.name} (sha256 {sha256_of(package.weights)})",
        "slices": job.slices or "all",
        "what": job.what,
        **asdict(job.config),
        **rules,
    }


def _attach(name: str, path: Path, stack: Stack) -> np.memmap[Any, Any]:
    from napari_emseg.io.scratch import attach

    shared = attach(path, "r+")
    if shared.shape != stack.shape:
        raise ShapeError(f"{name}: expected shape {stack.shape}, received {shared.shape}")
    return shared
