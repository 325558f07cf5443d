"""Classes, and what a network's channels say of them.

A network of two classes has one channel, the probability of cell. One of more classes has a channel
for each, which sum to one; the further classes (mitochondria, nucleus, ...) are parts of cells.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Any

import numpy as np
import numpy.typing as npt

MEMBRANE = 1
"""What membrane is painted with in class maps and scribbles; cell and parts of cells come above."""


def class_names(count: int) -> tuple[str, ...]:
    """What so many classes are called where nobody has named them, in order.

    The further ones go by the number they are painted with.

    Examples
    --------
    >>> class_names(4)
    ('membrane', 'cell', 'class 3', 'class 4')
    """
    return ("membrane", "cell", *(f"class {number}" for number in range(3, count + 1)))


def missing_classes(present: Iterable[int], names: Sequence[str]) -> str:
    """Which of the classes are not among the indices ``present``, in words; empty if none."""
    there = set(present)
    return " or ".join(name for k, name in enumerate(names) if k not in there)


def cell_probability(channels: Any) -> Any:
    """The probability that a pixel is no membrane.

    Parameters
    ----------
    channels : (..., K) float32 array or tensor
        What a network predicts, 0..1.

    Returns
    -------
    (...) float32 array or tensor
        0..1.
    """
    return channels[..., 0] if channels.shape[-1] == 1 else 1 - channels[..., 0]


def class_within_cells(channels: npt.NDArray[Any]) -> npt.NDArray[np.uint8]:
    """The most likely class of each pixel, provided that it is no membrane.

    Parameters
    ----------
    channels : (..., K) float32 array
        What a network predicts, 0..1.

    Returns
    -------
    (...) uint8 array
        Numbers as in scribbles: 2 cell, 3.. further classes.
    """
    if channels.shape[-1] == 1:
        return np.full(channels.shape[:-1], 2, np.uint8)
    within: npt.NDArray[np.uint8] = (channels[..., 1:].argmax(axis=-1) + 2).astype(np.uint8)
    return within


def class_doubt(channels: npt.NDArray[Any]) -> npt.NDArray[np.uint8]:
    """How unsure it is which class within cells a pixel has.

    Parameters
    ----------
    channels : (..., K) float32 array
        What a network predicts, 0..1.

    Returns
    -------
    (...) uint8 array
        Twice the probability of the second most likely class that is no membrane, as a share of
        255: 0 where one class is certain, or the pixel is membrane; 255 where two are even.
    """
    if channels.shape[-1] <= 2:
        return np.zeros(channels.shape[:-1], np.uint8)
    second = np.partition(channels[..., 1:], -2, axis=-1)[..., -2]
    doubt: npt.NDArray[np.uint8] = (np.clip(2 * second, 0, 1) * 255).round().astype(np.uint8)
    return doubt


def to_class_map(mask: npt.NDArray[Any], within: npt.NDArray[np.uint8]) -> npt.NDArray[np.uint8]:
    """Numbers as in scribbles, uint8: 1 where ``mask`` is 0, elsewhere the class ``within`` cells.

    So a class map and the mask of the same threshold agree on what is membrane.
    """
    class_map: npt.NDArray[np.uint8] = np.where(mask, within, np.uint8(MEMBRANE))
    return class_map


def cells_of(class_map: npt.NDArray[Any]) -> npt.NDArray[np.uint8]:
    """The mask of a class map as in scribbles: 1 where cell or a part of one, 0 elsewhere."""
    cells: npt.NDArray[np.uint8] = (class_map > MEMBRANE).astype(np.uint8)
    return cells


def with_cells(class_map: npt.NDArray[Any], mask: npt.NDArray[Any]) -> npt.NDArray[Any]:
    """A class map with the cells of another mask: what stays cell, or membrane, stays as it is."""
    before, now = class_map > MEMBRANE, mask != 0
    changed = np.where(now, MEMBRANE + 1, MEMBRANE).astype(class_map.dtype)
    return np.where(before == now, class_map, changed)


def membrane(channels: int) -> npt.NDArray[np.float32]:
    """What so many channels say of a pixel that is certainly no cell: (K,) float32, 0 or 1."""
    certain = np.zeros(channels, np.float32)
    if channels > 1:
        certain[0] = 1
    return certain
