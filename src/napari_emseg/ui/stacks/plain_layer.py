"""A layer that holds several scales, further axes or colours, and the plain stacks of it."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, Any
from weakref import WeakKeyDictionary

import numpy as np
from napari.layers import Image, Labels

from napari_emseg.io.layer_metadata import metadata_of
from napari_emseg.io.napari_writer import layer_voxel_size
from napari_emseg.session.stack_choice import LayerPixels, StackChoice
from napari_emseg.ui.viewer.window import unwrapped

if TYPE_CHECKING:
    from collections.abc import Hashable

    from napari.components import ViewerModel

_made: WeakKeyDictionary[Any, dict[Hashable, tuple[Any, Image | Labels]]] = WeakKeyDictionary()
"""For each layer the stacks that were taken of it, and the pixels that it held then."""


def layer_pixels(layer: Image | Labels) -> LayerPixels:
    """All that an image or labels layer holds."""
    levels = list(layer.data) if layer.multiscale else [layer.data]
    before = max(layer.ndim - 3, 0)
    sizes = [
        layer_voxel_size({"scale": _scale(layer, level), "units": layer.units[before:]})
        for level in levels
    ]
    has_colours = bool(getattr(layer, "rgb", False))
    return LayerPixels(levels, sizes, _axis_names(layer, before), has_colours)


def holds_more(layer: object) -> bool:
    """Whether a layer holds several stacks, one of which is to be chosen."""
    return isinstance(layer, Image | Labels) and not layer_pixels(layer).is_stack


def place_in_view(viewer: ViewerModel, layer: Image | Labels) -> tuple[float, ...]:
    """Where the viewer's sliders stand along the axes of a layer before (Z, Y, X)."""
    before = max(layer.ndim - 3, 0)
    return tuple(map(float, layer.world_to_data(viewer.dims.point)[:before]))


def plain_layer(layer: Image | Labels, choice: StackChoice) -> Image | Labels:
    """A layer of one stack of ``layer``, right on it; not in the viewer unless it was put there.

    The pixels of images are those of ``layer``, not copies; so are those of lazy labels. Labels in
    memory are copied, as they may be painted on.
    """
    place = _place(layer, choice.level)
    key = choice, tuple(place["scale"]), tuple(place["translate"])
    known = _made.setdefault(layer, {})
    if key not in known or known[key][0] is not layer.data:
        known[key] = layer.data, _make(layer, choice, place)
    return known[key][1]


def put_plain_layer(
    viewer: ViewerModel, layer: Image | Labels, choice: StackChoice
) -> Image | Labels:
    """Put a stack of ``layer`` above it in the viewer, unless it is there.

    The stack of an image is hidden, as the image itself shows it; labels are shown in place of all
    those that they were taken of.
    """
    plain, layers = plain_layer(layer, choice), unwrapped(viewer).layers
    if plain not in layers:
        chosen = set(layers.selection)
        layers.insert(layers.index(layer) + 1, plain)
        if isinstance(plain, Labels):
            layer.visible = False
        else:
            layers.selection = chosen
    return plain


def _make(layer: Image | Labels, choice: StackChoice, place: dict[str, Any]) -> Image | Labels:
    pixels = layer_pixels(layer)
    data, about = pixels.stack(choice), metadata_of(layer)
    arguments = {
        "name": f"{layer.name}, {pixels.about(choice)}",
        "metadata": {**layer.metadata} if about is None
        else replace(about, edits=None).stored(layer.metadata),
        **place,
    }  # fmt: skip
    if isinstance(layer, Labels):
        own = data.copy() if isinstance(data, np.ndarray) else data
        return Labels(own, opacity=layer.opacity, colormap=layer.colormap, **arguments)
    look = {} if layer.rgb else {
        "colormap": layer.colormap, "contrast_limits": layer.contrast_limits,
    }  # fmt: skip
    return Image(data, rgb=False, multiscale=False, visible=False, **look, **arguments)


def _place(layer: Image | Labels, level: int) -> dict[str, Any]:
    """Where a stack of a level lies in the world: on the last axes of the layer."""
    factors = _factors(layer, layer.data[level]) if layer.multiscale else np.ones(layer.ndim)
    # a coarse pixel lies around the middle of those that it was made of
    places: Any = layer.data_to_world, (0 * factors, (factors - 1) / 2)
    origin, middle = map(*places)
    moved = np.asarray(layer.translate) + np.subtract(middle, origin)
    shear = np.asarray(layer.shear)
    return {
        "scale": (layer.scale * factors)[-3:],
        "translate": moved[-3:],
        "rotate": np.asarray(layer.rotate)[-3:, -3:],
        "shear": shear[-3:] if shear.ndim == 1 else shear[-3:, -3:],  # row by row, or a matrix
        "units": layer.units[-3:],
        "axis_labels": layer.axis_labels[-3:],
    }


def _factors(layer: Image | Labels, level: Any) -> np.ndarray[Any, Any]:
    """How many pixels of the finest level one of ``level`` is long, along each axis."""
    factors: np.ndarray[Any, Any] = np.divide(
        layer.data[0].shape[: layer.ndim], level.shape[: layer.ndim]
    )
    return factors


def _scale(layer: Image | Labels, level: Any) -> np.ndarray[Any, Any]:
    """Edge lengths of a pixel of a level along (Z, Y, X)."""
    factors = _factors(layer, level) if layer.multiscale else np.ones(layer.ndim)
    scale: np.ndarray[Any, Any] = (np.asarray(layer.scale) * factors)[-3:]
    return scale


def _axis_names(layer: Image | Labels, count: int) -> list[str]:
    """Names of the first axes; their numbers where napari has made up the names."""
    names = [str(name) for name in layer.axis_labels[:count]]
    return [
        f"axis {k}" if not name or name.startswith(("-", "axis ")) else name
        for k, name in enumerate(names)
    ]
