"""Blocks from and to an object store, and from a web server, all on loopback."""

from __future__ import annotations

import gc
import json
import secrets
import subprocess
import sys
import threading
import warnings
from functools import partial
from http.server import SimpleHTTPRequestHandler, ThreadingHTTPServer

import numpy as np
import pytest

import napari_emseg as em
from napari_emseg.engine.compare import blocks as score_blocks
from napari_emseg.engine.measure import blocks as measure_blocks
from napari_emseg.engine.segment import look
from napari_emseg.errors import WriteError
from napari_emseg.io.volumes import ome_volume
from napari_emseg.io.volumes.ledger import Ledger
from napari_emseg.io.volumes.place import Place
from tissue import bodies


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
    for variable, value in names.items():
        monkeypatch.setenv(variable, value)
    name = f"lab-{secrets.token_hex(4)}"  # what is stored outlives its server
    boto3.client("s3").create_bucket(Bucket=name)
    import s3fs

    s3fs.S3FileSystem.clear_instance_cache()
    yield f"s3://{name}"
    _close_sessions()
    store.stop()


def _close_sessions() -> None:
    """Those of zarr's stores s3fs leaves to the collector, which warns of each."""
    import s3fs

    s3fs.S3FileSystem.clear_instance_cache()
    ome_volume._opened.cache_clear()
    for module in (look, measure_blocks, score_blocks):
        module.opened.cache_clear()
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", ResourceWarning)
        gc.collect()


@pytest.fixture
def source(bucket, tmp_path, image):
    """An image on the disk, and as ``in.zarr`` in the bucket."""
    import s3fs

    em.write_stack(tmp_path / "in.zarr", image)
    files = s3fs.S3FileSystem()
    files.put(str(tmp_path / "in.zarr"), f"{bucket}/in.zarr", recursive=True)
    return tmp_path / "in.zarr"


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


def test_cells_in_a_bucket_are_corrected_measured_and_scored(bucket, tmp_path):
    mask = em.Stack((bodies((4, 96, 96), 20) > 0).astype(np.float32), (30, 6, 6))
    em.write_stack(tmp_path / "p.zarr", mask)
    out, one, log = f"{bucket}/cells.zarr", tmp_path / "one.zarr", tmp_path / "c.jsonl"
    em.cells_file(tmp_path / "p.zarr", out)
    em.cells_file(tmp_path / "p.zarr", one)
    ids = np.asarray(em.read_stack(one, kind="labels").data)
    np.testing.assert_array_equal(em.read_stack(out, kind="labels").data.compute(), ids)
    first, second = (np.argwhere(ids == each)[0].tolist() for each in (1, 2))
    log.write_text(json.dumps({"merge": [first, second]}))
    em.correct_cells(out, log)
    merged = np.where(ids == 2, 1, ids)
    found = em.read_stack(out, kind="labels")
    np.testing.assert_array_equal(found.data.compute(), merged)
    assert not found.notes
    table = em.measure_file(out, tmp_path / "t.csv", part="1/1", keep=f"{bucket}/kept")
    wanted = em.measure(merged, voxel_size_nm=(30, 6, 6)).cells
    for name, values in wanted.columns.items():
        np.testing.assert_allclose(table[name], values, rtol=1e-9, err_msg=name)
    scores = em.evaluate_volume_file(out, one, keep=f"{bucket}/scored")
    assert scores.volume == em.evaluate_volume(merged, ids).volume


def test_from_a_bucket_to_a_bucket(bucket, source, image):
    expected = em.segment(image, output="probability").data
    out = f"{bucket}/out.zarr"
    assert em.segment_file(f"{bucket}/in.zarr", out, output="probability", part="1/1").slices == 3
    found = em.read_stack(out, kind="image")
    np.testing.assert_array_equal(found.data.compute(), expected)
    with pytest.raises(WriteError, match="exists already"):
        em.segment_file(source, out, output="probability")
    em.segment_file(source, out, output="mask", overwrite=True)
    mask = em.read_stack(out, raw_values=True)
    assert (mask.kind, mask.data.dtype) == ("labels", np.uint8)
    em.segment_file(source, f"{out}/labels/m", output="mask")
    assert em.read_stack(f"{out}::labels/m").shape == (3, 256, 256)


@pytest.mark.slow
def test_by_workers(bucket, source, image):
    out = f"{bucket}/out.zarr"
    predict = [sys.executable, "-m", "napari_emseg", "predict", f"{bucket}/in.zarr"]
    subprocess.run([*predict, "--out", out, "--workers", "2"], check=True)
    expected = em.segment(image, output="probability").data
    np.testing.assert_array_equal(em.read_stack(out, kind="image").data.compute(), expected)


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
