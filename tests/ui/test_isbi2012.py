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
from napari.utils.notifications import notification_manager
from qtpy.QtCore import QTimer
from qtpy.QtWidgets import QApplication, QMessageBox

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


def test_accepted_terms_bring_three_layers(server, answer, tmp_path):
    said = answer(QMessageBox.StandardButton.Ok)
    layers = isbi2012.open_isbi2012(server)
    assert [(meta["name"], kind) for _, meta, kind in layers] == [
        ("train-volume", "image"), ("train-labels", "labels"), ("test-volume", "image")
    ]  # fmt: skip
    assert "MiB" in said["text"]
    assert "non-commercial" in said["text"]
    assert (tmp_path / "cache" / "test-volume.tif").exists()


def test_refused_terms_download_nothing(server, answer, tmp_path):
    answer(QMessageBox.StandardButton.Cancel)
    assert isbi2012.open_isbi2012(server) == []
    assert not (tmp_path / "cache").exists()


def test_offline_is_said_in_words(qapp, monkeypatch):
    monkeypatch.setattr(notification_manager, "notification_ready", lambda _: None)
    assert isbi2012.open_isbi2012("http://127.0.0.1:9/isbi.zip") == []
    assert "check the connection" in notification_manager.records[-1].message
