"""Layers as a project keeps them, and layers made of what it kept."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np
from napari.layers import Image, Labels, Layer
from napari.utils.colormaps import DirectLabelColormap

from napari_emseg.errors import EmsegError, ReadError
from napari_emseg.io.layer_metadata import CHANGES, LayerMetadata, metadata_of
from napari_emseg.io.napari_reader import layer_data
from napari_emseg.io.napari_writer import image_stack, labels_stack
from napari_emseg.io.project.project_file import ProjectLayer
from napari_emseg.ui.painting.edit_tracker import can_be_tracked, is_edited
from napari_emseg.ui.viewer.class_colors import class_looks
from napari_emseg.ui.viewer.label_colors import MASK_COLORS, label_colors
from napari_emseg.ui.viewer.layers import file_of, geometry

if TYPE_CHECKING:
    from collections.abc import Sequence

_ARRAYS = ("scale", "translate", "rotate", "shear")
_LOOK = ("visible", "opacity")


def kept_layers(layers: Sequence[Layer]) -> tuple[list[ProjectLayer], list[str]]:
    """What a project keeps of layers, and a sentence on each that it cannot keep.

    What is made anew from others, as errors and changes are, is passed over.
    """
    kept, said = [], []
    for layer in layers:
        about = metadata_of(layer) or LayerMetadata()
        if about.errors_of or about.kind == CHANGES:
            continue
        try:
            kept.append(_kept(layer))
        except EmsegError as error:
            said.append(f"Not kept: {error}")
    return kept, said


def _kept(layer: Layer) -> ProjectLayer:
    data, meta, kind = layer.as_layer_data_tuple()
    if kind not in ("image", "labels"):
        raise EmsegError(f"{layer.name!r} is of the kind {kind}; save it by napari's own writer")
    about = _about(layer, kind)
    source = _file_of(layer)
    if source:
        return ProjectLayer(about, source=source)
    stack = image_stack(data, meta) if kind == "image" else labels_stack(data, meta)
    return ProjectLayer(about, stack)


def _about(layer: Any, kind: str) -> dict[str, Any]:
    place = geometry(layer)
    about = {
        "name": layer.name, "type": kind, "ndim": layer.ndim,
        **{name: np.asarray(place[name]).tolist() for name in _ARRAYS},
        "units": [str(unit) for unit in place["units"]],
        "axis_labels": list(place["axis_labels"]),
        **{name: getattr(layer, name) for name in _LOOK},
        "blending": str(layer.blending),
    }  # fmt: skip
    if kind == "image":
        about["contrast_limits"] = [float(each) for each in layer.contrast_limits]
        about |= {"gamma": float(layer.gamma), "colormap": str(layer.colormap.name)}
    else:
        about["is_mask"] = isinstance(layer.colormap, DirectLabelColormap)
    return about


def _file_of(layer: Any) -> str:
    """The file that holds the pixels of a layer as they are; empty where none does."""
    changed = can_be_tracked(layer) and is_edited(layer)
    return "" if changed or layer.multiscale else file_of(layer)


def layer_of(kept: ProjectLayer) -> Layer:
    """The layer that was kept; its pixels must be there.

    Raises
    ------
    ReadError
        If it is described as no layer can be.
    """
    try:
        return _layer(kept)
    except (LookupError, TypeError, ValueError) as error:
        raise ReadError(
            f"{kept.about.get('name')!r} is left out: expected what a layer looks like, received "
            f"something else ({type(error).__name__}: {error}); unzip the project and open its "
            "layers"
        ) from error


def _layer(kept: ProjectLayer) -> Layer:
    about, stack = kept.about, kept.stack
    assert stack is not None, "what was not found makes no layer"
    data, meta, _ = layer_data(stack)
    if about["ndim"] == 2:
        data = data[0]
    place = {name: about[name] for name in (*_ARRAYS, "units", "axis_labels", *_LOOK, "blending")}
    options = {**meta, **place, "name": about["name"]}
    if about["type"] == "image":
        look = {name: about[name] for name in ("contrast_limits", "gamma", "colormap")}
        return Image(data, **{**options, **look})
    if stack.class_names:
        options |= class_looks(stack.class_names)
    elif about["is_mask"]:
        options["colormap"] = label_colors(MASK_COLORS)
    return Labels(data, **options)
