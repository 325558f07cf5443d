"""A volume in blocks is that of one process, bit for bit; of cut slices, as near as tiles are."""

from __future__ import annotations

import json
import shutil
from itertools import pairwise

import numpy as np
import pytest
import zarr

import napari_emseg as em
from napari_emseg.core.blocks.plan import Blocks, plan_blocks
from napari_emseg.engine.segment import run_blocks
from napari_emseg.errors import CancelledError, ReadError, SettingError, WorkerError, WriteError
from napari_emseg.io.formats import zarr as zarr_format
from napari_emseg.io.volumes import ome_volume
from napari_emseg.model.packages.package import INT8_WEIGHTS
from napari_emseg.types import Log, Stack


@pytest.fixture(scope="module")
def phantom():
    image, _ = em.phantom()
    return image


@pytest.fixture
def source(tmp_path, phantom):
    path = tmp_path / "in.zarr"
    em.write_stack(path, phantom.with_data(phantom.data[:4]))
    return path


def files_of(out):
    """All that is in an output but the run's own."""
    return {
        str(each.relative_to(out)): each.read_bytes()
        for each in out.rglob("*")
        if each.is_file() and ".blocks" not in each.parts
    }


@pytest.mark.parametrize("output", ["probability", "mask", "classes"])
def test_blocks_of_whole_slices_are_those_of_one_process(tmp_path, source, output):
    one = tmp_path / "one.zarr"
    em.segment_file(source, one, output=output)
    done = em.segment_file(source, tmp_path / "blocks.zarr", output=output, part="1/1")
    a, b = (
        em.read_stack(one, raw_values=True),
        em.read_stack(tmp_path / "blocks.zarr", raw_values=True),
    )
    np.testing.assert_array_equal(a.data, b.data)
    assert a.data.dtype == b.data.dtype
    assert (a.kind, a.voxel_size_nm, a.predicted) == (b.kind, b.voxel_size_nm, b.predicted)
    assert done.slices == 4
    about = json.loads((tmp_path / "blocks.zarr" / "zarr.json").read_text())
    assert about["attributes"]["ome"]["version"] == "0.5"


def test_some_slices_between_others(tmp_path, source):
    whole = em.segment(em.read_stack(source), output="probability", slices=[1, 2])
    em.segment_file(source, tmp_path / "b.zarr", output="probability", slices=[1, 2], part="1/1")
    np.testing.assert_array_equal(whole.data, em.read_stack(tmp_path / "b.zarr").data)
    with pytest.raises(SettingError, match="that follow on one another"):
        em.segment_file(source, tmp_path / "c.zarr", output="mask", slices=[0, 2], part="1/1")


def test_int8_is_not_made_in_blocks(tmp_path, source):
    folder = shutil.copytree(em.load_model("default").folder, tmp_path / "exact")
    (folder / INT8_WEIGHTS).unlink()
    with pytest.raises(SettingError, match="has no int8 form"):
        em.segment_file(
            source, tmp_path / "b.zarr", output="mask", part="1/1", model=folder, int8=True
        )


def test_bright_membranes_are_decided_once(tmp_path, source, phantom):
    em.write_stack(tmp_path / "bright.zarr", phantom.with_data(255 - phantom.data[:4]))
    said = []
    em.segment_file(
        tmp_path / "bright.zarr", tmp_path / "b.zarr", output="probability", part="1/1",
        on_event=said.append,
    )  # fmt: skip
    em.segment_file(source, tmp_path / "a.zarr", output="probability", part="1/1")
    assert sum("inverted" in each.message for each in said if isinstance(each, Log)) == 1
    a, b = (em.read_stack(tmp_path / f"{name}.zarr").data.compute() for name in "ab")
    np.testing.assert_allclose(a, b, atol=2e-3)


def test_it_is_joined_gone_on_with_and_replaced(tmp_path, source):
    out, args = tmp_path / "b.zarr", {"output": "mask"}
    first = em.segment_file(source, out, part="1/2", **args)
    assert first.slices == 0
    assert em.read_stack(out).predicted is None
    with pytest.raises(WriteError, match="some blocks are there"):
        em.segment_file(source, out, workers=1, **args)
    with pytest.raises(WriteError, match=r"was begun with threshold .*, received 0\.9"):
        em.segment_file(source, out, part="2/2", threshold=0.9, **args)
    with pytest.raises(WriteError, match="none may remove"):
        em.segment_file(source, out, part="2/2", overwrite=True, **args)
    assert em.segment_file(source, out, part="2/2", **args).slices == 4
    before = files_of(out)
    assert em.segment_file(source, out, part="2/2", **args).slices == 4
    assert files_of(out) == before
    with pytest.raises(WriteError, match="exists already"):
        em.segment_file(source, out, workers=1, **args)
    em.segment_file(source, tmp_path / "clean.zarr", part="1/1", **args)
    assert files_of(tmp_path / "clean.zarr") == before


def test_what_is_no_zarr_is_refused(tmp_path, source):
    with pytest.raises(WriteError, match=r"expected OUT\.zarr"):
        em.segment_file(source, tmp_path / "b.tif", output="mask", part="1/1")
    with pytest.raises(SettingError, match="one of workers"):
        em.segment_file(source, tmp_path / "b.zarr", output="mask", part="1/1", workers=2)
    with pytest.raises(SettingError, match="such as 3/16"):
        em.segment_file(source, tmp_path / "b.zarr", output="mask", part="3/2")
    with pytest.raises(WriteError, match="input"):
        em.segment_file(source, source, output="mask", part="1/1")


def test_labels_of_an_image(tmp_path, source, phantom, monkeypatch):
    em.segment_file(source, tmp_path / "image.zarr", output="probability", part="1/1")
    out = f"{tmp_path / 'image.zarr'}::labels/membranes"
    em.segment_file(source, out, output="mask", part="1/1")
    mask = em.read_stack(out)
    assert (mask.kind, mask.shape) == ("labels", (4, 512, 512))
    group = zarr.open_group(tmp_path / "image.zarr" / "labels", mode="r")
    assert group.attrs["ome"]["labels"] == ["membranes"]
    with pytest.raises(WriteError, match=r"expected an image in OME-Zarr 0\.5"):
        em.segment_file(source, f"{source}::labels/m", output="mask", part="1/1")


@pytest.fixture
def large(tmp_path, phantom, monkeypatch):
    """2 slices of 1024 x 1024 px, which count as large, with a rim and a smaller level."""
    image = np.asarray(phantom.data[:2])
    image = np.concatenate([image, image[:, ::-1]], 1)
    image = np.concatenate([image, image[:, :, ::-1]], 2)
    image[:, :, 900:] = 0
    monkeypatch.setattr(zarr_format, "CHUNK", 128)
    monkeypatch.setattr(ome_volume, "CHUNK", 128)
    monkeypatch.setattr(ome_volume, "SHARD", 512)

    def cut(shape, *, halo, grain, **_):
        return Blocks(shape, (1, 512, 512), halo, grain)

    monkeypatch.setattr(run_blocks, "plan_blocks", cut)
    em.write_stack(tmp_path / "large.zarr", phantom.with_data(image))
    return tmp_path / "large.zarr"


def test_cut_slices_are_nearly_those_of_one_process(tmp_path, large):
    whole = em.segment(em.read_stack(large), output="probability").data
    said = []
    em.segment_file(
        large, tmp_path / "b.zarr", output="probability", part="1/1", on_event=said.append
    )
    blocks = em.read_stack(tmp_path / "b.zarr").data.compute()
    assert any("Slices are cut" in each.message for each in said if isinstance(each, Log))
    assert not blocks[:, :, 905:].any(), "the rim is no tissue"
    apart = np.abs(whole - blocks)
    assert apart.mean() < 0.01
    assert np.quantile(apart, 0.99) < 0.08


def test_a_pyramid_is_that_of_one_process(tmp_path, large):
    em.segment_file(large, tmp_path / "one.zarr", output="mask", part="1/1")
    found = [em.read_stack(tmp_path / "one.zarr", level=k, raw_values=True) for k in range(3)]
    for finer, smaller in pairwise(found):
        for z in range(2):
            np.testing.assert_array_equal(
                smaller.slice(z), zarr_format.halved(finer.slice(z), is_image=False)
            )


def test_a_slice_that_no_memory_holds_is_read_in_parts(tmp_path):
    zarr.create_array(
        tmp_path / "huge.zarr", shape=(1, 2**18, 2**18), dtype="uint8", chunks=(1, 512, 512),
    )  # fmt: skip
    with pytest.raises(ReadError, match="no memory holds a slice"):
        em.read_stack(tmp_path / "huge.zarr", kind="image")
    stack = em.read_stack(tmp_path / "huge.zarr", kind="image", in_parts=True)
    assert not np.asarray(stack.data[0, -100:, -100:]).any()


def test_a_block_that_fails_is_named_and_a_second_run_does_it(tmp_path, source):
    em.segment_file(source, tmp_path / "clean.zarr", output="mask", membranes="dark", part="1/1")
    chunk = source / "0" / "2" / "0" / "0"
    good = chunk.read_bytes()
    chunk.write_bytes(b"no chunk" * 100)
    out = tmp_path / "b.zarr"
    with pytest.raises(WorkerError, match=r"1 of 4 blocks failed.*predict, block 2 \(z 2:3"):
        em.segment_file(source, out, output="mask", membranes="dark", part="1/1")
    chunk.write_bytes(good)
    assert em.segment_file(source, out, output="mask", membranes="dark", part="1/1").slices == 4
    assert files_of(out) == files_of(tmp_path / "clean.zarr")


def test_a_stop_is_gone_on_from(tmp_path, source):
    seen = []
    with pytest.raises(CancelledError, match="finished blocks are kept"):
        em.segment_file(
            source, tmp_path / "b.zarr", output="mask", part="1/1",
            should_stop=lambda: seen.append(1) or len(seen) > 2,
        )  # fmt: skip
    assert em.segment_file(source, tmp_path / "b.zarr", output="mask", part="1/1").slices == 4


def test_the_input_is_read_about_once(tmp_path, monkeypatch):
    """Chunks of 64 slices: a block holds whole ones."""
    from napari_emseg.core.blocks.plan import chunks_of

    array = zarr.create_array(
        tmp_path / "deep.zarr", shape=(128, 256, 256), dtype="uint8", chunks=(64, 64, 64)
    )
    array[:] = 1
    stack = em.read_stack(tmp_path / "deep.zarr", kind="image")
    assert chunks_of(stack) == (64, 64, 64)
    assert chunks_of(Stack(np.zeros((2, 3, 4)))) == (1, 1, 4)
    assert plan_blocks(stack.shape, read=(64, 64, 64)).read((64, 64, 64)) == 1
