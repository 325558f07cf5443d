"""A training, from the files that its job names to the model in the library.

Keras is loaded inside these functions.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from typing import TYPE_CHECKING

from napari_emseg.engine.train.jobs import LabelledFiles, StepTimeJob, TrainJob
from napari_emseg.engine.train.labelled_stack import LabelledStack
from napari_emseg.engine.train.train_stacks import train_by_recipe
from napari_emseg.model.train.history import TrainResult
from napari_emseg.types import Log, OnEvent, ShouldStop

if TYPE_CHECKING:
    from napari_emseg.model.packages.package import ModelPackage


def train(job: TrainJob, emit: OnEvent, should_stop: ShouldStop) -> TrainResult:
    """Train, and copy the model into the library where the job names one."""
    from napari_emseg.model.packages.library import find_model

    stacks = [_read(each, emit) for each in job.stacks]
    with _in_library(job) as added:
        result = train_by_recipe(
            stacks,
            job.recipe,
            job.terms,
            folder=job.folder,
            name=job.name,
            start_from=None if job.start_from is None else find_model(job.start_from),
            resume=job.resume,
            device=job.device,
            on_event=emit,
            should_stop=should_stop,
            preview_near=job.preview_near,
        )
    return replace(result, package=added[0].folder) if added else result


def _read(files: LabelledFiles, emit: OnEvent) -> LabelledStack:
    from napari_emseg.io.read import check_partners, read_stack

    for note in check_partners(files.images, files.labels):
        emit(Log(note))
    images = read_stack(files.images, kind="image", voxel_size_nm=files.voxel_size_nm)
    return LabelledStack(
        replace(images, name=files.called or images.name),
        read_stack(files.labels, kind="labels"),
        files.meaning, files.slices, files.validation, files.weight,
        None if files.reviewed is None else read_stack(files.reviewed, kind="labels"),
    )  # fmt: skip


def time_steps(job: StepTimeJob, emit: OnEvent, should_stop: ShouldStop) -> float:
    """Seconds that a step takes."""
    from napari_emseg.model.hardware.backend import load_backend

    load_backend()
    from napari_emseg.model.train.step_time import measure_step_time

    return measure_step_time(job.recipe, device=job.device, on_event=emit, should_stop=should_stop)


@contextmanager
def _in_library(job: TrainJob) -> Iterator[list[ModelPackage]]:
    """Add the model to the library where that is asked for, also one that an error has left."""
    from napari_emseg.model.packages.library import import_under_free_name
    from napari_emseg.model.train.run_folder import RunFolder

    added: list[ModelPackage] = []
    package = RunFolder(job.folder).package
    try:
        yield added
    finally:
        if job.library is not None and package.exists():
            added.append(import_under_free_name(package, job.name, job.library))
