"""What a model file of Keras may hold: the layers of our networks, and as many numbers as it has.

Keras' safe mode refuses what would run code. This refuses, before Keras sees the file, all that is
no layer of ours, and what would take more memory than the file is large.
"""

from __future__ import annotations

import io
import math
import zipfile
from collections.abc import Collection, Iterator, Mapping
from pathlib import Path
from types import MappingProxyType
from typing import Any

import h5py

from napari_emseg.io.disk.zip_file import json_in

_METADATA, _CONFIG, _WEIGHTS = "metadata.json", "config.json", "model.weights.h5"
_PARTS = {_METADATA, _CONFIG, _WEIGHTS}
_OURS = "napari_emseg"
"""Under which our own classes are registered with Keras."""
_LARGEST_JSON = 8 * 2**20
_DEEPEST = 24

_OF_WEIGHTS = {"BatchNormalization", "Conv2D", "Conv2DTranspose", "LayerNormalization"}
_WEIGHTED = _OF_WEIGHTS | {"FusedBatchNormalization"}
_LAYERS = _OF_WEIGHTS | {
    "Activation", "Add", "Concatenate", "Dropout", "InputLayer", "MaxPooling2D", "ReLU",
    "SpatialDropout2D",
}  # fmt: skip
_INITIALIZERS = {"GlorotUniform", "HeNormal", "Ones", "Zeros"}
_ALLOWED: dict[str | None, Collection[str]] = {
    "keras.layers": _LAYERS,
    "keras.initializers": _INITIALIZERS,
    "keras": {"DTypePolicy"},
    "keras.src.models.functional": {"Functional"},
    None: {"__keras_tensor__"},
}
"""Classes by module; `build_unet` needs no other."""

_STEPS = ("kernel_size", "strides", "dilation_rate", "pool_size")
_LONGEST_STEP = 3


def check_keras_file(
    path: Path,
    *,
    also: Mapping[str | None, Collection[str]] = MappingProxyType({}),
    beside: Collection[str] = (),
) -> None:
    """Look through a model file without loading it.

    Parameters
    ----------
    path : Path
        The ``.keras`` file.
    also : mapping of str to collection of str
        Classes by module that it may hold, besides those of a network.
    beside : collection of str
        Files that may lie in it, besides those of Keras.

    Raises
    ------
    ValueError, OSError, LookupError, TypeError, zipfile.BadZipFile
        If it is damaged, or holds what our networks do not.
    """
    with zipfile.ZipFile(path) as file:
        names = file.namelist()
        if set(names) - set(beside) != _PARTS or len(names) != len(set(names)):
            raise ValueError(f"expected {', '.join(sorted(_PARTS))}, received {names}")
        if file.getinfo(_METADATA).file_size > _LARGEST_JSON:
            raise ValueError(f"{_METADATA} is too large")
        if file.getinfo(_WEIGHTS).compress_type != zipfile.ZIP_STORED:
            raise ValueError("its weights are packed, which Keras does not do")
        config = json_in(file, _CONFIG, _LARGEST_JSON)
        weights = file.read(_WEIGHTS)
    _check_classes(config, {**_ALLOWED, **also})
    needed = 4 * sum(map(_least_weights, config["config"]["layers"]))
    if needed > len(weights):
        raise ValueError(f"its layers take {needed} bytes, and its weights have {len(weights)}")
    with h5py.File(io.BytesIO(weights), "r") as opened:
        _check_group(opened, _DEEPEST)


def _check_classes(config: Any, allowed: Mapping[str | None, Collection[str]]) -> None:
    for each in _described(config):
        name, module = each["class_name"], each.get("module")
        if name not in allowed.get(module, ()):
            raise ValueError(f"it holds {module}.{name}, which is no part of our networks")
        if each.get("registered_name") not in (None, name, f"{_OURS}>{name}"):
            raise ValueError(f"it holds {each['registered_name']}, which is not Keras' own")


def _described(value: Any) -> Iterator[Mapping[str, Any]]:
    """All that stands for an object, however deep."""
    if isinstance(value, dict) and "class_name" in value:
        yield value
    if isinstance(value, (dict, list)):
        for each in value.values() if isinstance(value, dict) else value:
            yield from _described(each)


def _least_weights(layer: Mapping[str, Any]) -> int:
    """How many numbers the weights of a layer are at least; those of Keras are made before read."""
    said = layer["config"]
    if any(step > _LONGEST_STEP for name in _STEPS for step in said.get(name) or ()):
        raise ValueError(f"a {layer['class_name']} has longer steps than our networks")
    if layer["class_name"] not in _WEIGHTED:
        return 0
    known = [int(length) for length in layer["build_config"]["input_shape"] if length is not None]
    return math.prod([*known, int(said.get("filters", 1)), *said.get("kernel_size", ())])


def _check_group(group: Any, deepest: int) -> None:
    if deepest == 0:
        raise ValueError("its weights lie too deep")
    for name in group:
        if not isinstance(group.get(name, getlink=True), h5py.HardLink):
            raise ValueError(f"its weights {name!r} are a link")
        found = group[name]
        if isinstance(found, h5py.Group):
            _check_group(found, deepest - 1)
        elif _is_elsewhere(found) or found.id.get_storage_size() != found.nbytes:
            raise ValueError(f"its weights {name!r} are not stored as they are")


def _is_elsewhere(data: Any) -> bool:
    return bool(data.external or data.is_virtual or data.dtype.kind not in "biuf")
