"""The overlay that shows which pixels another model segments otherwise."""

from __future__ import annotations

from collections.abc import Iterable
from typing import TYPE_CHECKING, Any

import numpy as np
import numpy.typing as npt

from napari_emseg.types import OURS
from napari_emseg.ui.viewer.label_colors import label_colors
from napari_emseg.ui.viewer.layers import geometry

if TYPE_CHECKING:
    from napari.components import ViewerModel
    from napari.layers import Labels

    from napari_emseg.ui.prediction.prediction_layers import Prediction

NOW_CELL, NOW_MEMBRANE = 1, 2
_COLORS = {None: "transparent", 0: "transparent", NOW_CELL: "#F0E442", NOW_MEMBRANE: "#D55E00"}
"""Yellow and vermillion of Okabe and Ito, which everybody can tell apart, also over the mask."""

_OPACITY = 0.8


def changes(before: Prediction, after: Prediction, slices: Iterable[int]) -> npt.NDArray[Any]:
    """Where the masks of two predictions differ, each made by its own rules; for a thread.

    Returns
    -------
    (Z, Y, X) uint8 array
        1 where cell came of membrane, 2 where membrane came of cell; 0 in all other slices.
    """
    from napari_emseg.core.segment.postprocess import to_mask  # scipy: in the thread

    changed = np.zeros(after.probability.shape, np.uint8)
    for z in slices:
        old, new = (
            to_mask(np.asarray(each.probability[z]), each.rules[1]) != 0 for each in (before, after)
        )
        changed[z][new & ~old] = NOW_CELL
        changed[z][old & ~new] = NOW_MEMBRANE
    return changed


def show_changes(viewer: ViewerModel, of: Prediction, changed: npt.NDArray[Any]) -> Labels:
    """Add the overlay of ``changed`` (Z, Y, X) on top; it cannot be painted on."""
    image = of.image
    layer = viewer.add_labels(
        changed[0] if image.ndim == 2 else changed,
        name=f"{image.name} changed",
        opacity=_OPACITY,
        colormap=label_colors(_COLORS),
        metadata={OURS: {"source": image.name, "model": of.model}},
        **geometry(image),
    )
    layer.editable = False
    return layer
