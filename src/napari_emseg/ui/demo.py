"""The main job on the bundled sample: open napari, segment it, show or write the result."""

from __future__ import annotations

import json
import logging
import os
import shutil
import sys
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager, nullcontext
from pathlib import Path
from typing import TYPE_CHECKING, Any

from napari_emseg.core.scores.metrics import StackScores, score_stack
from napari_emseg.errors import DisplayError, EmsegError, WriteError
from napari_emseg.io.folders import CONFIG_VARIABLE
from napari_emseg.types import Event, Failed, Finished, Stack

if TYPE_CHECKING:
    import napari

    from napari_emseg.ui.segment.dock import SegmentWidget

_WINDOW = (1600, 1000)
_DRAWING_MS = 1000
"""How long the canvas may take to show the last slice before the screenshot."""

_log = logging.getLogger(__name__)


def run_demo(*, out: Path, headless: bool) -> Path | None:
    """Segment the bundled sample in napari.

    Parameters
    ----------
    out : Path
        Folder for screenshot, mask and scores; written only where no person sees the window.
    headless : bool
        Do it under a virtual display. Done by itself where there is no display.

    Returns
    -------
    Path or None
        The folder, where something was written.

    Raises
    ------
    DisplayError
        If there is neither a display nor Xvfb.
    EmsegError
        If the segmentation failed.
    """
    headless = headless or _has_no_display()
    with _virtual_display() if headless else nullcontext(), _own_settings():
        demo = _Demo(out if headless else None)
        demo.run()
    if demo.failed is not None:
        raise EmsegError(f"demo: {demo.failed.message}")
    return out if headless else None


@contextmanager
def _own_settings() -> Iterator[None]:
    """Keep what a person's dock remembers out of the demo, and the demo out of that."""
    before = os.environ.get(CONFIG_VARIABLE)
    with tempfile.TemporaryDirectory() as folder:
        os.environ[CONFIG_VARIABLE] = folder
        try:
            yield
        finally:
            del os.environ[CONFIG_VARIABLE]
            if before is not None:
                os.environ[CONFIG_VARIABLE] = before


def _has_no_display() -> bool:
    displays = ("DISPLAY", "WAYLAND_DISPLAY")
    return sys.platform.startswith("linux") and not any(map(os.environ.get, displays))


@contextmanager
def _virtual_display() -> Iterator[None]:
    """A screen that nobody sees; other systems than Linux always have a real one."""
    if not sys.platform.startswith("linux"):
        yield
        return
    if shutil.which("Xvfb") is None:
        raise DisplayError(
            "display: there is none, and Xvfb is not installed; run "
            "'sudo apt-get install --yes xvfb xauth' or start napari on a desktop"
        )
    from pyvirtualdisplay import Display

    with Display(backend="xvfb", size=_WINDOW), _only_x11():
        yield


@contextmanager
def _only_x11() -> Iterator[None]:
    """Keep Qt and OpenGL from preferring the Wayland desktop over the display we have made."""
    before = dict(os.environ)
    for name in ("WAYLAND_DISPLAY", "XDG_SESSION_TYPE"):
        os.environ.pop(name, None)
    os.environ["QT_QPA_PLATFORM"] = "xcb"
    try:
        yield
    finally:
        os.environ.clear()
        os.environ.update(before)


class _Demo:
    """A napari window that segments the phantom; with ``out`` it closes itself when done."""

    def __init__(self, out: Path | None) -> None:
        self._out = out
        self.failed: Failed | None = None

    def run(self) -> None:
        import napari

        self._viewer = napari.Viewer(title="napari-emseg demo", show=True)
        self._viewer.window.resize(*_WINDOW)
        self._image, self._truth = self._viewer.open_sample("napari-emseg", "phantom")
        self._truth.visible = False
        self._dock = self._add_dock(self._viewer)
        self._dock.ended.connect(self._ended)
        self._dock.fields.image.value = self._image
        self._dock.segment_whole_stack()
        napari.run()

    @staticmethod
    def _add_dock(viewer: napari.Viewer) -> SegmentWidget:
        _, widget = viewer.window.add_plugin_dock_widget("napari-emseg", "Segment")
        dock: SegmentWidget = widget
        return dock

    def _ended(self, event: Event) -> None:
        self._dock.ended.disconnect(self._ended)  # what a person does afterwards is not the demo
        if isinstance(event, Finished):
            self._score()
            return
        self.failed = event if isinstance(event, Failed) else None
        if self._out is not None:
            self._viewer.close()

    def _score(self) -> None:
        """Compare the mask that the person sees with the truth, in a thread."""
        from napari.qt.threading import create_worker

        assert self._dock.prediction is not None
        self._mask = self._dock.prediction.mask.copy()
        score: Any = score_stack  # napari wants it to be of a narrower type than it needs
        create_worker(
            score, self._mask, self._truth.data, thresholds=(0.5,),
            _connect={"returned": self._scored},
        )  # fmt: skip

    def _scored(self, scores: StackScores) -> None:
        self._viewer.status = f"V_rand {scores.v_rand:.3f}, V_info {scores.v_info:.3f}"
        if self._out is not None:
            from qtpy.QtCore import QTimer

            QTimer.singleShot(_DRAWING_MS, lambda: self._write_and_close(scores))

    def _write_and_close(self, scores: StackScores) -> None:
        try:
            self._write(scores)
        except EmsegError as error:
            self.failed = Failed(str(error))
        finally:
            self._viewer.close()

    def _write(self, scores: StackScores) -> None:
        from napari_emseg.io.write import as_mask_uint8, write_stack

        assert self._out is not None
        try:
            self._out.mkdir(parents=True, exist_ok=True)
            self._viewer.screenshot(
                str(self._out / "screenshot.png"), canvas_only=False, flash=False
            )
            text = json.dumps(scores.to_dict(), indent=2)
            (self._out / "scores.json").write_text(text)
        except OSError as error:
            raise WriteError(f"out: cannot write to {self._out} ({error})") from error
        stack = Stack(as_mask_uint8(self._mask), (50.0, 4.0, 4.0), "mask", "labels")
        write_stack(self._out / "mask.tif", stack, overwrite=True)
