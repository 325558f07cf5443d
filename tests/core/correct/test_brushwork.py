"""Fill, part and join, on slices small enough to be seen."""

from __future__ import annotations

import numpy as np
import pytest
from scipy import ndimage

from napari_emseg.core.correct.brushwork import fill_cell, join_cells, part_cells
from napari_emseg.errors import LabelsError


def picture(text: str) -> np.ndarray:
    """A slice drawn with digits, dots for membrane."""
    rows = [row for row in text.split() if row]
    return np.array([[0 if c == "." else int(c) for c in row] for row in rows], np.uint32)


def count(labels: np.ndarray) -> int:
    return ndimage.label(labels != 0)[1]


CELLS = picture("""
    1111.2222
    1111.2222
    1..1.2222
    1..1.2222
    1111.2222
    .........
    333333333
    333333333
""")


@pytest.mark.parametrize("ids", [True, False])
def test_a_speck_inside_a_cell_becomes_part_of_it(ids):
    labels = CELLS if ids else (CELLS > 0).astype(np.uint8)
    filled = fill_cell(labels, (2, 1), ids=ids, new_id=9, rim_px=1)
    assert (filled[2:4, 1:3] == labels[0, 0]).all()
    changed = filled != labels
    assert changed.sum() == 4
    assert filled.dtype == labels.dtype


@pytest.mark.parametrize(("ids", "value"), [(True, 9), (False, 1)])
def test_a_wide_membrane_gets_a_cell_with_a_rim(ids, value):
    labels = np.zeros((30, 40), np.uint16)
    labels[:, :5], labels[:, 30:] = 1, (2 if ids else 1)
    filled = fill_cell(labels, (15, 17), ids=ids, new_id=9, rim_px=3)
    np.testing.assert_array_equal(filled[:, 8:27], value)
    assert not filled[:, 5:8].any()
    assert not filled[:, 27:30].any()
    assert count(filled) == 3


def test_a_slice_without_cells_can_be_filled():
    assert (fill_cell(np.zeros((9, 9), np.uint8), (4, 4), ids=True, new_id=5, rim_px=2) == 5).all()


def test_where_there_is_no_room_it_is_said():
    with pytest.raises(LabelsError, match="no room here"):
        fill_cell(CELLS, (5, 4), ids=True, new_id=9, rim_px=2)
    with pytest.raises(LabelsError, match="cell already"):
        fill_cell(CELLS, (0, 0), ids=True, new_id=9, rim_px=2)


def test_what_is_around_the_only_cell_is_not_inside_it():
    labels = np.zeros((30, 30), np.uint8)
    labels[10:15, 10:15] = 4
    filled = fill_cell(labels, (25, 25), ids=True, new_id=9, rim_px=3)
    assert filled[25, 25] == 9
    assert (filled[10:15, 10:15] == 4).all()
    assert not filled[15:18, 12].any()


def test_far_away_nothing_is_looked_at():
    labels = np.zeros((900, 900), np.uint8)
    labels[:5], labels[20:25] = 1, 1
    filled = fill_cell(labels, (12, 600), ids=False, new_id=2, rim_px=2)
    assert filled[12, 600]
    assert not filled[12, 100]


def test_the_smaller_part_gets_a_new_id():
    now = CELLS.copy()
    now[7:, 3] = now[6, 3] = 0
    parted = part_cells(CELLS, now, 9)
    assert (parted[6:, :3] == 9).all()
    assert (parted[6:, 4:] == 3).all()
    np.testing.assert_array_equal(parted[:6], CELLS[:6])


def test_a_stroke_across_several_cells_parts_each():
    now = CELLS.copy()
    now[1] = 0
    now[6:, [2, 6]] = 0
    parted = part_cells(CELLS, now, 9)
    assert parted[0, 0] not in (0, 1)
    assert parted[0, 5] not in (0, 2)
    assert len({parted[6, 0], parted[6, 4], parted[6, 8]}) == 3
    assert count(parted) == len(np.unique(parted)) - 1


def test_a_stroke_that_parts_nothing_gives_no_id():
    now = CELLS.copy()
    now[6, 3] = 0
    np.testing.assert_array_equal(part_cells(CELLS, now, 9), now)


def test_other_components_of_the_id_stay():
    before = picture("111.11 ...... 222222")
    now = before.copy()
    now[0, 1] = 0
    parted = part_cells(before, now, 9)
    assert (parted[0, 4:] == 1).all()
    assert sorted(parted[0, [0, 2]]) == [1, 9]


@pytest.mark.parametrize("ids", [True, False])
def test_the_membrane_between_two_is_opened(ids):
    labels = CELLS if ids else (CELLS > 0).astype(np.uint8)
    joined = join_cells(labels, (0, 0), (0, 6), ids=ids, reach_px=10)
    assert joined[0, 4] == labels[0, 0]
    assert count(joined) == 2
    assert not joined[5].any()
    assert (joined[6:] == labels[6:]).all()
    if ids:
        assert (joined[:5, 5:] == 1).all()
    assert joined[2, 1] == 0  # a speck of its own has nothing to do with it


@pytest.mark.parametrize("width", [1, 2, 5, 8])
def test_membranes_of_any_thickness_are_opened_over_their_length(width):
    labels = np.ones((40, 60), np.uint8)
    labels[:, 30 : 30 + width] = 0
    joined = join_cells(labels, (20, 10), (20, 50), ids=False, reach_px=8)
    assert joined.all()


def test_neighbours_that_touch_only_change_their_id():
    labels = picture("1122 1122")
    assert (join_cells(labels, (0, 0), (0, 3), ids=True, reach_px=5) == 1).all()


def test_a_third_cell_is_not_joined():
    joined = join_cells((CELLS > 0).astype(np.uint8), (0, 6), (7, 6), ids=False, reach_px=5)
    assert count(joined) == 2
    assert joined[0, 0] != 0
    assert ndimage.label(joined)[0][0, 0] != ndimage.label(joined)[0][0, 6]


@pytest.mark.parametrize(
    ("one", "other", "words"),
    [
        ((0, 0), (0, 4), "this is membrane"),
        ((0, 0), (4, 0), "same cell"),
    ],
)
def test_what_cannot_be_joined_is_said(one, other, words):
    with pytest.raises(LabelsError, match=words):
        join_cells(CELLS, one, other, ids=True, reach_px=5)


def test_cells_that_are_far_apart_are_not_joined():
    labels = np.zeros((20, 60), np.uint8)
    labels[:, :10], labels[:, 50:] = 1, 1
    with pytest.raises(LabelsError, match="more than 9 px apart"):
        join_cells(labels, (5, 5), (5, 55), ids=False, reach_px=9)


def test_cells_with_another_between_them_are_not_joined():
    labels = np.ones((20, 40), np.uint8)
    labels[:, 15], labels[:, 20] = 0, 0
    with pytest.raises(LabelsError, match="px apart"):
        join_cells(labels, (5, 5), (5, 35), ids=False, reach_px=9)
