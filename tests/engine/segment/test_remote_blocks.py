"""Blocks from and to an object store, and from a web server, all on loopback."""

from __future__ import annotations

import threading
import urllib.request
from functools import partial
from http.server import SimpleHTTPRequestHandler, ThreadingHTTPServer

import numpy as np
import pytest

import napari_emseg as em
from napari_emseg.errors import WriteError
from napari_emseg.io.volumes import ome_volume
from napari_emseg.io.volumes.ledger import Ledger
from napari_emseg.io.volumes.place import Place


@pytest.fixture(scope="module")
def image():
    found, _ = em.phantom()
    return found.with_data(found.data[:3, :256, :256])


@pytest.fixture
def bucket(monkeypatch):
    """An empty bucket of a store that is reached as a person's would be: by variables."""
    boto3, server = pytest.importorskip("boto3"), pytest.importorskip("moto.server")
    store = server.ThreadedMotoServer(port=0, verbose=False)
    store.start()
    host, port = store.get_host_and_port()
    names = {
        "AWS_ACCESS_KEY_ID": "testing", "AWS_SECRET_ACCESS_KEY": "testing",
        "AWS_DEFAULT_REGION": "us-east-1", "AWS_ENDPOINT_URL": f"http://{host}:{port}",
    }  # fmt: skip
    for name, value in names.items():
        monkeypatch.setenv(name, value)
    forget = urllib.request.Request(f"http://{host}:{port}/moto-api/reset", method="POST")
    urllib.request.urlopen(forget).close()  # servers of one process share what they hold
    boto3.client("s3").create_bucket(Bucket="lab")
    import s3fs

    s3fs.S3FileSystem.clear_instance_cache()
    ome_volume._opened.cache_clear()
    yield "s3://lab"
    s3fs.S3FileSystem.clear_instance_cache()
    store.stop()


def test_a_place_in_a_bucket(bucket):
    place = Place.of(f"{bucket}/out.zarr") / ".blocks"
    assert place.read("a") is None
    assert place.is_empty()
    place.write("a/b", b"1")
    place.append("log", b"x")
    place.append("log", b"y")
    assert (place.read("a/b"), place.read("log")) == (b"1", b"xy")
    assert sorted(place.names()) == ["a/b", "log"]
    assert list(place.names("a")) == ["b"]
    assert place.create("run", b"1")
    assert not place.create("run", b"2")
    assert place.read("run") == b"1"
    ledger = Ledger(place, "predict")
    for block in (0, 1500):
        ledger.mark(block, {})
    assert ledger.done(2000).nonzero()[0].tolist() == [0, 1500]
    place.remove()
    assert place.is_empty()


@pytest.mark.parametrize("workers", [0, pytest.param(2, marks=pytest.mark.slow)])
def test_from_a_bucket_to_a_bucket(bucket, tmp_path, image, workers):
    em.write_stack(tmp_path / "in.zarr", image)
    import s3fs

    s3fs.S3FileSystem().put(str(tmp_path / "in.zarr"), "lab/in.zarr", recursive=True)
    expected = em.segment(image, output="probability").data
    who = {"workers": workers} if workers else {"part": "1/1"}
    done = em.segment_file(f"{bucket}/in.zarr", f"{bucket}/out.zarr", output="probability", **who)
    assert done.slices == 3
    found = em.read_stack(f"{bucket}/out.zarr", kind="image")
    np.testing.assert_array_equal(found.data.compute(), expected)
    with pytest.raises(WriteError, match="exists already"):
        em.segment_file(tmp_path / "in.zarr", f"{bucket}/out.zarr", output="probability")
    em.segment_file(tmp_path / "in.zarr", f"{bucket}/out.zarr", output="mask", overwrite=True)
    mask = em.read_stack(f"{bucket}/out.zarr", raw_values=True)
    assert (mask.kind, mask.data.dtype) == ("labels", np.uint8)
    em.segment_file(tmp_path / "in.zarr", f"{bucket}/out.zarr/labels/m", output="mask")
    assert em.read_stack(f"{bucket}/out.zarr::labels/m").shape == (3, 256, 256)


class _Silent(SimpleHTTPRequestHandler):
    def log_message(self, *_):
        """Say nothing."""


def test_from_a_web_server(tmp_path, image):
    pytest.importorskip("aiohttp")
    em.write_stack(tmp_path / "in.zarr", image)
    server = ThreadingHTTPServer(("127.0.0.1", 0), partial(_Silent, directory=str(tmp_path)))
    thread = threading.Thread(target=server.serve_forever, daemon=True)
    thread.start()
    try:
        address = f"http://127.0.0.1:{server.server_port}/in.zarr"
        em.segment_file(address, tmp_path / "out.zarr", output="probability", part="1/1")
    finally:
        server.shutdown()
        server.server_close()
        thread.join()
    expected = em.segment(image, output="probability").data
    np.testing.assert_array_equal(em.read_stack(tmp_path / "out.zarr").data.compute(), expected)
