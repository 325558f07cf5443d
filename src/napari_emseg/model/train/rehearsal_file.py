"""The rehearsal set of a model, in a file beside its weights; it stays with the person."""

from __future__ import annotations

from pathlib import Path

import numpy as np

from napari_emseg.core.train.rehearsal import Example, RehearsalSet
from napari_emseg.errors import WriteError
from napari_emseg.io.disk.atomic import write_atomically
from napari_emseg.io.disk.npz import NPZ_DAMAGE, read_npz
from napari_emseg.model.packages.package import REHEARSAL_FILE, ModelPackage
from napari_emseg.model.train.run_folder import RunFolder
from napari_emseg.types import Log, OnEvent

_PARTS = ("image", "classes", "weights")


def write_rehearsal_set(path: Path, rehearsal_set: RehearsalSet) -> None:
    """Write a rehearsal set, images and weights in half precision.

    Raises
    ------
    WriteError
        If the file cannot be written.
    """
    arrays = {
        f"{part}_{k}": getattr(each, part)
        for k, each in enumerate(rehearsal_set)
        for part in _PARTS
    }
    halved = {
        name: array.astype(np.float16) if array.dtype == np.float32 else array
        for name, array in arrays.items()
    }
    write_atomically(path, lambda to: np.savez_compressed(to, **halved))


def read_rehearsal_set(path: Path) -> list[Example]:
    """The rehearsal set in a file; empty where there is no file, or a damaged one."""
    try:
        arrays = read_npz(path)
        count = len(arrays) // len(_PARTS)
        parts = [[arrays[f"{part}_{k}"] for part in _PARTS] for k in range(count)]
    except NPZ_DAMAGE:
        return []
    return [
        Example(image.astype(np.float32), classes, weights.astype(np.float32))
        for image, classes, weights in parts
    ]


def inherit_rehearsal_set(parent: ModelPackage, run: RunFolder, tell: OnEvent) -> list[Example]:
    """The rehearsal set of a model to go on from; a copy lets the run be resumed without it.

    Raises
    ------
    WriteError
        If the copy cannot be written.
    """
    rehearsal_set = read_rehearsal_set(parent.folder / REHEARSAL_FILE)
    if rehearsal_set:
        write_rehearsal_set(run.rehearsal_set, rehearsal_set)
        tell(Log(f"Some of what {parent.info.name!r} had learned is rehearsed."))
    return rehearsal_set


def store_rehearsal_set(package: Path, rehearsal_set: RehearsalSet, tell: OnEvent) -> None:
    """Put it into a package, which is whole without: what goes wrong is only logged."""
    try:
        write_rehearsal_set(package / REHEARSAL_FILE, rehearsal_set)
    except WriteError as error:
        tell(Log(str(error)))
