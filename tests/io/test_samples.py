from __future__ import annotations

import hashlib
import io
import threading
import zipfile
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

import numpy as np
import pytest
import tifffile

from napari_emseg.errors import CancelledError, DownloadError, ReadError
from napari_emseg.io import samples
from napari_emseg.io.isbi2012 import pixels_sha256
from napari_emseg.io.samples import (
    ISBI_PIXELS_SHA256,
    ISBI_TERMS,
    fetch_isbi2012,
    isbi_download_size,
)

NAMES = ("train-volume.tif", "train-labels.tif", "test-volume.tif")


# the phantom


def test_the_phantom_comes_along():
    image, labels = samples.phantom()
    assert (image.kind, labels.kind) == ("image", "labels")
    assert image.shape == labels.shape
    assert image.data.dtype == np.uint8
    assert np.unique(labels.data).tolist() == [0, 1]
    assert image.voxel_size_nm is not None


def test_phantom_layers():
    (_, image, image_kind), (_, labels, labels_kind) = samples.phantom_layers()
    assert (image_kind, labels_kind) == ("image", "labels")
    assert (image["name"], labels["name"]) == ("phantom", "phantom_labels")
    assert image["scale"] == labels["scale"]


def test_a_lost_phantom_is_named(tmp_path, monkeypatch):
    monkeypatch.setattr(samples, "_folders", lambda: (tmp_path,))
    with pytest.raises(ReadError, match=r"phantom\.tif.*force-reinstall"):
        samples.phantom_path()


# the challenge


def _tiff(pixels):
    buffer = io.BytesIO()
    tifffile.imwrite(buffer, pixels, photometric="minisblack")
    return buffer.getvalue()


@pytest.fixture
def contents(rng):
    return {name: rng.integers(0, 256, (3, 64, 64), dtype=np.uint8) for name in NAMES}


@pytest.fixture
def hashes(contents):
    return {name: hashlib.sha256(a.tobytes()).hexdigest() for name, a in contents.items()}


def _zip(members):
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w") as zipped:
        for name, content in members.items():
            zipped.writestr(name, content)
    return buffer.getvalue()


@pytest.fixture
def archive(contents):
    return _zip({f"ISBI-2012-challenge/{n.upper()}": _tiff(a) for n, a in contents.items()})


class _Handler(BaseHTTPRequestHandler):
    def do_GET(self):
        self.server.asked.append(self.path)
        self.do_HEAD()
        if self.path == "/isbi.zip":
            self.wfile.write(self.server.content[: self.server.sent])

    def do_HEAD(self):
        if self.path != "/isbi.zip":
            self.send_error(404)
            return
        self.send_response(200)
        if self.server.says_length:
            self.send_header("Content-Length", str(len(self.server.content)))
        self.end_headers()

    def log_message(self, *args):
        pass


@pytest.fixture
def server(archive, monkeypatch):
    monkeypatch.setenv("NO_PROXY", "*")
    monkeypatch.setenv("no_proxy", "*")
    server = ThreadingHTTPServer(("127.0.0.1", 0), _Handler)
    server.content, server.sent, server.asked, server.says_length = archive, None, [], True
    server.url = f"http://127.0.0.1:{server.server_port}/isbi.zip"
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01})
    thread.start()
    yield server
    server.shutdown()
    thread.join()
    server.server_close()


def test_download(server, hashes, contents, tmp_path, capfd):
    seen = []
    found = fetch_isbi2012(
        url=server.url, folder=tmp_path / "new", hashes=hashes,
        progress=lambda done, total: seen.append((done, total)),
    )  # fmt: skip
    np.testing.assert_array_equal(tifffile.imread(found.train_labels), contents["train-labels.tif"])
    assert found.test_volume == tmp_path / "new/test-volume.tif"
    assert sorted(p.name for p in (tmp_path / "new").iterdir()) == sorted(NAMES)
    assert seen[-1] == (len(server.content), len(server.content))
    assert all(done <= total for done, total in seen)
    assert capfd.readouterr() == ("", "")


def test_what_is_there_is_not_downloaded_again(server, hashes, tmp_path):
    first = fetch_isbi2012(url=server.url, folder=tmp_path, hashes=hashes)
    assert fetch_isbi2012(url=server.url, folder=tmp_path, hashes=hashes) == first
    assert len(server.asked) == 1


def test_the_cache_is_mended_but_not_a_persons_folder(server, hashes, tmp_path, monkeypatch):
    monkeypatch.setattr("napari_emseg.io.isbi2012._cache", lambda: tmp_path)
    found = fetch_isbi2012(url=server.url, hashes=hashes)
    for damage in (b"", b"damaged", _tiff(np.zeros((2, 8, 8), np.uint8))):
        found.train_volume.write_bytes(damage)
        with pytest.raises(DownloadError, match="exists and is not the challenge's file"):
            fetch_isbi2012(url=server.url, hashes=hashes, folder=tmp_path)
        assert found.train_volume.read_bytes() == damage
        fetch_isbi2012(url=server.url, hashes=hashes)
        assert pixels_sha256(found.train_volume) == hashes["train-volume.tif"]


def _refused(server, tmp_path, hashes, match):
    with pytest.raises(DownloadError, match=match) as caught:
        fetch_isbi2012(url=server.url, folder=tmp_path, hashes=hashes)
    assert "download the challenge's files by hand" in str(caught.value)
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize("says_length", [True, False])
def test_a_cut_off_download_is_not_kept(server, hashes, tmp_path, says_length):
    server.says_length, server.sent = says_length, len(server.content) // 2
    _refused(server, tmp_path, hashes, "cut off|cannot be reached|sent no whole zip")


@pytest.mark.parametrize("content", [b"<html>moved</html>", b""])
def test_something_else_is_not_kept(server, hashes, tmp_path, content):
    server.content = content
    _refused(server, tmp_path, hashes, "sent no whole zip")


def test_a_damaged_member_is_not_kept(server, hashes, tmp_path):
    content = bytearray(server.content)
    content[2000:2100] = b"\0" * 100
    server.content = bytes(content)
    _refused(server, tmp_path, hashes, "sent no whole zip")


def test_other_pixels_are_not_kept(server, hashes, contents, tmp_path):
    contents["test-volume.tif"] = contents["test-volume.tif"] + 1
    server.content = _zip({name: _tiff(a) for name, a in contents.items()})
    _refused(server, tmp_path, hashes, "test-volume.tif does not have the pixels")


def test_a_missing_member_is_named(server, hashes, contents, tmp_path):
    server.content = _zip({name: _tiff(contents[name]) for name in NAMES[:2]})
    _refused(server, tmp_path, hashes, "holds no test-volume.tif")


def test_paths_in_the_zip_are_not_used(server, hashes, contents, tmp_path):
    prefixes = ("../../", "/etc/", "..\\..\\")
    members = {p + n: _tiff(contents[n]) for p, n in zip(prefixes, NAMES, strict=True)}
    server.content = _zip({"../evil.txt": b"x", "__MACOSX/._train-volume.tif": b"x", **members})
    folder = tmp_path / "a/b"
    fetch_isbi2012(url=server.url, folder=folder, hashes=hashes)
    assert sorted(p.name for p in folder.iterdir()) == sorted(NAMES)
    assert sorted(p.name for p in tmp_path.rglob("*")) == sorted([*NAMES, "a", "b"])


def test_cancel(server, hashes, tmp_path):
    with pytest.raises(CancelledError, match="nothing of it is kept"):
        fetch_isbi2012(url=server.url, folder=tmp_path, hashes=hashes, should_stop=lambda: True)
    assert list(tmp_path.iterdir()) == []


def test_not_found(server, hashes, tmp_path):
    server.url = server.url.replace("isbi", "gone")
    _refused(server, tmp_path, hashes, "the server answered 404")
    with pytest.raises(DownloadError, match="404"):
        isbi_download_size(server.url)


def test_offline(server, hashes, tmp_path):
    url = "http://127.0.0.1:9/isbi.zip"
    with pytest.raises(DownloadError, match=r"cannot be reached.*check the connection"):
        fetch_isbi2012(url=url, folder=tmp_path, hashes=hashes)
    assert list(tmp_path.iterdir()) == []
    with pytest.raises(DownloadError, match="cannot be reached"):
        isbi_download_size(url)


def test_download_size(server):
    assert isbi_download_size(server.url) == len(server.content)
    server.says_length = False
    assert isbi_download_size(server.url) is None


def test_terms_and_citations():
    for part in ("non-commercial", "TrakEM2", "e1000502", "Arganda-Carreras"):
        assert part in ISBI_TERMS


@pytest.mark.isbi
def test_hash_of_the_real_test_volume(isbi_dir):
    path = isbi_dir / "test-volume.tif"
    assert pixels_sha256(path) == ISBI_PIXELS_SHA256["test-volume.tif"]
    assert pixels_sha256(path.read_bytes()) == ISBI_PIXELS_SHA256["test-volume.tif"]
