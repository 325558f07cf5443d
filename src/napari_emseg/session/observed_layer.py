"""What sessions that read a layer, and hear of its changes, must know of it."""

from __future__ import annotations

from collections.abc import Hashable
from typing import Any, Protocol

import numpy.typing as npt
from psygnal import SignalInstance

from napari_emseg.types import ArrayLike, VoxelSize


class ObservedLayer(Protocol):
    """A layer of pixels that a person may change at any time."""

    @property
    def name(self) -> str:
        """What a person calls it."""

    @property
    def layer(self) -> Hashable:
        """The layer itself, to tell it from others."""

    @property
    def shape(self) -> tuple[int, int, int]:
        """Slices, rows and columns.

        Raises
        ------
        ShapeError
            If it is no stack.
        """

    @property
    def data(self) -> ArrayLike:
        """All pixels (Z, Y, X), lazy or not."""

    @property
    def voxel_size_nm(self) -> VoxelSize | None:
        """Edge lengths (Z, Y, X) of a voxel in nm; None where nobody knows."""

    @property
    def changed(self) -> SignalInstance:
        """Emitted when pixels were painted or drawn anew; more often than needed."""

    @property
    def replaced(self) -> SignalInstance:
        """Emitted when all pixels, or the place of the layer, are others now."""

    def version(self, z: int) -> int:
        """How often pixels of a slice may have changed so far; called in threads, too."""

    def read(self, z: int) -> npt.NDArray[Any]:
        """Pixels (Y, X) of a slice, loaded where they are lazy; called in threads."""

    def close(self) -> None:
        """Listen to the layer no more."""
