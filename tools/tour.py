"""The picture that moves, ``docs/images/tour.gif``: a sample from opening to its scores.

Some of its frames are the pictures of the tutorial, ``docs/images/tour-*.png``.
"""

from __future__ import annotations

from typing import Any

import napari
import numpy as np
from drawing import IMAGES
from pictured_window import THEMES, wait_until, window
from PIL import Image, ImageDraw, ImageFont
from qtpy.QtCore import QPoint
from qtpy.QtTest import QTest
from qtpy.QtWidgets import QWidget

from napari_emseg.session.compare.session import Phase
from napari_emseg.session.segment.session import Phase as Segmenting

SIZE, COLORS, BAR_PX = (960, 600), 128, 34
"""Size of a frame, its colours, and the height of the line below it."""
RING, RING_PX = "#ffb000", 16
COLORFUL = 40
"""How far red, green and blue of a pixel lie apart that is no grey."""
SLICE, STROKES, AROUND_PX = 3, 4, 60
"""The slice that is seen, and in how many strokes which part of it is corrected."""


class Film:
    """Frames of a window, each with a line of text, for as long as it takes to read it.

    Parameters
    ----------
    viewer : napari.Viewer
        Whose whole window is seen.
    """

    def __init__(self, viewer: napari.Viewer) -> None:
        self._window: QWidget = viewer.window._qt_window
        self._viewer = viewer
        self._font = ImageFont.load_default(18)
        self._frames: list[Image.Image] = []
        self._durations: list[int] = []
        self.text = ""

    def show(self, seconds: float, *, still: str = "", ring: QWidget | None = None) -> None:
        """Add what is seen now; as a picture of its own, too, where ``still`` names one."""
        QTest.qWait(250)
        picture = Image.fromarray(self._viewer.screenshot(canvas_only=False, flash=False)[..., :3])
        scale = SIZE[0] / self._window.width()
        picture = picture.resize(SIZE, Image.Resampling.LANCZOS)
        if still:
            few = picture.quantize(256, dither=Image.Dither.NONE)
            few.save(IMAGES / f"tour-{still}.png", optimize=True)
        if ring is not None:
            self._draw_ring(picture, ring, scale)
        frame = Image.new("RGB", (SIZE[0], SIZE[1] + BAR_PX), "#101418")
        frame.paste(picture)
        ImageDraw.Draw(frame).text((14, SIZE[1] + 6), self.text, "white", self._font)
        self._frames.append(frame)
        self._durations.append(round(1000 * seconds))

    def _draw_ring(self, picture: Image.Image, around: QWidget, scale: float) -> None:
        at = around.mapTo(self._window, QPoint(around.width() // 2, around.height() // 2))
        x, y = at.x() * scale, at.y() * scale
        box = (x - RING_PX, y - RING_PX, x + RING_PX, y + RING_PX)
        ImageDraw.Draw(picture).ellipse(box, outline=RING, width=4)

    def click(self, button: QWidget, seconds: float = 0.9) -> None:
        """Show which button it will be, and click it."""
        self.show(seconds, ring=button)
        button.click()

    def save(self, name: str) -> None:
        """Write all frames as one GIF of one palette, which parts that stay cost nothing."""
        palette = common_palette(self._frames)
        first, *rest = (
            each.quantize(palette=palette, dither=Image.Dither.NONE) for each in self._frames
        )
        path = IMAGES / f"{name}.gif"
        first.save(
            path, save_all=True, append_images=rest, duration=self._durations, loop=0, optimize=True
        )
        print(f"{path.name}: {path.stat().st_size // 1024} KiB, {len(self._frames)} frames")


def common_palette(frames: list[Image.Image]) -> Image.Image:
    """Colours for all frames; half of them for what is not grey, which are few pixels."""
    pixels = np.concatenate([np.asarray(each)[::3, ::3].reshape(-1, 3) for each in frames])
    colorful = np.unique(pixels[np.ptp(pixels, axis=1) > COLORFUL] // 4 * 4, axis=0)
    halves = (
        Image.fromarray(each[np.newaxis]).quantize(COLORS // 2).getpalette()
        for each in (pixels, colorful)
    )
    palette = Image.new("P", (1, 1))
    palette.putpalette([value for half in halves for value in half or ()])
    return palette


def tour(theme: str) -> None:
    """From the sample to its scores, in one window."""
    if theme != THEMES[0]:
        return
    with window(theme) as viewer:
        film = Film(viewer)
        truth = viewer.layers["phantom_labels"]
        truth.visible = False
        viewer.dims.set_current_step(0, SLICE)
        film.text = "1  Open a stack: here the bundled sample"
        film.show(2.2, still="opened")
        _segment(viewer, film)
        _correct(viewer, film)
        _compare(viewer, film, truth)
        film.save("tour")


def _segment(viewer: napari.Viewer, film: Film) -> None:
    _, dock = viewer.window.add_plugin_dock_widget("napari-emseg", "Segment")
    ended: list[Any] = []
    dock.ended.connect(ended.append)
    wait_until(lambda: "will take" in dock.status.message.value)
    film.text = "2  Segment it: one click for the whole stack"
    dock.fields.result.value = "cells"
    viewer.reset_view()
    film.show(1.2)
    film.click(dock.buttons.whole.native)
    wait_until(lambda: ended and dock.session.phase is Segmenting.IDLE)
    film.show(1.6, still="segmented")
    film.text = "    a cell keeps its colour from slice to slice"
    for z in (SLICE + 1, SLICE + 2):
        viewer.dims.set_current_step(0, z)
        film.show(0.8)
    viewer.dims.set_current_step(0, SLICE)
    dock.fields.result.value = "mask"
    wait_until(lambda: "phantom [default] mask" in viewer.layers)
    film.text = "    or as a mask"
    film.show(1.2)
    viewer.window.remove_dock_widget("all")


def _correct(viewer: napari.Viewer, film: Film) -> None:
    _, dock = viewer.window.add_plugin_dock_widget("napari-emseg", "Correct")
    film.text = "3  Correct it: make it editable, repair what is wrong"
    film.click(dock.editable.whole.native)
    wait_until(lambda: any("corrected" in each.name for each in viewer.layers))
    labels = next(each for each in viewer.layers if "corrected" in each.name)
    dock.tabs.setCurrentIndex(1)
    film.text = "    Next goes to where it matters; draw what is missing"
    before = viewer.scene.camera.zoom
    film.click(dock.regions.next.native)
    wait_until(lambda: viewer.scene.camera.zoom != before)
    film.show(1.4)
    z = viewer.dims.current_step[0]
    truth = viewer.layers["phantom_labels"].data[z] != 0
    for rows, columns in _strokes(viewer, (labels.data[z] != 0) != truth):
        values = truth[rows, columns].astype(labels.data.dtype)
        labels.data_setitem((np.full(rows.size, z), rows, columns), values)
        film.show(0.7)
    film.text = "    what you paint is kept safe; a slice that is right is marked"
    viewer.reset_view()
    film.click(dock.review.reviewed)
    film.show(1.4, still="corrected")
    viewer.window.remove_dock_widget("all")
    labels.visible = False


def _strokes(viewer: napari.Viewer, wrong: np.ndarray) -> list[tuple[np.ndarray, np.ndarray]]:
    """Places that are wrong, in the middle of what is seen first, and then all others."""
    rows, columns = np.nonzero(wrong)
    middle = np.array(viewer.scene.camera.center[-2:]) / viewer.layers["phantom"].scale[-2:]
    far = np.maximum(abs(rows - middle[0]), abs(columns - middle[1]))
    parts = np.minimum(far * STROKES // AROUND_PX, STROKES)
    return [
        (rows[here], columns[here])
        for here in (parts == part for part in range(STROKES + 1))
        if here.any()
    ]


def _compare(viewer: napari.Viewer, film: Film, truth: Any) -> None:
    _, dock = viewer.window.add_plugin_dock_widget("napari-emseg", "Compare")
    film.text = "4  Compare it with a truth: gaps and false membranes, worst first"
    dock.fields.truth.value = truth
    dock.fields.prediction.value = viewer.layers["phantom [default] mask"]
    viewer.layers["phantom [default] mask"].visible = True
    dock.tabs.setCurrentIndex(0)
    film.show(1.0)
    film.click(dock.run.start.native)
    wait_until(lambda: dock.session.phase is not Phase.SCORING)
    dock.tabs.setCurrentIndex(1)
    film.show(2.0)
    dock.tabs.setCurrentIndex(2)
    dock.errors.table.selectRow(0)
    film.show(2.0, still="errors")
    film.text = "    image, truth and prediction side by side, with one cursor"
    viewer.reset_view()
    dock.views.side.click()
    wait_until(dock.views.side.isEnabled)
    film.show(3.0)
