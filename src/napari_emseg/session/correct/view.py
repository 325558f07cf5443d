"""What the logic of *Correct* asks of the viewer."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass
from typing import Any, Protocol

import numpy.typing as npt

from napari_emseg.core.correct.edits import Edits
from napari_emseg.core.correct.review_regions import ReviewRegion
from napari_emseg.session.painting.edit_tracker import EditTracker
from napari_emseg.session.painting.labels import LabelsLayer
from napari_emseg.types import ArrayLike, VoxelSize


@dataclass(frozen=True, eq=False)
class ProbabilitySource:
    """A probability, with what it takes to make cells of it.

    Parameters
    ----------
    data : (Z, Y, X) array
        Of cell; numpy or lazy.
    name : str
        What a person calls it.
    model : str
        Folder of the model that made it.
    voxel_size_nm : tuple of float, optional
        Edge lengths (Z, Y, X) in nm.
    """

    data: ArrayLike
    name: str
    model: str
    voxel_size_nm: VoxelSize | None = None


class CorrectView(Protocol):
    """The viewer, as far as *Correct* needs it."""

    def holds(self, labels: LabelsLayer) -> bool:
        """Whether a layer is still there."""

    def select(self, labels: LabelsLayer) -> None:
        """Have keys, such as Ctrl-Z, act on a layer."""

    def bring_up(self, labels: LabelsLayer, instead_of: LabelsLayer | None = None) -> None:
        """Show a layer, to be worked on, and select it.

        What would lie over it in the same colours is hidden: ``instead_of``, and where the layer
        was hidden itself, all predictions of its shape.
        """

    def current_slice(self, labels: LabelsLayer) -> int:
        """The slice of a layer that a person sees, flat.

        Raises
        ------
        ShapeError
            If the view is of another kind, or beside the layer.
        """

    def require_seen_from_above(self, labels: LabelsLayer) -> None:
        """Raise `ShapeError` unless slices (Y, X) of the layer are shown, flat."""

    def require_paintable(self, labels: LabelsLayer) -> None:
        """Raise `ShapeError` or `LabelsError` unless it is a stack of labels in memory."""

    def add_beside(
        self, labels: LabelsLayer, data: npt.NDArray[Any], name: str, edits: Edits
    ) -> EditTracker:
        """Add labels (Z, Y, X) where other ones lie, in their colours, and hide those.

        Parameters
        ----------
        labels : LabelsLayer
            The other ones.
        data : (Z, Y, X) array
            The new ones.
        name : str
            What they are called.
        edits : Edits
            What a person has done to them already.
        """

    def name_classes(self, labels: LabelsLayer, names: tuple[str, ...]) -> None:
        """Have a layer know that it holds these classes, and show them in their colours."""

    def note_predicted(
        self, labels: LabelsLayer, prediction: LabelsLayer, slices: Collection[int]
    ) -> None:
        """Note with labels that these slices of a prediction, as far as it has them, are theirs."""

    def show_region(self, image: Any, z: int, region: ReviewRegion) -> None:
        """Bring a region of an image before a person's eyes, where the image is still there.

        It is framed until another slice is shown.
        """

    def probability_of(self, labels: LabelsLayer) -> ProbabilitySource | None:
        """The probability of cell of which labels were made, or of their image; None without."""

    def show_place(self, labels: LabelsLayer, place: tuple[int, int, int]) -> None:
        """Bring a pixel of labels before a person's eyes, and frame it."""

    def show_sides(self, labels: LabelsLayer, sides: npt.NDArray[Any], first_slice: int) -> None:
        """Show over labels what is on the two sides of a cut: 1 and 2, (Z, Y, X), from a slice."""

    def hide_sides(self) -> None:
        """Show no cut."""
