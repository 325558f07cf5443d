"""What sessions know of layers: small adapters, which the window makes of napari's."""

from __future__ import annotations

from collections.abc import Hashable, Iterable, Sequence
from typing import Any, Protocol

import numpy as np
import numpy.typing as npt

from napari_emseg.core.correct.difference import Difference, difference_of
from napari_emseg.types import ArrayLike

LIMIT = 100
"""Steps that can be undone."""


class StackLayer(Protocol):
    """A stack, or one slice, that is shown."""

    @property
    def key(self) -> Hashable:
        """The layer itself, of which sessions know no more than whether two are the same."""

    @property
    def name(self) -> str:
        """What a person calls it."""

    @property
    def shape(self) -> tuple[int, int, int]:
        """(Z, Y, X); `ShapeError` where it is no stack."""


class LabelsLayer(StackLayer, Protocol):
    """A stack of labels that a person paints on, and can undo.

    A step of undo is a list of atoms; what these are, nobody but the layer knows.
    """

    @property
    def dtype(self) -> np.dtype[Any]:
        """Of the labels."""

    @property
    def class_names(self) -> tuple[str, ...]:
        """What its classes are called, painted as in scribbles; empty where it holds others."""

    @property
    def stack(self) -> ArrayLike:
        """All labels (Z, Y, X); a lazy stack stays lazy."""

    def slice(self, z: int) -> npt.NDArray[Any]:
        """Labels (Y, X) of a slice: a view; of a lazy stack it is not loaded yet."""

    def about(self) -> dict[str, Any]:
        """What the layer is made with, in a form for JSON."""

    def write(self, differences: Sequence[Difference]) -> Any:
        """Write as one step of undo; what `is_of` knows it by, None where there is nothing."""

    def extend(self, differences: Sequence[Difference]) -> None:
        """Write as a part of the last step."""

    def is_of(self, mark: Any, atoms: Sequence[Any]) -> bool:
        """Whether atoms are those of the step with this mark."""

    def steps(self) -> tuple[int, int]:
        """How many steps can be undone, and how many redone."""

    def all_done(self) -> Sequence[Any]:
        """Atoms of all steps that can be undone."""

    def last_done(self) -> Sequence[Any]:
        """Atoms of the last step that was done, or done again."""

    def last_undone(self) -> Sequence[Any]:
        """Atoms of the last step that was undone."""

    def unfinished(self) -> Sequence[Any]:
        """Atoms of the stroke that is being drawn."""

    def slices_of(self, atoms: Iterable[Any]) -> set[int]:
        """Slices that atoms have written to."""

    def before(self, z: int, atoms: Sequence[Any]) -> npt.NDArray[Any]:
        """Slice ``z`` (Y, X) as it was before the atoms were written."""


def differences(
    layer: LabelsLayer, slices: Iterable[tuple[int, npt.NDArray[Any]]]
) -> list[Difference]:
    """What has to be written for slices to have the labels (Y, X) that are given."""
    found = [difference_of(z, np.asarray(layer.slice(z)), wanted) for z, wanted in slices]
    return [each for each in found if each is not None]
