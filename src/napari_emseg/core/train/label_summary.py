"""What labels hold where a person has reviewed them."""

from __future__ import annotations

from collections.abc import Sequence

from napari_emseg.core.label_meaning import LabelSummary, guess_meaning
from napari_emseg.core.train.regions import CountedArea
from napari_emseg.types import ArrayLike

__all__ = ["LabelSummary", "summarise_labels"]


def summarise_labels(
    labels: ArrayLike,
    regions: CountedArea | None = None,
    *,
    classes: int = 2,
    images: ArrayLike | None = None,
    names: Sequence[str] = (),
) -> LabelSummary:
    """Look through labels (Z, Y, X), numpy or lazy, one slice at a time.

    Parameters
    ----------
    labels : (Z, Y, X) array
        What a person painted. A slice of zeros is not labelled.
    regions : CountedArea, optional
        What counts of it; a slice without a region is not labelled either.
    classes : int
        How many classes they are painted for.
    images : (Z, Y, X) array, optional
        What they were painted on, which tells whether cell and membrane are swapped.

    names : sequence of str
        What their classes are called, where they are known to hold these.

    Raises
    ------
    LabelsError
        This is a picture.
    """
    counts = None if regions is None else regions.covers
    return guess_meaning(labels, classes=classes, counts=counts, images=images, names=names)
