"""The npe2 writers: a layer that a person saves becomes a file, with its voxel size."""

from __future__ import annotations

import logging
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

import numpy as np

from napari_emseg.errors import WriteError
from napari_emseg.io.layer_metadata import LayerMetadata, metadata_of
from napari_emseg.io.layout.units import nm_per_unit
from napari_emseg.io.layout.voxels import voxel_size_or_none
from napari_emseg.io.write import as_ids, as_mask_uint8, write_stack
from napari_emseg.types import ArrayLike, Stack, StackKind, VoxelSize

labels_written: list[Callable[[Mapping[str, Any]], None]] = []
"""Called with a layer's keyword arguments when its labels have been written to a file."""

logger = logging.getLogger(__name__)


def write_image(path: str, data: Any, meta: Mapping[str, Any]) -> list[str]:
    """Write an image layer; its values and dtype stay.

    Parameters
    ----------
    path : str
        Where to; an existing file is replaced, as napari's dialog has asked already.
    data : (Z, Y, X) or (Y, X) array, or its levels
        Of several levels the first is written.
    meta : mapping
        The layer's keyword arguments.

    Returns
    -------
    list of str
        The path that was written.

    Raises
    ------
    WriteError
        If the layer has colours or more axes, or the file cannot be written.
    """
    if meta.get("rgb"):
        raise WriteError(
            f"layer {meta.get('name')!r}: expected grey values, received RGB; split the channels "
            "first (right-click on the layer)"
        )
    return _write(path, _stack(data, meta, "image"))


def write_labels(path: str, data: Any, meta: Mapping[str, Any]) -> list[str]:
    """Write a labels layer: 0 and 1 as a mask of 0 and 255, else ids as uint16 or uint32.

    Which pixels a person has edited is noted beside them, where the format has a place for it.
    Parameters, returns and raises as `write_image`.
    """
    stack = _stack(data, meta, "labels")
    stored = as_mask_uint8(stack.data) if is_binary(stack.data) else as_ids(stack.data)
    written = _write(path, stack.with_data(stored, edits=_edits_of(meta, stack.data)))
    for tell in labels_written:
        tell(meta)
    return written


def _edits_of(meta: Mapping[str, Any], labels: ArrayLike) -> dict[str, Any] | None:
    """The note of edits: as it was read, or of what is watched as it is now."""
    ours = metadata_of(meta)
    edits = None if ours is None else ours.edits
    if edits is None or isinstance(edits, dict):
        return edits
    note: dict[str, Any] | None = edits.note_of(labels)
    return note


def is_binary(labels: ArrayLike) -> bool:
    """Whether labels hold nothing but 0 and 1; looked at slice by slice."""
    slices = (np.asarray(labels[z]) for z in range(labels.shape[0]))
    return all(bool(np.all((values == 0) | (values == 1))) for values in slices)


def layer_voxel_size(meta: Mapping[str, Any]) -> VoxelSize | None:
    """Voxel size (Z, Y, X) in nm from a layer's scale and units; None for pixels.

    Of a layer with two axes the section's thickness is taken to be the pixel's height.
    """
    scale, units = meta.get("scale"), meta.get("units")
    if scale is None or units is None:
        return None
    names = [units] * len(scale) if isinstance(units, str) else list(units)
    nm = [nm_per_unit(each) for each in names]
    lengths = [s * u for s, u in zip(scale, nm, strict=False) if u is not None]
    if len(lengths) != len(scale):
        return None
    return voxel_size_or_none(lengths[:1] + lengths if len(lengths) == 2 else lengths[-3:])


def _write(path: str, stack: Stack) -> list[str]:
    return [str(write_stack(Path(path) if Path(path).suffix else path, stack, overwrite=True))]


def _stack(data: Any, meta: Mapping[str, Any], kind: StackKind) -> Stack:
    name = str(meta.get("name", "layer"))
    pixels = data[0] if meta.get("multiscale") or isinstance(data, (list, tuple)) else data
    shape = tuple(pixels.shape)
    if len(shape) > 3 and all(length == 1 for length in shape[:-3]):
        pixels = pixels[(0,) * (len(shape) - 3)]
    elif len(shape) not in (2, 3):
        raise WriteError(
            f"layer {name!r}: expected axes (Z, Y, X) or (Y, X), received shape {shape}; save one "
            "channel or time point at a time"
        )
    if np.any(np.asarray(meta.get("translate", 0.0)) != 0):
        logger.info("layer %r: its translation is not kept in the file", name)
    known = metadata_of(meta)
    assumed = len(shape) == 2 or (known is not None and known.thickness_assumed)
    data = pixels if len(shape) > 2 else pixels[None]
    return Stack(
        data, layer_voxel_size(meta), name, kind, thickness_assumed=assumed,
        predicted=_predicted_of(known),
    )  # fmt: skip


def _predicted_of(known: LayerMetadata | None) -> tuple[int, ...] | None:
    """Slices that a model has filled, or a person since."""
    if known is None or known.predicted is None:
        return None
    return tuple(sorted({*known.predicted, *getattr(known.edits, "slices", ())}))
