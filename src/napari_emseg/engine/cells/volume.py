"""The cells of a probability that lies in memory or on the disk."""

from __future__ import annotations

import time
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, ClassVar

import cv2
import numpy as np
import numpy.typing as npt

from napari_emseg.core.cells3d.edge_model import EdgeModel
from napari_emseg.core.cells3d.volume_cells import (
    VolumeCells,
    cells_of_slice,
    count_cells,
    fragment_volume,
)
from napari_emseg.core.config.cells import CellsConfig
from napari_emseg.core.segment.cell_count import CellCount
from napari_emseg.errors import CancelledError
from napari_emseg.types import ArrayLike, Float32Array, OnEvent, Progress, ShouldStop, VoxelSize

_SOFTNESS_PX = 1.0
"""A mask is softened by so much, to have borders such as probabilities have."""


@dataclass(frozen=True, eq=False)
class CellsStack:
    """The cells of a volume, slice by slice: an array (Z, Y, X) of uint32 that is made when read.

    Parameters
    ----------
    fragments : (Z, Y, X) integer array
        Numbers of fragments through the volume, from 1.
    table : (1 + fragments,) uint32 array
        Their ids.
    probability : (Z, Y, X) array, optional
        Where it is at or below ``threshold``, ids are 0.
    threshold : float
        See there.
    """

    fragments: ArrayLike
    table: npt.NDArray[np.uint32]
    probability: ArrayLike | None = None
    threshold: float = 0.5

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
        probability = None if self.probability is None else np.asarray(self.probability[z])
        return cells_of_slice(
            np.asarray(self.fragments[z]), self.table, probability, self.threshold
        )


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


def solve_volume(
    probability: ArrayLike,
    fragments: ArrayLike,
    edges: EdgeModel,
    *,
    threshold: float,
    least_slices: int = 1,
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
    threshold, least_slices, config, voxel_size_nm
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

    graph = fragment_volume(
        probability, fragments, threshold=threshold, config=config, voxel_size_nm=voxel_size_nm,
        on_slice=advance,
    )  # fmt: skip
    volume = VolumeCells.of(graph, edges)
    table = volume.table(config.merging, least_slices=least_slices)
    seen = None if config.fill_membranes else probability
    cells = CellsStack(fragments, table, seen, threshold)
    return SolvedVolume(cells, volume, count_cells(table, graph), time.monotonic() - start)


class AsProbability:
    """What somebody saved as a prediction, read slice by slice as a probability of cell.

    Parameters
    ----------
    data : (Z, Y, X) array
        A probability in 0..1 or in whole numbers, a mask, classes, or cells of slices. What has
        hard borders is softened by a pixel.
    """

    dtype = np.dtype(np.float32)

    def __init__(self, data: ArrayLike) -> None:
        from napari_emseg.core.scores.probability import prediction_meaning

        self._data, self.reading = data, prediction_meaning(data)
        self.shape: tuple[int, ...] = tuple(data.shape)

    def __len__(self) -> int:
        return self.shape[0]

    def __getitem__(self, z: Any) -> Float32Array:
        from napari_emseg.core.scores.probability import to_probability

        plane = to_probability(np.asarray(self._data[z]), self.reading)
        if self.reading.kind in ("mask", "classes", "ids"):
            plane = cv2.GaussianBlur(plane, (0, 0), _SOFTNESS_PX)
        return plane
