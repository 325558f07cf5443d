"""The lesson of a model, in a file beside its weights; it stays with the person."""

from __future__ import annotations

import zipfile
from pathlib import Path

import numpy as np

from napari_emseg.core.train.rehearsal import Example, Lesson
from napari_emseg.errors import WriteError
from napari_emseg.model.packages.package import ModelPackage
from napari_emseg.model.train.run_folder import RunFolder, write_atomically
from napari_emseg.types import Log, OnEvent

LESSON = "lesson.npz"
"""Name of the file in a model's folder. It holds pixels of a person's, so no export takes it."""

_PARTS = ("image", "classes", "weights")


def write_lesson(path: Path, lesson: Lesson) -> None:
    """Write a lesson, images and weights in half precision.

    Raises
    ------
    WriteError
        If the file cannot be written.
    """
    arrays = {
        f"{part}_{k}": getattr(each, part) for k, each in enumerate(lesson) for part in _PARTS
    }
    halved = {
        name: array.astype(np.float16) if array.dtype == np.float32 else array
        for name, array in arrays.items()
    }
    write_atomically(path, lambda to: np.savez_compressed(to, **halved))


def read_lesson(path: Path) -> list[Example]:
    """The lesson in a file; none where there is no file, or a damaged one."""
    try:
        with path.open("rb") as file, np.load(file) as arrays:
            count = len(arrays.files) // len(_PARTS)
            parts = [[arrays[f"{part}_{k}"] for part in _PARTS] for k in range(count)]
    except (OSError, ValueError, LookupError, EOFError, zipfile.BadZipFile):
        return []
    return [
        Example(image.astype(np.float32), classes, weights.astype(np.float32))
        for image, classes, weights in parts
    ]


def inherit_lesson(parent: ModelPackage, run: RunFolder, tell: OnEvent) -> list[Example]:
    """The lesson of a model to go on from; a copy lets the run be resumed without that model.

    Raises
    ------
    WriteError
        If the copy cannot be written.
    """
    lesson = read_lesson(parent.folder / LESSON)
    if lesson:
        write_lesson(run.lesson, lesson)
        tell(Log(f"Some of what {parent.info.name!r} had learned is rehearsed."))
    return lesson


def leave_lesson(package: Path, lesson: Lesson, tell: OnEvent) -> None:
    """Put a lesson into a package, which is whole without: what goes wrong is only logged."""
    try:
        write_lesson(package / LESSON, lesson)
    except WriteError as error:
        tell(Log(str(error)))
