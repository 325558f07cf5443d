"""What the brush tools do when a person clicks and draws; without a window."""

from __future__ import annotations

import numpy as np
import pytest
from scipy import ndimage

from napari_emseg.session.correct.brush import DRAW, FILL, MERGE, SPLIT, TOOLS, BrushSession
from napari_emseg.session.correct.free_id import HighestId
from napari_emseg.session.correct.tool_actions import BrushActs
from napari_emseg.session.direct_executor import DirectLane
from napari_emseg.session.painting.array_labels import ArrayLabels


@pytest.fixture(params=[False, True], ids=["mask", "cells"])
def ids(request):
    return request.param


@pytest.fixture
def labels(view, make_grid, ids):
    return view.add(make_grid(ids=ids))


@pytest.fixture
def said():
    return []


@pytest.fixture
def refused():
    return []


@pytest.fixture
def brush(view, labels, ids, said, refused):
    brush = BrushSession(view, said.append, said.append, refused.append)
    brush.use(BrushActs(labels.tracker, DirectLane(), "cells" if ids else "mask"))
    return brush


def one_step(labels, before):
    after = labels.data.copy()
    assert (after != before).any()
    labels.undo()
    np.testing.assert_array_equal(labels.data, before)
    labels.redo()
    np.testing.assert_array_equal(labels.data, after)


def count(slice_):
    return ndimage.label(slice_)[1]


def test_taking_up_and_putting_down(brush, view, labels, said):
    told = []
    brush.events.tool.connect(lambda new, old: told.append((new, old)))
    for tool in TOOLS:
        brush.take_up(tool)
        assert brush.tool is tool
        assert said[-1] == tool.hint
    assert view.selected is labels
    brush.take_up(MERGE)
    assert brush.tool is None
    assert told[:2] == [(DRAW, None), (None, DRAW)]


def test_a_tool_needs_labels_that_are_seen(brush, view, labels, refused):
    view.shown = None
    brush.take_up(DRAW)
    assert brush.tool is None
    assert "seen from above" in refused[-1]
    view.shown, view.locked = 2, [labels]
    brush.take_up(DRAW)
    assert "cannot be painted on" in refused[-1]
    brush.use(None)
    brush.take_up(FILL)
    assert "choose a layer first" in refused[-1]
    assert brush.tool is None


def test_other_labels_end_the_tool(brush, labels, ids):
    brush.take_up(FILL)
    brush.use(BrushActs(labels.tracker, DirectLane(), "cells" if ids else "mask"))
    assert brush.tool is None


def test_fill_cell(brush, labels, said, ids):
    labels.paint(2, slice(12, 18), slice(17, 23), 0)
    labels.paint(2, slice(34, 60), slice(42, 76), 0)
    before = labels.data.copy()
    brush.take_up(FILL)
    brush.thickness_px = 2
    brush.click((2, 15, 20))
    assert (labels.data[2, 4:30, 4:38] == 1).all()
    assert said[-1] == "Filled. Ctrl-Z takes it back."
    one_step(labels, before)
    before = labels.data.copy()
    brush.click((2, 47, 59))
    assert labels.data[2, 47, 59] == (5 if ids else 1)
    assert count(labels.data[2]) == 4
    one_step(labels, before)


def test_split_here(brush, labels, said, ids):
    brush.take_up(SPLIT)
    before = labels.data.copy()
    labels.paint(2, slice(2, 32), slice(14, 17), 0)
    brush.stroke_ended(labels.last_done())
    assert count(labels.data[2]) == 5
    np.testing.assert_array_equal(labels.data[2, 10, [8, 30]], [5, 1] if ids else [1, 1])
    assert ("Split. Ctrl-Z takes it back." in said) is ids
    one_step(labels, before)
    labels.paint(2, slice(45, 48), slice(40, 55), 0)  # ends inside the cell
    brush.stroke_ended(labels.last_done())
    assert labels.data.max() == (5 if ids else 1)


def test_drawn_with_another_tool_nothing_is_split(brush, labels):
    brush.take_up(DRAW)
    labels.paint(2, slice(2, 32), slice(14, 17), 0)
    before = labels.data.copy()
    brush.stroke_ended(labels.last_done())
    np.testing.assert_array_equal(labels.data, before)


def test_merge_these_two(brush, labels, said):
    before = labels.data.copy()
    brush.take_up(MERGE)
    brush.click((2, 10, 10))
    np.testing.assert_array_equal(labels.data, before)
    assert "second cell" in said[-1]
    brush.click((2, 10, 60))
    assert (labels.data[2, 10, 10:70] == 1).all()
    assert count(labels.data[2]) == 3
    np.testing.assert_array_equal(labels.data[[0, 1, 3, 4]], before[[0, 1, 3, 4]])
    one_step(labels, before)


@pytest.mark.parametrize("ids", [False], indirect=True)
def test_a_second_click_on_another_slice_is_a_first_one(brush, labels, said):
    before = labels.data.copy()
    brush.take_up(MERGE)
    brush.click((2, 10, 10))
    brush.click((3, 10, 60))
    np.testing.assert_array_equal(labels.data, before)
    assert "second cell" in said[-1]
    brush.click((3, 10, 10))
    assert count(labels.data[3]) == 3


@pytest.mark.parametrize("ids", [True], indirect=True)
def test_merge_through_the_stack(brush, labels):
    labels.data[0][labels.data[0] == 2] = 0  # it ends above slice 1 ...
    labels.data[4][labels.data[4] == 2] = 4
    before = labels.data.copy()
    brush.through_stack = True
    brush.take_up(MERGE)
    brush.click((2, 10, 10))
    brush.click((2, 10, 60))
    assert (labels.data[1:4, 10, 60] == 1).all()
    assert not (labels.data == 2).any()
    np.testing.assert_array_equal(labels.data[[0, 4]], before[[0, 4]])
    one_step(labels, before)
    assert labels.tracker.edits.slices == (1, 2, 3)


@pytest.mark.parametrize("ids", [False], indirect=True)
def test_what_the_tools_cannot_do_is_said(brush, view, labels, refused):
    before = labels.data.copy()
    brush.take_up(FILL)
    brush.click((2, 15, 15))
    assert "cell already" in refused[-1]
    brush.take_up(MERGE)
    brush.click((2, 15, 15))
    brush.click((2, 20, 20))
    assert "same cell" in refused[-1]
    brush.click((2, 15, 15))
    brush.click(None)
    assert "beside the layer" in refused[-1]
    brush.click((2, 10, 60))  # a first one again
    np.testing.assert_array_equal(labels.data, before)
    view.shown = None
    brush.click((2, 10, 10))
    assert "seen from above" in refused[-1]


# -- free ids --------------------------------------------------------------------------------------


def highest(data) -> tuple[HighestId, ArrayLabels]:
    labels = ArrayLabels(data)
    return HighestId(labels.tracker, DirectLane()), labels


def test_a_free_id_is_above_all_of_the_stack():
    data = np.zeros((3, 30, 30), np.uint8)
    data[2, :3, :3] = 41
    ids, labels = highest(data)
    assert ids.next() == 42
    labels.paint(1, 5, 5, 77)
    assert ids.next() == 78
    labels.undo()
    assert ids.next() == 78  # never one that was there


def test_where_no_id_is_left_it_is_said():
    ids, _ = highest(np.full((3, 30, 30), 255, np.uint8))
    with pytest.raises(Exception, match="up to 255 are taken; convert"):
        ids.next()


def test_stopped_it_looks_no_more():
    ids, labels = highest(np.zeros((3, 30, 30), np.uint8))
    ids.stop()
    labels.paint(1, 5, 5, 77)
    assert ids.next() == 1


@pytest.fixture
def class_map(view):
    """Cells on every slice with a part of class 3 in the first of them; all else is membrane."""
    labels = np.ones((2, 64, 80), np.uint8)
    labels[:, 4:30, 4:38], labels[:, 4:30, 42:76] = 2, 2
    labels[:, 10:16, 10:20] = 3
    view.layers.append(ArrayLabels(labels, class_names=("membrane", "cell", "mitochondrion")))
    return view.layers[-1]


@pytest.fixture
def class_brush(view, class_map, said, refused):
    brush = BrushSession(view, said.append, said.append, refused.append)
    brush.use(BrushActs(class_map.tracker, DirectLane(), "classes"))
    return brush


def test_cells_of_a_class_map_are_merged_around_their_parts(class_brush, class_map):
    before = class_map.data.copy()
    class_brush.take_up(MERGE)
    class_brush.click((0, 12, 12))  # on the mitochondrion
    class_brush.click((0, 12, 60))
    opened = class_map.data[0] != before[0]
    assert set(np.unique(class_map.data[0][opened])) == {2}
    assert count(class_map.data[0] > 1) == 1
    np.testing.assert_array_equal(class_map.data == 3, before == 3)
    np.testing.assert_array_equal(class_map.data[1], before[1])
    one_step(class_map, before)


def test_a_speck_of_membrane_in_a_class_map_becomes_cell(class_brush, class_map, refused):
    class_map.data[0, 20:23, 20:23] = 1
    class_brush.take_up(FILL)
    class_brush.click((0, 21, 21))
    assert (class_map.data[0, 20:23, 20:23] == 2).all()
    class_brush.click((0, 12, 12))
    assert "cell already" in refused[-1]


def test_membrane_is_drawn_with_its_class(class_brush):
    assert class_brush.acts.membrane == 1
