"""Which stack is taken of a layer that holds more: several scales, further axes, colours."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import product
from typing import Any

import numpy as np
import numpy.typing as npt

from napari_emseg.io.layout.arrays import as_dask
from napari_emseg.session.words import voxel
from napari_emseg.types import ArrayLike, VoxelSize

LUMINANCE = "luminance"
COLOURS = (LUMINANCE, "red", "green", "blue")
"""What may be taken of a colour image."""

_WEIGHTS = np.array([0.2126, 0.7152, 0.0722])
"""Of red, green and blue in the luminance: ITU-R BT.709-6, https://www.itu.int/rec/R-REC-BT.709."""


@dataclass(frozen=True)
class StackChoice:
    """One stack of those that a layer holds.

    Parameters
    ----------
    level : int
        Which scale; 0 is the finest.
    at : tuple of int
        The place along each axis before (Z, Y, X), such as time and channel.
    colour : str
        One of `COLOURS`; empty where the layer holds none.
    """

    level: int = 0
    at: tuple[int, ...] = ()
    colour: str = ""


@dataclass(frozen=True, eq=False)
class LayerPixels:
    """All that a layer holds.

    Parameters
    ----------
    levels : sequence of arrays
        ``(..., Z, Y, X)``, finest first, or ``(Y, X)``; colours are a last axis of 3 or 4 samples.
    voxel_sizes_nm : sequence of voxel sizes
        Of the levels; None where nobody knows.
    axes : sequence of str
        Names of the axes before (Z, Y, X).
    has_colours : bool
        Whether the last axis holds red, green, blue, and perhaps opacity.
    """

    levels: Sequence[ArrayLike]
    voxel_sizes_nm: Sequence[VoxelSize | None]
    axes: Sequence[str] = ()
    has_colours: bool = False

    @property
    def is_stack(self) -> bool:
        """Whether it is one stack (Z, Y, X), or one slice, and nothing is to be chosen."""
        return len(self.levels) == 1 and not self.axes and not self.has_colours

    @property
    def places(self) -> Iterator[tuple[int, ...]]:
        """All places along the axes before (Z, Y, X)."""
        return product(*map(range, self.levels[0].shape[: len(self.axes)]))

    def shape(self, level: int) -> tuple[int, ...]:
        """(Z, Y, X), or (Y, X), of a level."""
        stop = -1 if self.has_colours else None
        return tuple(int(n) for n in self.levels[level].shape[len(self.axes) : stop])

    def level_like(self, shape: tuple[int, ...] | None) -> int:
        """The level of this shape, such as that of the labels beside it; else the finest."""
        fitting = (k for k in range(len(self.levels)) if self.shape(k) == shape)
        return next(fitting, 0)

    def choice(self, level: int, at: Sequence[float]) -> StackChoice:
        """The stack of a level at the place nearest to ``at``; of colours, the luminance."""
        counts = self.levels[0].shape[: len(self.axes)]
        nearest = (min(max(round(a), 0), n - 1) for a, n in zip(at, counts, strict=True))
        return StackChoice(level, tuple(nearest), LUMINANCE if self.has_colours else "")

    # -- in words --------------------------------------------------------------------------

    def about_level(self, level: int) -> str:
        """Number, shape and voxel size of a level."""
        return f"{level}: {self._size(level)}"

    def about_place(self, at: tuple[int, ...]) -> str:
        """A place along the axes before (Z, Y, X), such as ``t = 3``."""
        return ", ".join(f"{axis} = {k}" for axis, k in zip(self.axes, at, strict=True))

    def about(self, choice: StackChoice) -> str:
        """What is taken, such as ``level 1, t = 3``."""
        level = f"level {choice.level}" if len(self.levels) > 1 else ""
        return ", ".join(filter(None, (level, self.about_place(choice.at), choice.colour)))

    def said(self, name: str, choice: StackChoice) -> str:
        """In one line, what is taken of the layer of this name."""
        follows = "; the slider chooses" if self.axes else ""
        return f"Of {name!r}, {self.about(choice)}{follows}: {self._size(choice.level)}."

    def _size(self, level: int) -> str:
        edges = " x ".join(map(str, self.shape(level)))
        return f"{edges} px, {voxel(self.voxel_sizes_nm[level])}"

    # -- pixels ----------------------------------------------------------------------------

    def stack(self, choice: StackChoice) -> ArrayLike:
        """The pixels (Z, Y, X), or (Y, X), that are meant; lazy ones stay lazy.

        Luminance is lazy in any case, and of the dtype of the colours.
        """
        pixels = _at(self.levels[choice.level], choice.at)
        if not self.has_colours:
            return pixels
        if choice.colour != LUMINANCE:
            return _at(pixels, (..., COLOURS.index(choice.colour) - 1))
        flat = len(pixels.shape) == 3
        colours: Any = as_dask(pixels[np.newaxis] if flat else pixels)
        grey = colours.map_blocks(luminance, drop_axis=3, dtype=colours.dtype)
        return grey[0] if flat else grey


def luminance(colours: npt.NDArray[Any]) -> npt.NDArray[Any]:
    """Luminance (...) of colours (..., 3 or 4), in their dtype; equal samples keep their value."""
    grey = colours[..., :3] @ _WEIGHTS
    if np.issubdtype(colours.dtype, np.integer):
        grey = np.rint(grey)
    result: npt.NDArray[Any] = grey.astype(colours.dtype)
    return result


def _at(pixels: ArrayLike, place: tuple[Any, ...]) -> ArrayLike:
    """Part of an array, which stays lazy where it is."""
    if not place:
        return pixels
    if not isinstance(pixels, np.ndarray):
        import dask.array

        pixels = dask.array.asarray(pixels)
    return pixels[place]
