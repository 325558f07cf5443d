"""Decisions about cells, taken, taken back and taken again."""

from __future__ import annotations

import json

import numpy as np
import pytest
from tests.core.proofread.made_cells import chain, random_volume, volume_of

from napari_emseg.core.proofread.decision import from_json, to_json
from napari_emseg.core.proofread.proofreading import Proofreading
from napari_emseg.errors import LabelsError, ReadError


def cells_of(*table: int, odds: tuple[float, ...] = ()) -> Proofreading:
    volume = chain(*(odds or [3.0] * (len(table) - 1)))
    return Proofreading(volume, np.array([0, *table], np.uint32))


def test_merging_gives_the_second_cell_the_id_of_the_first() -> None:
    cells = cells_of(1, 1, 2, 2, 3)
    change = cells.merge(3, 1)
    assert cells.table.tolist() == [0, 2, 2, 2, 2, 3]
    assert change.fragments.tolist() == [1, 2]
    assert change.cells == {1, 2}


def test_cells_that_do_not_touch_can_be_merged() -> None:
    cells = cells_of(1, 2, 2, 2, 3)
    cells.merge(1, 5)
    assert cells.table.tolist() == [0, 1, 2, 2, 2, 1]


def test_a_fragment_that_is_no_cell_joins_one() -> None:
    cells = cells_of(1, 1, 0, 0)
    cells.merge(3, 2)
    assert cells.table.tolist() == [0, 1, 1, 1, 0]


def test_a_cut_is_seen_before_it_is_taken() -> None:
    cells = cells_of(1, 1, 1, 1, 1, odds=(3, 3, -1, 3))
    cut = cells.preview(1, 5)
    assert [side.tolist() for side in cut.sides] == [[1, 2, 3], [4, 5]]
    assert (cells.table[1:] == 1).all()
    assert cells.steps == (0, 0)
    cells.split(cut)
    assert cells.table.tolist() == [0, 1, 1, 1, 2, 2]


def test_a_small_fragment_is_not_cut_off_where_the_neck_is_wide() -> None:
    """The first hangs on its neighbour by less than both halves on one another, but is sure."""
    odds = {(1, 2): 4.0, (2, 3): 8.0, (3, 4): 0.5, (2, 4): 0.5, (3, 5): 0.5, (4, 5): 8.0,
            (2, 5): 0.5, (2, 6): 0.5, (5, 6): 8.0, (3, 6): 0.5}  # fmt: skip
    volume = volume_of(odds, [9.0] * 6)
    cells = Proofreading(volume, np.array([0, 1, 1, 1, 1, 1, 1]))
    cut = cells.preview(1, 6)
    assert [side.tolist() for side in cut.sides] == [[1, 2, 3], [4, 5, 6]]


def test_a_cut_that_is_out_of_date_is_not_taken() -> None:
    cells = cells_of(1, 1, 1, 2)
    cut = cells.preview(1, 3)
    cells.merge(1, 4)
    with pytest.raises(LabelsError, match="has changed since"):
        cells.split(cut)


def test_two_cells_and_one_fragment_are_not_parted() -> None:
    cells = cells_of(1, 1, 2)
    with pytest.raises(LabelsError, match="two cells already"):
        cells.preview(1, 3)
    with pytest.raises(LabelsError, match="lie in one fragment"):
        cells.preview(1, 1)


def test_a_merger_that_was_decided_is_not_undone_by_a_cut() -> None:
    cells = cells_of(1, 1, 1, 1, odds=(3, -1, 3))
    cells.merge(2, 3)
    cells.split(cells.preview(1, 4))
    assert cells.cell_of(2) == cells.cell_of(3)
    assert cells.cell_of(1) != cells.cell_of(4)


def test_set_apart_and_take_away() -> None:
    cells = cells_of(1, 1, 1, 2)
    cells.set_apart(2)
    assert cells.table.tolist() == [0, 1, 3, 1, 2]
    with pytest.raises(LabelsError, match="own already"):
        cells.set_apart(2)
    cells.take_away(1)
    assert cells.table.tolist() == [0, 0, 3, 0, 2]
    with pytest.raises(LabelsError, match="no cell here"):
        cells.take_away(0)


def test_each_decision_is_one_step() -> None:
    cells = cells_of(1, 1, 1, 2, 3)
    tables = [cells.table.copy()]
    for act in (
        lambda: cells.merge(1, 4), lambda: cells.keep_apart(1, 3), lambda: cells.set_apart(5 - 1),
        lambda: cells.take_away(cells.cell_of(5)),
    ):  # fmt: skip
        act()
        tables.append(cells.table.copy())
    for table in tables[-2::-1]:
        cells.undo()
        assert (cells.table == table).all()
    assert cells.undo() is None
    for table in tables[1:]:
        cells.redo()
        assert (cells.table == table).all()
    assert cells.redo() is None


def test_a_new_decision_ends_what_could_be_taken_again() -> None:
    cells = cells_of(1, 2, 3)
    cells.merge(1, 2)
    cells.undo()
    cells.merge(2, 3)
    assert cells.redo() is None
    assert cells.table.tolist() == [0, 1, 2, 2]


def test_ids_that_only_pixels_have_are_not_given_again() -> None:
    cells = cells_of(1, 1)
    cells.highest = 7
    cells.keep_apart(1, 2)
    assert cells.table.max() == 8


def test_ids_end_where_the_labels_do() -> None:
    cells = Proofreading(chain(3.0), np.array([0, 255, 255]), most=255)
    with pytest.raises(LabelsError, match="larger type"):
        cells.keep_apart(1, 2)
    assert cells.steps == (0, 0)


def random_decision(cells: Proofreading, rng: np.random.Generator) -> None:
    one, other = (int(each) + 1 for each in rng.choice(cells.table.size - 1, 2, replace=False))
    kind = rng.integers(8)
    try:
        if kind < 3:
            cells.merge(one, other)
        elif kind < 6:
            cells.keep_apart(one, other)
        elif kind < 7:
            cells.set_apart(one)
        else:
            cells.take_away(cells.cell_of(one))
    except LabelsError:
        pass


@pytest.mark.parametrize("seed", range(6))
def test_all_is_taken_back_and_taken_again_and_can_be_written_down(seed: int) -> None:
    rng = np.random.default_rng(seed)
    volume = random_volume(60, 200, rng)
    begin = volume.table(0.5)
    cells = Proofreading(volume, begin)
    for _ in range(25):
        random_decision(cells, rng)
    end, log = cells.table.copy(), list(cells.log)
    assert from_json(json.loads(json.dumps(to_json(log, 60))), 60) == log
    while cells.steps[0]:
        cells.undo()
    np.testing.assert_array_equal(cells.table, begin)
    while cells.steps[1]:
        cells.redo()
    np.testing.assert_array_equal(cells.table, end)
    assert list(cells.log) == log


def test_the_last_word_holds() -> None:
    """Who merges what they have parted, or parts what they have merged, is believed."""
    cells = cells_of(1, 1)
    cells.keep_apart(1, 2)
    cells.merge(1, 2)
    assert (cells.log.links, cells.log.parted) == ([(1, 2)], [])
    cells.keep_apart(1, 2)
    assert (cells.log.links, cells.log.parted) == ([], [(1, 2)])
    cells.undo()
    assert (cells.log.links, cells.log.parted) == ([(1, 2)], [])


def test_decisions_about_other_fragments_are_refused() -> None:
    with pytest.raises(ReadError, match="about 4 fragments"):
        from_json(to_json([], 5), 4)
    for note in (None, {"fragments": 4}, {"fragments": 4, "decisions": [{"kind": "merge"}]}):
        with pytest.raises(ReadError, match="cannot be read"):
            from_json(note, 4)
    damaged = {"kind": "merge", "first": [9], "second": [1], "overrides": []}
    with pytest.raises(ReadError, match="from 1 to 4"):
        from_json({"fragments": 4, "decisions": [damaged]}, 4)
