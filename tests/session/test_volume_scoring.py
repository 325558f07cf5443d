"""Scoring a volume in *Compare* without a window: when it makes sense, when it is out of date."""

from __future__ import annotations

import csv
import json
import re

import numpy as np
import pytest

from compared_layer import Layer
from napari_emseg.core.scores.volume.errors import LARGER, SMALLER
from napari_emseg.core.scores.volume.score_volume import score_volume
from napari_emseg.session.compare.session import CompareSession
from napari_emseg.session.compare.volume_scoring import VolumePhase

EDGE, SLICES = 16, 4


def true_cells():
    """Four by four cells through four slices, with membranes of a pixel between them."""
    cells = np.kron(np.arange(1, 17).reshape(4, 4), np.ones((EDGE, EDGE), int))
    cells[::EDGE] = cells[:, ::EDGE] = 0
    return np.stack([cells] * SLICES).astype(np.uint16)


def predicted_cells():
    """Cells 1 and 2 in one, and cell 16 in two."""
    cells = true_cells()
    cells[cells == 2] = 1
    cells[2:][cells[2:] == 16] = 99
    return cells


@pytest.fixture
def session(executor):
    return CompareSession(executor)


@pytest.fixture
def prediction():
    return Layer(predicted_cells(), "cells")


@pytest.fixture
def truth():
    return Layer(true_cells(), "truth")


@pytest.fixture
def volume(session, executor, prediction, truth):
    """The part of a session that has looked at both."""
    session.compare(prediction, truth)
    executor.pass_time()
    return session.volume


# -- when it makes sense ------------------------------------------------------------------------


def test_cells_through_slices_can_be_scored(volume):
    assert (volume.phase, volume.why_not) == (VolumePhase.READY, "")
    assert volume.scores is None


@pytest.mark.parametrize(
    ("predicted", "true", "meaning", "said"),
    [
        (predicted_cells()[:1], true_cells()[:1], "instances", "received 1; the page Scores"),
        (predicted_cells(), true_cells(), "mask", r"Truth means: instances\), received mask"),
        (predicted_cells() > 0, true_cells(), "instances", "cells: expected ids .* a mask"),
        (predicted_cells(), true_cells() > 0, "instances", "truth: expected ids .* a mask"),
        (np.full((4, 64, 64), 0.5, np.float32), true_cells(), "instances", "a probability of cell"),
        (
            predicted_cells(),
            np.where(true_cells(), true_cells() + 100 * np.arange(4)[:, None, None], 0),
            "instances",
            "truth, which has other values at the same place",
        ),
    ],
)
def test_where_there_is_no_volume_one_line_says_why(session, predicted, true, meaning, said):
    session.compare(Layer(predicted, "cells"), Layer(true, "truth"), meaning)
    volume = session.volume
    assert volume.phase is VolumePhase.EMPTY
    assert re.search(said, volume.why_not), volume.why_not
    assert "\n" not in volume.why_not
    volume.score()
    assert volume.scores is None


def test_without_a_pair_it_says_what_the_dock_says(session, truth):
    session.compare(None, truth)
    assert session.volume.why_not == session.problem != ""


# -- scoring ------------------------------------------------------------------------------------


def test_it_gives_what_the_api_gives(volume):
    steps = []
    volume.events.progress.connect(lambda now, _: steps.append(now))
    volume.score()
    expected = score_volume(predicted_cells(), true_cells())
    assert volume.scores.to_dict() == expected.to_dict()
    assert [len(each) for each in (volume.scores.mergers, volume.scores.splits)] == [1, 1]
    assert steps == [(done, SLICES) for done in range(SLICES + 1)]
    assert (volume.phase, volume.outdated) == (VolumePhase.READY, "")
    assert volume.fresh is volume.scores


def test_slices_and_places_are_those_of_the_prediction(session, executor):
    data = np.zeros((9, 80, 90), np.uint16)
    data[3:7, 10:74, 20:84] = predicted_cells()
    session.compare(Layer(data, "cells"), Layer(true_cells(), "truth", offset=(3, 10, 20)))
    session.volume.score()
    scores, alone = session.volume.scores, score_volume(predicted_cells(), true_cells())
    assert list(scores.slices) == [3, 4, 5, 6]
    (here,), (there,) = scores.mergers.worst, alone.mergers.worst
    assert here.place == tuple(np.add(there.place, (3, 10, 20)))


def test_slices_that_nobody_predicted_take_no_part(session, prediction, truth):
    prediction.data[3] = 0
    prediction.filled = {0, 1, 2}
    session.compare(prediction, truth)
    session.volume.score()
    assert list(session.volume.scores.slices) == [0, 1, 2]
    prediction.filled = {1}
    session.compare(prediction, truth)
    assert "received 1" in session.volume.why_not


def test_the_voxel_size_of_the_layers_is_taken(volume, truth):
    volume.change(foreground="cremi", border_nm=4)
    volume.score()
    assert "voxel size is not known" in volume.problem
    truth.voxel_size_nm = (40.0, 4.0, 4.0)
    volume.score()
    assert volume.problem == ""
    assert volume.scores.config.foreground == "cremi"


def test_it_can_be_stopped_and_what_was_known_stays(volume, prediction):
    volume.score()
    before = volume.scores
    prediction.on_read = lambda z: volume.stop() if z == 1 else None
    volume.score()
    assert volume.phase is VolumePhase.READY
    assert volume.scores is before
    assert volume.progress[0] < SLICES


# -- whether it still holds -----------------------------------------------------------------------


def test_what_is_painted_makes_it_out_of_date_and_is_named(volume, executor, prediction, truth):
    volume.score()
    prediction.paint((2, slice(0, 9), slice(0, 9)), 5)
    assert volume.outdated == ""
    executor.pass_time()
    assert "painted since, in slice 2" in volume.outdated
    assert volume.fresh is None
    assert volume.scores is not None
    truth.paint((0, 1, 1), 7)
    executor.pass_time()
    assert "in slices 0, 2" in volume.outdated
    volume.score()
    assert volume.outdated == ""


def test_what_is_drawn_anew_alike_leaves_it_as_it_is(volume, executor, prediction):
    volume.score()
    prediction.paint((1, 20, 20), prediction.data[1, 20, 20])
    executor.pass_time()
    assert volume.outdated == ""


def test_other_settings_make_it_out_of_date_until_they_are_back(volume):
    volume.score()
    volume.change(error_radius_px=5)
    assert "settings were changed" in volume.outdated
    volume.change(error_radius_px=3)
    assert volume.outdated == ""


def test_other_layers_make_it_forget(volume, session, prediction, truth):
    volume.score()
    session.compare(prediction, Layer(true_cells() > 0, "mask"))
    assert volume.scores is None
    assert volume.why_not


# -- the worst errors -----------------------------------------------------------------------------


def test_the_cells_of_an_error_are_marked_slice_by_slice_from_its_place_on(volume):
    volume.score()
    (split,) = volume.scores.splits.worst
    marks, ends = {}, []
    volume.marked.connect(lambda _, error, z, mark: marks.update({z: mark}))
    volume.mark_done.connect(lambda: ends.append(True))
    volume.mark(split)
    assert next(iter(marks)) == split.place[0]
    assert sorted(marks) == list(range(SLICES))
    assert ends == [True]
    expected = np.where(true_cells() == 16, np.where(predicted_cells() == 99, 2, 1), 0)
    if split.predicted_ids[1] != 99:
        expected = np.where(expected, 3 - expected, 0)
    assert np.array_equal(np.stack([marks[z] for z in range(SLICES)]), expected)
    assert set(np.unique(expected)) == {0, LARGER, SMALLER}


# -- files ----------------------------------------------------------------------------------------


def test_it_is_saved_beside_the_scores_of_slices_unless_it_is_out_of_date(
    volume, session, executor, prediction, tmp_path
):
    session.score_all()
    volume.score()
    session.save(tmp_path / "scores.json")
    session.save(tmp_path / "scores.csv")
    saved = json.loads((tmp_path / "scores.json").read_text())
    assert saved["volume"] == json.loads(json.dumps(volume.scores.to_dict()))
    lines = (tmp_path / "scores.csv").read_text().splitlines()
    rows = list(csv.DictReader(line for line in lines if not line.startswith("#")))
    assert rows[-1]["slice"] == "volume"
    assert float(rows[-1]["are"]) == pytest.approx(volume.scores.volume.are)
    assert any(line.startswith("# mergers: 1") for line in lines)
    prediction.paint((2, slice(0, 9), slice(0, 9)), 5)
    executor.pass_time()
    session.save(tmp_path / "later.json")
    assert "volume" not in json.loads((tmp_path / "later.json").read_text())


def test_nothing_is_made_after_the_end(volume, session):
    session.close()
    volume.score()
    volume.compare(None, "gone")
    assert volume.phase is VolumePhase.CLOSED
    assert volume.scores is None
