"""The models that a person has, and the one that ships; listed without loading keras."""

from __future__ import annotations

import logging
import os
from importlib.resources import files
from pathlib import Path

import platformdirs

from napari_emseg.errors import ModelError
from napari_emseg.model.package import RDF, ModelPackage, read_package

DEFAULT = "default"
"""Name of the model that ships."""

FOLDER_VARIABLE = "EMSEG_MODELS_DIR"
_log = logging.getLogger(__name__)


def library_folder() -> Path:
    """Folder of a person's model packages; it need not exist yet."""
    if named := os.environ.get(FOLDER_VARIABLE):
        return Path(named)
    return platformdirs.user_data_path("napari-emseg", appauthor=False) / "models"


def shipped_folder() -> Path:
    """Package folder of the model that ships."""
    return Path(str(files("napari_emseg"))) / "models" / DEFAULT


def list_models() -> list[ModelPackage]:
    """The model that ships, then those of the library by name; damaged ones are left out."""
    # a leading dot marks what a package that is being written leaves behind when it is interrupted
    folders = [shipped_folder(), *sorted(library_folder().glob("[!.]*/"))]
    packages = []
    for folder in folders:
        if not (folder / RDF).exists():
            continue
        try:
            packages.append(read_package(folder))
        except ModelError as error:
            _log.warning("%s", error)
    return packages


def find_model(name: str) -> ModelPackage:
    """A model by its name in the library, or by the path of its package.

    Raises
    ------
    ModelError
        If there is none.
    """
    if name == DEFAULT:
        return read_package(shipped_folder())
    for folder in (library_folder() / name, Path(name), Path(name) / "package"):
        if (folder / RDF).exists():
            return read_package(folder)
    known = ", ".join(package.folder.name for package in list_models()) or "none"
    raise ModelError(
        f"model: there is no model {name!r}; known are {known}, or give a package's folder"
    )
