"""Some of what a model was trained on, from which a later training draws so as not to forget."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, TypeVar

import numpy as np
import numpy.typing as npt

from napari_emseg.core.config.network import NetworkConfig
from napari_emseg.types import Float32Array

if TYPE_CHECKING:
    from napari_emseg.core.train.targets import Target

MOST_PX = 2**22
"""Pixels that a rehearsal set holds at most, without neighbouring slices: sixteen of ISBI."""

_T = TypeVar("_T")
_LARGEST_EDGE = 1024
"""Of an example: several regions of a stack teach more than one whole slice of it."""


@dataclass(frozen=True, eq=False)
class Example:
    """A part of a labelled slice.

    Parameters
    ----------
    image : (C, Y, X) float32 array
        Normalised: the slice in the middle of those that the network sees with it.
    classes : (Y, X) uint8 array
        As in `core.train.targets.SliceTarget`.
    weights : (Y, X) float32 array
        0 where the class is unknown.
    """

    image: Float32Array
    classes: npt.NDArray[np.uint8]
    weights: Float32Array

    @property
    def size(self) -> int:
        """Its pixels."""
        return int(self.classes.size)


RehearsalSet = Sequence[Example]


def make_rehearsal_set(
    images: Mapping[int, Float32Array],
    target: Target,
    slices: Sequence[int],
    network: NetworkConfig,
    before: RehearsalSet = (),
) -> list[Example]:
    """What a training leaves to those that go on from its model.

    Parameters
    ----------
    images : mapping of int to (Y, X) float32 array
        Normalised slices.
    target : Target
        What trained; a pixel without weight did not.
    slices : sequence of int
        Those that trained.
    network : NetworkConfig
        Says which slices it sees.
    before : sequence of Example
        What this training was given in its turn; it keeps half of the pixels at least.

    Returns
    -------
    list of Example
        Of `MOST_PX` pixels at most, spread evenly over the slices.
    """
    old = _spread(before, MOST_PX // 2)
    left_px = MOST_PX - sum(each.size for each in old)
    total, _, _ = target.shape
    windows = {z: _window(target[z].known) for z in slices}
    largest = max(_area(window) for window in windows.values())
    kept = _evenly(slices, max(1, left_px // largest))
    return old + [
        Example(
            np.stack([images[seen][windows[z]] for seen in network.slices_seen(z, total)]),
            target[z].classes[windows[z]],
            target[z].weights[windows[z]],
        )
        for z in kept
    ]


def _spread(rehearsal_set: RehearsalSet, most_px: int) -> list[Example]:
    if not rehearsal_set:
        return []
    return _evenly(rehearsal_set, max(1, most_px // max(each.size for each in rehearsal_set)))


def _evenly(things: Sequence[_T], most: int) -> list[_T]:
    chosen = np.linspace(0, len(things) - 1, min(most, len(things))).round().astype(int)
    return [things[k] for k in chosen]


def _window(known: npt.NDArray[np.bool_]) -> tuple[slice, slice]:
    """The middle of what is known, of `_LARGEST_EDGE` at most along each axis."""
    rows, columns = (_middle(np.flatnonzero(known.any(axis=axis))) for axis in (1, 0))
    return rows, columns


def _middle(known: npt.NDArray[np.intp]) -> slice:
    first, stop = int(known[0]), int(known[-1]) + 1
    spare = max(0, stop - first - _LARGEST_EDGE) // 2
    return slice(first + spare, min(stop, first + spare + _LARGEST_EDGE))


def _area(window: tuple[slice, slice]) -> int:
    return int(np.prod([side.stop - side.start for side in window]))
