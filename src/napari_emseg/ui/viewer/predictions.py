"""Which layers belong together: the image that is looked at, and the newest prediction of it."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from napari.layers import Image, Labels

from napari_emseg.errors import ShapeError
from napari_emseg.io.layer_metadata import LayerMetadata, metadata_of
from napari_emseg.ui.viewer.layers import is_ours, stack_shape
from napari_emseg.ui.viewer.window import unwrapped

if TYPE_CHECKING:
    from collections.abc import Collection, Iterator

    from napari.components import ViewerModel
    from napari.layers import Layer

RESULTS = ("mask", "cells", "classes")
ALL_KINDS = ("probability", *RESULTS)


def image_looked_at(viewer: ViewerModel) -> Image | None:
    """The image that a person works on; None where there is none.

    That is the one that is selected, or to which the selected layer belongs; else the topmost one
    that is visible, else the topmost one. What a model has made is none.
    """
    images = [each for each in viewer.layers if isinstance(each, Image) and not is_ours(each)]
    active = viewer.layers.selection.active
    for image in images:
        if active is not None and (active is image or belongs_to(active, image)):
            return image
    shown = [image for image in images if image.visible]
    return next(reversed(shown or images), None)


def belongs_to(layer: Layer, image: Layer) -> bool:
    """Whether a layer is a prediction of an image, or a correction of one.

    The image is known by its name, with which those of the stacks begin that are taken of it; where
    it has another one by now, as it may have after it was opened again, by its shape.
    """
    about = metadata_of(layer)
    if about is None or not about.source:
        return False
    shape = _shape_of(image)
    if shape is None:  # it holds several stacks, such as "em, level 1"
        return about.source.startswith(f"{image.name}, ")
    return about.source == image.name or _shape_of(layer) == shape


def newest_prediction(
    viewer: ViewerModel, image: Layer | None, kinds: Collection[str] = ALL_KINDS
) -> Any:
    """The newest layer that a model has made of an image; None where there is none.

    Parameters
    ----------
    viewer : ViewerModel
        Whose layers count.
    image : Layer or None
        Of which image; of any, where it is None.
    kinds : collection of str
        Of which kinds; of several of one prediction the probability or what is visible, and of
        these the first kind.
    """
    order = {kind: -k for k, kind in enumerate(kinds)}
    found = [
        (about.made, kind == "probability" or layer.visible, order[kind], k, layer)
        for k, (layer, about, kind) in enumerate(_predictions(viewer))
        if kind in order and (image is None or belongs_to(layer, image))
    ]
    return max(found, key=lambda each: each[:-1])[-1] if found else None


def results_of_shape(viewer: ViewerModel, shape: tuple[int, ...]) -> list[Labels]:
    """Masks, cells and classes that a model has made, of one shape of pixels."""
    return [
        layer
        for layer, _, _ in _predictions(viewer)
        if isinstance(layer, Labels) and layer.data.shape == shape
    ]


def newest_probability(viewer: ViewerModel, labels: Layer) -> Any:
    """The newest probability of the shape of labels, of their image first; None without any."""
    about = metadata_of(labels)
    source = "" if about is None else about.source
    found = [
        (known.source == source, known.made, k, layer)
        for k, (layer, known, kind) in enumerate(_predictions(viewer))
        if kind == "probability" and _same_shape(layer, labels)
    ]
    return max(found, key=lambda each: each[:-1])[-1] if found else None


def newest_correction(viewer: ViewerModel, image: Layer | None) -> Labels | None:
    """The topmost labels on which a person has worked, of an image or of any; None without any."""
    found = (
        layer
        for layer in reversed(viewer.layers)
        if isinstance(layer, Labels) and _is_worked_on(layer)
        if image is None or belongs_to(layer, image) or _same_shape(layer, image)
    )
    return next(found, None)


def newest_truth(viewer: ViewerModel, image: Layer | None) -> Labels | None:
    """The topmost labels that are neither a model's nor a correction; None without any."""
    found = (
        layer
        for layer in reversed(viewer.layers)
        if isinstance(layer, Labels) and not is_ours(layer)
        if image is None or _same_shape(layer, image)
    )
    return next(found, None)


def _is_worked_on(layer: Labels) -> bool:
    about = metadata_of(layer)
    if about is None:
        return False
    edits = about.edits
    has_edits = bool(edits if isinstance(edits, dict) else getattr(edits, "slices", ()))
    return about.is_correction or has_edits


def _predictions(viewer: ViewerModel) -> Iterator[tuple[Layer, LayerMetadata, str]]:
    """Layers that a model has made, what they say of themselves, and of which kind they are."""
    for layer in viewer.layers:
        about = metadata_of(layer)
        if about is not None and about.is_prediction:
            known = about.kind or ("mask" if isinstance(layer, Labels) else "probability")
            yield unwrapped(layer), about, known


def _same_shape(layer: Any, image: Any) -> bool:
    shape = _shape_of(image)
    return shape is not None and _shape_of(layer) == shape


def _shape_of(layer: Any) -> tuple[int, int, int] | None:
    """Shape (Z, Y, X); None where a layer holds several stacks."""
    try:
        return stack_shape(layer)
    except ShapeError:
        return None
