from __future__ import annotations

import errno
import os

import dask.array as da
import numpy as np
import pytest
import tifffile
import zarr
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from hypothesis.extra import numpy as hnp

from napari_emseg.errors import CancelledError, ReadError, WriteError
from napari_emseg.io.disk.lock import Lock
from napari_emseg.io.formats import tiff_write
from napari_emseg.io.formats.folder import slice_names
from napari_emseg.io.read import read_stack
from napari_emseg.io.write import as_ids, as_mask_uint8, write_stack
from napari_emseg.types import Stack

VOXEL = (50.0, 4.5, 4.0)
DTYPES = [np.uint8, np.uint16, np.float32, bool, np.uint32, np.int64, np.float64, np.float16]


def _stack(shape=(5, 19, 23), dtype=np.uint8, voxel_size_nm=VOXEL, kind="image"):
    rng = np.random.default_rng(3)
    data = rng.random(shape) < 0.5 if dtype is bool else (rng.random(shape) * 99).astype(dtype)
    return Stack(data, voxel_size_nm, "x", kind)


def _names(folder):
    return sorted(path.name for path in folder.iterdir())


@pytest.mark.parametrize("dtype", DTYPES)
@pytest.mark.parametrize("shape", [(1, 9, 11), (3, 10, 12), (4, 1, 7), (3, 5, 1)])
@pytest.mark.parametrize("name", ["a.tif", "a.npy", "a.zarr"])
def test_round_trip(tmp_path, dtype, shape, name):
    stack = _stack(shape, dtype)
    assert write_stack(tmp_path / name, stack) == tmp_path / name
    found = read_stack(tmp_path / name, raw_values=True)
    assert found.data.dtype == dtype
    np.testing.assert_array_equal(np.asarray(found.data), stack.data)
    assert found.voxel_size_nm == (None if name == "a.npy" else VOXEL)
    assert _names(tmp_path) == [name]


@pytest.mark.parametrize("name", ["a.tif", "a.zarr"])
@pytest.mark.parametrize("kind", ["image", "labels"])
@pytest.mark.parametrize("dtype", [np.uint8, np.uint16, np.int64])
def test_the_kind_is_recorded(tmp_path, name, kind, dtype):
    write_stack(tmp_path / name, _stack(kind=kind, dtype=dtype))
    assert read_stack(tmp_path / name).kind == kind


@pytest.mark.parametrize("name", ["a.tif", "a.zarr"])
@pytest.mark.parametrize("dtype", [np.uint8, np.uint32, np.int64])
def test_an_unknown_voxel_size_stays_unknown(tmp_path, name, dtype):
    write_stack(tmp_path / name, _stack(voxel_size_nm=None, dtype=dtype))
    assert read_stack(tmp_path / name).voxel_size_nm is None


@pytest.mark.parametrize("voxel", [(50, 4, 4), (29.7, 3.7, 3.7), (45, 0.125, 6.1), (1e4, 500, 500)])
@pytest.mark.parametrize("name", ["a.tif", "a.zarr"])
def test_voxel_sizes_survive(tmp_path, voxel, name):
    write_stack(tmp_path / name, _stack(voxel_size_nm=voxel))
    assert read_stack(tmp_path / name).voxel_size_nm == pytest.approx(voxel, rel=1e-7)


@pytest.mark.parametrize("dtype", [np.uint8, np.uint16, bool])
@pytest.mark.parametrize("where", ["new/", "new", "there/"])
def test_round_trip_through_png_slices(tmp_path, dtype, where):
    (tmp_path / "there").mkdir()
    stack = _stack(dtype=dtype)
    out = write_stack(f"{tmp_path}/{where}", stack)
    assert _names(out) == [f"slice_000{z}.png" for z in range(5)]
    found = read_stack(out, raw_values=True)
    assert found.data.dtype == dtype
    np.testing.assert_array_equal(found.data, stack.data)
    assert all(not name.startswith(".") for name in _names(tmp_path))


@pytest.mark.parametrize("dtype", [np.uint8, np.float32, np.uint32])
def test_round_trip_through_tiff_slices(tmp_path, dtype):
    stack = _stack(dtype=dtype)
    found = read_stack(write_stack(tmp_path / "out", stack, slice_ending=".tif"))
    np.testing.assert_array_equal(found.data, stack.data)
    assert found.voxel_size_nm == VOXEL


def test_many_slices_have_longer_numbers():
    assert list(slice_names(10001, ".png"))[-1] == "slice_10000.png"
    assert next(slice_names(10001, ".png")) == "slice_00000.png"


def test_a_single_png(tmp_path):
    stack = _stack((1, 9, 11))
    write_stack(tmp_path / "a.png", stack)
    np.testing.assert_array_equal(read_stack(tmp_path / "a.png").data, stack.data)
    with pytest.raises(WriteError, match=r"one slice for a single PNG, received 5; .*\(a/\)"):
        write_stack(tmp_path / "a.png", _stack(), overwrite=True)


@pytest.mark.parametrize("name", ["a.tif", "a.npy", "a.zarr", "a.h5", "a/"])
@pytest.mark.parametrize("shape", [(1, 1, 1), (1, 1, 7), (3, 1, 1)])
def test_a_pixel_or_a_line_survives(tmp_path, name, shape):
    stack = _stack(shape)
    write_stack(tmp_path / name, stack)
    np.testing.assert_array_equal(read_stack(tmp_path / name).data, stack.data)


@settings(max_examples=25, deadline=None, suppress_health_check=list(HealthCheck))
@given(
    data=hnp.arrays(
        st.sampled_from([np.uint8, np.uint16, np.float32, np.bool_, np.uint32]),
        hnp.array_shapes(min_dims=3, max_dims=3, min_side=1, max_side=9),
    ),
    name=st.sampled_from(["a.tif", "a.ome.tif", "a.npy", "a.zarr", "a.h5", "a/"]),
)
def test_any_array_survives(tmp_path_factory, data, name):
    path = f"{tmp_path_factory.mktemp('any')}/{name}"
    write_stack(path, Stack(data), slice_ending=".tif")
    found = read_stack(path, raw_values=True).data
    assert found.dtype == data.dtype
    np.testing.assert_array_equal(np.asarray(found), data)


@pytest.mark.parametrize("name", ["a.tif", "a.npy", "a.zarr", "a/"])
def test_a_lazy_stack_is_written_slice_by_slice(tmp_path, name):
    data, loaded = _stack().data, []

    def load(block, block_info=None):
        loaded.append(block_info[0]["chunk-location"][0])
        return block

    lazy = da.from_array(data, chunks=(1, -1, -1)).map_blocks(load, dtype=data.dtype)
    written = []
    out = write_stack(
        f"{tmp_path}/{name}",
        Stack(lazy),
        on_slice=lambda n, of: written.append((n, of, len(loaded))),
    )
    assert written == [(z, 5, z) for z in range(1, 6)]
    np.testing.assert_array_equal(np.asarray(read_stack(out).data), data)


def test_imagej_reads_what_it_can(tmp_path):
    write_stack(tmp_path / "a.tif", _stack())
    with tifffile.TiffFile(tmp_path / "a.tif") as tif:
        assert tif.is_imagej
        assert tif.series[0].axes == "ZYX"
        assert tif.imagej_metadata["unit"] == "um"
        assert tif.imagej_metadata["spacing"] == 0.05
        assert tif.imagej_metadata["slices"] == 5
        assert tif.pages[0].tags["XResolution"].value == (250, 1)
    write_stack(tmp_path / "b.tif", _stack(dtype=np.uint32))
    with tifffile.TiffFile(tmp_path / "b.tif") as tif:
        assert tif.is_ome


def test_a_large_stack_is_bigtiff_with_ome_metadata(tmp_path, monkeypatch):
    monkeypatch.setattr(tiff_write, "CLASSIC_TIFF_BYTES", 100)
    write_stack(tmp_path / "a.tif", _stack())
    with tifffile.TiffFile(tmp_path / "a.tif") as tif:
        assert tif.is_bigtiff
    found = read_stack(tmp_path / "a.tif")
    assert found.voxel_size_nm == VOXEL
    np.testing.assert_array_equal(found.data, _stack().data)


def test_zarr_is_ome_zarr(tmp_path):
    write_stack(tmp_path / "a.zarr", _stack((3, 1100, 40)))
    group = zarr.open_group(str(tmp_path / "a.zarr"), mode="r")
    image = group.attrs["multiscales"][0]
    assert [axis["name"] for axis in image["axes"]] == ["z", "y", "x"]
    assert group["0"].chunks == (1, 1024, 40)


def test_foreign_byte_order_is_mended(tmp_path):
    data = _stack(dtype=np.uint16).data
    for name in ("a.tif", "a.npy", "a.zarr"):
        write_stack(tmp_path / name, Stack(data.astype(">u2")))
        np.testing.assert_array_equal(np.asarray(read_stack(tmp_path / name).data), data)


# refusals


@pytest.mark.parametrize("name", ["a.jpg", "a.tif.gz"])
def test_unknown_ending(tmp_path, name):
    with pytest.raises(
        WriteError, match=r"expected a path that ends in \.tif.*or in / for a folder"
    ):
        write_stack(tmp_path / name, _stack())


def test_floats_are_no_png(tmp_path):
    with pytest.raises(WriteError, match=r"received float32; write to a path that ends in \.tif"):
        write_stack(tmp_path / "out/", _stack(dtype=np.float32))
    assert _names(tmp_path) == []


def test_odd_pixels_are_refused(tmp_path):
    with pytest.raises(WriteError, match="complex64"):
        write_stack(tmp_path / "a.npy", Stack(np.zeros((2, 3, 3), np.complex64)))
    with pytest.raises(WriteError, match=r"shape \(0, 3, 3\)"):
        write_stack(tmp_path / "a.npy", Stack(np.zeros((0, 3, 3))))
    with pytest.raises(WriteError, match="for TIFF, received float"):
        write_stack(tmp_path / "a.tif", Stack(np.zeros((1, 3, 3), np.longdouble)))
    with pytest.raises(WriteError, match="slice_ending: expected"):
        write_stack(tmp_path / "a/", _stack(), slice_ending=".jpg")


@pytest.mark.parametrize("name", ["a.tif", "a.npy", "a.zarr", "out/"])
def test_an_existing_output_is_kept_unless_allowed(tmp_path, name):
    out, first, second = f"{tmp_path}/{name}", _stack(), _stack(kind="labels")
    write_stack(out, first)
    second = second.with_data(second.data + 1)
    with pytest.raises(WriteError, match="overwrite it"):
        write_stack(out, second)
    np.testing.assert_array_equal(np.asarray(read_stack(out).data), first.data)
    write_stack(out, second, overwrite=True)
    np.testing.assert_array_equal(np.asarray(read_stack(out).data), second.data)
    assert len(_names(tmp_path)) == 1


@pytest.mark.parametrize("overwrite", [False, True])
def test_slices_are_not_mixed(tmp_path, overwrite):
    out = tmp_path / "out"
    write_stack(out, _stack((7, 4, 4)))
    with pytest.raises(WriteError, match=r"holds slice_0005\.png and 1 more slices.*empty folder"):
        write_stack(out, _stack(), overwrite=overwrite)
    with pytest.raises(WriteError, match="would mix"):
        write_stack(out, _stack((7, 4, 4)), overwrite=overwrite, slice_ending=".tif")
    assert len(_names(out)) == 7


def test_other_files_in_a_folder_stay(tmp_path):
    (tmp_path / "notes.txt").write_text("mine")
    write_stack(tmp_path, _stack())
    assert (tmp_path / "notes.txt").read_text() == "mine"
    assert len(_names(tmp_path)) == 6


def test_a_folder_that_is_no_zarr_is_not_replaced(tmp_path):
    (tmp_path / "a.zarr").mkdir()
    write_stack(tmp_path / "a.zarr", _stack())  # an empty one may be
    (tmp_path / "b.zarr").mkdir()
    (tmp_path / "b.zarr/thesis.txt").write_text("mine")
    with pytest.raises(WriteError, match="something else"):
        write_stack(tmp_path / "b.zarr", _stack(), overwrite=True)
    (tmp_path / "c").write_text("a file")
    with pytest.raises(WriteError, match="something else"):
        write_stack(tmp_path / "c", _stack(), overwrite=True)
    assert (tmp_path / "b.zarr/thesis.txt").read_text() == "mine"


@pytest.mark.parametrize(
    ("source", "out"),
    [("a.tif", "a.tif"), ("a.tif", "sub/../a.tif"), ("a.tif", "."), ("sub", "sub/b.npy"),
     ("a.tif", "link.tif")],
)  # fmt: skip
def test_an_input_is_never_an_output(tmp_path, source, out):
    (tmp_path / "sub").mkdir()
    write_stack(tmp_path / "a.tif", _stack())
    (tmp_path / "link.tif").symlink_to(tmp_path / "a.tif")
    before = (tmp_path / "a.tif").read_bytes()
    with pytest.raises(WriteError, match="which is never written to"):
        write_stack(f"{tmp_path}/{out}", _stack(), overwrite=True, sources=[tmp_path / source])
    assert (tmp_path / "a.tif").read_bytes() == before


def test_a_missing_folder_is_named(tmp_path):
    with pytest.raises(WriteError, match=r"the folder .*/no does not exist; make it first"):
        write_stack(tmp_path / "no/a.tif", _stack())


# failures half way


class _Failing(np.ndarray):
    """A stack of which the third slice cannot be put where it belongs."""

    error: BaseException

    @classmethod
    def of(cls, error, data):
        found = data.view(cls)
        found.error = error
        return found

    def __getitem__(self, z):
        if isinstance(z, int) and z == 2:
            raise self.error
        return np.asarray(self)[z]


def test_a_source_that_is_damaged_is_not_taken_for_a_full_disk(tmp_path):
    class Source:
        shape, dtype, ndim = (5, 9, 9), np.dtype(np.uint8), 3

        def __getitem__(self, z):
            raise OSError("bad block")

    with pytest.raises(ReadError, match=r"slice 0: cannot be read, .*bad block"):
        write_stack(tmp_path / "a.npy", Stack(Source()))
    assert _names(tmp_path) == []


@pytest.mark.parametrize("name", ["a.tif", "a.npy", "a.zarr", "out/"])
@pytest.mark.parametrize("existed", [False, True])
@pytest.mark.parametrize(
    ("error", "raised", "match"),
    [
        (OSError(errno.ENOSPC, "full"), WriteError, r"the disk is full; free some.* MiB free"),
        (OSError(errno.EACCES, "no"), WriteError, "you may not write there"),
        (OSError("strange"), WriteError, "strange; choose another place"),
        (ReadError("gone"), ReadError, "gone"),
        (KeyboardInterrupt("stop"), KeyboardInterrupt, "stop"),
    ],
)
def test_a_failure_leaves_the_old_and_no_debris(tmp_path, name, existed, error, raised, match):
    out = f"{tmp_path}/{name}"
    if existed:
        write_stack(out, _stack())
    before = _names(tmp_path)
    with pytest.raises(raised, match=match):
        write_stack(out, Stack(_Failing.of(error, _stack().data + 1)), overwrite=True)
    assert _names(tmp_path) == before
    if existed:
        np.testing.assert_array_equal(np.asarray(read_stack(out).data), _stack().data)
        assert name != "out/" or len(_names(tmp_path / "out")) == 5


@pytest.mark.parametrize("name", ["a.tif", "a.npy", "a.zarr", "out/"])
def test_cancel_leaves_nothing(tmp_path, name):
    asked = iter([False, False, True])
    with pytest.raises(CancelledError, match="before slice 2 of 5"):
        write_stack(f"{tmp_path}/{name}", _stack(), should_stop=lambda: next(asked))
    assert _names(tmp_path) == []


def test_a_zarr_that_cannot_be_moved_is_put_back(tmp_path, monkeypatch):
    from napari_emseg.io.disk import atomic as _atomic
    from napari_emseg.io.disk import exchange

    monkeypatch.setattr(exchange, "_exchange_call", lambda: None)  # as where it takes two steps
    write_stack(tmp_path / "a.zarr", _stack())
    real = _atomic.Path.rename

    def rename(self, target):
        if self.name.startswith(".") and target.name == "a.zarr" and not done:
            done.append(target)
            raise OSError(errno.EACCES, "no")
        return real(self, target)

    done: list[os.PathLike[str]] = []
    monkeypatch.setattr(_atomic.Path, "rename", rename)
    with pytest.raises(WriteError):
        write_stack(tmp_path / "a.zarr", _stack(kind="labels"), overwrite=True)
    assert _names(tmp_path) == ["a.zarr"]
    assert read_stack(tmp_path / "a.zarr").kind == "image"


# dtypes of labels


@pytest.mark.parametrize("dtype", [bool, np.uint8, np.int32, np.uint32])
def test_as_mask(dtype):
    labels = np.array([[[0, 1], [1, 0]]]).astype(dtype)
    found = as_mask_uint8(labels)
    assert found.dtype == np.uint8
    assert found.tolist() == [[[0, 255], [255, 0]]]
    assert as_mask_uint8(np.array([[[7]]])).item() == 255
    lazy = as_mask_uint8(da.from_array(labels))
    assert lazy.dtype == np.uint8
    assert lazy.compute().tolist() == found.tolist()


@pytest.mark.parametrize(
    ("top", "dtype"),
    [(1, np.uint16), (65535, np.uint16), (65536, np.uint32), (2**32 - 1, np.uint32)],
)
def test_as_ids(top, dtype):
    found = as_ids(np.array([[[0, top]], [[0, 1]]], np.int64))
    assert found.dtype == dtype
    assert found.max() == top


@pytest.mark.parametrize("value", [-1, 2**32])
def test_ids_out_of_range_are_refused(value):
    with pytest.raises(WriteError, match=f"labels: expected ids from 0 to .*{value}"):
        as_ids(np.array([[[0, value]]], np.int64))


@pytest.mark.parametrize("name", ["a.tif", "a.npy", "a.zarr", "a.h5", "new/", "there/"])
@pytest.mark.parametrize("overwrite", [False, True])
def test_two_writings_into_one_place(tmp_path, name, overwrite):
    """The second is refused while the first is under way, and all is as the first wants it."""
    (tmp_path / "there").mkdir()
    path, first, second = f"{tmp_path}/{name}", _stack(), _stack((9, 19, 23))
    refused = []

    def write_another(n, of):
        with pytest.raises(WriteError, match="is writing this output already") as error:
            write_stack(path, second, overwrite=overwrite)
        refused.append(error)

    out = write_stack(path, first, on_slice=write_another)
    assert len(refused) == len(first)
    np.testing.assert_array_equal(np.asarray(read_stack(out).data), first.data)
    assert not list(tmp_path.rglob(".napari-emseg*"))


@pytest.mark.parametrize("name", ["a.tif", "a.zarr", "new/", "there/"])
def test_one_that_was_faster_is_not_overwritten(tmp_path, name, monkeypatch):
    (tmp_path / "there").mkdir()
    path, faster = f"{tmp_path}/{name}", _stack()
    take = Lock.take

    def take_late(lock):
        monkeypatch.undo()
        write_stack(path, faster)
        take(lock)

    monkeypatch.setattr(Lock, "take", take_late)
    with pytest.raises(WriteError, match="overwrite"):
        write_stack(path, faster.with_data(faster.data + 1))
    np.testing.assert_array_equal(np.asarray(read_stack(path).data), faster.data)
    assert not list(tmp_path.rglob(".napari-emseg*"))
