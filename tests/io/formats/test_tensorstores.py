from __future__ import annotations

import functools
import http.server
import json
import threading

import numpy as np
import pytest

from napari_emseg.errors import ReadError
from napari_emseg.io.layout import packages
from napari_emseg.io.read import read_stack

tensorstore = pytest.importorskip("tensorstore")


def _n5(path, data, **about):
    """An N5 data set of (Z, Y, X) pixels, stored x first, with attributes."""
    spec = {
        "driver": "n5", "kvstore": {"driver": "file", "path": f"{path}/"},
        "metadata": {
            "dimensions": list(data.shape[::-1]), "blockSize": [8, 8, 2],
            "dataType": data.dtype.name, "compression": {"type": "gzip"}, **about,
        },
    }  # fmt: skip
    tensorstore.open(spec, create=True).result()[...] = data.transpose()
    return path


def _about(folder, **attributes):
    file = folder / "attributes.json"
    known = json.loads(file.read_text()) if file.exists() else {}
    file.write_text(json.dumps(known | attributes))


def _precomputed(path, data, type="image"):
    spec = {
        "driver": "neuroglancer_precomputed", "kvstore": {"driver": "file", "path": f"{path}/"},
        "multiscale_metadata": {"type": type, "data_type": data.dtype.name, "num_channels": 1},
        "scale_metadata": {
            "size": list(data.shape[::-1]), "voxel_offset": [3, 0, 7], "encoding": "raw",
            "chunk_size": [8, 8, 2], "resolution": [4, 5, 50],
        },
    }  # fmt: skip
    tensorstore.open(spec, create=True).result()[...] = data.transpose()[..., None]
    return path


@pytest.mark.parametrize(
    "about",
    [
        {"resolution": [4.0, 5.0, 50.0], "units": ["nm"] * 3},
        {"pixelResolution": {"unit": "um", "dimensions": [0.004, 0.005, 0.05]}},
        {"transform": {"axes": ["z", "y", "x"], "scale": [50, 5, 4], "units": ["nm"] * 3}},
    ],
)
def test_n5(tmp_path, grey, about):
    path = _n5(tmp_path / "a.n5", grey)
    _about(path, **about)
    stack = read_stack(path)
    assert stack.voxel_size_nm == pytest.approx((50, 5, 4))
    assert not isinstance(stack.data, np.ndarray)
    np.testing.assert_array_equal(np.asarray(stack.data), grey)


def test_n5_without_a_voxel_size(tmp_path, grey):
    stack = read_stack(_n5(tmp_path / "a.n5", grey))
    assert (stack.voxel_size_nm, stack.notes) == (None, ())


def test_data_sets_and_levels_of_n5(tmp_path, grey):
    path = tmp_path / "a.n5"
    _n5(path / "volumes/raw/s0", grey)
    _n5(path / "volumes/raw/s1", grey[:, ::2, ::2], downsamplingFactors=[2, 2, 1])
    _about(path / "volumes/raw", resolution=[4.0, 5.0, 50.0], units=["nm"] * 3)
    assert read_stack(path).voxel_size_nm == (50, 5, 4)
    for place in (
        f"{path}::volumes/raw/s1", f"{path}::volumes/raw/1", f"{path}::volumes/raw::level=1",
    ):  # fmt: skip
        stack = read_stack(place)
        np.testing.assert_array_equal(np.asarray(stack.data), grey[:, ::2, ::2])
        assert stack.voxel_size_nm == (50, 10, 8)
    _n5(path / "volumes/labels/ids", (grey // 9).astype(np.uint64))
    with pytest.raises(ReadError, match=r"volumes/labels/ids, volumes/raw; choose one, such as a"):
        read_stack(path)
    ids = read_stack(f"{path}::volumes/labels/ids")
    assert ids.kind == "labels"
    np.testing.assert_array_equal(np.asarray(ids.data), grey // 9)
    with pytest.raises(ReadError, match=r"has no part 'none'; it holds volumes/"):
        read_stack(f"{path}::none")


@pytest.mark.parametrize(("dtype", "type"), [("uint8", "image"), ("uint64", "segmentation")])
def test_precomputed(tmp_path, grey, dtype, type):
    path = _precomputed(tmp_path / "a", grey.astype(dtype), type)
    stack = read_stack(path)
    assert stack.kind == ("image" if type == "image" else "labels")
    assert stack.voxel_size_nm == (50, 5, 4)
    np.testing.assert_array_equal(np.asarray(stack.data), grey)
    np.testing.assert_array_equal(np.asarray(read_stack(f"{path}::0").data), grey)
    with pytest.raises(ReadError, match="cannot be opened"):
        read_stack(f"{path}::3")


class _Quiet(http.server.SimpleHTTPRequestHandler):
    def log_message(self, *_):
        pass


def test_precomputed_over_http(tmp_path, grey):
    _precomputed(tmp_path / "a", grey)
    handler = functools.partial(_Quiet, directory=str(tmp_path))
    with http.server.ThreadingHTTPServer(("127.0.0.1", 0), handler) as server:
        thread = threading.Thread(target=server.serve_forever, daemon=True)
        thread.start()
        stack = read_stack(f"precomputed://http://127.0.0.1:{server.server_port}/a")
        np.testing.assert_array_equal(np.asarray(stack.data), grey)
        server.shutdown()
        thread.join()


def test_a_package_that_is_not_installed_is_named(tmp_path, grey, monkeypatch):
    path = _n5(tmp_path / "a.n5", grey)

    def missing(name):
        raise ImportError(name)

    monkeypatch.setattr(packages.importlib, "import_module", missing)
    with pytest.raises(ReadError, match=r"needs the package tensorstore.*'napari-emseg\[formats\]"):
        read_stack(path)
