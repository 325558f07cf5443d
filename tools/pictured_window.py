"""A napari window of which pictures are taken for the documentation."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager

import napari
import numpy as np
from drawing import IMAGES
from PIL import Image
from qtpy.QtGui import QImage
from qtpy.QtTest import QTest
from qtpy.QtWidgets import QWidget

from napari_emseg.ui.background.job_runner import close_job_runner

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
