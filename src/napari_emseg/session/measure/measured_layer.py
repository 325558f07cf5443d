"""What measuring must know of a layer."""

from __future__ import annotations

from collections.abc import Hashable
from typing import Any, Protocol

import numpy.typing as npt
from psygnal import SignalInstance

from napari_emseg.types import ArrayLike, VoxelSize


class MeasuredLayer(Protocol):
    """A layer, as far as measuring needs to know it."""

    @property
    def name(self) -> str:
        """What a person calls it."""

    @property
    def layer(self) -> Hashable:
        """The layer itself, to tell it from others."""

    @property
    def shape(self) -> tuple[int, int, int]:
        """Slices, rows and columns; `ShapeError` if it is no stack."""

    @property
    def data(self) -> ArrayLike:
        """All pixels (Z, Y, X), lazy or not."""

    @property
    def voxel_size_nm(self) -> VoxelSize | None:
        """Edge lengths (Z, Y, X); None where nobody knows."""

    @property
    def thickness_assumed(self) -> bool:
        """Whether the first of them is a guess."""

    @property
    def changed(self) -> SignalInstance:
        """Emitted when pixels were painted or drawn anew; more often than needed."""

    @property
    def replaced(self) -> SignalInstance:
        """Emitted when all pixels, or the place of the layer, are others now."""

    def version(self, z: int) -> int:
        """How often pixels of a slice may have changed so far."""

    def read(self, z: int) -> npt.NDArray[Any]:
        """Pixels (Y, X) of a slice; called in threads."""

    def close(self) -> None:
        """Listen to the layer no more."""
