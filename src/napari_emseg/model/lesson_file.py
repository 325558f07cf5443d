"""The lesson of a model, in a file beside its weights; it stays with the person."""

from __future__ import annotations

import zipfile
from pathlib import Path

import numpy as np

from napari_emseg.core.lesson import Example, Lesson
from napari_emseg.model.run_folder import write_atomically

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
