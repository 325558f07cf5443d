"""What the docks need to know of napari's layers."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
from napari.layers import Image

from napari_emseg.core.train.regions import Regions, ellipse_outline
from napari_emseg.errors import LabelsError, ShapeError
from napari_emseg.io.layer_metadata import PREVIEW, LayerMetadata, metadata_of
from napari_emseg.io.napari_writer import layer_voxel_size
from napari_emseg.types import Stack, StackKind, VoxelSize, noted_names

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from napari.components import ViewerModel
    from napari.layers import Labels, Layer, Shapes

    from napari_emseg.core.segment.tiling import Region

OURS = "napari-emseg"
"""What napari calls our plugin."""


def stack_shape(layer: Image | Labels) -> tuple[int, int, int]:
    """Shape (Z, Y, X) of an image or labels layer; a 2-D one is one slice.

    Raises
    ------
    ShapeError
        If the layer holds several scales, more than three axes, or colours.
    """
    shape = tuple(int(n) for n in layer.data.shape)
    scales = " in several scales" if layer.multiscale else ""
    colours = " in colours" if getattr(layer, "rgb", False) else ""
    if scales or colours or len(shape) not in (2, 3):
        raise ShapeError(
            f"layer: expected a stack (Z, Y, X) or one slice (Y, X), received {layer.name!r} with "
            f"shape {shape}{scales}{colours}; take one stack of it, with the fields below it"
        )
    return shape if len(shape) == 3 else (1, *shape)  # type: ignore[return-value]


def add_unselected(viewer: ViewerModel, layer: Layer) -> None:
    """Add a layer that only shows something: whoever paints goes on painting where they did."""
    selected, active = set(viewer.layers.selection), viewer.layers.selection.active
    viewer.add_layer(layer)
    viewer.layers.selection = selected
    viewer.layers.selection.active = active


def file_of(layer: Layer) -> str:
    """The file, read by us, from which a layer was opened; empty where there is none any more."""
    path = layer.source.path
    is_there = path is not None and layer.source.reader_plugin == OURS and Path(path).exists()
    return str(path) if is_there else ""


def voxel_size_of(layer: Image | Labels) -> VoxelSize | None:
    """Voxel size (Z, Y, X) in nm of a layer; None where it has none."""
    return layer_voxel_size({"scale": layer.scale, "units": layer.units})


def read_slice(layer: Image | Labels, z: int) -> np.ndarray[Any, Any]:
    """Slice ``z`` of an image layer as a numpy array (Y, X), loaded where it is lazy."""
    return np.asarray(layer.data if layer.ndim == 2 else layer.data[z])


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


def seen_slice(viewer: ViewerModel, layer: Image | Labels) -> int:
    """The slice of ``layer`` that a person sees, flat.

    Raises
    ------
    ShapeError
        If the view is across the slices, or in three dimensions: none of them is seen alone; or as
        `current_slice`.
    """
    dims = viewer.dims
    if dims.ndisplay != 2 or (layer.ndim > 2 and dims.ndim - layer.ndim in dims.displayed):
        raise ShapeError(
            "Current slice: expected a view of one slice, received one across the slices or in "
            "3-D; press the buttons for 2-D and for the order of axes below the layer list"
        )
    return current_slice(viewer, layer)


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
        if layer in viewer.layers.selection and isinstance(layer, Image) and not is_ours(layer)
    ]


def is_ours(layer: Layer) -> bool:
    """Whether a layer comes of a model, a training or a comparison, here or before it was saved."""
    about = metadata_of(layer)
    return about is not None and (
        bool(about.source or about.model or about.errors_of) or about.kind == PREVIEW
    )


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
    """Where a layer lies in the world: keyword arguments for one beside it."""
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


def visible_region(viewer: ViewerModel, layer: Image, drawn: Image | None = None) -> Region:
    """Rows and columns of ``layer`` that the canvas shows.

    Parameters
    ----------
    viewer : ViewerModel
        Shows it.
    layer : Image
        A stack.
    drawn : Image, optional
        The layer of which it is a stack.

    Raises
    ------
    ShapeError
        If the slices are not shown flat, or no pixel of them is in sight.
    """
    require_seen_from_above(viewer, layer)
    first, last = _edges(layer, drawn or layer)
    starts = np.maximum(np.floor(first), 0)
    stops = np.minimum(np.ceil(last), layer.data.shape[-2:])
    if (starts >= stops).any():
        raise ShapeError(f"view: no pixel of {layer.name!r} is in sight; move or zoom the view")
    rows, columns = (slice(int(a), int(b)) for a, b in zip(starts, stops, strict=True))
    return rows, columns


def _edges(layer: Image, drawn: Image) -> np.ndarray[Any, Any]:
    """Outer edges (2, 2) of what is seen of ``drawn``: rows and columns of ``layer``."""
    edges = np.asarray(drawn.corner_pixels, float)[:, : drawn.ndim] + ((0,), (1,))
    if drawn.multiscale:  # they are counted in the level that is drawn
        edges = edges * drawn.downsample_factors[drawn.data_level][: drawn.ndim]
    world = [drawn.data_to_world(each - 0.5) for each in edges]
    return np.round([layer.world_to_data(each)[-2:] + 0.5 for each in world], 6)


def as_stack(layer: Image | Labels, kind: StackKind) -> Stack:
    """An image or labels layer as a stack (Z, Y, X) of the same pixels; lazy ones stay lazy.

    Raises
    ------
    ShapeError
        As `stack_shape`.
    """
    stack_shape(layer)
    data = layer.data if layer.ndim == 3 else np.asarray(layer.data)[np.newaxis]
    about = metadata_of(layer) or LayerMetadata()
    return Stack(
        data, voxel_size_of(layer), layer.name, kind, noted_names(about.class_names),
        thickness_assumed=about.thickness_assumed, notes=about.notes,
    )  # fmt: skip


def apart(one: Image | Labels, other: Image | Labels) -> str:
    """That two layers of one shape do not lie on one another, and what to do; empty if they do."""
    if one.ndim != other.ndim or same_axes(one, other):
        return ""
    return (
        f"{other.name!r} does not lie on {one.name!r}: its scale is {_scale(other)}, not "
        f"{_scale(one)}. Open it anew while {one.name!r} is there, or write "
        f"viewer.layers[{other.name!r}].scale = viewer.layers[{one.name!r}].scale into the console."
    )


def same_axes(one: Layer, other: Layer) -> bool:
    """Whether a step along each axis leads equally far in the world."""
    here, there = (
        [np.subtract(_world(each, step), _world(each, 0 * step)) for step in np.eye(each.ndim)]
        for each in (one, other)
    )
    return bool(np.allclose(here, there, rtol=1e-4))


def _world(layer: Layer, place: np.ndarray[Any, Any]) -> Any:
    return layer.data_to_world(place)


def _scale(layer: Layer) -> str:
    return " x ".join(f"{edge:g}" for edge in layer.scale)


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
