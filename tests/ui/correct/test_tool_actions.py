"""Ids that the brush gives, without a window."""

from __future__ import annotations

import numpy as np
import pytest
from napari.layers import Labels

from napari_emseg.errors import LabelsError
from napari_emseg.session.correct.tool_actions import BrushActs
from napari_emseg.session.direct_executor import DirectLane
from napari_emseg.ui.painting.edit_tracker import tracker_of
from napari_emseg.ui.viewer import undo_history as undoable


def acts_on(highest: int, dtype=np.uint8) -> BrushActs:
    """A layer with one small cell in the last of three slices, and its tools."""
    data = np.zeros((3, 30, 30), dtype)
    data[2, :3, :3] = highest
    return BrushActs(tracker_of(Labels(data)), DirectLane(), "cells")


def test_a_new_id_is_above_all_of_the_stack():
    acts = acts_on(41)
    acts.fill(0, (15, 15), 3)
    assert acts.layer.key.data[0, 15, 15] == 42
    acts.fill(1, (15, 15), 3)
    assert acts.layer.key.data[1, 15, 15] == 43
    acts.layer.key.undo()
    acts.layer.key.paint((1, 5, 5), 77)
    acts.layer.key.brush_size = 1
    acts.fill(2, (15, 15), 3)
    assert acts.layer.key.data[2, 15, 15] == 78


def test_where_no_id_is_left_it_is_said():
    acts = acts_on(255)
    with pytest.raises(LabelsError, match="up to 255 are taken; convert"):
        acts.fill(0, (15, 15), 3)
    assert not acts.layer.key.data[0].any()
    assert undoable.steps(acts.layer.key) == (0, 0)


def test_a_stroke_over_several_slices_parts_each():
    data = np.zeros((3, 30, 30), np.uint16)
    data[:, 5:25, 5:25] = 1
    acts = BrushActs(tracker_of(Labels(data)), DirectLane(), "cells")
    layer = acts.layer.key
    layer.n_edit_dimensions = 3
    layer.brush_size = 3
    with layer.block_history():
        for row in range(3, 27):
            layer.paint((1, row, 12), 0)
    assert acts.part(undoable.last_done(layer)) >= 1
    assert layer.data[1, 10, 8] == 2
    assert layer.data[1, 10, 20] == 1
    layer.undo()
    assert (layer.data[:, 5:25, 5:25] == 1).all()
