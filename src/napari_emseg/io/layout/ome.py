"""OME-Zarr metadata, version 0.4 and 0.5: axes, levels, voxel size, where labels are."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
import numpy.typing as npt

from napari_emseg.io.layout.units import nm_per_unit
from napari_emseg.io.layout.voxels import RecordedSize, recorded_size, without_unit
from napari_emseg.types import Stack, StackKind

NOTES_ATTRIBUTE = "napari_emseg"
"""Attribute of an OME-Zarr group under which kind, edits and origin of a stack are noted."""


def attributes_of(node: Any) -> dict[str, Any]:
    """What OME-Zarr says of a group, as version 0.5 or as 0.4 and earlier say it."""
    found: dict[str, Any] = dict(node.attrs.asdict())
    inner = found.get("ome")
    return dict(inner) if isinstance(inner, dict) else found


def image_of(group: Any) -> Mapping[str, Any] | None:
    """The first image of a group, as its metadata describe it; None where it is no image."""
    found = attributes_of(group).get("multiscales")
    return found[0] if isinstance(found, list) and found and isinstance(found[0], dict) else None


def level_paths(image: Mapping[str, Any]) -> list[str]:
    """Paths of the arrays of an image, the finest first."""
    return [str(level["path"]) for level in image["datasets"]]


def axes_of(image: Mapping[str, Any], n: int) -> list[dict[str, Any]]:
    """The axes of an image of ``n``, with name and, where recorded, unit."""
    axes = image.get("axes") or list("tczyx"[5 - n :])
    # up to version 0.3 an axis was its name
    return [axis if isinstance(axis, dict) else {"name": str(axis)} for axis in axes]


def size_of(
    image: Mapping[str, Any], level: int, axes: Sequence[Mapping[str, Any]]
) -> RecordedSize:
    """Voxel size of a level."""
    scale = _scale(image["datasets"][level], len(axes)) * _scale(image, len(axes))
    names = [str(axis["name"]).lower() for axis in axes]
    lengths = dict(zip(names, map(float, scale), strict=True))
    units = {
        name: nm_per_unit(axis.get("unit", "")) for name, axis in zip(names, axes, strict=True)
    }
    y_nm, x_nm = units.get("y"), units.get("x")
    if y_nm is None or x_nm is None:
        return without_unit([lengths.get(name, lengths["y"]) for name in "zyx"])
    z_nm = units.get("z")
    z = None if z_nm is None else lengths["z"] * z_nm
    return recorded_size(z, lengths["y"] * y_nm, lengths["x"] * x_nm)


def _scale(owner: Mapping[str, Any], n: int) -> npt.NDArray[np.float64]:
    product = np.ones(n)
    for transformation in owner.get("coordinateTransformations", []):
        product = product * np.asarray(transformation.get("scale", np.ones(n)), np.float64)
    return product


def kind_of(group: Any) -> StackKind | None:
    """Kind of an image, as we have noted it, or as OME-Zarr marks labels."""
    kind = noted(group).get("kind")
    if kind in ("image", "labels"):
        return "labels" if kind == "labels" else "image"
    return "labels" if "image-label" in attributes_of(group) else None


def noted(group: Any) -> dict[str, Any]:
    """What we have noted beside the pixels."""
    found = group.attrs.asdict().get(NOTES_ATTRIBUTE)
    return found if isinstance(found, dict) else {}


UNFINISHED = "unfinished"
"""Noted of a volume in blocks while it is written."""


def unfinished(group: Any) -> tuple[str, ...]:
    """What a person should know of a volume that is written at the moment, or was stopped."""
    if not noted(group).get(UNFINISHED):
        return ()
    return ("It is not finished: blocks of it are being written, or a run was stopped.",)


def written_attributes(
    stack: Stack, n_levels: int, *, zarr_format: int, is_under_labels: bool
) -> dict[str, Any]:
    """Attributes of the group of a stack that is written, each level half as wide and high."""
    axes = [{"name": name, "type": "space"} for name in "zyx"]
    if stack.voxel_size_nm is not None:
        # without a unit where it is a guess, so that nobody takes it for measured
        for axis in axes[1:] if stack.thickness_assumed else axes:
            axis["unit"] = "nanometer"
    levels = [_written_level(stack, level) for level in range(n_levels)]
    image: dict[str, Any] = {"name": stack.name, "axes": axes, "datasets": levels}
    if n_levels > 1:
        image["type"] = "mean" if stack.kind == "image" else "nearest"
    label = {"image-label": {"source": {"image": "../../"}}} if is_under_labels else {}
    notes = {
        "kind": stack.kind, "edits": stack.edits, "origin": stack.origin,
        "predicted": stack.predicted,
    }  # fmt: skip
    ours = {NOTES_ATTRIBUTE: {key: note for key, note in notes.items() if note is not None}}
    if zarr_format == 3:
        return {"ome": {"version": "0.5", "multiscales": [image], **label}, **ours}
    return {"multiscales": [{"version": "0.4", **image}], **label, **ours}


def _written_level(stack: Stack, level: int) -> dict[str, Any]:
    z, y, x = stack.voxel_size_nm or (1.0, 1.0, 1.0)
    factor = 2**level
    steps: list[dict[str, Any]] = [{"type": "scale", "scale": [z, y * factor, x * factor]}]
    if level and stack.kind == "image":  # the middle of what was averaged
        shift = (factor - 1) / 2
        steps.append({"type": "translation", "translation": [0.0, y * shift, x * shift]})
    return {"path": str(level), "coordinateTransformations": steps}
