"""Models: those that there are, and one by whatever a person calls it."""

from __future__ import annotations

from pathlib import Path
from typing import TypeAlias

from napari_emseg.model.foreign.arrival import find_any_model
from napari_emseg.model.packages import library
from napari_emseg.model.packages.package import ModelPackage

AnyModel: TypeAlias = str | Path | ModelPackage
"""A model by its name in the library, by its folder, or itself."""


def list_models() -> list[ModelPackage]:
    """The model that ships, then those of the library by name; damaged ones are left out.

    Returns
    -------
    list of ModelPackage
        Each with its ``folder``, and what its description says as ``info``.

    Examples
    --------
    >>> import napari_emseg as em
    >>> em.list_models()[0].info.name
    'default'
    """
    return library.list_models()


def load_model(name: AnyModel = library.DEFAULT) -> ModelPackage:
    """A model by its name in the library, or by the folder of its package or of its training.

    One of others, a package in the bioimage.io form with ONNX weights, is tried first
    (`import_model`).

    Its weights are read when it is used.

    Raises
    ------
    ModelError
        If there is none, or it is damaged.

    Examples
    --------
    >>> import napari_emseg as em
    >>> model = em.load_model("default")
    >>> model.info.class_names, model.info.voxel_size_nm
    (('membrane', 'cell'), (50.0, 4.0, 4.0))
    """
    return name if isinstance(name, ModelPackage) else find_any_model(str(name))
