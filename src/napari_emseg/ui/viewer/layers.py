"""What the docks need to know of napari's layers."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np
from napari.layers import Image

from napari_emseg.core.train.regions import Regions, ellipse_outline
from napari_emseg.errors import LabelsError, ShapeError
from napari_emseg.io.layer_metadata import LayerMetadata, metadata_of
from napari_emseg.io.napari_writer import layer_voxel_size
from napari_emseg.types import Stack, StackKind, VoxelSize, noted_names

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from napari.components import ViewerModel
    from napari.layers import Labels, Layer, Shapes

    from napari_emseg.core.segment.tiling import Region

_WAY_OUT = "; open one level of it alone, or right-click on the layer: Split stack"


def stack_shape(layer: Image | Labels, level: int | None = None) -> tuple[int, int, int]:
    """Shape (Z, Y, X) of an image or labels layer; a 2-D one is one slice.

    Parameters
    ----------
    layer : Image or Labels
        The layer.
    level : int, optional
        Which level counts, where it holds several.

    Raises
    ------
    ShapeError
        If the layer is RGB, or has more than three axes; or several scales, and none is meant.
    """
    shape = tuple(int(n) for n in pixels_of(layer, level or 0).shape)
    if getattr(layer, "rgb", False):
        raise ShapeError(
            f"image: {layer.name!r} is a colour image; split its channels (right click on the "
            "layer) and choose one of them"
        )
    several = layer.multiscale and level is None
    if several or len(shape) not in (2, 3):
        raise ShapeError(
            f"image: expected a stack (Z, Y, X) or one slice (Y, X), received {layer.name!r} with "
            f"shape {shape}{f' in several scales{_WAY_OUT}' if several else ''}"
        )
    return shape if len(shape) == 3 else (1, *shape)  # type: ignore[return-value]


def pixels_of(layer: Image | Labels, level: int = 0) -> Any:
    """The array of a layer; that of a level where it holds several."""
    return layer.data[level] if layer.multiscale else layer.data


def level_factors(layer: Image | Labels, level: int = 0) -> np.ndarray[Any, Any]:
    """How many pixels of the finest level one of ``level`` is long, along each axis."""
    finest, here = (pixels_of(layer, each).shape[: layer.ndim] for each in (0, level))
    factors: np.ndarray[Any, Any] = np.divide(finest, here)
    return factors


def voxel_size_of(layer: Image | Labels, level: int = 0) -> VoxelSize | None:
    """Voxel size (Z, Y, X) in nm of a layer, or of one of its levels; None where it has none."""
    scale = np.asarray(layer.scale) * level_factors(layer, level)
    return layer_voxel_size({"scale": scale, "units": layer.units})


def read_slice(layer: Image | Labels, z: int, level: int = 0) -> np.ndarray[Any, Any]:
    """Slice ``z`` of an image layer as a numpy array (Y, X), loaded where it is lazy."""
    pixels = pixels_of(layer, level)
    return np.asarray(pixels if layer.ndim == 2 else pixels[z])


def current_slice(viewer: ViewerModel, layer: Image | Labels, level: int = 0) -> int:
    """The slice of ``layer``, or of one of its levels, that a person looks at.

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
    factor = float(level_factors(layer, level)[0])
    return min(int(z / factor), int(pixels_of(layer, level).shape[0]) - 1)


def seen_slice(viewer: ViewerModel, layer: Image | Labels, level: int = 0) -> int:
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
    return current_slice(viewer, layer, level)


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
    """Whether a layer comes of a model or a comparison, here or before it was saved."""
    about = metadata_of(layer)
    return about is not None and bool(about.source or about.model or about.errors_of)


def shows_slice(viewer: ViewerModel, layer: Image | Labels, z: int, level: int = 0) -> bool:
    """Whether a person sees pixels of slice ``z`` of ``layer``: that slice, or a view across z."""
    dims = viewer.dims
    if layer.ndim > 2 and dims.displayed != (dims.ndim - 2, dims.ndim - 1):
        return True
    try:
        return current_slice(viewer, layer, level) == z
    except ShapeError:
        return False


def geometry(layer: Layer, level: int = 0) -> dict[str, Any]:
    """Where a layer, or a level of it, lies in the world: keyword arguments for one beside it."""
    scale, translate = layer.scale, layer.translate
    if level:
        factors = level_factors(layer, level)  # type: ignore[arg-type]
        # a coarse pixel lies around the middle of those that it was made of
        middle = _world(layer, (factors - 1) / 2)
        origin = _world(layer, 0 * factors)
        scale, translate = scale * factors, translate + np.subtract(middle, origin)
    return {
        "scale": scale,
        "translate": translate,
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


def visible_region(viewer: ViewerModel, layer: Image, level: int = 0) -> Region:
    """Rows and columns of ``layer``, or of one of its levels, that the canvas shows.

    Raises
    ------
    ShapeError
        If the slices are not shown flat, or no pixel of them is in sight.
    """
    require_seen_from_above(viewer, layer)
    shown = np.asarray(layer.corner_pixels)[:, -2:]
    if layer.multiscale:  # they are counted in the level that is drawn
        ratio = level_factors(layer, layer.data_level) / level_factors(layer, level)
        shown = np.floor(shown * ratio[-2:]).astype(int)
    stops = np.minimum(shown[1] + 1, pixels_of(layer, level).shape[-2:])
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
