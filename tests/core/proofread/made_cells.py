"""A chain of fragments, one a slice, of which everybody knows what holds them together."""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np

from napari_emseg.core.cells3d.agglomerate import Evidence
from napari_emseg.core.cells3d.edges import BORDER, Edges
from napari_emseg.core.cells3d.graph import FragmentGraph
from napari_emseg.core.cells3d.volume_cells import VolumeCells

Odds = Mapping[tuple[int, int], float]


def volume_of(
    odds: Odds, area: list[float], first_of_slice: list[int] | None = None
) -> VolumeCells:
    """Fragments of these areas, from 1, with log odds between some; each in a slice of its own."""
    pairs = np.array(list(odds), np.int64).reshape(-1, 2) - 1
    first, second = pairs[:, 0], pairs[:, 1]
    size = np.ones(first.size)
    starts = np.arange(len(area)) if first_of_slice is None else np.array(first_of_slice)
    edges = Edges(first, second, size, np.zeros((first.size, 1), np.float32))
    graph = FragmentGraph(len(area), starts, np.array(area, float), {BORDER: edges})
    return VolumeCells(graph, Evidence(first, second, np.array(list(odds.values())), size))


def chain(*odds: float) -> VolumeCells:
    """Fragments 1, 2, ... of equal size, each with such odds to the next one."""
    return volume_of(
        {(k, k + 1): each for k, each in enumerate(odds, 1)}, [100.0] * (len(odds) + 1)
    )


def random_volume(count: int, n_edges: int, rng: np.random.Generator) -> VolumeCells:
    """Fragments with random edges between them."""
    pairs = {
        tuple(sorted(rng.choice(count, 2, replace=False) + 1)): float(rng.normal(0.5, 2))
        for _ in range(n_edges)
    }
    return volume_of(pairs, list(rng.uniform(50, 500, count)))  # type: ignore[arg-type]
