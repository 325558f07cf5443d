"""The sample *ISBI 2012 (download)*: size and terms first, then a download that can be stopped."""

from __future__ import annotations

from functools import partial
from threading import Event
from typing import TYPE_CHECKING, Any

from napari_emseg.errors import CancelledError
from napari_emseg.io.isbi2012 import ISBI_TERMS, ISBI_URL, fetch_isbi2012, isbi_download_size

if TYPE_CHECKING:
    from collections.abc import Callable

    from napari.types import LayerData
    from qtpy.QtWidgets import QMessageBox, QProgressDialog

_MIB = 2**20


def open_isbi2012(url: str = ISBI_URL) -> list[LayerData]:
    """Ask, download, and add the three stacks of the challenge to napari's current viewer.

    Parameters
    ----------
    url : str
        Where the challenge's zip lies.

    Returns
    -------
    list of layer data
        Always empty: training images, their labels and the test images are added once they are
        there. Where the download fails, a notification says so.
    """
    import napari

    viewer = napari.current_viewer()
    assert viewer is not None, "a sample is opened in a viewer"
    _begin(url, viewer)
    return []


def _begin(url: str, viewer: Any) -> _Download:
    """Ask for the size; all else follows from that."""
    download = _Download(url, viewer)
    _running.add(download)
    download.ask_size()
    return download


class _Download:
    """One download from the question to the layers; nothing of it waits on the window's thread."""

    def __init__(self, url: str, viewer: Any) -> None:
        from napari_emseg.ui.background.executor import QtExecutor

        self._url, self._viewer = url, viewer
        self._executor = QtExecutor()
        self._lane = self._executor.lane("download")
        self._stopped = Event()
        self._dialog: QProgressDialog | None = None
        self._box: QMessageBox | None = None

    def ask_size(self) -> None:
        self._show_progress("Asking for the size ...")
        self._lane.run(partial(isbi_download_size, self._url), self._ask_person, self._fail)

    def _ask_person(self, size: int | None) -> None:
        self._hide_progress()
        if self._stopped.is_set():
            self._end()
            return
        self._box = _question(size)
        self._box.finished.connect(self._take_answer)
        self._box.open()

    def _take_answer(self, answer: int) -> None:
        from qtpy.QtWidgets import QMessageBox

        if answer != QMessageBox.StandardButton.Ok:
            self._end()
            return
        self._show_progress("Downloading ISBI 2012 ...")
        self._lane.run(self._fetch, self._show, self._fail)

    def _fetch(self) -> list[Any] | None:
        """In the lane: the layers, or None where the person has stopped it."""
        from napari_emseg.io.napari_reader import layer_data
        from napari_emseg.io.read import read_stack

        try:
            paths = fetch_isbi2012(
                url=self._url, progress=self._tell, should_stop=self._stopped.is_set
            )
        except CancelledError:
            return None
        return [
            layer_data(read_stack(paths.train_volume, kind="image")),
            layer_data(read_stack(paths.train_labels, kind="labels")),
            layer_data(read_stack(paths.test_volume, kind="image")),
        ]

    def _tell(self, done: int, total: int) -> None:
        """In the lane."""
        self._executor.deliver(partial(self._draw, done, total))

    def _draw(self, done: int, total: int) -> None:
        if self._dialog is not None:
            self._dialog.setMaximum(total // 1024)
            self._dialog.setValue(min(done, total) // 1024)

    def _show(self, layers: list[Any] | None) -> None:
        from napari.layers import Layer

        self._end()
        for each in layers or ():
            self._viewer.add_layer(Layer.create(*each))

    def _fail(self, message: str) -> None:
        from napari_emseg.ui.widgets.notify import show_error

        self._end()
        if not self._stopped.is_set():
            # napari would show a traceback for what is only a missing connection
            show_error(message)

    def _end(self) -> None:
        self._hide_progress()
        self._lane.stop()
        _running.discard(self)

    # -- dialogs ---------------------------------------------------------------------------

    def _show_progress(self, text: str) -> None:
        self._dialog = _progress_dialog(text, self._stopped.set)

    def _hide_progress(self) -> None:
        dialog, self._dialog = self._dialog, None
        if dialog is not None:
            dialog.canceled.disconnect()  # closing it would say so, too
            dialog.close()
            dialog.deleteLater()


_running: set[_Download] = set()
"""Downloads are kept until they end."""


def _question(size: int | None) -> QMessageBox:
    from qtpy.QtCore import Qt
    from qtpy.QtWidgets import QMessageBox

    how_much = "of unknown size" if size is None else f"of {size / _MIB:.0f} MiB"
    box = QMessageBox(_main_window())
    box.setAttribute(Qt.WidgetAttribute.WA_DeleteOnClose)
    box.setIcon(QMessageBox.Icon.Question)
    box.setWindowTitle("ISBI 2012")
    box.setText(f"Download the ISBI 2012 challenge's slices, an archive {how_much}?")
    box.setInformativeText(ISBI_TERMS)
    box.setStandardButtons(QMessageBox.StandardButton.Ok | QMessageBox.StandardButton.Cancel)
    accept = box.button(QMessageBox.StandardButton.Ok)
    assert accept is not None, "it was just made"
    accept.setText("Accept terms and download")
    return box


def _progress_dialog(text: str, stop: Callable[[], object]) -> QProgressDialog:
    from qtpy.QtCore import Qt
    from qtpy.QtWidgets import QProgressDialog

    dialog = QProgressDialog(text, "Cancel", 0, 0, _main_window())
    dialog.setWindowTitle("ISBI 2012")
    dialog.setWindowModality(Qt.WindowModality.WindowModal)
    dialog.setAutoReset(False)
    dialog.setMinimumDuration(300)
    dialog.canceled.connect(stop)
    dialog.setValue(0)  # from now on it shows itself after a while
    return dialog


def _main_window() -> Any:
    from qtpy.QtWidgets import QApplication

    return QApplication.activeWindow()
