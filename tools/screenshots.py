"""The pictures of the docks in ``docs/images``, taken from a real window with the real worker.

    xvfb-run -s "-screen 0 1280x800x24" python tools/screenshots.py [DOCK ...]

Each picture shows one dock in several states, side by side, in one of napari's themes. The window
has the size of a small screen (1280 x 800).
"""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import tempfile
from collections.abc import Callable, Iterator
from contextlib import chdir, contextmanager
from functools import cache
from pathlib import Path

import napari
import numpy as np
from napari.utils.notifications import notification_manager
from PIL import Image
from qtpy.QtCore import Qt
from qtpy.QtGui import QImage
from qtpy.QtTest import QTest
from qtpy.QtWidgets import QWidget
from scipy import ndimage
from scipy.ndimage import gaussian_filter
from skimage.segmentation import watershed

import napari_emseg as em
from napari_emseg.core.config.prediction import MaskConfig
from napari_emseg.core.segment.postprocess import to_cells
from napari_emseg.io.layer_metadata import LayerMetadata
from napari_emseg.io.samples import phantom_path
from napari_emseg.session.compare.session import Phase
from napari_emseg.session.correct.volume_tools import SPLIT_CELL
from napari_emseg.ui.background.job_runner import close_job_runner

IMAGES = Path(__file__).resolve().parents[1] / "docs" / "images"
THEMES = ("dark", "light")
WINDOW = (1280, 800)
GAP_PX = 12
CANVAS, GREYS, COLORS = (640, 640), 10, 22
"""Largest size of a picture of the canvas in px, and what it is painted with."""
SETTLE_MS = 700
LATEST_MS = 240_000


def wait_until(condition: Callable[[], object]) -> None:
    """Let the window live until something is so."""
    for _ in range(LATEST_MS // 20):
        if condition():
            return
        QTest.qWait(20)
    raise TimeoutError(condition)


class Album:
    """Pictures of one dock, and the one that they make side by side."""

    def __init__(self, name: str, dock: QWidget) -> None:
        self._name, self._dock, self._pictures = name, dock, []

    def take(self) -> None:
        """Take a picture of the dock as it is now."""
        QTest.qWait(SETTLE_MS)
        self._pictures.append(grabbed(self._dock))

    def save(self) -> None:
        """Write all of them as one PNG of few colours."""
        height = max(each.shape[0] for each in self._pictures)
        wide = [
            np.pad(each, ((0, height - len(each)), (0, GAP_PX), (0, 0)), constant_values=127)
            for each in self._pictures
        ]
        whole = np.concatenate(wide, axis=1)[:, :-GAP_PX]
        write(Image.fromarray(whole).quantize(200), self._name)


def grabbed(widget: QWidget) -> np.ndarray:
    """A widget as it looks, as RGB (Y, X, 3)."""
    picture = widget.grab().toImage().convertToFormat(QImage.Format.Format_RGB888)
    rows = np.frombuffer(picture.constBits().asstring(picture.sizeInBytes()), np.uint8)
    rows = rows.reshape(picture.height(), picture.bytesPerLine())[:, : 3 * picture.width()]
    return rows.reshape(picture.height(), picture.width(), 3)


def write(picture: Image.Image, name: str) -> None:
    """Write a picture into the documentation."""
    path = IMAGES / f"{name}.png"
    picture.save(path, optimize=True)
    print(f"{path.name}: {path.stat().st_size // 1024} KiB")


def save_canvas(viewer: napari.Viewer, name: str) -> None:
    """Write what the canvas shows, smaller, in a few greys and as many colours."""
    QTest.qWait(SETTLE_MS)
    canvas = Image.fromarray(viewer.screenshot(flash=False)[..., :3])
    canvas.thumbnail(CANVAS)
    pixels = np.asarray(canvas)
    colored = np.ptp(pixels, axis=-1) > 40
    colors = Image.fromarray(np.unique(pixels[colored] // 8 * 8, axis=0)[np.newaxis])
    colors = colors.quantize(COLORS).getpalette()
    greys = np.linspace(0, 255, GREYS).astype(int).repeat(3).tolist()
    palette = Image.new("P", (1, 1))
    palette.putpalette(greys + colors[: 3 * COLORS])
    write(canvas.quantize(palette=palette, dither=Image.Dither.NONE), name)


@contextmanager
def window(theme: str) -> Iterator[napari.Viewer]:
    """A napari with the phantom, for as long as it is needed."""
    viewer = napari.Viewer(show=True)
    viewer.window.resize(*WINDOW)
    viewer.theme = theme
    viewer.open_sample("napari-emseg", "phantom")
    try:
        yield viewer
    finally:
        viewer.close()
        close_job_runner()


def segment(theme: str) -> None:
    """The dock *Segment*: before the click, running, done, and after its worker was killed."""
    with window(theme) as viewer:
        viewer.layers["phantom_labels"].visible = False
        outer, dock = viewer.window.add_plugin_dock_widget("napari-emseg", "Segment")
        album, ended = Album(f"segment-{theme}", outer), []
        dock.ended.connect(ended.append)
        wait_until(lambda: "will take" in dock.status.message.value)
        album.take()

        data = viewer.layers["phantom"].data
        viewer.add_image(np.tile(data, (30, 1, 1)), name="long", scale=(50, 4, 4), units="nm")
        dock.fields.image.value = viewer.layers["long"]
        dock.buttons.whole.native.click()
        wait_until(lambda: dock.status.bar.value > 100)
        album.take()
        dock.status.stop.native.click()
        wait_until(lambda: ended)

        dock.fields.image.value = viewer.layers["phantom"]
        dock.buttons.whole.native.click()
        wait_until(lambda: len(ended) == 2)
        album.take()

        dock.fields.image.value = viewer.layers["long"]
        dock.buttons.whole.native.click()
        wait_until(lambda: "left" in dock.status.message.value)
        os.kill(dock._runner.worker_pid, signal.SIGKILL)
        wait_until(lambda: len(ended) == 3)
        album.take()
        album.save()


def cluster(theme: str) -> None:
    """The dialog *Segment on a cluster*: a run on two workers, and its end."""
    emseg("convert", str(phantom_path()), "raw.zarr")
    with window(theme) as viewer:
        viewer.open("raw.zarr", plugin="napari-emseg")
        _, dock = viewer.window.add_plugin_dock_widget("napari-emseg", "Segment")
        dock.fields.image.value = viewer.layers["raw"]
        dock.buttons.cluster.native.click()
        dialog = dock.cluster
        dialog.stack.value, dialog.out.value = "raw.zarr", "raw-mask.zarr"
        dialog.workers.value = 2
        album = Album(f"cluster-{theme}", dialog)
        dialog.send.native.click()
        wait_until(lambda: dialog.status.bar.value > 100 or not dialog.is_busy)
        album.take()
        wait_until(lambda: not dialog.is_busy)
        album.take()
        album.save()


def train(theme: str) -> None:
    """The dock *Train*: data, augmentation, model, a training, its end, and what cannot be."""
    with window(theme) as viewer:
        outer, dock = viewer.window.add_plugin_dock_widget("napari-emseg", "Train")
        album, ended = Album(f"train-{theme}", outer), []
        dock.ended.connect(ended.append)
        wait_until(lambda: dock.setup.split.labelled)
        album.take()
        dock.tabs.setCurrentIndex(1)
        album.take()
        dock.tabs.setCurrentIndex(2)
        album.take()
        for name, value in {"epochs": 12, "patch_size": 128, "validate_every": 1}.items():
            dock.model.train[name].value = value
        dock.model.network["depth"].value, dock.model.network["base_filters"].value = 3, 8
        dock.run.start.native.click()
        wait_until(lambda: len(dock.session.history) >= 6)
        album.take()
        wait_until(lambda: ended)
        wait_until(lambda: not dock.curves._redraw.isActive())
        album.take()
        viewer.layers["phantom_labels"].data = np.ones_like(viewer.layers["phantom_labels"].data)
        dock.model.name.value = "another one"
        QTest.qWait(SETTLE_MS)
        dock.run.start.native.click()
        wait_until(lambda: len(ended) == 2)
        album.take()
        album.save()


MIDDLE_PX = 6
"""How far from membranes the middles of cells are, which are apart where their cells touch."""
JOINED = ((391, 184), (399, 245))
"""Places in two neighbours of the phantom that are made one cell, which is then parted."""

NOISE, CORRECTED, SEEN, RETRAIN_MINUTES = 60, 4, 5, 1
"""Grey values of noise that spoil the phantom, the slice that is corrected, one that is not."""

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
                save_canvas(viewer, f"compare-errors-{theme}")
            album.take()
        album.save()
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


def measure(theme: str) -> None:
    """The dock *Measure*: what is measured, the table, and the window with coloured cells."""
    if theme != THEMES[0]:
        return
    with window(theme) as viewer:
        image, labels = viewer.layers["phantom"], viewer.layers["phantom_labels"]
        cells = to_cells(labels.data.astype(np.float32), MaskConfig())
        viewer.layers.remove(labels)
        layer = viewer.add_labels(cells, name="cells", scale=image.scale, units=image.units)
        outer, dock = viewer.window.add_plugin_dock_widget("napari-emseg", "Measure")
        album, own = Album(f"measure-{theme}", outer), layer.colormap
        dock.fields.image.value = image
        album.take()
        dock.run.start.native.click()
        wait_until(lambda: dock.session.measures is not None)
        dock.page.table.sortByColumn(2, Qt.SortOrder.DescendingOrder)
        dock.page.filter.value = "slices >= 3"
        album.take()
        dock.page.color.value = True
        wait_until(lambda: layer.colormap is not own)
        dock.page.table.selectRow(4)
        album.take()
        save_canvas(viewer, f"measure-colours-{theme}")
        layer.paint((viewer.dims.current_step[0], 200, 200), layer.selected_label)
        wait_until(lambda: dock.page.warning.visible)
        album.take()
        album.save()


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


def main() -> None:
    """Take all pictures, or those of the docks that are named."""
    notification_manager.notification_ready.disconnect()  # they would lie over the window
    docks = {
        "segment": segment, "cluster": cluster, "train": train, "compare": compare,
        "volume": volume, "correct": correct, "offer": offer, "measure": measure,
        "proofread": proofread,
    }  # fmt: skip
    for name in sys.argv[1:] or docks:
        for theme in THEMES:
            with tempfile.TemporaryDirectory() as folder, chdir(folder):
                for what in ("config", "models", "runs", "recovery"):
                    os.environ[f"EMSEG_{what.upper()}_DIR"] = what  # short where it is shown
                docks[name](theme)


if __name__ == "__main__":
    main()
