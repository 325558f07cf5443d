"""What labels that are corrected mean."""

from __future__ import annotations

import numpy as np

from napari_emseg.core.classes import class_names
from napari_emseg.core.label_meaning import repaired_kind
from napari_emseg.session.painting.labels import LabelsLayer
from napari_emseg.types import RepairedKind

_FEWEST, _MOST = 3, 16
"""Classes that are offered where nobody has named them."""


def kind_of(labels: LabelsLayer) -> RepairedKind:
    """What labels hold: classes where they are named, else what they seem to."""
    return "classes" if labels.class_names else repaired_kind(labels.stack)


def names_of_classes(labels: LabelsLayer) -> tuple[str, ...]:
    """What their classes are called; where nobody has named them, by what is painted."""
    if labels.class_names:
        return labels.class_names
    highest = max((_highest(labels, z) for z in range(labels.shape[0])), default=0)
    return class_names(min(max(highest, _FEWEST), _MOST))


def holds_labels(labels: LabelsLayer) -> bool:
    """Whether any slice holds a label."""
    return any(_highest(labels, z) for z in range(labels.shape[0]))


def _highest(labels: LabelsLayer, z: int) -> int:
    # every fourth pixel of a row and column: no cell slips through, and a large stack is soon seen
    return int(np.asarray(labels.slice(z)[::4, ::4]).max(initial=0))
