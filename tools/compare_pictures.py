"""The pictures of the dock *Compare*, and of what it shows on the canvas."""

from __future__ import annotations

import os
import subprocess
import sys
import tempfile
from functools import cache
from pathlib import Path

import numpy as np
from pictured_window import SETTLE_MS, THEMES, Album, save_canvas, wait_until, window
from qtpy.QtTest import QTest
from scipy import ndimage
from skimage.segmentation import watershed

from napari_emseg.session.compare.session import Phase

MIDDLE_PX = 6
"""How far from membranes the middles of cells are, which are apart where their cells touch."""

SMALL = "--base-filters 4 --depth 2 --patch-size 64 --validate-every 2 --epochs 20"
"""Options of trainings of half a minute."""


def emseg(*args: str) -> None:
    """Run the command line, which must not share a process with a window."""
    subprocess.run([sys.executable, "-m", "napari_emseg", *args], check=True, capture_output=True)


@cache
def prepared_comparison() -> Path:
    """Folder with two trainings, and their predictions of the phantom."""
    folder = Path(tempfile.mkdtemp())
    sample = Path(__file__).resolve().parents[1] / "sample_data"
    stack, labels = str(sample / "phantom.tif"), str(sample / "phantom_labels.tif")
    for name, rate in (("rate 0.001", "0.001"), ("rate 0.01", "0.01")):
        run = str(folder / name)
        emseg("train", stack, labels, "--out", run, "--learning-rate", rate, *SMALL.split())
        emseg("predict", stack, "--out", f"{run}.npy", "--model", run)
    return folder


def compare(theme: str) -> None:
    """The dock *Compare*: scores, errors, two predictions, trainings; and what the canvas shows."""
    folder = prepared_comparison()
    os.environ["EMSEG_RUNS_DIR"] = str(folder)
    with window(theme) as viewer:
        place = {"scale": viewer.layers["phantom"].scale, "units": viewer.layers["phantom"].units}
        for name in ("rate 0.001", "rate 0.01"):
            viewer.add_image(np.load(folder / f"{name}.npy"), name=name, visible=False, **place)
        viewer.layers["phantom_labels"].visible = False
        outer, dock = viewer.window.add_plugin_dock_widget("napari-emseg", "Compare")
        album, fields = Album(f"compare-{theme}", outer), dock.fields
        fields.prediction.value = viewer.layers["rate 0.001"]
        fields.second.value = viewer.layers["rate 0.01"]
        dock.views.errors.value = "wrong pixels and cells"
        QTest.qWait(SETTLE_MS)
        dock.tabs.setCurrentIndex(4)
        dock.paired_test.start.click()
        wait_until(
            lambda: (
                "Wilcoxon" in dock.paired_test.verdict.value
                and dock.session.phase is not Phase.SCORING
            )
        )
        for tab in (0, 1, 2, 4, 5):  # the volume has a picture of its own
            dock.tabs.setCurrentIndex(tab)
            if tab == 2:
                dock.errors.table.selectRow(0)
                if theme == "dark":  # one of each is enough
                    save_canvas(viewer, f"compare-errors-{theme}")
            album.take()
        album.save()
        if theme == "light":
            viewer.reset_view()
            dock.views.side.click()
            wait_until(dock.views.side.isEnabled)  # layers come and go in turns
            viewer.cursor.position = (viewer.dims.point[0], *np.multiply((300, 200), 4))
            save_canvas(viewer, f"compare-side-{theme}")
            dock.views.side.click()


def cells_of(mask: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Cells through the slices of a mask; and a prediction in which some are merged and cut."""
    away = np.stack([ndimage.distance_transform_edt(each) for each in mask])
    truth = watershed(-away, ndimage.label(away > MIDDLE_PX)[0], mask=mask).astype(np.uint32)
    ids = np.argsort(-np.bincount(truth.ravel())[1:])[:12] + 1
    prediction = truth.copy()
    for k in (2, 5, 8):
        around = ndimage.binary_dilation(truth == ids[k], iterations=6)
        beside = np.bincount(truth[around & (truth != ids[k])], minlength=2)[1:].argmax() + 1
        prediction[prediction == beside] = ids[k]
    prediction[4:][truth[4:] == ids[0]] = 5000
    prediction[:, :, 300:][truth[:, :, 300:] == ids[1]] = 5001
    return truth, prediction


def volume(theme: str) -> None:
    """The page *Volume* of the dock *Compare*, and a merger on the canvas, flat and in 3-D."""
    with window(theme) as viewer:
        place = {"scale": viewer.layers["phantom"].scale, "units": viewer.layers["phantom"].units}
        truth, cells = cells_of(viewer.layers["phantom_labels"].data > 0)
        viewer.layers.remove("phantom_labels")
        viewer.add_labels(truth, name="truth", visible=False, **place)
        viewer.add_labels(cells, name="cells", opacity=0.3, **place)
        outer, dock = viewer.window.add_plugin_dock_widget("napari-emseg", "Compare")
        dock.fields.truth.value, dock.fields.prediction.value = (
            viewer.layers[name] for name in ("truth", "cells")
        )
        dock.views.errors.value = "nothing"
        album, page = Album(f"compare-volume-{theme}", outer), dock.volume
        dock.tabs.setCurrentIndex(3)
        wait_until(lambda: page.run.start.enabled)
        page.run.start.native.click()
        wait_until(lambda: dock.session.volume.scores is not None)
        for kind, tab in (("merger", 0), ("split", 1)):
            page.tabs.setCurrentIndex(tab)
            page.lists[kind].selectRow(0)
            album.take()
            if kind == "merger" and theme == THEMES[0]:
                save_canvas(viewer, f"compare-volume-merger-{theme}")
        page.tabs.setCurrentIndex(2)
        album.take()
        album.save()
        if theme != THEMES[0]:
            return
        viewer.dims.ndisplay = 3
        page.tabs.setCurrentIndex(0)
        page.lists["merger"].selectRow(1)
        QTest.qWait(SETTLE_MS)
        viewer.scene.camera.angles = (10, 35, 60)
        save_canvas(viewer, f"compare-volume-3d-{theme}")
