"""A project: layers, and how the window stood, in one ``.emseg`` file.

It is a zip, which any program opens: ``project.json``, and a TIFF for each layer that lies in no
file of its own. Other layers are noted by where their file is.
"""

from __future__ import annotations

import json
import math
import re
import zipfile
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import numpy as np

from napari_emseg.errors import EmsegError, ReadError
from napari_emseg.io.disk.atomic import replacing_file
from napari_emseg.io.disk.zip_file import ZIP_DAMAGE, json_in
from napari_emseg.io.project.reference import found_again, looks_the_same, reference_to
from napari_emseg.io.read import read_stack
from napari_emseg.io.write import write_stack
from napari_emseg.types import AnyPath, Stack

ENDING = ".emseg"
_JSON, _VERSION, _QUICK = "project.json", 1, 1
_LARGEST_JSON, _MOST_LAYERS = 64 * 2**20, 1000
_STORED = re.compile(r"layers/\d+\.tif")
"""Names of the files in a project, as it writes them."""
_DAMAGED = (*ZIP_DAMAGE, TypeError, AttributeError)


@dataclass(frozen=True, eq=False)
class ProjectLayer:
    """A layer, as a project keeps it.

    Parameters
    ----------
    about : dict
        How it is called, where it lies and how it looks, in a form for JSON.
    stack : Stack, optional
        Its pixels; None in a project that is read where their file was not found.
    source : str
        File or folder that holds the pixels, as `read_stack` reads them; empty where the project
        itself is to hold them.
    """

    about: dict[str, Any]
    stack: Stack | None = None
    source: str = ""


@dataclass(frozen=True, eq=False)
class Project:
    """Layers, from the lowest to the topmost, and the window.

    Parameters
    ----------
    layers : sequence of ProjectLayer
        The layers.
    window : dict
        View, docks and what else the window wants to have back, in a form for JSON.
    notes : tuple of str
        What a person is to be told of a project that was read, a sentence each.
    """

    layers: Sequence[ProjectLayer]
    window: dict[str, Any] = field(default_factory=dict)
    notes: tuple[str, ...] = ()


def write_project(path: AnyPath, project: Project) -> Path:
    """Write a project: whole or not at all, in the place of one that was there.

    Returns
    -------
    Path
        The file, with its ending.

    Raises
    ------
    WriteError
        If the disk is full or not writable, or a layer cannot be written.
    """
    out = Path(path)
    out = out if out.suffix.lower() == ENDING else out.with_name(out.name + ENDING)
    with (
        replacing_file(out) as place,
        zipfile.ZipFile(place, "w", zipfile.ZIP_DEFLATED, compresslevel=_QUICK) as archive,
    ):
        layers = [
            {**layer.about, **_put(archive, k, layer, out.absolute().parent)}
            for k, layer in enumerate(project.layers)
        ]
        noted = {"version": _VERSION, "layers": layers, "window": project.window}
        archive.writestr(_JSON, json.dumps(noted, indent=1))
    return out


def read_project(path: AnyPath, found: Mapping[str, Path] | None = None) -> Project:
    """Read a project, and the files that it notes.

    Parameters
    ----------
    path : path
        The ``.emseg`` file.
    found : mapping of str to Path, optional
        Where files are that were moved, by where they were.

    Raises
    ------
    ReadError
        If it is no project, or a damaged one.
    """
    path = Path(path)
    try:
        with zipfile.ZipFile(path) as archive:
            noted = _noted(archive)
            stored = [_stored_name(each) for each in noted["layers"] if "stored" in each]
            _require_room(path, sum(archive.getinfo(name).file_size for name in stored))
            notes: list[str] = []
            layers = [_take(path, archive, each, found or {}, notes) for each in noted["layers"]]
            return Project(layers, noted["window"], tuple(notes))
    except _DAMAGED as error:
        raise _no_project(path, error) from error


def moved_files(path: AnyPath) -> tuple[str, ...]:
    """Files that a project notes and that are not where they were; raises as `read_project`."""
    path = Path(path)
    try:
        with zipfile.ZipFile(path) as archive:
            noted = _noted(archive)["layers"]
        files = [each["file"] for each in noted if "file" in each]
        lost = (each for each in files if found_again(each, path.absolute().parent) is None)
        return tuple(dict.fromkeys(str(each["absolute"]) for each in lost))
    except _DAMAGED as error:
        raise _no_project(path, error) from error


def _noted(archive: zipfile.ZipFile) -> dict[str, Any]:
    """What stands in the project; raises `_DAMAGED` where it is not what one writes."""
    noted = json_in(archive, _JSON, _LARGEST_JSON)
    layers, window = noted["layers"], noted["window"]
    docks = window.get("docks", {})
    described = (*layers, docks, *docks.values())
    if not isinstance(layers, list) or not all(isinstance(each, dict) for each in described):
        raise TypeError("its layers and docks are not what a project has")
    if len(layers) > _MOST_LAYERS:
        raise ValueError(f"it has {len(layers)} layers, more than {_MOST_LAYERS}")
    return {"layers": layers, "window": window}


def _require_room(path: Path, needed: int) -> None:
    """Raise `ReadError` where what it holds does not fit into memory, which it is read into."""
    import psutil

    free = psutil.virtual_memory().available
    if needed > free:
        raise ReadError(
            f"{path}: its layers take {needed / 2**30:.1f} GiB, and {free / 2**30:.1f} GiB of "
            "memory are free; close other programs, or unzip it and open its layers one by one"
        )


def _stored_name(noted: Mapping[str, Any]) -> str:
    name = str(noted["stored"])
    if not _STORED.fullmatch(name):
        raise ValueError(f"a layer is stored as {name!r}, which no project does")
    return name


def _no_project(path: Path, error: Exception) -> ReadError:
    return ReadError(
        f"{path}: expected a project of napari-emseg, received something else or a damaged one "
        f"({type(error).__name__}: {error}); save it again, or unzip it and open its layers"
    )


def _put(archive: zipfile.ZipFile, k: int, layer: ProjectLayer, folder: Path) -> dict[str, Any]:
    """Put the pixels of a layer into the archive, or note where they are."""
    if layer.source:
        return {"file": reference_to(Path(layer.source), folder)}
    assert layer.stack is not None, "a layer has pixels, or a file that holds them"
    name = f"layers/{k:03d}.tif"
    with TemporaryDirectory() as beside:
        place = write_stack(Path(beside) / "layer.tif", layer.stack)
        archive.write(place, name)
    return {"stored": name}


def _take(
    project: Path,
    archive: zipfile.ZipFile,
    noted: dict[str, Any],
    found: Mapping[str, Path],
    notes: list[str],
) -> ProjectLayer:
    kind = noted["type"]
    if "stored" in noted:
        with TemporaryDirectory() as beside:
            stack = read_stack(archive.extract(_stored_name(noted), beside), kind=kind)
            _require_room(project, math.prod(stack.shape) * stack.data.dtype.itemsize)
            # a copy in memory: the extracted file is gone in a moment
            return ProjectLayer(noted, stack.with_data(np.array(stack.data)))
    reference = noted["file"]
    was = str(reference["absolute"])
    path = found.get(was) or found_again(reference, project.absolute().parent)
    if path is None:
        notes.append(
            f"{noted['name']!r} is left out: its file {was} is not there. Put it back, or beside "
            "the project, and open the project again."
        )
        return ProjectLayer(noted)
    if not looks_the_same(reference, path):
        notes.append(f"{path} has changed since the project was saved.")
    try:
        stack = read_stack(path, kind=kind)
    except EmsegError as error:
        notes.append(f"{noted['name']!r} is left out: {error}")
        return ProjectLayer(noted)
    return ProjectLayer(noted, replace(stack, name=noted["name"]), str(path))
