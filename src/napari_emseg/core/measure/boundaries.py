"""Surfaces, outlines and shared borders of all cells at once, from blocks of 2 x 2 x 2 voxels.

There is one block a pixel. With a `Window` those of its pixels count, so that windows that fill a
slice add up to it.
"""

from __future__ import annotations

from typing import Any, NamedTuple

import numpy as np
import numpy.typing as npt

from napari_emseg.core.blocks.window import Window
from napari_emseg.core.label_runs import sums_by
from napari_emseg.core.measure.boundary_weights import SurfaceRule, Weights

Indices = npt.NDArray[np.int64]


class Amounts(NamedTuple):
    """How much belongs to which: numbers (N,) or pairs (N, 2), each once, and amounts (N,)."""

    whose: Indices
    amount: npt.NDArray[np.float64]


def outlines(cells: npt.NDArray[Any], weights: Weights, window: Window | None = None) -> Amounts:
    """Length of the outline of each cell of a slice (Y, X); along the rim there is none."""
    return _of_each(_blocks([cells], (1, 1), window), weights)


def surfaces(
    below: npt.NDArray[Any],
    above: npt.NDArray[Any],
    rule: SurfaceRule,
    window: Window | None = None,
) -> Amounts:
    """Surface of each cell between the middles of two slices (Y, X); at the rim there is none."""
    return _of_each(_blocks([below, above], rule.reach, window), rule.weights)


def contacts(
    below: npt.NDArray[Any],
    above: npt.NDArray[Any],
    rule: SurfaceRule,
    window: Window | None = None,
) -> Amounts:
    """Area that pairs of cells, the lesser number first, share between two slices (Y, X)."""
    return _of_pairs(_blocks([below, above], rule.reach, window), rule.weights)


def total(parts: list[Amounts], width: int = 1) -> Amounts:
    """Sum over several, each number, or with a ``width`` of 2 each pair, once, ascending."""
    shape = (-1,) if width == 1 else (-1, width)
    whose = np.concatenate([each.whose.reshape(shape) for each in parts] or [np.zeros(0, np.int64)])
    amount = np.concatenate([each.amount for each in parts] or [np.zeros(0)])
    if width == 1:
        unique, number = np.unique(whose, return_inverse=True)
    else:  # as one number each: numpy sorts pairs thirty times as slowly, and holds up all threads
        pairs = whose.reshape(-1, width)
        base = int(pairs.max(initial=0)) + 1
        keys, number = np.unique(pairs[:, 0] * base + pairs[:, 1], return_inverse=True)
        unique = np.stack(np.divmod(keys, base), axis=1)
    return Amounts(unique, sums_by(number, amount, len(unique)))


def _blocks(
    slices: list[npt.NDArray[Any]], reach: tuple[int, int], window: Window | None
) -> npt.NDArray[Any]:
    """Corners (B, 8) of the blocks of two slices, or (B, 4) of one, that are not all of a cell."""
    far_y, far_x = reach
    # as many blocks as pixels: what is cut off by the rim goes on beyond it
    rims = [(far // 2, far - far // 2) for far in reach]
    corners = [
        plane[y : plane.shape[0] - far_y + y, x : plane.shape[1] - far_x + x]
        for plane in (np.pad(each, rims, mode="edge") for each in slices)
        for y in (0, far_y)
        for x in (0, far_x)
    ]
    if window is not None:
        corners = [each[window.inside] for each in corners]
    mixed = np.zeros(corners[0].shape, bool)
    for corner in corners[1:]:
        mixed |= corner != corners[0]
    return np.stack([corner[mixed] for corner in corners], axis=1)


def _code(corners: npt.NDArray[Any], cell: npt.NDArray[Any]) -> npt.NDArray[np.int64]:
    """Code of each block for one cell of it."""
    code = np.zeros(len(corners), np.int64)
    for k in range(corners.shape[1]):
        code |= (corners[:, k] == cell).astype(np.int64) << k
    return code


def _firsts(corners: npt.NDArray[Any]) -> list[npt.NDArray[np.bool_]]:
    """By corner, in which blocks a cell is met there that no corner before it belongs to."""
    found = []
    for k in range(corners.shape[1]):
        new = corners[:, k] > 0
        for before in range(k):
            new &= corners[:, before] != corners[:, k]
        found.append(new)
    return found


def _of_each(corners: npt.NDArray[Any], weights: Weights) -> Amounts:
    parts = []
    for k, new in enumerate(_firsts(corners)):
        chosen = corners[new]
        parts.append(Amounts(chosen[:, k].astype(np.int64), weights[_code(chosen, chosen[:, k])]))
    return _summed(parts)


def _of_pairs(corners: npt.NDArray[Any], weights: Weights) -> Amounts:
    firsts = _firsts(corners)
    several = np.sum(firsts, axis=0) > 1
    corners, firsts = corners[several], [new[several] for new in firsts]
    parts = []
    for k in range(corners.shape[1]):
        for m in range(k):
            chosen = corners[firsts[k] & firsts[m]]
            one, other = _code(chosen, chosen[:, k]), _code(chosen, chosen[:, m])
            # what both have, less what they would have as one cell, is counted from either side
            shared = (weights[one] + weights[other] - weights[one | other]) / 2
            pair = np.sort(chosen[:, [k, m]].astype(np.int64), axis=1)
            parts.append(Amounts(pair, shared))
    return total(parts, width=2)


def _summed(parts: list[Amounts]) -> Amounts:
    whose = np.concatenate([each.whose for each in parts])
    sums = np.bincount(whose, np.concatenate([each.amount for each in parts]))
    found = np.unique(whose)
    return Amounts(found, sums[found])
