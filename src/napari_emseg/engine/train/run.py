"""A training, from the files that its job names to the model in the library.

Keras is loaded inside these functions.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from typing import TYPE_CHECKING

from napari_emseg.engine.train.jobs import StepTimeJob, TrainJob
from napari_emseg.model.train.history import TrainResult
from napari_emseg.types import LabelsMeaning, Log, OnEvent, ShouldStop, Stack

if TYPE_CHECKING:
    from napari_emseg.core.train.targets import Target
    from napari_emseg.model.packages.package import ModelPackage


def train(job: TrainJob, emit: OnEvent, should_stop: ShouldStop) -> TrainResult:
    """Train, and copy the model into the library where the job names one."""
    from napari_emseg.io.read import read_stack
    from napari_emseg.model.hardware.backend import load_backend
    from napari_emseg.model.packages.library import find_model

    emit(Log("Loading Keras ..."))
    load_backend()
    from napari_emseg.model.train import train as training

    stack = read_stack(job.images, kind="image", voxel_size_nm=job.voxel_size_nm)
    target = _target_of(job, emit)
    start_from = None if job.start_from is None else find_model(job.start_from)
    with _in_library(job) as added:
        result = training.train(
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


def time_steps(job: StepTimeJob, emit: OnEvent, should_stop: ShouldStop) -> float:
    """Seconds that a step takes."""
    from napari_emseg.model.hardware.backend import load_backend

    load_backend()
    from napari_emseg.model.train.step_time import measure_step_time

    return measure_step_time(job.recipe, device=job.device, should_stop=should_stop)


def _target_of(job: TrainJob, emit: OnEvent) -> Target:
    from napari_emseg.core.train.targets import make_target
    from napari_emseg.io.read import read_stack

    labels, classes = read_stack(job.labels, kind="labels"), job.recipe.network.classes
    reviewed = None if job.reviewed is None else read_stack(job.reviewed, kind="labels")
    return make_target(
        labels.data, _meaning_of(job, labels, emit), job.recipe.train,
        slices=job.slices, classes=classes,
        reviewed=None if reviewed is None else lambda z: reviewed.slice(z) != 0,
    )  # fmt: skip


def _meaning_of(job: TrainJob, labels: Stack, emit: OnEvent) -> LabelsMeaning:
    """What the labels are said to mean, or seem to; told in one line."""
    from napari_emseg.core.label_meaning import guess_meaning

    if job.meaning is not None:
        emit(Log(f"Labels are read as {job.meaning}."))
        return job.meaning
    guess = guess_meaning(labels.data, classes=job.recipe.network.classes)
    emit(Log(f"Labels are read as {guess.meaning}. {guess.found}"))
    return guess.meaning


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
