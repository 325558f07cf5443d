"""A person at a window of napari, who takes what is offered and works on until somebody kills it.

``python person.py paint|volume|train|save FOLDER``. The first line that it prints says, as JSON,
what was there when it came; what is done is noted in ``FOLDER/acts.jsonl``, a line each, at once.
"""

from __future__ import annotations

import json
import os
import sys
import time
from collections.abc import Iterator
from pathlib import Path

import napari
import numpy as np
from qtpy.QtWidgets import QApplication

from napari_emseg.errors import EmsegError
from napari_emseg.io.layer_metadata import LayerMetadata
from napari_emseg.io.napari_writer import write_labels
from napari_emseg.io.project.project_file import read_project
from napari_emseg.io.read import read_stack
from napari_emseg.session.correct.proofread import ProofreadPhase
from napari_emseg.session.correct.volume_tools import MERGE_CELLS
from napari_emseg.ui.project.commands import project_of

PLUGIN = "napari-emseg"
EDGE, ROWS, COLUMNS, SLICES = 32, 6, 10, 4
PAUSE_S = 0.25


def notes(folder: Path, **what: object) -> None:
    """Note an act so that no kill takes it along."""
    line = json.dumps({"at": time.time(), **what}) + "\n"
    file = os.open(folder / "acts.jsonl", os.O_WRONLY | os.O_APPEND | os.O_CREAT)
    os.write(file, line.encode())
    os.close(file)


def kept(folder: Path, data: np.ndarray) -> str:
    """Keep labels as they are now; where."""
    path = folder / f"labels {time.time()}.npy"
    np.save(path, data)
    return str(path)


def wait(until, seconds: float = 120) -> None:
    """Let the window live until something is true."""
    deadline = time.monotonic() + seconds
    while not until():
        assert time.monotonic() < deadline, "it did not happen"
        QApplication.processEvents()
        time.sleep(0.005)


def pause() -> None:
    end = time.monotonic() + PAUSE_S
    wait(lambda: time.monotonic() > end)


def say(**what: object) -> None:
    sys.stdout.write(json.dumps(what) + "\n")
    sys.stdout.flush()


# -- what they work on ------------------------------------------------------------------------


def cells() -> tuple[np.ndarray, np.ndarray]:
    """Probability and ids of round cells in rows, the same on all slices."""
    y, x = np.mgrid[: ROWS * EDGE, : COLUMNS * EDGE]
    away = np.hypot(y % EDGE - EDGE / 2, x % EDGE - EDGE / 2)
    probability = (1 / (1 + np.exp(1.5 * (away - 12)))).astype(np.float32)
    ids = (1 + COLUMNS * (y // EDGE) + x // EDGE).astype(np.uint32)
    return np.stack([probability] * SLICES), np.stack([ids] * SLICES)


def restored_or(viewer: napari.Viewer, dock, make) -> tuple[napari.layers.Labels, bool]:
    """The labels that are offered, else new ones; and whether they were offered."""
    if dock.recovery.recovery is None:
        return make(), False
    dock.recovery.accept.native.click()
    (layer,) = (each for each in viewer.layers if isinstance(each, napari.layers.Labels))
    return layer, True


def correct(viewer: napari.Viewer, folder: Path):
    """Image, probability, labels with cells, and the dock *Correct*; all that is to be restored."""
    probability, ids = cells()
    about = {"source": "em", "model": "default", "made": 1.0}
    viewer.add_image((probability * 255).astype(np.uint8), name="em")
    viewer.add_image(
        probability, name="em probability", visible=False,
        metadata=LayerMetadata(kind="probability", **about).stored(),
    )  # fmt: skip
    _, dock = viewer.window.add_plugin_dock_widget(PLUGIN, "Correct")
    meta = LayerMetadata(kind="cells", **about).stored()
    layer, was_offered = restored_or(
        viewer, dock, lambda: viewer.add_labels(ids, name="em cells", metadata=meta)
    )
    say(offered=was_offered, labels=kept(folder, layer.data))
    dock.fields.choose(layer)
    return dock, layer


# -- what they do ------------------------------------------------------------------------------


def paint(viewer: napari.Viewer, folder: Path) -> Iterator[None]:
    """A stroke after the other, on one slice after the other."""
    _, layer = correct(viewer, folder)
    layer.brush_size = 1
    layer.selected_label = 99
    while True:
        painted = int((layer.data == 99).sum())
        z, k = painted % SLICES, painted // SLICES
        layer.paint((z, k // 300, k % 300), 99)
        notes(folder, labels=kept(folder, layer.data))
        yield


def volume(viewer: napari.Viewer, folder: Path) -> Iterator[None]:
    """Merge one cell after the other into the first, through the volume."""
    dock, layer = correct(viewer, folder)
    session = dock.session.volume
    wait(lambda: session.phase is ProofreadPhase.IDLE)
    session.make()
    wait(lambda: session.phase is ProofreadPhase.READY)
    session.take_up(MERGE_CELLS)
    while (left := np.unique(layer.data).size) > 1:
        k = ROWS * COLUMNS - left + 1
        for at in (0, k):
            y, x = EDGE * (at // COLUMNS), EDGE * (at % COLUMNS)
            session.click((at % SLICES, y + EDGE // 2, x + EDGE // 2))
        assert np.unique(layer.data).size == left - 1, dock.session.message
        notes(folder, labels=kept(folder, layer.data))
        yield


def train(viewer: napari.Viewer, folder: Path) -> Iterator[None]:
    """Train for ever, and go on with what was interrupted."""
    image, labels = (np.load(folder / f"{name}.npy") for name in ("image", "labels"))
    viewer.add_image(image, name="em")
    viewer.add_labels(labels, name="painted")
    _, dock = viewer.window.add_plugin_dock_widget(PLUGIN, "Train")
    small = {"epochs": 100_000, "patch_size": 64, "batch_size": 1}
    for name, value in small.items():
        dock.model.train[name].value = value
    for name in ("depth", "base_filters"):
        dock.model.network[name].value = 2
    run = dock.setup.offer.run
    epochs = [] if run is None else [row["epoch"] for row in run.history]
    say(offered=run is not None, epochs=epochs)
    wait(lambda: bool(dock.setup.split.labelled))
    (dock.run.start if run is None else dock.offer.accept).native.click()
    count = len(epochs)
    while True:
        if len(dock.session.history) > count:
            count = len(dock.session.history)
            notes(folder, epochs=[row["epoch"] for row in dock.session.history])
        yield


def save(viewer: napari.Viewer, folder: Path) -> Iterator[None]:
    """Save labels as TIFF and all as a project, under the same names again and again."""
    tiff, project = folder / "saved.tif", folder / "saved.emseg"
    say(offered=tiff.exists(), values=[values_of(tiff), values_of(project)])
    layer = viewer.add_labels(np.zeros((SLICES, 400, 400), np.uint16), name="mine")
    session = project_of(viewer).session
    number = max([0, *values_of(tiff), *values_of(project)])
    while True:
        number += 1
        layer.data = np.full_like(layer.data, number)
        data, meta, _ = layer.as_layer_data_tuple()
        write_labels(str(tiff), data, meta)
        project_of(viewer).save(project)
        wait(lambda: not session._under_way)
        notes(folder, values=number)
        yield


def values_of(path: Path) -> list[int]:
    """The different values in a file that was saved; none where there is none."""
    if not path.exists():
        return []
    stack = read_project(path).layers[0].stack if path.suffix == ".emseg" else read_stack(path)
    assert stack is not None
    return np.unique(np.asarray(stack.data)).tolist()


def main(what: str, folder: str) -> None:
    """Work for ever."""
    viewer = napari.Viewer(show=True)
    try:
        for _ in {"paint": paint, "volume": volume, "train": train, "save": save}[what](
            viewer, Path(folder)
        ):
            pause()
    except EmsegError as error:
        say(error=str(error))
    while True:
        pause()


if __name__ == "__main__":
    main(*sys.argv[1:])
