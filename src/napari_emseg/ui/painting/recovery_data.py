"""A labels layer from a recovery, and what of a layer a recovery must know."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np
from napari.utils.colormaps import DirectLabelColormap

from napari_emseg.core.correct.edits import Edits
from napari_emseg.errors import ReadError
from napari_emseg.types import OURS
from napari_emseg.ui.viewer.label_colors import MASK_COLORS, label_colors
from napari_emseg.ui.viewer.layers import geometry

if TYPE_CHECKING:
    from napari.layers import Labels

    from napari_emseg.io.recovery import Recovery


def describe(layer: Labels, edits: Edits) -> dict[str, Any]:
    """What a layer is made with, in a form for JSON."""
    place = geometry(layer)
    return {
        "name": layer.name,
        "shape": list(layer.data.shape),
        "dtype": str(np.dtype(layer.data.dtype)),
        "opacity": float(layer.opacity),
        "is_mask": isinstance(layer.colormap, DirectLabelColormap),
        "reviewed": list(edits.reviewed),
        "place": {
            **{key: np.asarray(place[key]).tolist() for key in ("scale", "translate", "rotate")},
            "shear": np.asarray(place["shear"]).tolist(),
            "units": [str(unit) for unit in place["units"]],
            "axis_labels": list(place["axis_labels"]),
        },
    }


def layer_data(recovery: Recovery) -> tuple[np.ndarray[Any, Any], dict[str, Any]]:
    """What a labels layer is made from: all that was painted, and zeros elsewhere.

    Raises
    ------
    ReadError
        If it cannot be read.
    """
    about = recovery.about
    try:
        data = np.zeros([int(n) for n in about["shape"]], about["dtype"])
        edits = _fill(data, recovery, about["reviewed"])
        meta = {
            "name": str(about["name"]),
            "opacity": float(about["opacity"]),
            "metadata": {OURS: {"edits": edits}},
            **about["place"],
        }
    except (LookupError, TypeError, ValueError) as error:
        raise ReadError(
            f"{recovery.folder}: painted labels cannot be restored ({type(error).__name__}: "
            f"{error}); discard them, or look into that folder"
        ) from error
    if about.get("is_mask"):
        meta["colormap"] = label_colors(MASK_COLORS)
    return data, meta


def _fill(data: np.ndarray[Any, Any], recovery: Recovery, reviewed: list[int]) -> Edits:
    stack, edits = (data if data.ndim == 3 else data[np.newaxis]), Edits()
    for z in recovery.slices:
        painted = recovery.read_slice(z)
        stack[z] = painted.labels
        edits.predict(z, painted.touched)
    for z in reviewed:
        edits.review(int(z), reviewed=True)
    return edits
