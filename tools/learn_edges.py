"""Learn what belongs together in a volume, and give it to a model that ships.

Which fragments are one cell is learned from SNEMI3D (slices 0 to 79 without 33, a bad copy; 80 to
99 judge, see `benchmarks/bench_cells3d.py`): from the model's probability, and from the true
slices, as somebody may bring them who has good masks; and from the same as if sections were half or
twice as thick. Each half teaches what the other one scores;
that chooses how readily fragments are merged. Then both teach.

    python tools/learn_edges.py default
"""

from __future__ import annotations

import sys
from dataclasses import replace
from pathlib import Path
from typing import Any

import cv2
import numpy as np
import tifffile
from scipy.sparse import coo_array

import napari_emseg as em
from napari_emseg.core.cells3d.agglomerate import Evidence, agglomerate, bias_of
from napari_emseg.core.cells3d.edge_model import EdgeModel, Perceptron
from napari_emseg.core.cells3d.edges import KINDS
from napari_emseg.core.cells3d.volume_cells import fragment_volume, table_of
from napari_emseg.engine.cells.volume import AsProbability
from napari_emseg.model.packages.edges import write_edges
from napari_emseg.model.packages.library import find_model

DATA = Path(__file__).parents[2] / "shared" / "data" / "snemi3d"
VOXEL_NM = (30.0, 6.0, 6.0)
HALVES = (range(33), range(34, 80))
POSITIONS = (0.25, 0.3, 0.35, 0.4, 0.45, 0.5)
HIDDEN, STEPS, SEEDS = 16, 150, 3
WEIGHTS = {"predicted": 1.0, "perfect": 0.5, "thin": 0.2, "thick": 0.2}
"""What an edge of each kind of example counts: those of the real thing most."""

_PURE, _LABELLED = 0.8, 0.5
"""Shares of a fragment, of one cell and of what is labelled, from which on it teaches."""


class Half:
    """Slices that teach or score: their graph, and the true cell of each fragment."""

    def __init__(self, what: str, probability: Any, truth: np.ndarray) -> None:
        self.weight, self.truth = WEIGHTS[what], truth
        self.fragments = np.empty(truth.shape, np.int32)
        self.graph = fragment_volume(probability, self.fragments, voxel_size_nm=VOXEL_NM)
        known = truth > 0
        shared = coo_array(
            (np.ones(known.sum()), (self.fragments[known] - 1, truth[known])),
            shape=(self.graph.count, int(truth.max()) + 1),
        ).tocsr()
        shared.sum_duplicates()
        most, known_px = (
            shared.max(axis=1).toarray().ravel(),
            np.asarray(shared.sum(axis=1)).ravel(),
        )
        self.cell = np.asarray(shared.argmax(axis=1)).ravel()
        area = np.bincount(self.fragments.ravel(), minlength=self.graph.count + 1)[1:]
        self.teaches = (most > _PURE * np.maximum(known_px, 1)) & (known_px > _LABELLED * area)

    def examples(self, kind: str) -> tuple[np.ndarray, ...]:
        """Features, whether they belong together, sizes and weights of the edges of a kind."""
        edges = self.graph.edges[kind]
        ok = self.teaches[edges.first] & self.teaches[edges.second]
        together = self.cell[edges.first] == self.cell[edges.second]
        size = edges.size[ok]
        return edges.features[ok], together[ok], size, np.full(size.size, self.weight)

    def are(self, model: EdgeModel, merging: float) -> float:
        """Adapted Rand error at a position of the knob."""
        clusters = agglomerate(self.graph.count, Evidence.of(self.graph, model), merging)
        cells = table_of(clusters, self.graph)[self.fragments]
        return em.evaluate_volume(cells, self.truth).volume.are


def learn(halves: list[Half]) -> EdgeModel:
    """Several perceptrons a kind of edge, of different beginnings, taken together."""
    of_kind = {}
    for kind in KINDS:
        x, y, size, weight = (
            np.concatenate(each)
            for each in zip(*(half.examples(kind) for half in halves), strict=True)
        )
        members = [
            Perceptron.begin(x, HIDDEN, np.random.default_rng(seed)).fit(x, y, weight, steps=STEPS)
            for seed in range(SEEDS)
        ]
        of_kind[kind] = replace(
            Perceptron.mean_of(members), unit=float(np.average(size, weights=weight))
        )
    return EdgeModel(of_kind)


def cells_alone(truth: np.ndarray) -> np.ndarray:
    """The true cells, of which nobody knows which are one through the slices."""
    alone = np.zeros_like(truth)
    for z, plane in enumerate(truth):
        ids = np.unique(plane[plane > 0])
        number = np.zeros(int(plane.max()) + 1, truth.dtype)
        number[ids] = np.random.default_rng(z).permutation(ids.size) + 1
        alone[z] = number[plane]
    return alone


def thin(probability: np.ndarray, truth: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """As if sections were half as thick: each slice twice, once moved by a pixel and softer."""
    again = np.stack([cv2.GaussianBlur(each, (0, 0), 0.7) for each in probability])
    twins = [probability, np.roll(again, (1, -1), (1, 2))]
    two, moved = np.stack(twins, 1), np.stack([truth, np.roll(truth, (1, -1), (1, 2))], 1)
    return two.reshape(-1, *truth.shape[1:]), moved.reshape(-1, *truth.shape[1:])


def main() -> None:
    package = find_model(sys.argv[1])
    image = tifffile.imread(DATA / "train-input.tif")
    truth = tifffile.imread(DATA / "train-labels.tif").astype(np.int64)
    halves = []
    for part in HALVES:
        stack = em.Stack(image[part.start : part.stop], VOXEL_NM)
        probability = em.segment(stack, model=package, output="probability").data
        true = truth[part.start : part.stop]
        perfect = AsProbability(cells_alone(true))
        thick = [Half("thick", probability[k::2], true[k::2]) for k in (0, 1)]
        halves.append([
            Half("predicted", probability, true), Half("perfect", perfect, true),
            Half("thin", *thin(probability, true)), *thick,
        ])  # fmt: skip
    crossed = [(halves[0], learn(halves[1])), (halves[1], learn(halves[0]))]
    scores = {}
    for position in POSITIONS:
        found = [[each.are(model, position) for each in half[:3]] for half, model in crossed]
        scores[position] = [each[0] for each in found]
        shown = [[round(each, 4) for each in half] for half in found]
        print(f"merging {position}: ARE of both halves, predicted, perfect, thin: {shown}")
    # one wrong merger of large cells is far worse than some more splits: look at both sides too
    smooth = {
        b: np.mean([scores[each] for each in (a, b, c)])
        for a, b, c in zip(POSITIONS, POSITIONS[1:], POSITIONS[2:], strict=False)
    }
    best = min(smooth, key=lambda each: smooth[each])
    print(f"merging {best} becomes 0.5")
    write_edges(package, learn([*halves[0], *halves[1]]).shifted(bias_of(best)))


if __name__ == "__main__":
    main()
