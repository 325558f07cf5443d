"""What a prediction knows of layers; the window has adapters over napari's."""

from __future__ import annotations

from collections.abc import Hashable
from typing import TYPE_CHECKING, Any, Protocol

import numpy as np

if TYPE_CHECKING:
    from numpy.typing import DTypeLike

    from napari_emseg.types import VoxelSize


class GrowingLayer(Protocol):
    """A layer that shows an array (Z, Y, X) while its slices are filled."""

    @property
    def is_shown(self) -> bool:
        """Whether it is in the viewer."""

    @property
    def is_removed(self) -> bool:
        """Whether it was, and is not any more."""

    @property
    def is_edited(self) -> bool:
        """Whether a person has changed pixels, and not back again, or vouches for a slice."""

    def prepare(self) -> None:
        """Do what takes long before it can be put into the viewer; for a thread."""

    def add(self) -> None:
        """Put it into the viewer, unless it was there."""

    def filled(self, z: int, *, whole: bool = True) -> None:
        """Slice ``z`` was predicted, or a part of it: add the layer, or draw it where it is seen.

        Which slices are filled as a whole is noted with the layer.
        """

    def draw_thumbnail(self) -> None:
        """Draw the thumbnail, which single slices leave as it is."""

    def open_eye(self, opened: bool) -> None:
        """Show its pixels, or not."""

    def hide(self) -> None:
        """Close its eye, where it is open."""

    def show(self) -> None:
        """Open the eye that `hide` has closed."""

    def remove(self) -> None:
        """Take it out of the viewer."""


class SourceImage(Protocol):
    """An image layer, and the place beside it."""

    @property
    def layer(self) -> Hashable:
        """What all others know it by."""

    @property
    def name(self) -> str:
        """What a person calls it."""

    @property
    def shape(self) -> tuple[int, int, int]:
        """Of the stack (Z, Y, X); raises `ShapeError` where it is none."""

    @property
    def dtype(self) -> DTypeLike:
        """Of its pixels."""

    @property
    def pixels(self) -> object:
        """What holds them; another object once they were replaced."""

    @property
    def is_shown(self) -> bool:
        """Whether it is still in the viewer."""

    @property
    def here(self) -> int:
        """The slice that a person looks at; 0 where the view is beside the image."""

    @property
    def voxel_size_nm(self) -> VoxelSize | None:
        """Edge lengths of a voxel (Z, Y, X) in nm; None where nobody knows."""

    @property
    def thickness_assumed(self) -> bool:
        """Whether the first of them is a guess."""

    @property
    def notes(self) -> tuple[str, ...]:
        """What was guessed when its file was read, a sentence each."""

    def slice(self, z: int) -> np.ndarray[Any, Any]:
        """Slice ``z`` (Y, X)."""

    def beside(
        self,
        kind: str,
        array: np.ndarray[Any, Any],
        *,
        model: str,
        made: float,
        class_names: tuple[str, ...] = (),
    ) -> GrowingLayer:
        """A layer of one kind and of the same shape; not added yet.

        It is called after the image and the model, and notes both, and when it was made.

        Parameters
        ----------
        kind : {"probability", "mask", "cells", "classes"}
            What it shows.
        array : (Z, Y, X) array
            Its pixels.
        model : str
            Folder of the model.
        made : float
            When it was predicted, in seconds since 1970.
        class_names : tuple of str
            What classes are called, membrane first.
        """
