"""Stacks turned over where their membranes are bright: models have learned dark ones."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Any

import numpy as np
import numpy.typing as npt

from napari_emseg.core.segment.tiling import middle
from napari_emseg.errors import as_read_error
from napari_emseg.types import ArrayLike, Log, OnEvent, Stack

_LOOKED_AT = 5
"""Slices, spread over those wanted, that say whether membranes are bright."""

_LOOKED_AT_PX = 2048
"""Of larger ones only the middle is looked at."""


def with_dark_membranes(
    stack: Stack,
    slices: Sequence[int],
    membranes: str = "auto",
    on_event: OnEvent = lambda _: None,
) -> Stack:
    """A stack with membranes that are darker than cells.

    Parameters
    ----------
    stack : Stack
        Image (Z, Y, X).
    slices : sequence of int
        Which of its slices are wanted; no others are read.
    membranes : {"auto", "dark", "bright"}
        What they are; ``auto`` looks at some slices.
    on_event : callable
        Receives a `Log` where the stack is turned over because of what it looks like.

    Returns
    -------
    Stack
        As it is, or with the grey values in reverse order; a lazy one stays lazy.
    """
    if membranes == "dark":
        return stack
    if membranes == "auto":
        from napari_emseg.core.polarity import has_bright_membranes

        if not has_bright_membranes(_some_tissue(stack, slices)):
            return stack
        on_event(
            Log(
                "Membranes look brighter than cells, so the image is inverted for the model "
                "(unless they are said to be dark)."
            )
        )
    return stack.with_data(_Inverted(stack.data))


class _Inverted:
    """An array (Z, Y, X) with its values in reverse order, each when it is asked for."""

    def __init__(self, data: ArrayLike) -> None:
        self._data, self.shape, self.dtype = data, data.shape, np.dtype(data.dtype)

    def __getitem__(self, key: Any) -> npt.NDArray[Any]:
        values = np.asarray(self._data[key])
        inverted: npt.NDArray[Any] = (
            np.negative(values) if self.dtype.kind == "f" else np.invert(values)
        )
        return inverted


def _some_tissue(stack: Stack, slices: Sequence[int]) -> Iterator[npt.NDArray[Any]]:
    """Some slices that are no missing sections, or the middle of each."""
    from napari_emseg.core.known_area import known_area

    places = np.linspace(0, len(slices) - 1, min(len(slices), _LOOKED_AT)).round().astype(int)
    part = middle(stack.shape[1:], _LOOKED_AT_PX)
    for z in (slices[k] for k in places.tolist()):
        with as_read_error(f"{stack.name}, slice {z}"):
            image = np.asarray(stack.data[(z, *part)])  # a slice may be larger than any memory
        known = known_area(image)
        if known is None or known.any():
            yield image
