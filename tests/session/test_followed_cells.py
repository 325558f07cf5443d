"""Cells of a prediction that are followed through the volume, beside who looks at them."""

from __future__ import annotations

import time

import numpy as np
import pytest

from napari_emseg.core.config.cells import CellsConfig
from napari_emseg.core.config.prediction import MaskConfig
from napari_emseg.core.segment.cell_count import CellCount
from napari_emseg.engine.cells import volume as cutter
from napari_emseg.errors import ModelError
from napari_emseg.model.packages import edges
from napari_emseg.session.prediction.prediction import Prediction
from napari_emseg.session.prediction.volume import FOLLOWING
from napari_emseg.session.thread_lane import ThreadLane

MASK = MaskConfig(0.5, smallest_cell_px=4)
WALL = 40
"""Column of the membrane between the two cells of a stack."""


@pytest.fixture
def image(viewer, stack):
    """Two cells in eight slices; in the one in the middle nobody sees the membrane between them."""
    made = stack(viewer, slices=8)
    rows, columns = np.indices((96, 80))
    away = np.minimum(abs(columns - WALL), np.minimum(columns, 79 - columns))
    away = np.minimum(away, np.minimum(rows, 95 - rows))
    made.pixels = np.stack([np.clip(40 * away, 10, 250).astype(np.uint8)] * 8)
    made.pixels[4, 20:70, WALL - 8 : WALL + 8] = 250
    return made


@pytest.fixture
def prediction(image, package, scratch, executor):
    return predicted(image, package, scratch, executor)


def predicted(image, package, scratch, executor, cells=CellsConfig()):
    """With the worker's side of it done: brightness."""
    made = Prediction(image, package, scratch, executor)
    made.apply(("mask", "cells"), MASK, cells)
    made.probability[:] = image.pixels / np.float32(255)
    return made


def fill(prediction, *slices):
    prediction.expect()
    prediction.add_layer()
    for z in slices:
        prediction.accept(z)
    prediction.finish(then=lambda: None)


@pytest.fixture
def cuts(monkeypatch):
    """The thresholds by which volumes were cut into fragments."""
    made, cut = [], cutter.fragment_volume

    def counted(*args, threshold, **more):
        made.append(threshold)
        return cut(*args, threshold=threshold, **more)

    monkeypatch.setattr(cutter, "fragment_volume", counted)
    return made


def test_while_slices_come_they_are_linked_and_then_followed(prediction):
    prediction.expect()
    prediction.add_layer()
    for z in range(8):
        prediction.accept(z)
    linked = prediction.cells.copy()
    assert linked[4, 48, WALL] == linked[4, 48, 10] == linked[4, 48, 70], "one cell where none is"
    assert not linked[0, 48, WALL]
    prediction.finish(then=lambda: None)
    cells = prediction.cells
    assert cells.all(), "they meet in the middle of the membrane"
    assert (cells[:, 48, 10] == cells[0, 48, 10]).all()
    assert (cells[:, 48, 70] == cells[0, 48, 70]).all()
    assert cells[4, 48, 10] != cells[4, 48, 70], "the slices beside tell"
    assert prediction.count == CellCount(2, 0)


def test_to_merge_more_cuts_nothing_again(prediction, cuts):
    fill(prediction, *range(8))
    assert cuts == [0.5]
    mask = prediction.mask.copy()
    for merging, fewest, most in ((1.0, 1, 1), (0.0, 16, 10_000), (0.5, 2, 2)):
        prediction.apply(("mask", "cells"), MASK, CellsConfig(merging=merging))
        assert fewest <= prediction.count.cells <= most
        assert len(np.unique(prediction.cells)) == prediction.count.cells
    assert cuts == [0.5]
    np.testing.assert_array_equal(prediction.mask, mask)


def test_membranes_are_left_free_without_solving_again(prediction, cuts):
    fill(prediction, *range(8))
    filled = prediction.cells.copy()
    prediction.apply(("mask", "cells"), MASK, CellsConfig(fill_membranes=False))
    is_cell = prediction.probability > 0.5
    np.testing.assert_array_equal(prediction.cells, np.where(is_cell, filled, 0))
    assert cuts == [0.5]


def test_cells_that_live_in_few_slices_are_left_out_of_what_is_solved(prediction, cuts):
    fill(prediction, *range(8))
    every = CellsConfig(merging=0.0)
    prediction.apply(("mask", "cells"), MASK, every)
    prediction.apply(("mask", "cells"), MaskConfig(0.5, 4, least_slices=2), every)
    assert not prediction.cells[1:7].any()
    assert prediction.cells[[0, 7]].all(), "nobody sees how far these go on"
    assert cuts == [0.5]


def test_another_threshold_cuts_anew_when_it_is_followed(prediction, cuts):
    fill(prediction, *range(8))
    prediction.apply(("mask", "cells"), MaskConfig(0.7, 4))
    assert cuts == [0.5]
    assert not prediction.cells[0, 48, WALL], "linked from slice to slice for now"
    prediction.follow()
    assert cuts == [0.5, 0.7]
    assert prediction.cells.all()


def test_cells_that_are_looked_at_keep_their_ids(image, prediction):
    image.here = 6
    prediction.expect()
    prediction.add_layer()
    for z in (6, 7, 5, 4, 3, 2, 1, 0):
        prediction.accept(z)
    prediction.cells[6] = np.where(prediction.cells[6] > 0, prediction.cells[6] + 100, 0)
    seen = prediction.cells[6, 48, [10, 70]].copy()
    prediction.finish(then=lambda: None)
    np.testing.assert_array_equal(prediction.cells[6, 48, [10, 70]], seen)
    assert prediction.count.cells == 2


def test_slices_are_linked_where_a_person_wants_that(image, package, scratch, executor, cuts):
    prediction = predicted(image, package, scratch, executor, CellsConfig(link="slices"))
    fill(prediction, *range(8))
    assert not cuts
    linked = prediction.cells.copy()
    prediction.apply(("mask", "cells"), MASK)
    prediction.follow()
    assert cuts == [0.5]
    prediction.apply(("mask", "cells"), MASK, CellsConfig(link="slices"))
    np.testing.assert_array_equal(prediction.cells > 0, linked > 0)


@pytest.mark.parametrize("slices", [[2], [0, 1, 5, 6]])
def test_what_is_no_volume_is_linked(prediction, cuts, slices):
    fill(prediction, *slices)
    prediction.follow()
    assert not cuts
    assert prediction.cells[slices, 48, 10].all()
    assert not prediction.cells[slices, 48, 1].any()


def test_more_slices_are_followed_with_those_before(prediction, cuts):
    fill(prediction, 2, 3)
    fill(prediction, 1, 4, 5)
    assert cuts == [0.5, 0.5]
    assert prediction.cells[1:6].all()
    assert (prediction.cells[1:6, 48, 70] == prediction.cells[1, 48, 70]).all()


def test_an_edited_layer_is_never_written_to(viewer, prediction, cuts):
    fill(prediction, *range(8))
    viewer["em [probe] cells"].is_edited = True
    before = prediction.cells.copy()
    prediction.apply(("mask", "cells"), MASK, CellsConfig(merging=1.0))
    prediction.apply(("mask", "cells"), MaskConfig(0.7, 4))
    prediction.follow()
    np.testing.assert_array_equal(prediction.cells, before)
    assert cuts == [0.5]


def test_what_is_hidden_is_not_followed_until_it_is_shown(prediction, cuts):
    prediction.apply(("mask",), MASK)
    fill(prediction, *range(8))
    assert not cuts
    assert prediction.count is None
    prediction.apply(("cells",), MASK)
    prediction.follow()
    assert cuts == [0.5]
    prediction.apply(("mask",), MASK)
    prediction.apply(("mask", "cells"), MASK)
    assert cuts == [0.5], "it is solved already"
    assert prediction.cells.all()


def test_what_cannot_be_followed_is_said_and_stays_linked(prediction, monkeypatch):
    def broken(package):
        raise ModelError("model: damaged")

    monkeypatch.setattr(edges, "read_edges", broken)
    said = []
    prediction.failed.connect(said.append)
    fill(prediction, *range(8))
    assert said == ["model: damaged"]
    assert prediction.cells[0, 48, 10]
    assert not prediction.cells[0, 48, WALL]
    assert prediction.count.cells > 0


def test_fragments_lie_in_a_file_that_goes_with_the_prediction(prediction, scratch):
    fill(prediction, *range(8))
    assert len(list(scratch.folder.glob("fragments-*"))) == 1
    prediction.apply(("mask", "cells"), MaskConfig(0.7, 4))
    prediction.follow()
    assert len(list(scratch.folder.glob("fragments-*"))) == 1
    prediction.release()
    assert not list(scratch.folder.glob("fragments-*"))


class Turns:
    """Real threads, whose results wait for `turn`."""

    def __init__(self):
        self.calls = []

    def lane(self, name):
        return ThreadLane(name, self.deliver)

    def deliver(self, call):
        self.calls.append(call)

    def until(self, is_done):
        end = time.monotonic() + 60
        while not is_done():
            assert time.monotonic() < end
            if self.calls:
                self.calls.pop(0)()
            time.sleep(0.001)


@pytest.fixture
def turns():
    return Turns()


@pytest.fixture
def beside(image, package, scratch, turns):
    """A prediction whose cells are being followed in a thread, and what is said of that."""
    made = predicted(image, package, scratch, turns)
    made.said = []
    made.following.connect(lambda words, done: made.said.append((words, done)))
    fill(made, *range(8))
    turns.until(lambda: bool(made.said))
    yield made
    made.release()


def test_how_far_it_is_is_said(beside, turns):
    turns.until(lambda: beside.count is not None)
    turns.until(lambda: beside.said[-1][0] == "")
    words = [words for words, _ in beside.said]
    assert words[0] == f"{FOLLOWING} ..."
    assert words[1].startswith(f"{FOLLOWING}: 1 of 8 slices")
    assert [done for _, done in beside.said if done is not None] == [k / 8 for k in range(1, 9)]


def test_stopped_it_stays_linked_until_the_rules_change(beside, turns, scratch):
    beside.stop_following()
    assert beside.said[-1] == ("", None)
    turns.until(lambda: beside.count is not None)
    beside.follow()
    assert not beside.cells[0, 48, WALL]
    assert not list(scratch.folder.glob("fragments-*"))
    beside.apply(("mask", "cells"), MASK, CellsConfig(merging=0.6))
    beside.follow()
    turns.until(beside.cells.all)


def test_a_newer_threshold_takes_the_place_of_the_older_one(beside, turns, cuts):
    for threshold in (0.6, 0.7):
        beside.apply(("mask", "cells"), MaskConfig(threshold, 4))
        beside.follow()
    counted = []
    beside.counted.connect(lambda: counted.append(beside.count))
    turns.until(beside.cells.all)
    turns.until(lambda: bool(counted))
    assert cuts[-1] == 0.7
    assert len(counted) == 1


def test_it_goes_on_once_somebody_is_there_again(beside, turns):
    beside.stop()
    beside.resume(turns)
    turns.until(beside.cells.all)
