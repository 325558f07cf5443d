"""The cells of a probability that lies in memory or on the disk."""

from __future__ import annotations

import time
from collections.abc import Callable
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, ClassVar, Self

import numpy as np
import numpy.typing as npt

from napari_emseg.core.cells3d.edge_model import EdgeModel
from napari_emseg.core.cells3d.fragments import depth_in_cells
from napari_emseg.core.cells3d.graph import learned_scale
from napari_emseg.core.cells3d.volume_cells import (
    VolumeCells,
    count_cells,
    fragment_volume,
)
from napari_emseg.core.config.cells import CellsConfig
from napari_emseg.core.config.prediction import MaskConfig
from napari_emseg.core.segment.cell_count import CellCount
from napari_emseg.errors import CancelledError, SettingError
from napari_emseg.types import (
    ArrayLike,
    Float32Array,
    Log,
    OnEvent,
    Progress,
    ShouldStop,
    Stack,
    VoxelSize,
)

if TYPE_CHECKING:
    from napari_emseg.core.scores.probability import PredictionReading

_HALF_WAY_PX, _SOFTNESS_PX = 2.5, 1.2
"""A probability rises so far from the middle of a membrane, and so softly: what has hard borders
is given the same, in px of the learned size."""


@dataclass(frozen=True, eq=False)
class CellsStack:
    """The cells of a volume, slice by slice: an array (Z, Y, X) of uint32 that is made when read.

    Parameters
    ----------
    fragments : (Z, Y, X) integer array
        Numbers of fragments through the volume, from 1.
    table : (1 + fragments,) uint32 array
        Their ids.
    mask : (Z, Y, X) bool array, optional
        Where it is False, ids are 0.
    """

    fragments: ArrayLike
    table: npt.NDArray[np.uint32]
    mask: ArrayLike | None = None

    dtype: ClassVar[np.dtype[Any]] = np.dtype(np.uint32)

    @property
    def shape(self) -> tuple[int, ...]:
        """Numbers of slices, rows and columns."""
        return tuple(self.fragments.shape)

    @property
    def ndim(self) -> int:
        """Number of axes."""
        return len(self.shape)

    def __len__(self) -> int:
        return self.shape[0]

    def __getitem__(self, z: Any) -> npt.NDArray[np.uint32]:
        ids: npt.NDArray[np.uint32] = self.table[np.asarray(self.fragments[z])]
        if self.mask is not None:
            ids[~np.asarray(self.mask[z])] = 0
        return ids


@dataclass(frozen=True, eq=False)
class SolvedVolume:
    """A volume that was solved.

    Parameters
    ----------
    cells : CellsStack
        Its cells.
    volume : VolumeCells
        The graph and what speaks for and against its edges.
    count : CellCount
        How many cells there are.
    seconds : float
        How long it took.
    """

    cells: CellsStack
    volume: VolumeCells
    count: CellCount
    seconds: float


def require_volume(config: CellsConfig) -> None:
    """Raise `SettingError` where cells are to be linked from slice to slice."""
    if config.link != "volume":
        raise SettingError(
            "link: expected volume, received slices, which goes with the prediction of a stack"
        )


def solve_volume(
    probability: ArrayLike,
    fragments: ArrayLike,
    edges: EdgeModel,
    *,
    rules: MaskConfig,
    config: CellsConfig = CellsConfig(),
    voxel_size_nm: VoxelSize | None = None,
    on_event: OnEvent = lambda _: None,
    on_slice: Callable[[int, int], object] | None = None,
    should_stop: ShouldStop = lambda: False,
) -> SolvedVolume:
    """Make the cells of a volume.

    Parameters
    ----------
    probability : (Z, Y, X) float array
        Of cell, 0..1, read slice by slice.
    fragments : (Z, Y, X) int32 array
        What to fill with the fragments: a memory map where the volume is larger than memory.
    edges : EdgeModel
        What belongs together.
    rules, config, voxel_size_nm
        See `CellsJob`.
    on_event : callable
        Receives `Progress` in slices.
    on_slice : callable, optional
        Called as ``on_slice(done, total)`` after every slice that was cut.
    should_stop : callable
        Looked at after every slice.

    Raises
    ------
    CancelledError
        If stopped.
    """
    start = time.monotonic()

    def advance(done: int, total: int) -> None:
        left = (time.monotonic() - start) / done * (total - done)
        on_event(Progress(done, total, "slices cut", left))
        if on_slice is not None:
            on_slice(done, total)
        if should_stop() and done < total:
            raise CancelledError(f"Stopped after {done} of {total} slices were cut.")

    # the graph is not kept: what its edges look like is most of it
    volume = VolumeCells.of(
        fragment_volume(
            probability, fragments, threshold=rules.threshold, config=config,
            voxel_size_nm=voxel_size_nm, on_slice=advance,
        ),
        edges,
    )  # fmt: skip
    table = volume.table(
        config.merging, least_slices=rules.least_slices, smallest_um3=config.smallest_cell_um3
    )
    mask = None if config.fill_membranes else Above(probability, rules.threshold)
    cells = CellsStack(fragments, table, mask)
    return SolvedVolume(cells, volume, count_cells(table, volume.graph), time.monotonic() - start)


class AsProbability:
    """What somebody saved as a prediction, read slice by slice as a probability of cell.

    Parameters
    ----------
    data : (Z, Y, X) array
        A probability in 0..1 or in whole numbers, a mask, classes, or cells of slices. Where it
        has hard borders it is given soft ones, as if a network had seen the membranes.
    scale : float
        Edge of a pixel in those of the learned size.
    reading : PredictionReading, optional
        What it is; found out by default.
    """

    dtype = np.dtype(np.float32)

    def __init__(
        self, data: ArrayLike, scale: float = 1.0, reading: PredictionReading | None = None
    ) -> None:
        from napari_emseg.core.scores.probability import prediction_meaning

        self._data, self._scale = data, scale
        self.reading = reading or prediction_meaning(data)
        self.shape: tuple[int, ...] = tuple(data.shape)

    @classmethod
    def of(cls, stack: Stack, name: str, on_event: OnEvent) -> Self:
        """That of a stack; what was guessed of it, and what it is taken for, is told."""
        for note in stack.notes:
            on_event(Log(note))
        found = cls(stack.data, learned_scale(stack.voxel_size_nm))
        on_event(Log(f"{name} is read as {found.reading.words}."))
        return found

    def __len__(self) -> int:
        return self.shape[0]

    def __getitem__(self, z: Any) -> Float32Array:
        """A slice, or a part of it: the index is one of the data."""
        plane = self.as_saved(z)
        if self.reading.kind not in ("mask", "classes", "ids"):
            return plane
        return _softened(plane, self._scale)

    def as_saved(self, z: Any) -> Float32Array:
        """A slice, or a part of it, without soft borders."""
        from napari_emseg.core.scores.probability import to_probability

        return to_probability(np.asarray(self._data[z]), self.reading)


def _softened(mask: Float32Array, scale: float) -> Float32Array:
    """A probability (Y, X) such as the network gives where a mask is right; 0 stays far from it."""
    depth = depth_in_cells(mask, 0.5) * np.float32(scale)
    soft: Float32Array = 0.5 * (1 + np.tanh((depth - _HALF_WAY_PX) / _SOFTNESS_PX))
    return soft


class Above:
    """Where a probability (Z, Y, X) is above a threshold, slice by slice."""

    dtype = np.dtype(bool)

    def __init__(self, probability: ArrayLike, threshold: float) -> None:
        self._probability, self._threshold = probability, threshold
        self.shape: tuple[int, ...] = tuple(probability.shape)

    def __getitem__(self, z: Any) -> npt.NDArray[np.bool_]:
        given = self._probability
        plane = given.as_saved(z) if isinstance(given, AsProbability) else np.asarray(given[z])
        return plane > self._threshold
