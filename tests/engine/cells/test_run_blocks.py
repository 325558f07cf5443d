"""Cells in blocks are those of one process; what was cut, numbered and solved is kept."""

from __future__ import annotations

import json

import numpy as np
import pytest
from scipy.ndimage import gaussian_filter

import napari_emseg as em
from napari_emseg.core.blocks.plan import Blocks
from napari_emseg.core.scores.volume.score_volume import score_volume
from napari_emseg.engine.cells import blocks, run_blocks, solve
from napari_emseg.errors import CancelledError, SettingError, WriteError
from napari_emseg.io.volumes import ome_volume


@pytest.fixture
def source(tmp_path):
    noise = gaussian_filter(np.random.default_rng(0).normal(size=(6, 96, 128)), (1, 5, 5))
    probability = np.clip(1.5 * np.abs(noise) / noise.std(), 0, 1).astype(np.float32)
    path = tmp_path / "p.zarr"
    em.write_stack(path, em.Stack(probability, (30, 6, 6)))
    return path


def pixels(path):
    return np.asarray(em.read_stack(path, kind="labels", raw_values=True).data)


@pytest.fixture
def deep(monkeypatch):
    """Blocks of two slices."""
    monkeypatch.setattr(
        run_blocks, "plan_blocks", lambda shape, **_: Blocks(shape, (2, *shape[1:]))
    )


@pytest.mark.parametrize(
    "settings", [{}, {"merging": 0.7}, {"fill_membranes": False, "smallest_cell_um3": 0.01}]
)
def test_whole_slices_give_the_cells_of_one_process(tmp_path, source, deep, settings):
    one = em.cells_file(source, tmp_path / "one.zarr", **settings)
    made = em.cells_file(source, tmp_path / "blocks.zarr", part="1/1", **settings)
    np.testing.assert_array_equal(pixels(tmp_path / "blocks.zarr"), pixels(tmp_path / "one.zarr"))
    assert (made.cells, made.fragments) == (one.cells, one.fragments)


def test_the_graph_that_is_kept_is_solved_again(tmp_path, source, deep, monkeypatch):
    out = tmp_path / "cells.zarr"
    em.cells_file(source, out, part="1/1")
    one = em.cells_file(source, tmp_path / "more.zarr", merging=0.9)

    def refuse(*_):
        raise AssertionError("was cut before")

    monkeypatch.setattr(blocks.CellBlocks, "cut", refuse)
    made = em.cells_file(source, out, part="1/1", merging=0.9)
    np.testing.assert_array_equal(pixels(out), pixels(tmp_path / "more.zarr"))
    assert made.cells == one.cells
    with pytest.raises(WriteError, match="threshold"):
        em.cells_file(source, out, part="1/1", threshold=0.4)


def test_parts_do_their_share_until_all_is_there(tmp_path, source, deep):
    out, said = tmp_path / "cells.zarr", []
    rounds = 0
    while True:
        rounds += 1
        parts = [
            em.cells_file(source, out, part=f"{k}/2", on_event=said.append).cells for k in (1, 2)
        ]
        if parts[-1] is not None:
            break
        assert rounds < 8
    one = em.cells_file(source, tmp_path / "one.zarr")
    np.testing.assert_array_equal(pixels(out), pixels(tmp_path / "one.zarr"))
    assert one.cells == parts[-1]


def test_what_was_stopped_goes_on(tmp_path, source, deep):
    out, left = tmp_path / "cells.zarr", iter([False] * 3)
    with pytest.raises(CancelledError):
        em.cells_file(source, out, part="1/1", should_stop=lambda: next(left, True))
    made = em.cells_file(source, out, part="1/1")
    one = em.cells_file(source, tmp_path / "one.zarr")
    np.testing.assert_array_equal(pixels(out), pixels(tmp_path / "one.zarr"))
    assert made.cells == one.cells


def test_slices_that_are_cut_give_nearly_the_same(tmp_path, source, monkeypatch):
    monkeypatch.setattr(ome_volume, "SHARD", 64)
    monkeypatch.setattr(ome_volume, "CHUNK", 64)
    monkeypatch.setattr(
        run_blocks, "plan_blocks", lambda shape, **_: Blocks(shape, (2, 64, 64), (0, 32, 32))
    )
    em.cells_file(source, tmp_path / "one.zarr")
    made = em.cells_file(source, tmp_path / "blocks.zarr", part="1/1")
    found, wanted = pixels(tmp_path / "blocks.zarr"), pixels(tmp_path / "one.zarr")
    agreement = score_volume(found, wanted).volume
    assert agreement.voi_split + agreement.voi_merge < 0.5
    assert len(np.unique(found)) == made.cells.cells


def test_a_large_graph_is_solved_by_parts(tmp_path, source, deep, monkeypatch):
    monkeypatch.setattr(solve.WholeGraph.table, "__kwdefaults__", {"at_once": 100})
    monkeypatch.setattr(solve.parts_of, "__defaults__", (100, 2))
    em.cells_file(source, tmp_path / "parts.zarr", part="1/1")
    em.cells_file(source, tmp_path / "one.zarr")
    agreement = score_volume(pixels(tmp_path / "parts.zarr"), pixels(tmp_path / "one.zarr")).volume
    assert 0 < agreement.voi_split + agreement.voi_merge < 1.5


def test_parts_hold_slices_in_a_row(tmp_path, source, deep):
    graph = solve.FragmentGraph(40, np.arange(0, 40, 4), np.ones(40), {})
    parts = solve.parts_of(graph, 10, 3)
    assert parts.tolist() == [0] * 12 + [1] * 12 + [2] * 16


def test_a_stack_becomes_cells_in_blocks(tmp_path):
    image, _ = em.phantom()
    em.write_stack(tmp_path / "in.zarr", image.with_data(image.data[:3, :128, :128]))
    one, out = tmp_path / "one.zarr", tmp_path / "blocks.zarr"
    done = em.segment_file(tmp_path / "in.zarr", one, output="cells")
    made = em.segment_file(tmp_path / "in.zarr", out, output="cells", part="1/1")
    np.testing.assert_array_equal(pixels(out), pixels(one))
    assert (made.cells, made.slices) == (done.cells, done.slices)
    assert not [*tmp_path.glob(".*probability*")]
    z, y, x = np.argwhere(pixels(out) > 0)[0].tolist()
    other = np.argwhere(pixels(out) > pixels(out)[z, y, x])[0].tolist()
    (tmp_path / "c.jsonl").write_text(json.dumps({"merge": [[z, y, x], other]}))
    corrected = em.correct_cells(out, tmp_path / "c.jsonl")
    assert corrected.cells.cells == made.cells.cells - 1


def test_settings_that_make_no_sense(tmp_path, source):
    with pytest.raises(SettingError, match="link"):
        em.cells_file(source, tmp_path / "out.zarr", part="1/1", link="slices")
    with pytest.raises(WriteError, match="OME-Zarr"):
        em.cells_file(source, tmp_path / "out.tif", part="1/1")


@pytest.mark.slow
def test_workers_of_dask_do_the_same(tmp_path, source):
    out = tmp_path / "cells.zarr"
    em.cells_file(source, tmp_path / "one.zarr")
    em.cells_file(source, out, workers=2)
    np.testing.assert_array_equal(pixels(out), pixels(tmp_path / "one.zarr"))
