"""How fast a person who always knows the truth repairs the cells of a volume, question by question.

The corrector answers in the order of *Next*, one action each: *same cell* or *not the same*, by
the true cells of both; where the smaller cell is a piece of another neighbour than the one that is
asked about, it is merged with that one. Places that nobody traced are passed over. Nothing is ever
parted with the brush: so the variation of information cannot fall below that of fragments that are
all put together right, which is printed too. On SNEMI3D slices 80 to 99 judge.

    python benchmarks/bench_proofread.py
    python benchmarks/bench_proofread.py --slices 55 75 --probability snemi3d.npy
"""

from __future__ import annotations

import argparse
import time
from pathlib import Path

import numpy as np
import tifffile
from scipy.sparse import coo_array
from skimage.measure import label

import napari_emseg as em
from napari_emseg.core.cells3d.volume_cells import VolumeCells, fragment_volume
from napari_emseg.core.proofread.proofreading import Proofreading
from napari_emseg.core.proofread.questions import Question, questions
from napari_emseg.model.packages.edges import read_edges
from napari_emseg.model.packages.library import find_model

DATA = Path(__file__).parents[2] / "shared" / "data" / "snemi3d"
VOXEL_NM = (30.0, 6.0, 6.0)
SHARES = (0.02, 0.05, 0.1, 0.2, 0.3)
"""Actions, in parts of the cells that there are at first."""


class Corrector:
    """Knows the truth, as pixels of each true cell in each fragment."""

    def __init__(self, volume: VolumeCells, fragments: np.ndarray, truth: np.ndarray) -> None:
        known = truth > 0
        pixels = coo_array(
            (np.ones(known.sum()), (fragments[known], truth[known])),
            shape=(volume.graph.count + 1, int(truth.max()) + 1),
        ).tocsr()
        pixels.sum_duplicates()
        self._pixels, self._size = pixels, np.bincount(fragments.ravel())
        self.best = np.asarray(pixels.argmax(axis=1)).ravel()
        """The true cell of each fragment."""
        self.actions, self.kinds = 0, {"merged": 0, "parted": 0, "nothing changed": 0}

    def voi(self, table: np.ndarray) -> tuple[float, float]:
        """Variation of information, split and merge, in bits."""
        rows = coo_array(
            (np.ones(table.size), (table, np.arange(table.size))),
            shape=(int(table.max()) + 1, table.size),
        )
        joint = (rows.tocsr() @ self._pixels).tocsr()
        both, cells, true = (
            _entropy(each) for each in (joint.data, joint.sum(axis=1), joint.sum(axis=0))
        )
        return both - true, both - cells

    def next(self, cells: Proofreading) -> Question | None:
        """The next question that the truth can answer: in parts it was not traced."""
        for question in questions(cells):
            if all(self._sides(question, cells)):
                return question
        return None

    def answer(self, question: Question, cells: Proofreading) -> None:
        """One action."""
        self.actions += 1
        one, other = question.first, question.second
        before = cells.table.copy()
        sides = self._sides(question, cells)
        if sides[0] == sides[1]:
            cells.merge(other, one)
        elif question.is_one:
            cells.keep_apart(one, other)
        else:
            right = self._right_neighbour(question, cells)
            cells.merge(right[1], right[0]) if right else cells.keep_apart(one, other)
        changed = before != cells.table
        is_new = np.isin(cells.table[changed], before, invert=True).any()
        self.kinds[
            "nothing changed" if not changed.any() else "parted" if is_new else "merged"
        ] += 1

    def _sides(self, question: Question, cells: Proofreading) -> list[int]:
        """The true cells of both; 0 where there is none."""
        return [self._true_cell(k, question, cells) for k in (question.first, question.second)]

    def _true_cell(self, fragment: int, question: Question, cells: Proofreading) -> int:
        """Of a fragment where a cell is perhaps two, else of all of its cell; 0 if not traced."""
        members = [fragment] if question.is_one else cells.members(cells.cell_of(fragment))
        pixels = np.asarray(self._pixels[members].sum(axis=0)).ravel()
        return int(pixels.argmax()) if pixels.sum() > self._size[members].sum() / 2 else 0

    def _right_neighbour(self, question: Question, cells: Proofreading) -> tuple[int, int] | None:
        """A fragment of the smaller cell, and one beside it in a larger one that it belongs to."""
        evidence = cells.volume.evidence
        area = np.bincount(cells.table[1:], cells.volume.graph.area)
        piece = min(question.cells, key=lambda cell: area[cell])
        wanted = self._true_cell(int(cells.members(piece)[0]), question, cells)
        found: dict[int, tuple[int, int]] = {}
        for a, b in ((evidence.first, evidence.second), (evidence.second, evidence.first)):
            out = (cells.table[a + 1] == piece) & (cells.table[b + 1] != piece)
            found |= {cells.cell_of(j + 1): (int(i) + 1, int(j) + 1)
                      for i, j in zip(a[out], b[out], strict=True)}  # fmt: skip
        right = [
            pair
            for cell, pair in found.items()
            if cell and area[cell] > area[piece]
            and self._true_cell(pair[1], question, cells) == wanted
        ]  # fmt: skip
        return max(right, key=lambda pair: area[cells.cell_of(pair[1])], default=None)


def _entropy(counts: np.ndarray) -> float:
    share = np.asarray(counts).ravel()
    share = share[share > 0] / share.sum()
    return float(-(share * np.log2(share)).sum())


def main() -> None:
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("--slices", type=int, nargs=2, default=(80, 100))
    parser.add_argument("--model", default="default")
    parser.add_argument("--probability", help="of the whole volume, where it is at hand (.npy)")
    asked = parser.parse_args()
    part, package = slice(*asked.slices), find_model(asked.model)
    traced = tifffile.imread(DATA / "train-labels.tif")[part].astype(np.int64)
    truth = label(traced, connectivity=1)  # what hangs together elsewhere, nobody can see here
    if asked.probability:
        probability = np.load(asked.probability, mmap_mode="r")[part]
    else:
        image = em.Stack(tifffile.imread(DATA / "train-input.tif")[part], VOXEL_NM)
        probability = em.segment(image, model=package, output="probability").data
    fragments = np.empty(truth.shape, np.int32)
    graph = fragment_volume(
        probability, fragments, threshold=package.info.threshold, voxel_size_nm=VOXEL_NM
    )
    volume = VolumeCells.of(graph, read_edges(package))
    correct(volume, Corrector(volume, fragments, truth))


def correct(volume: VolumeCells, corrector: Corrector) -> None:
    """Answer question by question, and print what comes of it."""
    cells = Proofreading(volume, volume.table())
    count = len(np.unique(cells.table)) - 1
    print(f"{volume.graph.count} fragments, {count} cells for {len(np.unique(corrector.best))}")
    _show("fragments put together right", corrector, corrector.best)
    _show("no action", corrector, cells.table)
    stops = {round(share * count): share for share in SHARES}
    first = sum(corrector.voi(cells.table))
    asking, acting, halved = [], [], None
    while corrector.actions < max(stops):
        start = time.perf_counter()
        question = corrector.next(cells)
        asking.append(time.perf_counter() - start)
        if question is None:
            break
        start = time.perf_counter()
        corrector.answer(question, cells)
        acting.append(time.perf_counter() - start)
        if halved is None and sum(corrector.voi(cells.table)) <= first / 2:
            halved = corrector.actions
        if corrector.actions in stops:
            share = stops[corrector.actions]
            _show(f"{corrector.actions} actions, {share:.0%} of cells", corrector, cells.table)
    print(", ".join(f"{n} {kind}" for kind, n in corrector.kinds.items()))
    print("halved after", halved, "actions")
    print(f"median: {np.median(asking):.2f} s to find a question, {np.median(acting):.3f} s to act")


def _show(name: str, corrector: Corrector, table: np.ndarray) -> None:
    split, merge = corrector.voi(table)
    print(f"{name:34} VOI {split:.3f} + {merge:.3f} = {split + merge:.3f}", flush=True)


if __name__ == "__main__":
    main()
