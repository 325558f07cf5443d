"""What labels hold, found out slice by slice."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from napari_emseg.core.train.regions import Regions
from napari_emseg.core.train.targets import guess_meaning
from napari_emseg.types import ArrayLike, LabelsMeaning

_MANY = 64
"""Different labels after which more of them say nothing new of the meaning."""


@dataclass(frozen=True)
class LabelSummary:
    """Which slices can be trained on, and what their labels seem to mean.

    Parameters
    ----------
    total : int
        Slices of the stack.
    labelled : tuple of int
        Those that carry labels, ascending.
    meaning : {"mask", "scribbles", "instances"}
        The most likely one.
    """

    total: int
    labelled: tuple[int, ...]
    meaning: LabelsMeaning


def summarise_labels(
    labels: ArrayLike, regions: Regions | None = None, *, classes: int = 2
) -> LabelSummary:
    """Look through labels (Z, Y, X), numpy or lazy, one slice at a time.

    Parameters
    ----------
    labels : (Z, Y, X) array
        What a person painted. A slice of zeros is not labelled.
    regions : Regions, optional
        What counts of it; a slice without a region is not labelled either.
    classes : int
        How many classes they are painted for.
    """
    found: set[int] = set()
    labelled = []
    for z in range(len(labels)):
        values = np.asarray(labels[z])
        if not values.any() or (regions is not None and not regions.covers(z)):
            continue
        labelled.append(z)
        if len(found) < _MANY:
            found.update(np.unique(values).tolist())
    return LabelSummary(
        len(labels), tuple(labelled), guess_meaning(np.array(sorted(found)), classes)
    )
