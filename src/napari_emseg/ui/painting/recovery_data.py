"""A labels layer from a recovery."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, Any

from napari_emseg.io.layer_metadata import LayerMetadata
from napari_emseg.session.painting.restoring import not_restored, restored_labels
from napari_emseg.ui.viewer.class_colors import class_looks
from napari_emseg.ui.viewer.label_colors import MASK_COLORS, label_colors

if TYPE_CHECKING:
    import numpy as np

    from napari_emseg.core.correct.edits import Edits
    from napari_emseg.io.recovery import Recovery


def layer_data(recovery: Recovery) -> tuple[np.ndarray[Any, Any], dict[str, Any]]:
    """What a labels layer is made from: all that was painted, and zeros elsewhere.

    Raises
    ------
    ReadError
        If it cannot be read.
    """
    restored = restored_labels(recovery)
    about = restored.about
    try:
        names = tuple(str(each) for each in about.get("class_names", ()))
        meta = {
            "name": str(about["name"]),
            "opacity": float(about["opacity"]),
            "metadata": _metadata(about.get("origin"), restored.edits, names).stored(),
            **about["place"],
        }
    except (LookupError, TypeError, ValueError) as error:
        raise not_restored(recovery, error) from error
    if names:
        meta |= class_looks(names)
    elif about.get("is_mask"):
        meta["colormap"] = label_colors(MASK_COLORS)
    return restored.data, meta


def _metadata(origin: Any, edits: Edits, names: tuple[str, ...]) -> LayerMetadata:
    """A correction of what it was: no model has made a layer of painted slices alone."""
    known = LayerMetadata.from_origin(origin, edits=edits, class_names=names)
    return replace(known, model="", made=0.0)
