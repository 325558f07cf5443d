"""Jobs are done here, in the worker process or in that of the command line.

Keras and OpenVINO are loaded inside these functions, by the jobs that need them.
"""

from __future__ import annotations

import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import asdict, replace
from datetime import UTC, datetime
from functools import partial, singledispatch
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from napari_emseg.engine.jobs import (
    DevicesJob,
    DoctorJob,
    PredictJob,
    PredictResult,
    SegmentJob,
    StepTimeJob,
    TrainJob,
    WarmUpJob,
)
from napari_emseg.errors import CancelledError, ShapeError
from napari_emseg.io.file_fingerprint import sha256_of
from napari_emseg.model.predict.predictor import CostEstimate, Predictor
from napari_emseg.model.train.history import TrainResult
from napari_emseg.types import (
    Float32Array,
    Log,
    OnEvent,
    Progress,
    ShouldStop,
    SliceDone,
    Stack,
    StackKind,
)

if TYPE_CHECKING:
    from napari_emseg.core.label_reading import LabelReading
    from napari_emseg.core.segment.tiling import Region
    from napari_emseg.core.train.targets import Target
    from napari_emseg.model.packages.package import ModelPackage


@singledispatch
def run(job: Any, emit: OnEvent, should_stop: ShouldStop) -> Any:
    """Do a job in this process.

    Parameters
    ----------
    job : Job
        What to do.
    emit : callable
        Receives the events up to, and without, the last one.
    should_stop : callable
        Looked at after every slice or step.

    Returns
    -------
    Any
        The result that belongs to the job.

    Raises
    ------
    CancelledError
        If stopped; what was finished is kept.
    EmsegError
        For everything that a person can mend.
    """
    raise TypeError(f"{type(job).__name__} is not a job")


@run.register
def _warm_up(job: WarmUpJob, emit: OnEvent, should_stop: ShouldStop) -> CostEstimate | None:
    from napari_emseg.model.packages.library import find_model

    predictor = Predictor.of(find_model(job.model), job.device, job.config, emit)
    return None if job.shape is None else predictor.outlook(job.shape)


@run.register
def _devices(job: DevicesJob, emit: OnEvent, should_stop: ShouldStop) -> list[str]:
    from napari_emseg.model.runtimes.runtime import available_devices

    return available_devices()


@run.register
def _doctor(job: DoctorJob, emit: OnEvent, should_stop: ShouldStop) -> str:
    from napari_emseg.engine.hardware.doctor import diagnose

    return diagnose()


@run.register
def _predict(job: PredictJob, emit: OnEvent, should_stop: ShouldStop) -> PredictResult:
    from napari_emseg.core.classes import cell_probability, class_within_cells
    from napari_emseg.io.scratch import attach

    work = _Prediction(job, Stack(attach(job.source)), emit, should_stop)
    out = _attach("out", job.out, work.stack)
    within = _attach("within_cells", job.within_cells, work.stack) if job.within_cells else None
    region = job.region or (slice(None), slice(None))
    for z, channels in work.predicted(job.region):
        out[z, *region] = cell_probability(channels)
        if within is not None:
            within[z, *region] = class_within_cells(channels)
        work.finished(z)
    return work.result()


@run.register
def _segment(job: SegmentJob, emit: OnEvent, should_stop: ShouldStop) -> PredictResult:
    from napari_emseg.core.segment.segmenter import DTYPES, Segmenter
    from napari_emseg.io.prefetch import write_behind
    from napari_emseg.io.read import read_stack
    from napari_emseg.io.resumable_writer import ResumableWriter, planned_stack

    work = _Prediction(job, read_stack(job.source, kind="image"), emit, should_stop)
    kind: StackKind = "image" if job.what == "probability" else "labels"
    planned = planned_stack(work.stack, len(work.slices), DTYPES[job.what], kind=kind)
    places = {"overwrite": job.overwrite, "resume": job.resume}
    with ResumableWriter(job.out, planned, _run_of(work), **places, sources=[job.source]) as out:
        segmenter = Segmenter(job.what, job.rules)
        if out.done:
            segmenter.go_on(out.done - 1, out.last(), last_id=int(out.highest))

        def write(i: int, z: int, channels: Float32Array) -> None:
            out.put(i, segmenter(i, channels))
            work.finished(z)

        with write_behind(write) as put:
            for i, (z, channels) in enumerate(work.predicted(skip=out.done), out.done):
                put(i, z, channels)
    return work.result("they are kept, and --resume goes on")


class _Prediction:
    """A stack on its way through a model: what is predicted, how far it is, how it ends."""

    def __init__(
        self, job: PredictJob | SegmentJob, stack: Stack, emit: OnEvent, should_stop: ShouldStop
    ) -> None:
        from napari_emseg.model.packages.library import find_model

        self.job, self._emit, self._should_stop = job, emit, should_stop
        self.package, self.stack = find_model(job.model), stack
        self.slices = range(len(self.stack)) if job.slices is None else job.slices
        self.stack.require_slices(self.slices)
        self._before = self._done = 0
        self._device = "no device"
        self._start = time.monotonic()

    def predicted(
        self, region: Region | None = None, *, skip: int = 0
    ) -> Iterator[tuple[int, Float32Array]]:
        """Slices and their channels, without the first ``skip``, which are there already."""
        self._before = self._done = skip
        if skip == len(self.slices):
            return
        from napari_emseg.model.predict.predict import predict_slices

        info = self.package.info
        self._emit(Log(f"Loading model {info.name!r}."))
        predictor = Predictor.of(self.package, self.job.device, self.job.config, self._emit)
        self._start = time.monotonic()
        if skip:
            self._emit(Progress(skip, len(self.slices), "slices"))
        yield from predict_slices(
            self.stack, self.slices[skip:], partial(predictor, region=region), info.network,
            should_stop=self._should_stop,
        )  # fmt: skip
        self._device = predictor.runtime

    def finished(self, z: int) -> None:
        """Tell that slice ``z`` is where it belongs."""
        self._done += 1
        total, seconds = len(self.slices), time.monotonic() - self._start
        left = seconds / (self._done - self._before) * (total - self._done)
        self._emit(SliceDone(z))
        self._emit(Progress(self._done, total, "slices", left))

    def result(self, kept: str = "they are kept") -> PredictResult:
        """How it ended; `CancelledError` where slices are missing."""
        done, total = self._done, len(self.slices)
        if done < total:
            raise CancelledError(f"Stopped after {done} of {total} slices; {kept}.")
        seconds = time.monotonic() - self._start
        threshold = self.package.info.threshold
        return PredictResult(done - self._before, seconds, self._device, threshold)


def _run_of(work: _Prediction) -> dict[str, Any]:
    """What the pixels of a segmentation depend on, by the names that a person knows."""
    job = work.job
    assert isinstance(job, SegmentJob)
    rules = {} if job.what == "probability" else asdict(job.rules)
    changed = datetime.fromtimestamp(job.source.stat().st_mtime, UTC)
    return {
        "input": f"{job.source.resolve()} of {changed.isoformat()}",
        "model": f"{work.package.info.name} (sha256 {sha256_of(work.package.weights)})",
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


@run.register
def _train(job: TrainJob, emit: OnEvent, should_stop: ShouldStop) -> TrainResult:
    from napari_emseg.io.read import read_stack
    from napari_emseg.model.hardware.backend import load_backend
    from napari_emseg.model.packages.library import find_model

    # first, since it may be refused
    stack = read_stack(job.images, kind="image", voxel_size_nm=job.voxel_size_nm)
    target = _target_of(job, emit, stack)
    emit(Log("Loading Keras ..."))
    load_backend()
    from napari_emseg.model.train.train import train

    start_from = None if job.start_from is None else find_model(job.start_from)
    with _in_library(job) as added:
        result = train(
            stack,
            target,
            job.recipe,
            folder=job.folder,
            name=job.name,
            validation=job.validation,
            start_from=start_from,
            resume=job.resume,
            terms=job.terms,
            device=job.device,
            on_event=emit,
            should_stop=should_stop,
        )
    return replace(result, package=added[0].folder) if added else result


@run.register
def _pace(job: StepTimeJob, emit: OnEvent, should_stop: ShouldStop) -> float:
    from napari_emseg.model.hardware.backend import load_backend

    load_backend()
    from napari_emseg.model.train.step_time import measure_step_time

    return measure_step_time(job.recipe, device=job.device, should_stop=should_stop)


def _target_of(job: TrainJob, emit: OnEvent, images: Stack | None = None) -> Target:
    from napari_emseg.core.train.targets import make_target
    from napari_emseg.io.read import read_stack

    labels, classes = read_stack(job.labels, kind="labels"), job.recipe.network.classes
    reviewed = None if job.reviewed is None else read_stack(job.reviewed, kind="labels")
    return make_target(
        labels.data, _reading_of(job, emit, labels, images), job.recipe.train,
        slices=job.slices, classes=classes,
        reviewed=None if reviewed is None else lambda z: reviewed.slice(z) != 0,
    )  # fmt: skip


def _reading_of(job: TrainJob, emit: OnEvent, labels: Stack, images: Stack | None) -> LabelReading:
    """What the labels are said to mean, or seem to, and what is noteworthy; told in lines."""
    from napari_emseg.core.label_meaning import guess_meaning
    from napari_emseg.core.label_reading import LabelReading

    chosen = None if job.slices is None else set(job.slices)
    found = guess_meaning(
        labels.data, classes=job.recipe.network.classes, told=job.meaning,
        counts=None if chosen is None else chosen.__contains__,
        images=images.data if images is not None and images.shape == labels.shape else None,
    )  # fmt: skip
    emit(Log(f"Labels are {found.said}"))
    for remark in found.remarks:
        emit(Log(remark))
    return found.reading or LabelReading(found.meaning)


@contextmanager
def _in_library(job: TrainJob) -> Iterator[list[ModelPackage]]:
    """Add the model to the library where that is asked for, also one that an error has left."""
    from napari_emseg.model.packages.library import free_name, import_model
    from napari_emseg.model.train.run_folder import RunFolder

    added: list[ModelPackage] = []
    package = RunFolder(job.folder).package
    try:
        yield added
    finally:
        if job.library is not None and package.exists():
            name = free_name(job.name, job.library)
            added.append(import_model(package, name, library=job.library))
