"""OME-Zarr 0.4 and 0.5: levels, labels, groups; written so that others take it; over http."""

from __future__ import annotations

import functools
import http.server
import threading
from pathlib import Path

import numpy as np
import pytest
import zarr

from napari_emseg.errors import ReadError, WriteError
from napari_emseg.io.convert import convert
from napari_emseg.io.formats import zarr as zarr_format
from napari_emseg.io.formats.zarr import halved
from napari_emseg.io.napari_reader import get_reader
from napari_emseg.io.read import read_stack
from napari_emseg.io.resumable_writer import ResumableWriter, planned_stack
from napari_emseg.io.write import write_stack
from napari_emseg.types import Stack

VOXEL = (50.0, 4.5, 4.0)


@pytest.fixture
def small_chunks(monkeypatch):
    """Slices of 150 x 170 are wide."""
    monkeypatch.setattr(zarr_format, "CHUNK", 32)


@pytest.fixture
def sharded(monkeypatch, small_chunks):
    monkeypatch.setattr(zarr_format, "SHARDED_PIXELS", 1000)


@pytest.fixture
def wide(rng):
    return rng.integers(0, 256, (3, 150, 171), dtype=np.uint8)


def _image(group, data, version="0.4", n_levels=1, **attributes):
    """An OME-Zarr image of nested levels in a zarr group."""
    levels = []
    for level in range(n_levels):
        group.create_array(f"s{level}", data=data[:, :: 2**level, :: 2**level])
        scale = [50.0, 4.0 * 2**level, 4.0 * 2**level]
        transform = {"type": "scale", "scale": scale}
        levels.append({"path": f"s{level}", "coordinateTransformations": [transform]})
    axes = [{"name": name, "type": "space", "unit": "nanometer"} for name in "zyx"]
    image = {"axes": axes, "datasets": levels}
    if version == "0.4":
        group.attrs.update({"multiscales": [{"version": version, **image}], **attributes})
    else:
        group.attrs["ome"] = {"version": version, "multiscales": [image], **attributes}


def _group(path, version="0.4"):
    return zarr.open_group(str(path), mode="w", zarr_format=2 if version == "0.4" else 3)


def _valid(path):
    yaozarrs = pytest.importorskip("yaozarrs")
    found = yaozarrs.open_group(str(path)).ome_metadata()
    assert found is not None
    if (path / "zarr.json").exists():
        yaozarrs.validate_zarr_store(str(path))
    return found


# levels and groups


@pytest.mark.parametrize("version", ["0.4", "0.5"])
def test_all_levels(tmp_path, wide, version):
    path = tmp_path / "a.zarr"
    _image(_group(path, version), wide, version, n_levels=3)
    assert read_stack(path).voxel_size_nm == (50, 4, 4)
    assert read_stack(path, level=0).shape == wide.shape
    for stack in (
        read_stack(path, level=2), read_stack(f"{path}::level=2"), read_stack(f"{path}::2"),
        read_stack(f"{path}::s2"), read_stack(path / "s2"),
    ):  # fmt: skip
        np.testing.assert_array_equal(np.asarray(stack.data), wide[:, ::4, ::4])
        assert stack.voxel_size_nm == (50, 16, 16)
    with pytest.raises(ReadError, match="has 3 levels, counted from 0; received 3"):
        read_stack(path, level=3)
    with pytest.raises(ReadError, match=r"has no part 'raw'; 'raw' is not among s0, s1, s2"):
        read_stack(f"{path}::raw")


@pytest.mark.parametrize("version", ["0.4", "0.5"])
def test_bioformats2raw(tmp_path, grey, version):
    group = _group(tmp_path / "a.zarr", version)
    layout = {"bioformats2raw.layout": 3}
    group.attrs.update(layout if version == "0.4" else {"ome": {"version": version, **layout}})
    _image(group.create_group("0"), grey, version)
    stack = read_stack(tmp_path / "a.zarr")
    assert (stack.shape, stack.voxel_size_nm, stack.name) == (grey.shape, (50, 4, 4), "a")
    _image(group.create_group("1"), 255 - grey, version)
    with pytest.raises(ReadError, match=r"received 2 images \(0, 1\); choose one, .*a\.zarr::0"):
        read_stack(tmp_path / "a.zarr")
    np.testing.assert_array_equal(np.asarray(read_stack(f"{tmp_path}/a.zarr::1").data), 255 - grey)
    with pytest.raises(ReadError, match="received 2 images"):
        read_stack(tmp_path / "a.zarr", level=1)  # no image, but a level
    with pytest.raises(ReadError, match="has 1 levels, counted from 0; received 1"):
        read_stack(f"{tmp_path}/a.zarr::1", level=1)


def test_series_are_named_by_their_list(tmp_path, grey):
    group = _group(tmp_path / "a.zarr")
    group.attrs["bioformats2raw.layout"] = 3
    group.create_group("OME").attrs["series"] = ["left"]
    _image(group.create_group("left"), grey)
    assert read_stack(tmp_path / "a.zarr").shape == grey.shape


def test_groups_say_what_is_inside(tmp_path, grey):
    group = _group(tmp_path / "a.zarr")
    group.attrs["plate"] = {"wells": [{"path": "A/1"}, {"path": "B/2"}]}
    with pytest.raises(ReadError, match=r"a plate with wells \(A/1, B/2\)"):
        read_stack(tmp_path / "a.zarr")
    group = _group(tmp_path / "b.zarr")
    group.create_array("raw", data=grey)
    group.create_array("other", data=grey)
    with pytest.raises(ReadError, match=r"b\.zarr::other \(other \(5, 19, 23\) uint8, raw"):
        read_stack(tmp_path / "b.zarr")
    assert read_stack(f"{tmp_path}/b.zarr::raw").shape == grey.shape


@pytest.mark.parametrize("version", ["0.4", "0.5"])
def test_labels_of_an_image(tmp_path, grey, version):
    path = tmp_path / "a.zarr"
    group = _group(path, version)
    _image(group, grey, version)
    labels = group.create_group("labels")
    listed = {"labels": ["cells"]}
    labels.attrs.update(listed if version == "0.4" else {"ome": {"version": version, **listed}})
    ids = (grey // 9).astype(np.uint16)
    _image(labels.create_group("cells"), ids, version, **{"image-label": {}})
    for place in (f"{path}::labels/cells", f"{path}::labels", path / "labels" / "cells"):
        stack = read_stack(place)
        assert (stack.kind, stack.voxel_size_nm) == ("labels", (50, 4, 4))
        np.testing.assert_array_equal(np.asarray(stack.data), ids)
    image, cells = get_reader(str(path))(str(path))
    assert (image[2], cells[2], cells[1]["name"]) == ("image", "labels", "cells")
    assert tuple(cells[1]["scale"]) == tuple(image[1]["scale"])


def test_groups_in_groups(tmp_path, grey):
    group = _group(tmp_path / "a.zarr")
    group.create_group("volumes").create_array("raw", data=grey)
    assert read_stack(tmp_path / "a.zarr").shape == grey.shape
    _image(group["volumes"].create_group("em"), grey, n_levels=2)
    with pytest.raises(
        ReadError, match=r"::volumes/raw \(volumes/raw \(5, 19, 23\) uint8, volumes/em \(OME-Zarr"
    ):
        read_stack(tmp_path / "a.zarr")
    assert read_stack(f"{tmp_path}/a.zarr::volumes/em").voxel_size_nm == (50, 4, 4)


@pytest.mark.parametrize(
    ("about", "voxel"),
    [
        ({"resolution": [50, 5, 4], "offset": [0, 0, 0]}, (50, 5, 4)),
        ({"voxel_size": [0.05, 0.005, 0.004], "units": ["um"] * 3}, (50, 5, 4)),
        ({"resolution": [50, 5, 4], "units": "voxel"}, None),
    ],
)
def test_sizes_of_plain_arrays(tmp_path, grey, about, voxel):
    zarr.create_array(str(tmp_path / "a.zarr"), data=grey).attrs.update(about)
    stack = read_stack(tmp_path / "a.zarr")
    assert stack.voxel_size_nm == (voxel and pytest.approx(voxel))
    assert bool(stack.notes) == (voxel is None)


@pytest.mark.parametrize("zarr_version", [2, 3])
def test_a_data_set_of_xarray(tmp_path, grey, zarr_version):
    group = zarr.open_group(str(tmp_path / "a.zarr"), mode="w", zarr_format=zarr_version)
    for name, data in (("em", grey.transpose(2, 1, 0)), ("x", np.arange(23)), ("z", np.arange(5))):
        array = group.create_array(name, data=np.ascontiguousarray(data))
        array.attrs["_ARRAY_DIMENSIONS"] = ["x", "y", "z"] if name == "em" else [name]
    np.testing.assert_array_equal(np.asarray(read_stack(tmp_path / "a.zarr").data), grey)


def test_lengths_without_a_unit_are_no_voxel_size(tmp_path, grey):
    group = _group(tmp_path / "a.zarr")
    _image(group, grey)
    about = group.attrs.asdict()["multiscales"]
    for axis in about[0]["axes"]:
        del axis["unit"]
    group.attrs["multiscales"] = about
    stack = read_stack(tmp_path / "a.zarr")
    assert stack.voxel_size_nm is None
    assert "50 : 4 : 4 (z, y, x) have no unit" in stack.notes[0]


# written


@pytest.mark.parametrize("dtype", [np.uint8, np.uint16, np.float32])
def test_wide_images_have_levels(tmp_path, wide, small_chunks, dtype):
    path = write_stack(tmp_path / "a.zarr", Stack(wide.astype(dtype), VOXEL, "a"))
    _valid(path)
    for level, shape in enumerate([(3, 150, 171), (3, 75, 86), (3, 38, 43)]):
        stack = read_stack(path, level=level)
        assert stack.shape == shape
        assert stack.voxel_size_nm == (50, 4.5 * 2**level, 4.0 * 2**level)
        assert stack.data.dtype == dtype
        assert stack.data[0].mean() == pytest.approx(wide[0].mean(), rel=0.02)


def test_levels_of_labels_hold_no_other_ids(tmp_path, wide, small_chunks):
    path = write_stack(tmp_path / "a.zarr", Stack(wide, VOXEL, "a", "labels"))
    stack = read_stack(path, level=1, raw_values=True)
    np.testing.assert_array_equal(np.asarray(stack.data), wide[:, ::2, ::2])
    _valid(path)


def test_halved():
    pixels = np.array([[0, 2, 9], [4, 6, 9], [1, 1, 5]], np.uint8)
    assert halved(pixels, True).tolist() == [[3, 9], [1, 5]]
    assert halved(pixels, False).tolist() == [[0, 9], [1, 5]]


@pytest.mark.parametrize("kind", ["image", "labels"])
def test_large_slices_are_one_file_each(tmp_path, wide, sharded, kind):
    path = write_stack(tmp_path / "a.zarr", Stack(wide, VOXEL, "a", kind))
    assert len([each for each in (path / "0").rglob("*") if each.is_file()]) == 3 + 1
    assert _valid_version(path) == "0.5"
    stack = read_stack(path, raw_values=True)
    assert (stack.kind, stack.voxel_size_nm) == (kind, VOXEL)
    np.testing.assert_array_equal(np.asarray(stack.data), wide)


def _valid_version(path):
    _valid(path)
    return zarr.open_group(str(path), mode="r").attrs["ome"]["version"]


def test_a_sharded_writing_goes_on_over_what_was_cut_short(tmp_path, wide, sharded):
    stack = Stack(wide, VOXEL, "a")

    def write(stop, **how):
        with ResumableWriter(
            tmp_path / "a.zarr", planned_stack(stack, 3, np.uint8), {}, **how
        ) as o:
            for z in range(o.done, stop):
                o.put(z, wide[z])

    write(1)
    cut = tmp_path / "a.zarr/0/c/1/0/0"
    cut.parent.mkdir(parents=True)
    cut.write_bytes(b"cut short")
    write(3, resume=True)
    np.testing.assert_array_equal(np.asarray(read_stack(tmp_path / "a.zarr").data), wide)


@pytest.mark.parametrize("large", [False, True])
def test_cells_beside_their_image(tmp_path, wide, monkeypatch, large):
    if large:
        monkeypatch.setattr(zarr_format, "SHARDED_PIXELS", 1000)
    path = write_stack(tmp_path / "a.zarr", Stack(wide, VOXEL, "a"))
    ids = Stack((wide // 9).astype(np.uint16), VOXEL, "cells", "labels")
    for name in ("cells", "again"):
        written = write_stack(f"{path}::labels/{name}", ids, sources=[path])
        assert written == path / "labels" / name
    assert {layer[1]["name"] for layer in get_reader(str(path))(str(path))} == {
        "a", "cells", "again",
    }  # fmt: skip
    _valid(path)
    _valid(path / "labels/cells")
    found = read_stack(path / "labels/cells")
    assert (found.kind, found.voxel_size_nm) == ("labels", VOXEL)
    np.testing.assert_array_equal(np.asarray(found.data), ids.data)
    np.testing.assert_array_equal(np.asarray(read_stack(path).data), wide)
    with pytest.raises(WriteError, match="exists already"):
        write_stack(f"{path}::labels/cells", ids)
    write_stack(f"{path}::labels/cells", ids, overwrite=True)
    with pytest.raises(WriteError, match="expected labels to write into"):
        write_stack(path / "labels" / "grey", Stack(wide))


def test_cells_beside_their_image_go_on(tmp_path, grey):
    path = write_stack(tmp_path / "a.zarr", Stack(grey, VOXEL, "a"))
    planned = planned_stack(Stack(grey, VOXEL, "a"), 5, np.uint32, kind="labels")

    def write(stop, **how):
        out = ResumableWriter(f"{path}::labels/cells", planned, {}, sources=[path], **how)
        with out:
            for z in range(out.done, stop):
                out.put(z, grey[z].astype(np.uint32))

    write(2)
    assert len(get_reader(str(path))(str(path))) == 1  # not listed until it is whole
    write(5, resume=True)
    _, cells = get_reader(str(path))(str(path))
    np.testing.assert_array_equal(np.asarray(cells[0]), grey)


def test_other_places_in_an_input_stay_refused(tmp_path, grey):
    path = write_stack(tmp_path / "a.zarr", Stack(grey, VOXEL, "a"))
    for place in (path / "0", path / "out.zarr", path):
        with pytest.raises(WriteError, match="never written to"):
            write_stack(place, Stack(grey, kind="labels"), sources=[path], overwrite=True)


def test_an_assumed_thickness_is_not_written_as_a_fact(tmp_path, grey):
    stack = Stack(grey, (4.0, 4.0, 4.0), "a", thickness_assumed=True)
    for name in ("a.zarr", "a.tif", "a.h5"):
        back = read_stack(write_stack(tmp_path / name, stack))
        assert (back.voxel_size_nm, back.thickness_assumed) == ((4, 4, 4), True)
        again = read_stack(convert(tmp_path / name, tmp_path / f"b{name}"))
        assert again.thickness_assumed
    _valid(tmp_path / "a.zarr")


# over http


class _Quiet(http.server.SimpleHTTPRequestHandler):
    def log_message(self, *_):
        pass


class _Bucket(_Quiet):
    """As S3 answers who reads single objects."""

    def do_GET(self):
        path = Path(self.translate_path(self.path))
        if path.is_file():
            super().do_GET()
            return
        listed = b"<ListBucketResult><KeyCount>0</KeyCount></ListBucketResult>"
        missing = b"<Error><Code>NoSuchKey</Code><Message>missing</Message></Error>"
        is_list = "list-type" in self.path
        self.send_response(200 if is_list else 404)
        content = listed if is_list else missing
        self.send_header("Content-Type", "application/xml")
        self.send_header("Content-Length", str(len(content)))
        self.end_headers()
        self.wfile.write(content)


@pytest.fixture
def served(tmp_path, request):
    """Address of the test's folder, and the folder."""
    handler = functools.partial(getattr(request, "param", _Quiet), directory=str(tmp_path))
    server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), handler)
    thread = threading.Thread(target=server.serve_forever, daemon=True)
    thread.start()
    yield f"http://127.0.0.1:{server.server_port}", tmp_path
    server.shutdown()
    server.server_close()
    thread.join()


@pytest.mark.parametrize("version", ["0.4", "0.5"])
def test_over_http(served, wide, version):
    pytest.importorskip("aiohttp")
    address, folder = served
    _image(_group(folder / "a.zarr", version), wide, version, n_levels=2)
    stack = read_stack(f"{address}/a.zarr")
    assert (stack.name, stack.voxel_size_nm) == ("a", (50, 4, 4))
    assert not isinstance(stack.data, np.ndarray)
    np.testing.assert_array_equal(stack.slice(1), wide[1])
    assert read_stack(f"{address}/a.zarr::1").voxel_size_nm == (50, 8, 8)
    (layer,) = get_reader(f"{address}/a.zarr")(f"{address}/a.zarr")
    assert layer[2] == "image"
    with pytest.raises(ReadError, match="expected a zarr array or an OME-Zarr group"):
        read_stack(f"{address}/none.zarr")


@pytest.mark.parametrize("served", [_Bucket], indirect=True)
def test_from_a_bucket(served, wide, monkeypatch):
    pytest.importorskip("s3fs")
    address, folder = served
    (folder / "bucket").mkdir()
    _image(_group(folder / "bucket" / "a.zarr"), wide)
    for name in ("AWS_ACCESS_KEY_ID", "AWS_PROFILE"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setenv("AWS_ENDPOINT_URL", address)
    stack = read_stack("s3://bucket/a.zarr")
    assert stack.voxel_size_nm == (50, 4, 4)
    np.testing.assert_array_equal(stack.slice(1), wide[1])
