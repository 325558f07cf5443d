"""The sample *ISBI 2012 (download)*: size and terms first, then a download that can be stopped."""

from __future__ import annotations

from concurrent.futures import Future, ThreadPoolExecutor
from typing import TYPE_CHECKING, Any

from napari_emseg.errors import CancelledError, EmsegError
from napari_emseg.io.isbi2012 import (
    ISBI_TERMS,
    ISBI_URL,
    Isbi2012,
    fetch_isbi2012,
    isbi_download_size,
)

if TYPE_CHECKING:
    from napari.types import LayerData
    from qtpy.QtWidgets import QProgressDialog

_POLL_MS = 50
_MIB = 2**20


def open_isbi2012(url: str = ISBI_URL) -> list[LayerData]:
    """Ask, download, and give the three stacks of the challenge as layers.

    Parameters
    ----------
    url : str
        Where the challenge's zip lies.

    Returns
    -------
    list of layer data
        Training images, their labels and the test images; empty where the person said no, or
        where it failed, which a notification then says.
    """
    from napari_emseg.io.napari_reader import layer_data
    from napari_emseg.io.read import read_stack
    from napari_emseg.ui.widgets.notify import show_error

    try:
        paths = _ask_and_fetch(url)
    except CancelledError:
        return []
    except EmsegError as error:
        # napari would show a traceback for what is only a missing connection
        show_error(str(error))
        return []
    return [
        layer_data(read_stack(paths.train_volume, kind="image")),
        layer_data(read_stack(paths.train_labels, kind="labels")),
        layer_data(read_stack(paths.test_volume, kind="image")),
    ]


def _ask_and_fetch(url: str) -> Isbi2012:
    """Raise `CancelledError` where the person says no."""
    with ThreadPoolExecutor(1) as pool:
        size = _wait_with_dialog(pool.submit(isbi_download_size, url), "Asking for the size ...")
        if not _agrees(size):
            raise CancelledError("Not downloaded.")
        return _download(pool, url)


def _agrees(size: int | None) -> bool:
    from qtpy.QtWidgets import QMessageBox

    how_much = "of unknown size" if size is None else f"of {size / _MIB:.0f} MiB"
    box = QMessageBox(_main_window())
    box.setIcon(QMessageBox.Icon.Question)
    box.setWindowTitle("ISBI 2012")
    box.setText(f"Download the ISBI 2012 challenge's slices, an archive {how_much}?")
    box.setInformativeText(ISBI_TERMS)
    box.setStandardButtons(QMessageBox.StandardButton.Ok | QMessageBox.StandardButton.Cancel)
    box.button(QMessageBox.StandardButton.Ok).setText("Accept terms and download")
    return bool(box.exec() == QMessageBox.StandardButton.Ok)


def _download(pool: ThreadPoolExecutor, url: str) -> Isbi2012:
    state = {"done": 0, "total": 0, "stop": False}

    def progress(done: int, total: int) -> None:
        state.update(done=done, total=total)

    future = pool.submit(
        fetch_isbi2012, url=url, progress=progress, should_stop=lambda: bool(state["stop"])
    )
    result: Isbi2012 = _wait_with_dialog(future, "Downloading ISBI 2012 ...", state)
    return result


def _wait_with_dialog(future: Future[Any], text: str, state: dict[str, Any] | None = None) -> Any:
    """Wait for a thread while the window lives on, with a progress bar and *Cancel*."""
    from qtpy.QtCore import QEventLoop, QTimer

    state = {"done": 0, "total": 0, "stop": False} if state is None else state
    dialog, loop, timer = _progress_dialog(text), QEventLoop(), QTimer()

    def poll() -> None:
        state["stop"] = state["stop"] or dialog.wasCanceled()
        dialog.setMaximum(state["total"] // 1024)
        dialog.setValue(min(state["done"], state["total"]) // 1024)
        if future.done():
            loop.quit()

    timer.timeout.connect(poll)
    timer.start(_POLL_MS)
    loop.exec()
    timer.stop()
    dialog.close()
    return future.result()


def _progress_dialog(text: str) -> QProgressDialog:
    from qtpy.QtCore import Qt
    from qtpy.QtWidgets import QProgressDialog

    dialog = QProgressDialog(text, "Cancel", 0, 0, _main_window())
    dialog.setWindowTitle("ISBI 2012")
    dialog.setWindowModality(Qt.WindowModality.WindowModal)
    dialog.setAutoReset(False)
    dialog.setMinimumDuration(300)
    return dialog


def _main_window() -> Any:
    from qtpy.QtWidgets import QApplication

    return QApplication.activeWindow()
