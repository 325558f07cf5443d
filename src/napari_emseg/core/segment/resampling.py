"""Slices at the pixel size that a network learned on, and its answer back at their own."""

from __future__ import annotations

import math
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

import cv2
import numpy as np
import numpy.typing as npt

from napari_emseg.core.segment.tiling import Region
from napari_emseg.errors import SettingError
from napari_emseg.types import Float32Array, VoxelSize

_ALIKE = 0.05
"""Pixel sizes that differ by less than this share are taken for one."""

_MOST = 8.0
"""Factor by which pixel sizes may differ."""

_BLOCK_PX = 4096
"""Edge of what is resampled at once, in pixels of the network."""

_GRID_PX = 513
_BESIDE_GRID_PX = 0.05
"""How long, and how exact, the steps are on which blocks begin: see `_grid`."""

_BESIDE_PX = 4
"""What interpolation needs around a block, in pixels of the stack."""


@dataclass(frozen=True)
class Resampling:
    """How many pixels of the network a pixel of the stack becomes.

    Parameters
    ----------
    down, across : float
        Along Y and X; above 1 where the pixels of the stack are larger than those of the network.
    """

    down: float = 1.0
    across: float = 1.0

    @classmethod
    def between(
        cls, stack: VoxelSize | None, network: VoxelSize | None, *, scale: float = 1.0
    ) -> Resampling:
        """From the pixel size of a stack to that of a network; none where either is not known.

        All is enlarged by ``scale`` besides.

        Raises
        ------
        SettingError
            If they differ by more than a factor of 8.
        """
        if stack is None or network is None:
            return cls(scale, scale)
        found = cls(*(_alike(a / b) * scale for a, b in zip(stack[1:], network[1:], strict=True)))
        if not all(1 / _MOST <= factor <= _MOST for factor in (found.down, found.across)):
            by_hand = "" if scale == 1 else f" and a scale of {scale:g}"
            raise SettingError(
                f"pixel size: expected one that differs by at most a factor of {_MOST:g} from the "
                f"{network[1]:g} x {network[2]:g} nm that the model learned on, received "
                f"{stack[1]:g} x {stack[2]:g} nm{by_hand}; check the voxel size of the stack"
            )
        return found

    @property
    def is_needed(self) -> bool:
        """Whether pixel sizes differ."""
        return (self.down, self.across) != (1, 1)

    def shape(self, shape: tuple[int, int]) -> tuple[int, int]:
        """Rows and columns that a slice (Y, X) has for the network, at least one."""
        return max(1, round(shape[0] * self.down)), max(1, round(shape[1] * self.across))

    def to_network(self, images: npt.NDArray[Any]) -> npt.NDArray[Any]:
        """Images (C, Y, X) at the network's pixels; by area where those are larger, else cubic."""
        return np.stack([_resized(image, self.down, self.across) for image in images])

    def nearest(self, values: npt.NDArray[Any]) -> npt.NDArray[Any]:
        """Values (Y, X) between which there is nothing, such as labels, at the network's pixels.

        Each takes the pixel in which its middle lies, so that it stays with its image.
        """
        if not self.is_needed:
            return values
        rows, columns = (
            np.minimum(((np.arange(new) + 0.5) / factor).astype(np.intp), old - 1)
            for new, old, factor in zip(
                self.shape((values.shape[0], values.shape[1])), values.shape,
                (self.down, self.across), strict=True,
            )
        )  # fmt: skip
        taken: npt.NDArray[Any] = values[rows][:, columns]
        return taken

    def back(self, channels: Float32Array, shape: tuple[int, int]) -> Float32Array:
        """Channels (Y, X, K), 0..1, at the pixels of a stack with slices of ``shape``."""
        sized = _resized(channels, 1 / self.down, 1 / self.across)
        sized = sized.reshape(*sized.shape[:2], channels.shape[-1])[: shape[0], : shape[1]]
        missing = [(0, n - m) for n, m in zip(shape, sized.shape[:2], strict=True)]
        whole: Float32Array = np.pad(sized, [*missing, (0, 0)], mode="edge")
        return np.clip(whole, 0, 1, out=whole)

    def blocks(
        self, region: Region, shape: tuple[int, int], margin_px: int, multiple: int
    ) -> Iterator[Block]:
        """What of a slice (Y, X) is resampled at once, so that a large one takes no memory.

        Parameters
        ----------
        region : (slice, slice)
            Rows and columns that are wanted.
        shape : (int, int)
            Of the slice.
        margin_px : int
            How near to an edge the network is not to be believed, in its own pixels.
        multiple : int
            The network's pooling falls on the same pixels in all blocks where they begin on this
            grid of its pixels.
        """
        spans = (
            _spans(side, length, factor, margin_px, _grid(factor, multiple))
            for side, length, factor in zip(region, shape, (self.down, self.across), strict=True)
        )
        rows, columns = (list(each) for each in spans)
        for inner_y, outer_y in rows:
            for inner_x, outer_x in columns:
                yield Block((inner_y, inner_x), (outer_y, outer_x))

    def __str__(self) -> str:
        across = "" if self.down == self.across else f" x {self.across:.2g}"
        return f"{self.down:.2g}{across}"


AS_IT_IS = Resampling()
"""Where the network learned on the pixels of the stack."""


@dataclass(frozen=True)
class Block:
    """A rectangle of a slice, and the larger one around it that the network must see."""

    inner: Region
    outer: Region


def _spans(
    side: slice, length: int, factor: float, margin_px: int, grid: int
) -> Iterator[tuple[slice, slice]]:
    edge = max(1, int(_BLOCK_PX / factor))
    beside = math.ceil(margin_px / factor) + _BESIDE_PX
    for start in range(side.start, side.stop, edge):
        stop = min(start + edge, side.stop)
        begin = max(0, start - beside) // grid * grid
        yield slice(start, stop), slice(begin, min(length, stop + beside))


def _grid(factor: float, multiple: int) -> int:
    """So many pixels of the stack are, as nearly as can be, a multiple of the network's pixels."""

    def beside(pixels: int) -> float:
        steps = pixels * factor / multiple
        return abs(steps - round(steps)) * multiple

    near = (pixels for pixels in range(1, _GRID_PX) if beside(pixels) < _BESIDE_GRID_PX)
    return next(near, min(range(1, _GRID_PX), key=beside))


def _alike(factor: float) -> float:
    return 1.0 if abs(factor - 1) < _ALIKE else factor


def _resized(image: npt.NDArray[Any], down: float, across: float) -> npt.NDArray[Any]:
    how = cv2.INTER_AREA if down * across < 1 else cv2.INTER_CUBIC
    numbers = image.astype(np.float32, copy=False)
    sized: npt.NDArray[Any] = cv2.resize(numbers, None, fx=across, fy=down, interpolation=how)
    return sized
