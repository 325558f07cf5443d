"""What labels that are corrected mean."""

from __future__ import annotations

import numpy as np

from napari_emseg.core.label_meaning import seem_cells
from napari_emseg.session.painting.labels import LabelsLayer


def are_cells(labels: LabelsLayer) -> bool:
    """Whether labels seem to be ids of cells: several are in the first painted slice."""
    return seem_cells(labels.stack)


def holds_labels(labels: LabelsLayer) -> bool:
    """Whether any slice holds a label."""
    # every fourth pixel of a row and column: no cell slips through, and a large stack is soon seen
    return any(np.asarray(labels.slice(z)[::4, ::4]).any() for z in range(labels.shape[0]))
