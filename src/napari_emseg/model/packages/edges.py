"""The edge weights that lie in a model package: how its probabilities become cells of a volume."""

from __future__ import annotations

from functools import lru_cache
from pathlib import Path

import numpy as np

from napari_emseg.core.cells3d.edge_model import EdgeModel
from napari_emseg.errors import ModelError
from napari_emseg.io.disk.atomic import write_atomically
from napari_emseg.io.disk.npz import NPZ_DAMAGE, read_npz
from napari_emseg.io.file_fingerprint import FileFingerprint
from napari_emseg.model.packages.attachments import attach
from napari_emseg.model.packages.library import DEFAULT, find_model
from napari_emseg.model.packages.package import EDGES, ModelPackage, require_as_described


def read_edges(package: ModelPackage) -> EdgeModel:
    """The edge weights of a model; those of `default` where it has none of its own.

    Raises
    ------
    ModelError
        If the file is damaged, or not the one that the model's description names.
    """
    if (package.folder / EDGES).is_file():
        require_as_described(package, EDGES)
    return _read(FileFingerprint.of(edges_file(package)))


def edges_file(package: ModelPackage) -> Path:
    """Where the edge weights of a model lie; those of `default` where it has none of its own."""
    path = package.folder / EDGES
    return path if path.is_file() else find_model(DEFAULT).folder / EDGES


def write_edges(package: ModelPackage, model: EdgeModel) -> None:
    """Keep edge weights with a model, and have its description name them."""
    write_atomically(package.folder / EDGES, lambda to: _save(to, model))
    attach(package.folder, EDGES)


def _save(to: Path, model: EdgeModel) -> None:
    with to.open("wb") as file:  # as a path it would get another ending
        np.savez_compressed(file, allow_pickle=False, **model.to_arrays())


@lru_cache(maxsize=8)
def _read(file: FileFingerprint) -> EdgeModel:
    try:
        return EdgeModel.from_arrays(read_npz(file.path))
    except NPZ_DAMAGE as error:
        raise ModelError(
            f"model: {file.path} cannot be read ({error}); import the model again"
        ) from error
