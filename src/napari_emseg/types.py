"""The words of the project as types; they stand under all floors."""

from __future__ import annotations

import os
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any, Literal, TypeAlias

import numpy as np
import numpy.typing as npt

from napari_emseg.errors import ShapeError, as_read_error

AnyPath: TypeAlias = str | os.PathLike[str]

ArrayLike: TypeAlias = Any
"""Something with ``shape``, ``dtype`` and numpy indexing: numpy, memmap, dask, zarr."""

VoxelSize: TypeAlias = tuple[float, float, float]
"""Edge lengths of a voxel in nm, in axis order (Z, Y, X)."""

Zyx: TypeAlias = tuple[int, int, int]
"""A number for each of the axes (Z, Y, X)."""

Box: TypeAlias = tuple[slice, slice, slice]
"""A part of a volume (Z, Y, X)."""

StackKind: TypeAlias = Literal["image", "labels"]
LabelsMeaning: TypeAlias = Literal["mask", "membranes", "scribbles", "instances"]
"""What labels can mean; see `core.label_meaning.MEANINGS`."""

RepairedKind: TypeAlias = Literal["mask", "cells", "classes"]
"""What labels that are being repaired hold: cell or not, an id for each cell, or classes as in
scribbles."""

LabelRole: TypeAlias = Literal["labels", "truth"]
"""Whether labels train, or are scored against."""

What: TypeAlias = Literal["probability", "mask", "cells", "classes"]
"""What can be made of a prediction."""

Float32Array: TypeAlias = npt.NDArray[np.float32]
ShouldStop: TypeAlias = Callable[[], bool]

_NAMES = "class_names"
"""What the names of classes are called in the note of edits."""

ISBI_VOXEL_SIZE_NM: VoxelSize = (50.0, 4.0, 4.0)


@dataclass(frozen=True, eq=False)
class Stack:
    """Serial sections as one array.

    Parameters
    ----------
    data : (Z, Y, X) array
        Any integer or float dtype; numpy or lazy (dask, memmap, zarr). Never RGB.
    voxel_size_nm : tuple of float, optional
        Edge lengths (Z, Y, X) in nm; None where nobody knows.
    name : str
        What a layer made from it is called.
    kind : {"image", "labels"}
        Whether it holds grey values or labels.
    edits : dict, optional
        A note for JSON of what a person has changed of predicted labels, see `core.correct.edits`,
        and of what their classes are called; see `noted_names`.
    thickness_assumed : bool
        Whether the first edge length is a guess, which is not to be recorded.
    notes : tuple of str
        What was guessed when it was read, and who reads it is to be told; a sentence each.
    origin : dict, optional
        A note for JSON of what predicted or corrected pixels were made from, and by which model;
        see `io.layer_metadata`.
    predicted : tuple of int, optional
        Of a prediction the slices that a model has filled, ascending; None where nobody knows.
    """

    data: ArrayLike
    voxel_size_nm: VoxelSize | None = None
    name: str = "stack"
    kind: StackKind = "image"
    edits: dict[str, Any] | None = None
    thickness_assumed: bool = False
    notes: tuple[str, ...] = ()
    origin: dict[str, Any] | None = None
    predicted: tuple[int, ...] | None = None

    def __post_init__(self) -> None:
        if len(self.data.shape) != 3:
            raise ShapeError(
                f"stack {self.name!r}: expected three axes (Z, Y, X), received shape "
                f"{tuple(self.data.shape)}"
            )

    def __repr__(self) -> str:
        return (
            f"Stack({self.name!r}, {self.kind} {self.shape} {self.data.dtype}, "
            f"voxel_size_nm={self.voxel_size_nm})"
        )

    @classmethod
    def of(
        cls,
        data: Stack | ArrayLike,
        *,
        voxel_size_nm: VoxelSize | None = None,
        kind: StackKind = "image",
    ) -> Stack:
        """A stack around an array (Z, Y, X), or around one slice (Y, X); a stack stays as it is.

        Parameters
        ----------
        data : Stack or array
            Bool, integer or float; numpy, or lazy, which stays lazy.
        voxel_size_nm : tuple of float, optional
            Edge lengths (Z, Y, X) in nm, also in place of those that a stack has.
        kind : {"image", "labels"}
            Whether an array holds grey values or labels.

        Raises
        ------
        ShapeError
            If it has other axes, or holds no such numbers.

        Examples
        --------
        >>> Stack.of(np.zeros((512, 512), np.uint8), voxel_size_nm=(50, 4, 4)).shape
        (1, 512, 512)
        """
        if isinstance(data, Stack):
            return data if voxel_size_nm is None else replace(data, voxel_size_nm=voxel_size_nm)
        if not isinstance(getattr(data, "dtype", None), np.dtype):
            data = np.asarray(data)
        if data.dtype.kind not in "biuf":
            raise ShapeError(
                f"{kind}: expected an array of bool, integer or float, received {data.dtype}"
            )
        if len(data.shape) == 2:
            data = np.asarray(data)[np.newaxis]
        return cls(data, voxel_size_nm, kind=kind)

    @property
    def shape(self) -> tuple[int, int, int]:
        """Numbers of slices, rows and columns (Z, Y, X)."""
        z, y, x = self.data.shape
        return int(z), int(y), int(x)

    def __len__(self) -> int:
        return self.shape[0]

    @property
    def class_names(self) -> tuple[str, ...]:
        """What its classes are called, where it is known to hold these, numbered as scribbles."""
        names = (self.edits or {}).get(_NAMES)
        return tuple(map(str, names)) if isinstance(names, (list, tuple)) else ()

    @property
    def edits_alone(self) -> dict[str, Any] | None:
        """The note of edits without the names of classes; None where nothing else is noted."""
        return {key: note for key, note in (self.edits or {}).items() if key != _NAMES} or None

    def slice(self, z: int) -> npt.NDArray[Any]:
        """Slice ``z`` as a numpy array (Y, X), loaded where the stack is lazy.

        Raises
        ------
        ReadError, MemoryShortError
            If a lazy one turns out to be damaged, or too large.
        """
        if isinstance(self.data, np.ndarray):
            return np.asarray(self.data[z])
        with as_read_error(f"{self.name}, slice {z}"):
            return np.asarray(self.data[z])

    def require_slices(self, slices: Sequence[int]) -> None:
        """Raise `ShapeError` unless all ``slices`` exist and there is at least one."""
        require_slices(slices, len(self))

    def take(self, slices: Sequence[int]) -> Stack:
        """The stack of these slices alone; `ShapeError` where one does not exist."""
        self.require_slices(slices)
        known = self.predicted
        predicted = None if known is None else tuple(k for k, z in enumerate(slices) if z in known)
        return self.with_data(self.data[list(slices)], predicted=predicted)

    def with_data(self, data: ArrayLike, **changes: Any) -> Stack:
        """The same stack (voxel size, name) around other data."""
        return replace(self, data=data, **changes)


def noted_names(names: Sequence[str], edits: dict[str, Any] | None = None) -> dict[str, Any] | None:
    """A note of edits that also says what classes are called; as it was where they have no names.

    It is kept beside the pixels by every format that keeps the edits.
    """
    return {**(edits or {}), _NAMES: list(names)} if names else edits


def require_slices(slices: Sequence[int], count: int) -> None:
    """Raise `ShapeError` unless a stack of ``count`` slices has all ``slices``, at least one."""
    if not slices:
        raise ShapeError("slices: expected at least one, received none")
    if min(slices) < 0 or max(slices) >= count:
        raise ShapeError(
            f"slices: expected numbers from 0 to {count - 1}, received {min(slices)} to "
            f"{max(slices)}"
        )


# What happened, as told by training, prediction and the worker process ------------------------


@dataclass(frozen=True)
class Log:
    """A sentence for the person who waits."""

    message: str


@dataclass(frozen=True)
class Progress:
    """How far a job is; ``seconds_left`` is None until it can be told."""

    done: float
    total: float
    unit: str
    seconds_left: float | None = None


@dataclass(frozen=True, kw_only=True)
class TrainProgress(Progress):
    """How far a training is: ``done`` of ``total`` by its schedule, and where that is.

    Parameters
    ----------
    epoch, step : int
        The step that is just done, and its epoch, both counted from 1.
    epochs : int or None
        How many are planned; None where minutes limit it.
    steps : int
        Steps of each epoch.
    """

    epoch: int
    epochs: int | None
    step: int
    steps: int


@dataclass(frozen=True)
class QuickPreview:
    """What a model says of slice ``z`` before it learns, once it has looked at the tissue.

    ``path`` is a ``.npy`` file with its probability (Y, X), float32, that is there for as long as
    the training goes on.
    """

    path: Path
    z: int


@dataclass(frozen=True)
class SliceDone:
    """Slice ``z`` of the output holds its final values."""

    z: int


@dataclass(frozen=True)
class EpochDone:
    """One pass over the training slices.

    ``scores`` are the columns of ``history.csv``; what was not measured after this epoch is NaN.
    """

    epoch: int
    scores: dict[str, float]
    seconds_left: float | None = None


@dataclass(frozen=True)
class Preview:
    """A validation slice as the network sees it after an epoch.

    ``path`` is a ``.npy`` file with its probability (Y, X), float32; a later preview replaces it.
    """

    path: Path
    epoch: int
    z: int


@dataclass(frozen=True)
class Finished:
    """The job is done; ``result`` is what its function returned."""

    result: Any = None


@dataclass(frozen=True)
class Cancelled:
    """A person stopped the job; ``message`` says what was kept."""

    message: str


@dataclass(frozen=True)
class Failed:
    """The job ended with an error.

    ``details`` is a traceback where the error is a bug of ours, and None where it is one that
    a person can mend. ``crashed`` says that the worker process itself is gone.
    """

    message: str
    details: str | None = None
    crashed: bool = False


Event: TypeAlias = (
    Log | Progress | SliceDone | EpochDone | Preview | QuickPreview | Finished | Cancelled | Failed
)
OnEvent: TypeAlias = Callable[[Event], None]
