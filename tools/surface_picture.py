"""The picture of cells as surfaces in napari's 3-D view, of a thicker phantom."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import napari
import numpy as np
from drawing import IMAGES
from pictured_window import CANVAS, SETTLE_MS, THEMES, wait_until
from PIL import Image
from qtpy.QtTest import QTest

import napari_emseg as em
from napari_emseg.ui.surfaces.commands import show_selected_cell

PHANTOM = Path(__file__).parents[1] / "sample_data" / "make_phantom.py"
SLICES, EDGE_PX, SHOWN = 60, 256, 6
"""Size of the phantom, and how many of its largest cells are seen."""


def surfaces(theme: str) -> None:
    """The largest cells that do not fill the whole picture."""
    if theme != THEMES[0]:
        return
    size = ("--seed", "7", "--slices", str(SLICES), "--size", str(EDGE_PX), "--out", "phantom")
    subprocess.run([sys.executable, str(PHANTOM), *size], check=True)
    truth = em.read_stack("phantom/phantom_labels.tif")
    cells = em.cells(truth)
    viewer = napari.Viewer(show=True)
    viewer.window.resize(1280, 800)
    viewer.theme = theme
    layer = viewer.add_labels(cells.data, name="cells", scale=cells.voxel_size_nm, units="nm")
    ids = np.argsort(-np.bincount(cells.data.ravel())[1:])[1 : SHOWN + 1] + 1
    for cell in map(int, ids):
        layer.selected_label = cell
        viewer.layers.selection = {layer}
        show_selected_cell(viewer)
        wait_until(lambda name=f"cells: cell {cell}": name in viewer.layers)
    viewer.reset_view()
    viewer.scene.camera.angles = (15, 40, 70)
    viewer.scene.camera.zoom *= 0.5  # all of it, from aslant
    QTest.qWait(SETTLE_MS)
    canvas = Image.fromarray(viewer.screenshot(flash=False)[..., :3])
    canvas.thumbnail(CANVAS)
    canvas.save(IMAGES / "surfaces.jpg", quality=88)
    viewer.close()
