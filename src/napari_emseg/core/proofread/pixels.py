"""Between fragments and the pixels of labels."""

from __future__ import annotations

from collections.abc import Collection, Iterator
from typing import Any

import numpy as np
import numpy.typing as npt
from scipy.ndimage import grey_dilation

from napari_emseg.core.cells3d.graph import FragmentGraph
from napari_emseg.core.proofread.decision import Change, Table
from napari_emseg.types import ArrayLike

_LEAST_SHARE = 0.2
"""A fragment of which less is labelled is of no cell; the rest of others may be membrane."""


def table_of_labels(fragments: ArrayLike, labels: ArrayLike, count: int) -> Table:
    """The cell of each fragment: the id that most of its labelled pixels have.

    Parameters
    ----------
    fragments : (Z, Y, X) integer array
        From 1 through the volume; read slice by slice.
    labels : (Z, Y, X) integer array
        Ids of cells; likewise.
    count : int
        How many fragments there are.

    Returns
    -------
    (1 + count,) uint32 array
    """
    table = np.zeros(count + 1, np.uint32)
    for z in range(fragments.shape[0]):
        key = np.asarray(fragments[z]).astype(np.uint64).ravel() << np.uint64(32)
        pairs, pixels = np.unique(
            key | np.asarray(labels[z]).astype(np.uint32).ravel(), return_counts=True
        )
        fragment, cell = (pairs >> np.uint64(32)).astype(np.int64), pairs.astype(np.uint32)
        size = np.bincount(fragment, pixels)
        labelled = np.bincount(fragment, pixels * (cell > 0))
        order = np.argsort(pixels, kind="stable")
        order = order[(cell > 0)[order]]
        # of several values for one fragment numpy keeps the last, which is that of most pixels
        table[fragment[order]] = cell[order]
        table[np.flatnonzero(labelled < _LEAST_SHARE * size)] = 0
    table[0] = 0
    return table


def slice_of(fragment: int, graph: FragmentGraph) -> int:
    """The slice in which a fragment lies, numbered from 1."""
    return int(graph.slice_of(fragment - 1))


def place_between(
    fragments: ArrayLike, graph: FragmentGraph, first: int, second: int
) -> tuple[int, int, int]:
    """Where two fragments meet, as slice, row and column; in the first where they do not.

    In a slice that is the middle of their border, between two the middle of their overlap, on the
    slice of the first.
    """
    z, other = slice_of(first, graph), slice_of(second, graph)
    mask = np.asarray(fragments[z]) == first
    there = np.asarray(fragments[other]) == second
    near = grey_dilation(there, (3, 3)) if z == other else there
    shared = mask & near
    rows, columns = np.nonzero(shared if shared.any() else mask)
    row, column = rows.mean(), columns.mean()
    nearest = int(np.argmin((rows - row) ** 2 + (columns - column) ** 2))
    return z, int(rows[nearest]), int(columns[nearest])


def changed_slices(
    labels: ArrayLike,
    fragments: ArrayLike,
    graph: FragmentGraph,
    change: Change,
    *,
    vanished: Collection[int] = (),
    painted: Collection[int] = (),
) -> Iterator[tuple[int, npt.NDArray[Any]]]:
    """Slices with the labels that they have after a decision.

    Pixels of a fragment that were painted over, and so have another id than it, stay as they are.

    Parameters
    ----------
    labels, fragments : (Z, Y, X) integer arrays
        As they are now.
    graph : FragmentGraph
        Of the fragments.
    change : Change
        What the decision did.
    vanished : collection of int
        Ids that no fragment has any more: all their pixels get the new one.
    painted : collection of int
        Slices in which such pixels may lie beside those of the fragments.

    Yields
    ------
    tuple of int and (Y, X) array
    """
    old, new = (np.zeros(graph.count + 1, np.uint32) for _ in range(2))
    old[change.fragments], new[change.fragments] = change.old, change.new
    is_changed = np.zeros(graph.count + 1, bool)
    is_changed[change.fragments] = True
    renamed = dict(zip(change.old.tolist(), change.new.tolist(), strict=True))
    for z in sorted({slice_of(int(each), graph) for each in change.fragments} | set(painted)):
        now, here = np.asarray(labels[z]), np.asarray(fragments[z]).ravel()
        wanted = now.copy()
        at = np.flatnonzero(is_changed[here])
        at = at[now.ravel()[at] == old[here[at]]]
        wanted.ravel()[at] = new[here[at]]
        for cell in vanished:
            wanted[now == cell] = renamed[cell]
        yield z, wanted
