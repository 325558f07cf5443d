"""The pictures of the docks in ``docs/images``, taken from a real window with the real worker.

    xvfb-run -s "-screen 0 1280x800x24" python tools/screenshots.py [DOCK ...]

Each picture shows one dock in several states, side by side, in one of napari's themes. The window
has the size of a small screen (1280 x 800). ``tour`` is the one that moves.
"""

from __future__ import annotations

import os
import signal
import sys
import tempfile
from contextlib import chdir

import numpy as np
from compare_pictures import compare, volume
from correct_pictures import correct, offer, proofread
from napari.utils.notifications import notification_manager
from pictured_window import SETTLE_MS, THEMES, Album, save_canvas, wait_until, window
from qtpy.QtCore import Qt
from qtpy.QtTest import QTest
from surface_picture import surfaces
from tour import tour

import napari_emseg as em
from napari_emseg.core.config.prediction import MaskConfig
from napari_emseg.core.segment.postprocess import to_cells


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
    if theme != THEMES[0]:
        return
    em.write_stack("raw.zarr", em.phantom()[0])
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


def main() -> None:
    """Take all pictures, or those of the docks that are named."""
    notification_manager.notification_ready.disconnect()  # they would lie over the window
    docks = {
        "segment": segment, "cluster": cluster, "train": train, "compare": compare,
        "volume": volume, "correct": correct, "offer": offer, "measure": measure,
        "proofread": proofread, "surfaces": surfaces, "tour": tour,
    }  # fmt: skip
    for name in sys.argv[1:] or docks:
        for theme in THEMES:
            with tempfile.TemporaryDirectory() as folder, chdir(folder):
                for what in ("config", "models", "runs", "recovery"):
                    os.environ[f"EMSEG_{what.upper()}_DIR"] = what  # short where it is shown
                docks[name](theme)


if __name__ == "__main__":
    main()
