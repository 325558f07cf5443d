"""Draw what fragments, edges and cells are, on the phantom, into ``docs/images/fragments.jpg``.

python tools/draw_fragments.py
"""

from __future__ import annotations

import matplotlib.pyplot as plt
import numpy as np
from drawing import outline, random_colors, save, show_grey

import napari_emseg as em
from napari_emseg.core.cells3d.edges import BORDER, NEXT
from napari_emseg.core.cells3d.volume_cells import VolumeCells, fragment_volume
from napari_emseg.model.packages.edges import read_edges

PART = np.s_[2:6, 150:360, 120:400]
FIRST, SECOND = 1, 2


def main() -> None:
    image, _ = em.phantom()
    probability = em.segment(image, output="probability").data[PART]
    grey = image.data[PART]
    fragments = np.zeros(grey.shape, np.int32)
    graph = fragment_volume(probability, fragments, voxel_size_nm=image.voxel_size_nm)
    model = read_edges(em.load_model("default"))
    likely, cells = model.probabilities(graph), VolumeCells.of(graph, model).table()[fragments]
    centres = np.array([np.argwhere(fragments == k + 1).mean(axis=0) for k in range(graph.count)])
    figure, axes = plt.subplots(2, 2, figsize=(11, 8.6), layout="constrained")
    shown = (
        (axes[0, 0], FIRST, "Fragments of a slice"),
        (axes[0, 1], FIRST, "Edges: borders in the slice"),
        (axes[1, 0], SECOND, "Edges: overlaps with the slice before (its outlines dotted)"),
        (axes[1, 1], FIRST, "Cells: what was joined has one colour"),
    )
    for at, z, title in shown:
        show_grey(at, grey[z], title)
    for at, z in ((axes[0, 0], FIRST), (axes[0, 1], FIRST), (axes[1, 0], SECOND)):
        outline(at, fragments[z], (1.0, 0.85, 0.2, 1.0))
    outline(axes[1, 0], fragments[FIRST], (0.4, 0.8, 1.0, 0.8), dotted=True)
    axes[1, 1].imshow(random_colors(int(cells.max()))[cells[FIRST]])
    for at, kind, of in ((axes[0, 1], BORDER, (FIRST, FIRST)), (axes[1, 0], NEXT, (FIRST, SECOND))):
        edges = graph.edges[kind]
        for a, b, p in zip(edges.first, edges.second, likely[kind], strict=True):
            (z_a, y_a, x_a), (z_b, y_b, x_b) = centres[a], centres[b]
            if (round(z_a), round(z_b)) == of and (kind == BORDER or p > 0.2):
                at.plot((x_a, x_b), (y_a, y_b), color=plt.cm.RdYlGn(p), lw=2)
                at.plot(x_b, y_b, "o", color="white", ms=3)
    lines = plt.cm.ScalarMappable(cmap="RdYlGn", norm=plt.Normalize(0, 1))
    figure.colorbar(lines, ax=axes, shrink=0.5, label="probability that both are one cell")
    save(figure, "fragments.jpg")


if __name__ == "__main__":
    main()
