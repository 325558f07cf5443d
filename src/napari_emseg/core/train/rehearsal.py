"""Some of what a model was trained on, from which a later training draws so as not to forget."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, TypeVar

import numpy as np
import numpy.typing as npt

from napari_emseg.core.config.network import NetworkConfig
from napari_emseg.types import Float32Array

if TYPE_CHECKING:
    from napari_emseg.core.train.source import PatchSource

MOST_PX = 2**22
"""Pixels that a rehearsal set holds at most, without neighbouring slices: sixteen of ISBI."""

_T = TypeVar("_T")
_LOOKED_AT = 64
"""Slices of a source, at most, of which some are kept: to look at all of many takes long."""

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
    sources: Sequence[PatchSource], network: NetworkConfig, before: RehearsalSet = ()
) -> list[Example]:
    """What a training leaves to those that go on from its model.

    Parameters
    ----------
    sources : sequence of PatchSource
        What trained; a pixel without weight did not.
    network : NetworkConfig
        Says which slices it sees.
    before : sequence of Example
        What this training was given in its turn; it keeps half of the pixels at least.

    Returns
    -------
    list of Example
        Of `MOST_PX` pixels at most, spread evenly over the sources and their slices.
    """
    old = _spread(before, MOST_PX // 2)
    left_px = MOST_PX - sum(each.size for each in old)
    each_px = left_px // len(sources)
    return old + [each for source in sources for each in _examples(source, network, each_px)]


def _examples(source: PatchSource, network: NetworkConfig, most_px: int) -> list[Example]:
    """Parts of the slices of a source that trained, one at least."""
    windows = {
        z: _window(known)
        for z in _evenly(source.slices, _LOOKED_AT)
        if (known := source.target[z].known).any()
    }
    if not windows:
        return []
    largest = max(_area(window) for window in windows.values())
    return [
        Example(
            np.stack([seen[windows[z]] for seen in source.seen(z, network)]),
            np.array(source.target[z].classes[windows[z]]),
            np.array(source.target[z].weights[windows[z]]),
        )
        for z in _evenly(list(windows), max(1, most_px // largest))
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
