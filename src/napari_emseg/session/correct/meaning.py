"""What labels that are corrected mean."""

from __future__ import annotations

import numpy as np

from napari_emseg.session.painting.labels import LabelsLayer

_LOOKED_AT = 100_000
"""Pixels of a slice from which it is guessed what labels mean."""

_SEVERAL = 2
"""More labels than this in a slice, zero aside, are cells: a person may paint a mask with two."""


def are_cells(labels: LabelsLayer) -> bool:
    """Whether labels seem to be ids of cells: several are in the first painted slice."""
    for z in range(labels.shape[0]):
        values = np.asarray(labels.slice(z)).ravel()
        values = values[:: max(1, values.size // _LOOKED_AT)]
        if values.any():
            return np.unique(values[values != 0]).size > _SEVERAL
    return False


def holds_labels(labels: LabelsLayer) -> bool:
    """Whether any slice holds a label."""
    # every fourth pixel of a row and column: no cell slips through, and a large stack is soon seen
    return any(np.asarray(labels.slice(z)[::4, ::4]).any() for z in range(labels.shape[0]))
