"""What the docks need to know of napari's layers."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np
from napari.layers import Image

from napari_emseg.core.train.regions import Regions, ellipse_outline
from napari_emseg.errors import LabelsError, ShapeError
from napari_emseg.io.layer_metadata import metadata_of
from napari_emseg.io.napari_writer import layer_voxel_size
from napari_emseg.types import Stack, StackKind

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from napari.components import ViewerModel
    from napari.layers import Labels, Layer, Shapes

    from napari_emseg.core.segment.tiling import Region


def stack_shape(layer: Image | Labels) -> tuple[int, int, int]:
    """Shape (Z, Y, X) of an image or labels layer; a 2-D one is one slice.

    Raises
    ------
    ShapeError
        If the layer is RGB, multiscale, or has more than three axes.
    """
    shape = tuple(int(n) for n in layer.data.shape)
    if getattr(layer, "rgb", False):
        raise ShapeError(
            f"image: {layer.name!r} is a colour image; split its channels (right click on the "
            "layer) and choose one of them"
        )
    if layer.multiscale or len(shape) not in (2, 3):
        raise ShapeError(
            f"image: expected a stack (Z, Y, X) or one slice (Y, X), received {layer.name!r} with "
            f"shape {shape}{' in several scales' if layer.multiscale else ''}"
        )
    return shape if len(shape) == 3 else (1, *shape)  # type: ignore[return-value]


def read_slice(layer: Image | Labels, z: int) -> np.ndarray[Any, Any]:
    """Slice ``z`` of an image layer as a numpy array (Y, X), loaded where it is lazy."""
    data = layer.data if layer.ndim == 2 else layer.data[z]
    return np.asarray(data)


def current_slice(viewer: ViewerModel, layer: Image | Labels) -> int:
    """The slice of ``layer`` that a person looks at.

    Not ``viewer.dims.current_step[0]``, which is wrong for layers that are translated, and when
    axes are rolled or there are more of them.

    Raises
    ------
    ShapeError
        If the viewer shows a position outside the layer.
    """
    if layer.ndim == 2:
        return 0
    z = round(float(layer.world_to_data(viewer.dims.point)[0]))
    count = layer.data.shape[0]
    if not 0 <= z < count:
        raise ShapeError(
            f"image: the viewer shows slice {z} of {layer.name!r}, which has slices 0 to "
            f"{count - 1}; move the slider onto the layer"
        )
    return z


def nearest_first(viewer: ViewerModel, layer: Image, slices: Iterable[int]) -> list[int]:
    """Slices of ``layer``, those next to the one that a person looks at first."""
    try:
        here = current_slice(viewer, layer)
    except ShapeError:  # the viewer shows a place beside the layer
        here = 0
    return sorted(slices, key=lambda z: abs(z - here))


def selected_images(viewer: ViewerModel) -> list[Image]:
    """The images that are selected in the layer list, in its order; our own results are none."""
    return [
        layer
        for layer in viewer.layers
        if layer in viewer.layers.selection
        and isinstance(layer, Image)
        and metadata_of(layer) is None
    ]


def shows_slice(viewer: ViewerModel, layer: Image | Labels, z: int) -> bool:
    """Whether a person sees pixels of slice ``z`` of ``layer``: that slice, or a view across z."""
    dims = viewer.dims
    if layer.ndim > 2 and dims.displayed != (dims.ndim - 2, dims.ndim - 1):
        return True
    try:
        return current_slice(viewer, layer) == z
    except ShapeError:
        return False


def geometry(layer: Layer) -> dict[str, Any]:
    """Where a layer lies in the world, as keyword arguments for a layer beside it."""
    return {
        "scale": layer.scale,
        "translate": layer.translate,
        "rotate": layer.rotate,
        "shear": layer.shear,
        "units": layer.units,
        "axis_labels": layer.axis_labels,
    }


def require_seen_from_above(viewer: ViewerModel, layer: Layer) -> None:
    """Raise `ShapeError` unless the viewer shows slices (Y, X) of the layer, flat."""
    dims = viewer.dims
    if dims.ndisplay != 2 or (layer.ndim > 2 and dims.displayed != (dims.ndim - 2, dims.ndim - 1)):
        raise ShapeError(
            "view: expected slices (Y, X) seen from above, received another view; press the "
            "buttons for 2-D and for the order of axes below the layer list"
        )


def pixel_at(layer: Labels, position: Sequence[float]) -> tuple[int, int, int] | None:
    """Slice, row and column of a place in the world; None beside the layer."""
    at = [round(float(each)) for each in layer.world_to_data(position)]
    z, y, x = at if layer.ndim == 3 else (0, *at)
    inside = all(0 <= each < n for each, n in zip((z, y, x), stack_shape(layer), strict=True))
    return (z, y, x) if inside else None


def require_paintable(layer: Labels) -> None:
    """Raise `ShapeError` or `LabelsError` unless it is a stack of labels in memory."""
    stack_shape(layer)
    writable = isinstance(layer.data, np.ndarray) and layer.data.flags.writeable
    if not writable or not layer.editable:
        raise LabelsError(
            f"labels: {layer.name!r} cannot be painted on, as it is locked or read from its file "
            "slice by slice; make it editable, which copies it"
        )


def visible_region(viewer: ViewerModel, layer: Image) -> Region:
    """Rows and columns of ``layer`` that the canvas shows.

    Raises
    ------
    ShapeError
        If the slices are not shown flat, or no pixel of them is in sight.
    """
    require_seen_from_above(viewer, layer)
    shown = np.asarray(layer.corner_pixels)[:, -2:]
    stops = np.minimum(shown[1] + 1, layer.data.shape[-2:])
    starts = np.maximum(shown[0], 0)
    if (starts >= stops).any():
        raise ShapeError(f"view: no pixel of {layer.name!r} is in sight; move or zoom the view")
    rows, columns = (slice(int(a), int(b)) for a, b in zip(starts, stops, strict=True))
    return rows, columns


def as_stack(layer: Image | Labels, kind: StackKind) -> Stack:
    """An image or labels layer as a stack (Z, Y, X) of the same pixels; lazy ones stay lazy.

    Raises
    ------
    ShapeError
        As `stack_shape`.
    """
    stack_shape(layer)
    data = layer.data if layer.ndim == 3 else np.asarray(layer.data)[np.newaxis]
    voxel_size_nm = layer_voxel_size({"scale": layer.scale, "units": layer.units})
    return Stack(data, voxel_size_nm, layer.name, kind)


def regions_of(shapes: Shapes, layer: Labels) -> Regions:
    """Areas of the shapes, in pixels of ``layer``; lines and paths have none.

    A shape counts on the slice that it was drawn on; one of a layer without that axis on all.
    """
    polygons = []
    for corners, kind in zip(shapes.data, shapes.shape_type, strict=True):
        if kind in ("line", "path"):
            continue
        outline = ellipse_outline(corners) if kind == "ellipse" else corners
        pixels = np.array([layer.world_to_data(shapes.data_to_world(each)) for each in outline])
        on = round(float(pixels[:, 0].mean())) if shapes.ndim == layer.ndim == 3 else None
        polygons.append((on, pixels[:, -2:]))
    return Regions(polygons)
