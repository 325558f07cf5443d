"""The download in a real window, from a server on this machine."""

from __future__ import annotations

import hashlib
import http.server
import io
import threading
import zipfile

import numpy as np
import pytest
import tifffile
from napari.components import ViewerModel
from napari.utils.notifications import notification_manager
from qtpy.QtCore import QTimer
from qtpy.QtWidgets import QApplication, QMessageBox, QPushButton

from napari_emseg.io import isbi2012 as io_isbi
from napari_emseg.ui import isbi2012

NAMES = ("train-volume.tif", "train-labels.tif", "test-volume.tif")


@pytest.fixture
def server(tmp_path, monkeypatch):
    """A server with a small archive in the form of the challenge's; gives its address."""
    archive = io.BytesIO()
    hashes = {}
    with zipfile.ZipFile(archive, "w") as zipped:
        for k, name in enumerate(NAMES):
            pixels = np.random.default_rng(k).integers(0, 2, (3, 16, 16), np.uint8) * 255
            hashes[name] = hashlib.sha256(pixels.tobytes()).hexdigest()
            file = io.BytesIO()
            tifffile.imwrite(file, pixels, photometric="minisblack")
            zipped.writestr(f"ISBI-2012-challenge/{name}", file.getvalue())
    (tmp_path / "isbi.zip").write_bytes(archive.getvalue())

    def fetch(**arguments):
        return io_isbi.fetch_isbi2012(folder=tmp_path / "cache", hashes=hashes, **arguments)

    monkeypatch.setattr(isbi2012, "fetch_isbi2012", fetch)

    class Handler(http.server.SimpleHTTPRequestHandler):
        def __init__(self, *args, **kwargs):
            super().__init__(*args, directory=str(tmp_path), **kwargs)

        def log_message(self, *args):
            pass

    with http.server.ThreadingHTTPServer(("127.0.0.1", 0), Handler) as running:
        thread = threading.Thread(target=running.serve_forever)
        thread.start()
        yield f"http://127.0.0.1:{running.server_port}/isbi.zip"
        running.shutdown()
        thread.join()


@pytest.fixture
def answer(qtbot):
    """Answer the question when it comes; gives what it said."""
    said = {}

    def answer(button):
        def press():
            box = QApplication.activeModalWidget()
            if isinstance(box, QMessageBox):
                said["text"] = box.text() + box.informativeText()
                box.button(button).click()
            else:
                QTimer.singleShot(50, press)

        QTimer.singleShot(50, press)
        return said

    return answer


@pytest.fixture
def download(qtbot):
    """Opens the sample in a viewer, and waits until that has ended; gives the viewer."""

    def download(url):
        viewer = ViewerModel()
        isbi2012._begin(url, viewer)
        qtbot.waitUntil(lambda: not isbi2012._running, timeout=30_000)
        return viewer

    return download


def test_accepted_terms_bring_three_layers(server, answer, download, tmp_path):
    said = answer(QMessageBox.StandardButton.Ok)
    layers = [layer.as_layer_data_tuple() for layer in download(server).layers]
    assert [(meta["name"], kind) for _, meta, kind in layers] == [
        ("train-volume", "image"), ("train-labels", "labels"), ("test-volume", "image")
    ]  # fmt: skip
    assert "MiB" in said["text"]
    assert "non-commercial" in said["text"]
    assert (tmp_path / "cache" / "test-volume.tif").exists()


def test_refused_terms_download_nothing(server, answer, download, tmp_path):
    answer(QMessageBox.StandardButton.Cancel)
    assert list(download(server).layers) == []
    assert not (tmp_path / "cache").exists()


def test_offline_is_said_in_words(download, monkeypatch):
    monkeypatch.setattr(notification_manager, "notification_ready", lambda _: None)
    assert list(download("http://127.0.0.1:9/isbi.zip").layers) == []
    assert "check the connection" in notification_manager.records[-1].message


def test_opening_returns_before_anything_is_downloaded(server, answer, monkeypatch, qtbot):
    viewer = ViewerModel()
    monkeypatch.setattr("napari.current_viewer", lambda: viewer)
    answer(QMessageBox.StandardButton.Ok)
    assert isbi2012.open_isbi2012(server) == []
    assert not viewer.layers
    qtbot.waitUntil(lambda: len(viewer.layers) == 3, timeout=30_000)


def test_a_download_that_is_stopped_brings_nothing(server, answer, monkeypatch, qtbot, tmp_path):
    fetch, going, go_on = isbi2012.fetch_isbi2012, threading.Event(), threading.Event()

    def slow(**arguments):
        going.set()
        go_on.wait(30)
        return fetch(**arguments)

    monkeypatch.setattr(isbi2012, "fetch_isbi2012", slow)
    answer(QMessageBox.StandardButton.Ok)
    viewer = ViewerModel()
    running = isbi2012._begin(server, viewer)
    qtbot.waitUntil(going.is_set, timeout=30_000)
    running._dialog.findChild(QPushButton).click()
    go_on.set()
    qtbot.waitUntil(lambda: not isbi2012._running, timeout=30_000)
    assert not viewer.layers
    assert list((tmp_path / "cache").iterdir()) == []
