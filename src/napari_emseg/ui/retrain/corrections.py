"""What a person has corrected: the word that *Correct* and *Retrain* have in common."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Mapping

    from napari.layers import Image, Labels

    from napari_emseg.core.correct.edits import SliceEdits


@dataclass(frozen=True, eq=False)
class Corrections:
    """Labels that a person has repaired, and where.

    Parameters
    ----------
    image : napari.layers.Image
        The stack, (Z, Y, X) or (Y, X).
    labels : napari.layers.Labels
        What was painted on it, of the same shape.
    edits : mapping of int to SliceEdits
        What a person has done to slices that are touched or marked as reviewed.
    """

    image: Image
    labels: Labels
    edits: Mapping[int, SliceEdits]

    @property
    def slices(self) -> tuple[int, ...]:
        """Which these are, ascending."""
        return tuple(sorted(self.edits))


class Painted:
    """A `napari_emseg.session.retrain.adapters.PaintedLayer`."""

    def __init__(self, layer: Labels) -> None:
        self._layer, self._is_hidden = layer, False

    def hide(self) -> None:
        """Close its eye."""
        if self._layer.visible:
            self._layer.visible, self._is_hidden = False, True

    def show(self) -> None:
        """Open the eye that `hide` has closed."""
        if self._is_hidden:
            self._layer.visible, self._is_hidden = True, False
