"""Cells of a volume in blocks, corrected by lines: what changes, what does not, what is kept."""

from __future__ import annotations

import json

import numpy as np
import pytest

import napari_emseg as em
from napari_emseg.cli.commands import cli
from napari_emseg.cli.options_and_progress import exit_status
from napari_emseg.core.blocks.plan import Blocks
from napari_emseg.engine.cells import relabel, run_blocks
from napari_emseg.errors import CancelledError, LabelsError, ReadError
from napari_emseg.io.formats import zarr
from napari_emseg.io.volumes import ome_volume
from tissue import bodies


@pytest.fixture(params=["slabs", "cut"])
def volume(request, tmp_path, monkeypatch):
    """A probability of which the cells were made in blocks of two slices, whole or cut."""
    mask = bodies((36, 96, 128), 60)[::6] > 0
    em.write_stack(tmp_path / "p.zarr", em.Stack(mask.astype(np.float32), (30, 6, 6)))
    monkeypatch.setattr(ome_volume, "SHARD", 64)
    for module in (ome_volume, zarr):
        monkeypatch.setattr(module, "CHUNK", 32)

    def plan(shape, **_):
        whole = request.param == "slabs"
        return Blocks(shape, (2, 128, 128) if whole else (2, 64, 64), (0, 32, 32))

    monkeypatch.setattr(run_blocks, "plan_blocks", plan)
    em.cells_file(tmp_path / "p.zarr", tmp_path / "cells.zarr", part="1/1")
    return tmp_path


@pytest.fixture
def wrote(monkeypatch):
    """Numbers of the blocks that are written, as they are."""
    numbers, made = [], relabel.RelabelBlocks._made
    monkeypatch.setattr(
        relabel.RelabelBlocks, "_made", lambda self, n: (numbers.append(n), made(self, n))[1]
    )
    return numbers


def pixels(folder, name="cells.zarr"):
    return np.asarray(em.read_stack(folder / name, kind="labels", raw_values=True).data)


def correct(folder, *lines, **options):
    text = "".join(f"{json.dumps(each)}\n" for each in lines)
    (folder / "c.jsonl").write_text(text)
    return em.correct_cells(folder / "cells.zarr", folder / "c.jsonl", **options)


def solve(folder, **settings):
    return em.cells_file(
        folder / "p.zarr", folder / "cells.zarr", part="1/1", resume=True, **settings
    )


def point_in(ids, cell, z=None):
    found = np.argwhere(ids == cell)
    found = found if z is None else found[found[:, 0] == z]
    return found[len(found) // 2].tolist()


def two_cells(ids, z=0):
    """Two cells of a slice, in order of their size."""
    found, sizes = np.unique(ids[z][ids[z] > 0], return_counts=True)
    one, other = found[np.argsort(-sizes)[:2]]
    return int(one), int(other)


def short_cells(ids):
    """Two cells that end before the last two slices."""
    inside = set(np.unique(ids[:4])) - set(np.unique(ids[4:])) - {0}
    return sorted(map(int, inside))[:2]


def long_cell(ids):
    """The cell that is seen in most slices, and its first and last one."""
    seen = {int(c): np.flatnonzero((ids == c).any(axis=(1, 2))) for c in np.unique(ids[ids > 0])}
    cell = max(seen, key=lambda each: len(seen[each]))
    return cell, int(seen[cell][0]), int(seen[cell][-1])


def test_two_cells_are_merged_and_taken_apart_again(volume):
    before = pixels(volume)
    one, other = two_cells(before)
    merge = {"merge": [point_in(before, one), point_in(before, other)]}
    made = correct(volume, merge)
    np.testing.assert_array_equal(pixels(volume), np.where(before == other, one, before))
    assert made.cells.cells == len(np.unique(before[before > 0])) - 1
    for lines in ((merge, {"undo": 1}), (merge,), ()):
        correct(volume, *lines)
    np.testing.assert_array_equal(pixels(volume), before)


def test_a_cell_is_split_and_all_else_stays(volume):
    before = pixels(volume)
    cell, first, last = long_cell(before)
    ends = [point_in(before, cell, z) for z in (first, last)]
    correct(volume, {"split": [[k * n for k, n in zip(end, (30, 6, 6), strict=True)]
                               for end in ends], "unit": "nm"})  # fmt: skip
    after = pixels(volume)
    np.testing.assert_array_equal(after[before != cell], before[before != cell])
    parts = np.unique(after[before == cell])
    assert len(parts) == 2
    assert parts[1] > before.max()
    assert after[tuple(ends[0])] != after[tuple(ends[1])]


def test_only_blocks_in_which_ids_change_are_written(volume, wrote):
    ids = pixels(volume)
    one, other = short_cells(ids)
    merge = {"merge": [point_in(ids, one), point_in(ids, other)]}
    correct(volume, merge)
    changed = pixels(volume) != ids
    blocks = run_blocks.plan_blocks(ids.shape)
    assert set(wrote) == {each.number for each in blocks if changed[each.inner].any()}
    assert 0 < len(wrote) < len(blocks)
    wrote.clear()
    correct(volume, merge)
    assert not wrote


def test_smaller_levels_follow(volume):
    ids = pixels(volume)
    one, other = two_cells(ids)
    for lines in ([{"merge": [point_in(ids, one), point_in(ids, other)]}], []):
        correct(volume, *lines)
        small = em.read_stack(volume / "cells.zarr", kind="labels", raw_values=True, level=1)
        np.testing.assert_array_equal(np.asarray(small.data), pixels(volume)[:, ::2, ::2])


def test_corrections_stay_when_the_graph_is_solved_again(volume):
    ids = pixels(volume)
    one, other = two_cells(ids)
    points = [point_in(ids, one), point_in(ids, other)]
    correct(volume, {"merge": points})
    solve(volume, merging=0.3)
    found = pixels(volume)
    assert found[tuple(points[0])] == found[tuple(points[1])]
    solve(volume)
    np.testing.assert_array_equal(pixels(volume), np.where(ids == other, one, ids))


def test_a_solution_that_was_there_before_is_written_again(volume):
    before = pixels(volume)
    solve(volume, merging=0.9)
    assert (pixels(volume) != before).any()
    solve(volume)
    np.testing.assert_array_equal(pixels(volume), before)


def test_while_it_is_written_again_it_is_not_finished(volume):
    ids = pixels(volume)
    one, other = two_cells(ids)
    merge = {"merge": [point_in(ids, one), point_in(ids, other)]}
    place = volume / "cells.zarr" / ".blocks" / "finished.json"
    assert place.exists()
    answers = iter([False, False])
    with pytest.raises(CancelledError):
        correct(volume, merge, should_stop=lambda: next(answers, True))
    assert not place.exists()
    assert any("not finished" in each for each in em.read_stack(volume / "cells.zarr").notes)
    # another one than the one that was stopped
    correct(volume)
    assert place.exists()
    assert not em.read_stack(volume / "cells.zarr").notes
    np.testing.assert_array_equal(pixels(volume), ids)


def test_what_cannot_be_corrected_changes_nothing(volume):
    ids = pixels(volume)
    good = {"merge": [point_in(ids, each) for each in two_cells(ids)]}
    with pytest.raises(LabelsError, match=r"line 2: expected a point in the volume \(6, 96, 128\)"):
        correct(volume, good, {"merge": [[0, 0, 0], [6, 0, 0]]})
    with pytest.raises(em.EmsegError, match="line 2: both points lie in one fragment"):
        correct(volume, good, {"split": [good["merge"][0]] * 2})
    assert (volume / "cells.zarr" / ".blocks" / "finished.json").exists()
    np.testing.assert_array_equal(pixels(volume), ids)
    correct(volume, good)
    em.write_stack(volume / "other.zarr", em.Stack(ids, kind="labels"))
    with pytest.raises(ReadError, match="made in blocks"):
        em.correct_cells(volume / "other.zarr", volume / "c.jsonl")
    with pytest.raises(ReadError, match="cannot be read"):
        em.correct_cells(volume / "cells.zarr", volume / "none.jsonl")


def test_the_command_line(volume, capsys):
    ids = pixels(volume)
    points = [point_in(ids, each) for each in two_cells(ids)]
    (volume / "c.jsonl").write_text(json.dumps({"merge": points}))
    assert exit_status(cli, ["correct", str(volume / "cells.zarr"), str(volume / "c.jsonl")]) == 0
    assert f"{len(np.unique(ids[ids > 0])) - 1} cells now" in capsys.readouterr().out


def test_membranes_stay_open(volume):
    solve(volume, fill_membranes=False)
    ids = pixels(volume)
    one, other = two_cells(ids)
    points = [point_in(ids, one), point_in(ids, other)]
    correct(volume, {"merge": points})
    np.testing.assert_array_equal(pixels(volume), np.where(ids == other, one, ids))
    (volume / "p.zarr").rename(volume / "gone.zarr")
    with pytest.raises(ReadError, match="says where membranes are"):
        correct(volume)
