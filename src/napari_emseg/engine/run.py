"""Jobs are done here, in the worker process or in that of the command line.

Keras and OpenVINO are loaded inside these functions, by the jobs that need them.
"""

from __future__ import annotations

import time
from functools import singledispatch
from pathlib import Path
from typing import Any

import numpy as np

from napari_emseg.engine.jobs import DevicesJob, PredictJob, PredictResult, TrainJob, WarmUpJob
from napari_emseg.errors import CancelledError, ShapeError
from napari_emseg.types import Log, OnEvent, Progress, ShouldStop, SliceDone, Stack


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
def _warm_up(job: WarmUpJob, emit: OnEvent, should_stop: ShouldStop) -> str:
    from napari_emseg.model.library import find_model
    from napari_emseg.model.predict import warm_up
    from napari_emseg.model.runtime import load_runtime

    package = find_model(job.model)
    runtime = load_runtime(package, job.device, job.config, emit)
    if job.shape is not None:
        warm_up(runtime, job.shape, package.info.network, job.config)
    return runtime.name


@run.register
def _devices(job: DevicesJob, emit: OnEvent, should_stop: ShouldStop) -> list[str]:
    from napari_emseg.model.runtime import available_devices

    return available_devices()


@run.register
def _predict(job: PredictJob, emit: OnEvent, should_stop: ShouldStop) -> PredictResult:
    from napari_emseg.core.classes import cell_probability, class_within_cells
    from napari_emseg.io.read import read_stack
    from napari_emseg.model.int8 import ensure_int8
    from napari_emseg.model.library import find_model
    from napari_emseg.model.predict import predict_slices
    from napari_emseg.model.runtime import choose_runtime, load_runtime

    package = find_model(job.model)
    stack = read_stack(job.source, kind="image")
    slices = range(len(stack)) if job.slices is None else job.slices
    stack.require_slices(slices)
    out = _attach("out", job.out, stack)
    within_cells = _attach("within_cells", job.within_cells, stack) if job.within_cells else None
    emit(Log(f"Loading model {package.info.name!r}."))
    if job.config.int8 and choose_runtime(job.device, job.config.runtime) == "openvino":
        ensure_int8(package, stack, slices, emit)
    runtime = load_runtime(package, job.device, job.config, emit)
    start, done = time.monotonic(), 0
    predicted = predict_slices(
        stack, slices, runtime, package.info.network, job.config, should_stop=should_stop
    )
    for z, channels in predicted:
        out[z] = cell_probability(channels)
        if within_cells is not None:
            within_cells[z] = class_within_cells(channels)
        done += 1
        left = (time.monotonic() - start) / done * (len(slices) - done)
        emit(SliceDone(z))
        emit(Progress(done, len(slices), "slices", left))
    if done < len(slices):
        raise CancelledError(f"Stopped after {done} of {len(slices)} slices; they are kept.")
    return PredictResult(done, time.monotonic() - start, runtime.name, package.info.threshold)


def _attach(name: str, path: Path, stack: Stack) -> np.memmap[Any, Any]:
    from napari_emseg.io.scratch import attach

    shared = attach(path, "r+")
    if shared.shape != stack.shape:
        raise ShapeError(f"{name}: expected shape {stack.shape}, received {shared.shape}")
    return shared


@run.register
def _train(job: TrainJob, emit: OnEvent, should_stop: ShouldStop) -> Any:
    from napari_emseg.core.targets import guess_meaning, make_target
    from napari_emseg.io.read import read_stack
    from napari_emseg.model.backend import load_backend
    from napari_emseg.model.library import find_model

    load_backend()
    from napari_emseg.model.train import train

    stack = read_stack(job.images, kind="image")
    labels = np.asarray(read_stack(job.labels, kind="labels").data)
    classes = job.recipe.network.classes
    meaning = job.meaning or guess_meaning(labels, classes)
    emit(Log(f"Labels are read as {meaning}."))
    target = make_target(labels, meaning, job.recipe.train, slices=job.slices, classes=classes)
    start_from = None if job.start_from is None else find_model(job.start_from)
    return train(
        stack,
        target,
        job.recipe,
        folder=job.folder,
        name=job.name,
        validation=job.validation,
        start_from=start_from,
        resume=job.resume,
        device=job.device,
        on_event=emit,
        should_stop=should_stop,
    )
