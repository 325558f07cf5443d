"""Slices that are cut are looked at before: their grey values, and where there is tissue."""

from __future__ import annotations

from dataclasses import dataclass
from functools import lru_cache
from typing import Any

import numpy as np
import numpy.typing as npt

from napari_emseg.core.known_area import known_area
from napari_emseg.core.networks.foreign import Step
from napari_emseg.core.networks.grey_steps import grey_values
from napari_emseg.core.normalise import GreyValues
from napari_emseg.core.segment.tiling import Region
from napari_emseg.core.segment.tissue import Tissue, part_of_map, sample_windows
from napari_emseg.engine.segment.polarity import with_dark_membranes
from napari_emseg.errors import ReadError
from napari_emseg.io.read import read_stack
from napari_emseg.io.volumes.place import Place
from napari_emseg.types import Stack, Zyx

_MAP_PX = 4096
"""The map of what is tissue is made of the finest smaller level that has no longer edge."""
_SHARE, _MOST_WINDOWS = 0.06, 8
_MOST_LEVELS = 16


@dataclass(frozen=True)
class Look:
    """Looks at slices, some at a time, so that their parts can be predicted.

    Grey values are those of chunks of the finest level, spread over the slice: means of smaller
    levels differ less. Where there is tissue is seen in a smaller level, if the image has one.

    Parameters
    ----------
    source : str
        The image.
    place : Place
        Where the run is kept; what is found lies in ``tissue/`` there.
    deep : int
        Slices that are looked at together: the depth of the image's chunks.
    chunk : (int, int)
        Their height and width.
    membranes : {"dark", "bright"}
        What they are in the image.
    first, stop : int
        The slices that are needed.
    level : int
        The smaller level; 0 where there is none.
    before : tuple of Step, optional
        What the network has done to grey values (`core.networks.grey_steps`).
    """

    source: str
    place: Place
    deep: int
    chunk: tuple[int, int]
    membranes: str
    first: int
    stop: int
    level: int = 0
    before: tuple[Step, ...] | None = None

    @classmethod
    def at(
        cls, source: str, place: Place, chunks: Zyx, membranes: str, slices: range,
        before: tuple[Step, ...] | None,
    ) -> Look:  # fmt: skip
        """How to look at slices of an image that is stored in chunks (Z, Y, X)."""
        ends = slices.start, slices.stop
        level = _small_level(source)
        return cls(source, place, chunks[0], chunks[1:], membranes, *ends, level, before)

    @property
    def said(self) -> str:
        """How grey values and tissue are found, for a person."""
        how = "Slices are cut: their grey values are those of chunks spread over each"
        if self.level:
            return f"{how}, and rims without tissue are found in level {self.level}."
        return (
            f"{how}; the image has no smaller level, so that rims without tissue are predicted as "
            "if there were some."
        )

    @property
    def count(self) -> int:
        """How many blocks there are."""
        return -(-self.stop // self.deep) - self.first // self.deep

    def __call__(self, block: int) -> None:
        """Look at the slices of a block."""
        stack = opened(self.source, self.membranes)
        slab = self.first // self.deep + block
        depth = slice(slab * self.deep, min(len(stack), (slab + 1) * self.deep))
        shape = stack.shape[1:]
        maps = [self._map(z, len(stack)) for z in range(depth.start, depth.stop)]
        windows = sample_windows(shape, self.chunk, _SHARE, _MOST_WINDOWS)
        parts = [np.asarray(stack.data[(depth, *window)]) for window in windows]
        grey = [
            _grey_values(
                [part[k] for part in parts],
                [None if small is None else part_of_map(small, shape, each) for each in windows],
                self.before,
            )
            for k, small in enumerate(maps)
        ]
        found: dict[str, Any] = {
            "grey": np.array([[g.mean, g.deviation, g.low, g.high] for g in grey]),
            **{f"known{k}": small for k, small in enumerate(maps) if small is not None},
        }
        self.place.write_arrays(self._name(slab), found)

    def tissue(self, z: int, part: npt.NDArray[Any], region: Region) -> Tissue:
        """That of a part (Y, X) of slice ``z``, which lies at ``region``."""
        stack = opened(self.source, self.membranes)
        values, small = _found(self, z // self.deep, z % self.deep)
        known = None if small is None else part_of_map(small, stack.shape[1:], region)
        if small is None:  # a part that is flat altogether is no tissue all the same
            flat = known_area(part)
            known = flat if flat is not None and not flat.any() else None
        if part.dtype.kind == "f" and not (real := np.isfinite(part)).all():
            known = real if known is None else known & real
        return Tissue(GreyValues(*values), known)

    def _map(self, z: int, slices: int) -> npt.NDArray[np.bool_] | None:
        if not self.level:
            return None
        small = opened(self.source, self.membranes, self.level)
        return known_area(small.slice(z * len(small) // slices))

    def _name(self, slab: int) -> str:
        return f"tissue/{slab:07d}"


@lru_cache(maxsize=8)
def opened(source: str, membranes: str = "dark", level: int = 0) -> Stack:
    """An image with dark membranes, opened once a process; it may be read in parts alone."""
    stack = read_stack(source, kind="image", level=level, in_parts=True)
    return with_dark_membranes(stack, (0,), membranes)


@lru_cache(maxsize=64)
def _found(look: Look, block: int, k: int) -> tuple[list[float], npt.NDArray[np.bool_] | None]:
    held = look.place.read_arrays(look._name(block))
    return held["grey"][k].tolist(), held.get(f"known{k}")


def _grey_values(
    parts: list[npt.NDArray[Any]],
    maps: list[npt.NDArray[np.bool_] | None],
    before: tuple[Step, ...] | None,
) -> GreyValues:
    """Those of windows (Y, X) of a slice, which may differ in size."""
    pixels = np.concatenate([part.ravel() for part in parts])[np.newaxis]
    known = [
        np.ones(part.size, np.bool_) if each is None else each.ravel()
        for part, each in zip(parts, maps, strict=True)
    ]
    edge = int(pixels.size**0.5)
    square = pixels[0, : edge * edge].reshape(edge, edge)
    seen = np.concatenate(known)[: edge * edge].reshape(edge, edge)
    return grey_values(square, seen, before)


def _small_level(source: str) -> int:
    for level in range(1, _MOST_LEVELS):
        try:
            small = opened(source, level=level)
        except ReadError:
            return 0
        if max(small.shape[1:]) <= _MAP_PX:
            return level
    return 0
