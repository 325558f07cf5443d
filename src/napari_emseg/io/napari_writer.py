"""The npe2 writers: a layer that a person saves becomes a file, with its voxel size."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

import numpy as np

from napari_emseg.errors import WriteError
from napari_emseg.io.formats.file_format import EDITS, NAMES, ending
from napari_emseg.io.formats.registry import stack_endings
from napari_emseg.io.layer_metadata import LayerMetadata, metadata_of
from napari_emseg.io.layout.units import nm_per_unit
from napari_emseg.io.layout.voxels import voxel_size_or_none
from napari_emseg.io.napari_reader import tell
from napari_emseg.io.write import as_ids, as_mask_uint8, loss_in_words, not_kept, write_stack
from napari_emseg.types import ArrayLike, Stack, StackKind, VoxelSize, noted_names

labels_written: list[Callable[[Mapping[str, Any]], None]] = []
"""Called with a layer's keyword arguments when its labels have been written to a file."""

_ENDING = ".tif"
"""Of files whose name a person has left without one."""


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
    return [_write(path, image_stack(data, meta), meta)[0]]


def write_labels(path: str, data: Any, meta: Mapping[str, Any]) -> list[str]:
    """Write a labels layer: 0 and 1 as a mask of 0 and 255, else ids as uint16 or uint32.

    Classes are no mask, and their names are noted; so is which pixels a person has edited.
    `labels_written` is told only where the format has a place for that. Parameters, returns and
    raises as `write_image`.
    """
    stack = labels_stack(data, meta)
    written, keeps_edits = _write(path, stack, meta)
    if keeps_edits:
        for told in labels_written:
            told(meta)
    return [written]


def labels_stack(data: Any, meta: Mapping[str, Any]) -> Stack:
    """What is written of a labels layer; raises `WriteError` as `write_labels`."""
    stack = _stack(data, meta, "labels")
    stack = stack.with_data(stack.data, edits=_edits_of(meta, stack.data))
    ours = metadata_of(meta)
    is_known = ours is not None and ours.kind in ("cells", "classes")
    is_mask = not (is_known or stack.class_names) and is_binary(stack.data)
    stored = as_mask_uint8(stack.data) if is_mask else as_ids(stack.data)
    return stack.with_data(stored)


def image_stack(data: Any, meta: Mapping[str, Any]) -> Stack:
    """What is written of an image layer; raises `WriteError` as `write_image`."""
    if meta.get("rgb"):
        raise WriteError(
            f"layer {meta.get('name')!r}: expected grey values, received RGB; split the channels "
            "first (right-click on the layer)"
        )
    return _stack(data, meta, "image")


def _edits_of(meta: Mapping[str, Any], labels: ArrayLike) -> dict[str, Any] | None:
    """The note of edits, as read or of what is watched as it is now, and the names of classes."""
    ours = metadata_of(meta)
    if ours is None:
        return None
    edits = ours.edits
    note = edits if edits is None or isinstance(edits, dict) else edits.note_of(labels)
    return noted_names(ours.class_names, note)


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


def path_with_ending(path: str) -> str:
    """A path whose name ends as a stack does: napari's dialog offers a layer's name without one.

    Raises
    ------
    WriteError
        If the ending is added here, and that file exists: the dialog has not asked.
    """
    if path.endswith("/") or ending(path) in stack_endings():
        return path
    completed = Path(f"{path}{_ENDING}")
    if completed.exists():
        raise WriteError(
            f"{completed}: exists already; type the name with its ending to replace it"
        )
    return str(completed)


def _write(path: str, stack: Stack, meta: Mapping[str, Any]) -> tuple[str, bool]:
    """Write a stack, and say what is lost; the path, and whether it keeps what was edited."""
    path = path_with_ending(path)
    lost = not_kept(path, stack)
    if np.any(np.asarray(meta.get("translate", 0.0)) != 0):
        tell(
            stack.name,
            ["Where it lies beside other layers is not kept in the file; a project does."],
        )
    out = write_stack(path, stack, overwrite=True)
    if lost:
        tell(out.name, [f"It {loss_in_words(lost)}"])
    return str(out), not {EDITS, NAMES} & {*lost}


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
    known = metadata_of(meta) or LayerMetadata()
    assumed = len(shape) == 2 or known.thickness_assumed
    data = pixels if len(shape) > 2 else pixels[None]
    return Stack(
        data, layer_voxel_size(meta), name, kind, thickness_assumed=assumed, origin=known.origin,
        predicted=_predicted_of(known),
    )  # fmt: skip


def _predicted_of(known: LayerMetadata) -> tuple[int, ...] | None:
    """Slices that a model has filled, or a person since."""
    if known.predicted is None:
        return None
    return tuple(sorted({*known.predicted, *getattr(known.edits, "slices", ())}))
