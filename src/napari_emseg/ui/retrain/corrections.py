"""What a person has corrected: the word that *Correct* and *Retrain* have in common."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from napari.layers import Image, Labels


@dataclass(frozen=True, eq=False)
class Corrections:
    """Labels that a person has repaired, and where.

    Parameters
    ----------
    image : napari.layers.Image
        The stack, (Z, Y, X) or (Y, X).
    labels : napari.layers.Labels
        What was painted on it, of the same shape.
    slices : tuple of int
        Those that a person has touched or marked as reviewed, in rising order; they count fully,
        all others not at all.
    """

    image: Image
    labels: Labels
    slices: tuple[int, ...]
