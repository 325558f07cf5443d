"""Draw how a cell that holds two is cut between two clicks: ``docs/images/cut.jpg``.

python tools/draw_cut.py
"""

from __future__ import annotations

import matplotlib.pyplot as plt
import numpy as np
from drawing import BLUE, ORANGE, outline, save, show_grey
from scipy.ndimage import gaussian_filter

import napari_emseg as em
from napari_emseg.core.cells3d.volume_cells import VolumeCells, fragment_volume
from napari_emseg.core.proofread.proofreading import Proofreading
from napari_emseg.model.packages.edges import read_edges

SLICE, BESIDE = 5, 40
JOINED = ((391, 184), (399, 245))
"""Places in two neighbours of the phantom that are made one cell, which is then parted."""
THICKEST, SEEN = 9.0, 0.02


def main() -> None:
    """The cell and the clicks, its fragments and what holds them together, and the cut."""
    image, truth = em.phantom()
    probability = gaussian_filter((truth.data > 0).astype(np.float32), (0, 1.5, 1.5))
    fragments = np.zeros(image.shape, np.int32)
    graph = fragment_volume(probability, fragments, voxel_size_nm=image.voxel_size_nm)
    volume = VolumeCells.of(graph, read_edges(em.load_model("default")))
    cells = Proofreading(volume, volume.table())
    first, second = (int(fragments[(SLICE, *at)]) for at in JOINED)
    if cells.cell_of(first) != cells.cell_of(second):
        cells.merge(first, second)
    cell = cells.table[fragments[SLICE]] == cells.cell_of(first)
    cut = cells.preview(first, second)
    rows, columns = (np.nonzero(cell.any(axis=axis))[0] for axis in (1, 0))
    part = np.s_[
        max(0, rows[0] - BESIDE) : rows[-1] + BESIDE,
        max(0, columns[0] - BESIDE) : columns[-1] + BESIDE,
    ]
    figure, axes = plt.subplots(1, 3, figsize=(12, 4.6), layout="constrained")
    titles = ("One cell that holds two, and two clicks", "Fragments: lines as thick as what holds",
              "The cut: least is cut there")  # fmt: skip
    for at, title in zip(axes, titles, strict=True):
        show_grey(at, image.data[SLICE][part], title)
    tint(axes[0], cell[part], BLUE)
    outline(axes[1], np.where(cell, fragments[SLICE], 0)[part], (1.0, 0.85, 0.2, 1.0))
    draw_edges(axes[1], volume, np.where(cell, fragments[SLICE], 0)[part])
    for side, color in zip(cut.sides, (ORANGE, BLUE), strict=True):
        tint(axes[2], np.isin(fragments[SLICE], side)[part], color)
    for at in (axes[0], axes[2]):
        for (y, x), color in zip(JOINED, (ORANGE, BLUE), strict=True):
            at.plot(x - part[1].start, y - part[0].start, "o", color=color, ms=9, mec="white")
    save(figure, "cut.jpg")


def tint(at: plt.Axes, where: np.ndarray, color: str) -> None:
    """Lay a colour over pixels (Y, X)."""
    over = np.zeros((*where.shape, 4))
    over[where] = (*plt.matplotlib.colors.to_rgb(color), 0.45)
    at.imshow(over)


def draw_edges(at: plt.Axes, volume: VolumeCells, shown: np.ndarray) -> None:
    """Draw the edges between the fragments of a slice, from middle to middle."""
    middles = {k: np.argwhere(shown == k).mean(axis=0) for k in np.unique(shown) if k}
    evidence = volume.evidence
    held = evidence.size * np.logaddexp(0, evidence.logit)
    here = [
        (middles[a + 1], middles[b + 1], strength)
        for a, b, strength in zip(evidence.first, evidence.second, held, strict=True)
        if a + 1 in middles and b + 1 in middles
    ]
    most = max((strength for *_, strength in here), default=1)
    for (y_a, x_a), (y_b, x_b), strength in here:
        width = THICKEST * max(strength / most, SEEN)
        at.plot((x_a, x_b), (y_a, y_b), color="#56b4e9", lw=width, solid_capstyle="round")
    for y, x in middles.values():
        at.plot(x, y, "o", color="white", ms=4)


if __name__ == "__main__":
    main()
