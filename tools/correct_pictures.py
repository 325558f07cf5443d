"""The pictures of the dock *Correct*, and of a stack before and after retraining."""

from __future__ import annotations

import subprocess
import sys

import numpy as np
from pictured_window import THEMES, Album, save_canvas, wait_until, window
from scipy.ndimage import gaussian_filter

import napari_emseg as em
from napari_emseg.io.layer_metadata import LayerMetadata
from napari_emseg.session.correct.volume_tools import SPLIT_CELL

JOINED = ((391, 184), (399, 245))
"""Places in two neighbours of the phantom that are made one cell, which is then parted."""

NOISE, CORRECTED, SEEN, RETRAIN_MINUTES = 60, 4, 5, 1
"""Grey values of noise that spoil the phantom, the slice that is corrected, one that is not."""


def correct(theme: str) -> None:
    """The dock *Correct* from a bad prediction to a better one, and what the canvas shows then."""

    def keep_canvas(name: str) -> None:
        if theme == THEMES[0]:  # the canvas has none of its own
            save_canvas(viewer, f"{name}-{theme}")

    with window(theme) as viewer:
        truth = viewer.layers["phantom_labels"].data
        viewer.layers.remove("phantom_labels")
        image = viewer.layers["phantom"]
        noise = np.random.default_rng(0).normal(0, NOISE, image.data.shape)
        image.data = np.clip(image.data + noise, 0, 255).astype(image.data.dtype)
        _, segmenter = viewer.window.add_plugin_dock_widget("napari-emseg", "Segment")
        segmented: list[object] = []
        segmenter.ended.connect(segmented.append)
        segmenter.buttons.whole.native.click()
        wait_until(lambda: segmented)
        viewer.window.remove_dock_widget("all")
        outer, dock = viewer.window.add_plugin_dock_widget("napari-emseg", "Correct")
        album, ended = Album(f"correct-{theme}", outer), []
        dock.retrain.ended.connect(ended.append)
        album.take()
        viewer.dims.set_current_step(0, SEEN)
        viewer.reset_view()  # the same in all three
        keep_canvas("loop-1-predicted")
        dock.editable.whole.native.click()
        wait_until(lambda: "phantom corrected" in viewer.layers)
        labels = viewer.layers["phantom corrected"]
        wrong = np.nonzero((labels.data[CORRECTED] != 0) != (truth[CORRECTED] != 0))
        for value in (0, 1):  # a person would paint it
            right = (truth[CORRECTED][wrong] != 0) == value
            places = (np.full(right.sum(), CORRECTED), *(each[right] for each in wrong))
            labels.data_setitem(places, value)
        viewer.dims.set_current_step(0, CORRECTED)
        wait_until(lambda: dock.review.strip._edits.slices == (CORRECTED,))
        dock.session.turn_review(CORRECTED)  # all of it is right now
        keep_canvas("loop-2-corrected")
        dock.regions.next.native.click()
        album.take()
        dock.retrain.config["minutes"].value = RETRAIN_MINUTES
        dock.retrain.run.start.native.click()
        wait_until(lambda: "Epoch" in dock.retrain.run.message.value)
        dock.tabs.setCurrentWidget(dock.retrain)
        album.take()
        wait_until(lambda: ended)
        album.take()
        album.save()
        viewer.dims.set_current_step(0, SEEN)
        viewer.reset_view()
        keep_canvas("loop-3-retrained")


KILLED = """
import os, napari
from qtpy.QtTest import QTest
viewer = napari.Viewer(show=False)
viewer.open_sample("napari-emseg", "phantom")
viewer.window.add_plugin_dock_widget("napari-emseg", "Correct")
labels = viewer.layers["phantom_labels"]
labels.name = "phantom corrected"
for z in (2, 3, 4):
    labels.paint((z, 250, 250), 0)
QTest.qWait(4000)
os._exit(1)
"""
"""A napari that ends before what was painted is saved."""


def proofread(theme: str) -> None:
    """The page *Volume* of the dock *Correct*: a question, and a cut that can be taken."""
    if theme != THEMES[0]:
        return
    with window(theme) as viewer:
        truth = viewer.layers["phantom_labels"]
        probability = gaussian_filter((truth.data > 0).astype(np.float32), (0, 1.5, 1.5))
        about = {"source": "phantom", "model": "default", "made": 1.0}
        viewer.add_image(
            probability, name="phantom probability", visible=False, scale=truth.scale,
            units=truth.units, metadata=LayerMetadata(kind="probability", **about).stored(),
        )  # fmt: skip
        cells = em.cells(truth.data).data
        one, other = (cells[(SEEN, *at)] for at in JOINED)
        truth.visible = False
        labels = viewer.add_labels(
            np.where(cells == other, one, cells), name="phantom cells", scale=truth.scale,
            units=truth.units, metadata=LayerMetadata(kind="cells", **about).stored(),
        )  # fmt: skip
        outer, dock = viewer.window.add_plugin_dock_widget("napari-emseg", "Correct")
        dock.fields.choose(labels)
        dock.tabs.setCurrentIndex(2)
        session = dock.session.volume
        dock.volume.run.start.native.click()
        wait_until(lambda: session.question is not None)
        album = Album(f"correct-volume-{theme}", outer)
        album.take()
        session.take_up(SPLIT_CELL)
        for row, column in JOINED:
            session.click((SEEN, row, column))
        album.take()
        album.save()


def offer(theme: str) -> None:
    """The dock *Correct* when there is something to restore."""
    if theme != THEMES[0]:
        return
    subprocess.run([sys.executable, "-c", KILLED], capture_output=True)
    with window(theme) as viewer:
        outer, dock = viewer.window.add_plugin_dock_widget("napari-emseg", "Correct")
        wait_until(lambda: dock.recovery.visible)
        album = Album(f"correct-offer-{theme}", outer)
        album.take()
        album.save()
