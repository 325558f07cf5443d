"""Correcting, without a window: which labels, made of what, and what counts as corrected."""

from __future__ import annotations

import subprocess
import sys

import numpy as np
import pytest

from napari_emseg.errors import EmsegError
from napari_emseg.session.correct.brush import DRAW, MERGE
from napari_emseg.session.correct.meaning import kind_of
from napari_emseg.session.correct.session import CorrectPhase, CorrectSession
from napari_emseg.session.direct_executor import DirectLane
from napari_emseg.session.workspace import Workspace


class Image:
    """A stack that was segmented."""

    def __init__(self, shape=(5, 64, 80)):
        self.key, self.name, self.shape = self, "em", shape


@pytest.fixture(params=[False, True], ids=["mask", "cells"])
def ids(request):
    return request.param


@pytest.fixture
def session(executor, view):
    session = CorrectSession(executor, Workspace(), view)
    session.image = Image()
    session.made.connect(lambda tracker: session.choose(tracker, kind_of(tracker.layer)))
    yield session
    session.close()


@pytest.fixture
def refused(session):
    refused = []
    session.refused.connect(refused.append)
    return refused


@pytest.fixture
def prediction(view, make_grid, ids):
    return view.add(make_grid(ids=ids), "em mask")


@pytest.fixture
def made(session, view, prediction):
    """The whole prediction made editable."""
    session.make_editable(prediction.tracker, "keep my edits")
    return view.layers[-1]


def test_a_prediction_becomes_labels_to_paint_on(session, view, prediction, made, ids):
    assert session.phase is CorrectPhase.CORRECTING
    np.testing.assert_array_equal(made.data, prediction.data)
    assert made.data is not prediction.data
    assert made.dtype == prediction.dtype
    assert session.tracker is made.tracker
    assert session.kind == ("cells" if ids else "mask")
    assert view.selected is made
    assert session.message == "5 slices to paint on in 'em corrected'."
    assert not made.tracker.is_edited


@pytest.mark.parametrize("ids", [False], indirect=True)
def test_one_slice_or_some(session, view, prediction):
    session.make_current_editable(prediction.tracker, "keep my edits")
    assert [z for z in range(5) if view.layers[-1].data[z].any()] == [2]
    session.choose(None)
    assert session.phase is CorrectPhase.NO_LABELS
    session.make_editable(prediction.tracker, "keep my edits", "1:3")
    assert [z for z in range(5) if view.layers[-1].data[z].any()] == [1, 2]


@pytest.mark.parametrize("ids", [False], indirect=True)
@pytest.mark.parametrize("policy", ["keep my edits", "only empty slices", "replace"])
def test_a_new_prediction_goes_around_what_was_edited(session, prediction, made, policy):
    before = made.data.copy()
    made.paint(2, slice(8, 12), slice(8, 12), 0)
    painted = made.data.copy()
    prediction.data[:, :2] = 1
    session.make_editable(prediction.tracker, policy)
    if policy == "only empty slices":
        np.testing.assert_array_equal(made.data, painted)
        assert session.message.endswith("; 5 left as they are. Ctrl-Z takes it back.")
        return
    wanted = prediction.data.copy()
    if policy == "keep my edits":
        wanted[painted != before] = 0
    np.testing.assert_array_equal(made.data, wanted)
    assert made.tracker.edits.slices == ((2,) if policy == "keep my edits" else ())
    made.undo()
    np.testing.assert_array_equal(made.data, painted)
    assert made.tracker.edits.slices == (2,)


@pytest.mark.parametrize("ids", [False], indirect=True)
def test_edits_of_the_prediction_go_along(session, view, prediction):
    prediction.paint(1, slice(8, 12), slice(8, 12), 0)
    prediction.tracker.review(3, reviewed=True)
    session.make_editable(prediction.tracker, "keep my edits")
    made = view.layers[-1].tracker
    assert made.edits.slices == (1, 3)
    assert made.edits.reviewed == (3,)


@pytest.mark.parametrize("ids", [False], indirect=True)
def test_what_cannot_be_made_editable_is_said(session, view, prediction, made, refused, make_grid):
    def refuses(words: str) -> None:
        session.make_editable(session_prediction.tracker, "keep my edits", slices)
        assert words in session.message == refused[-1]

    session_prediction, slices = made, ""
    refuses("is the prediction itself")
    session_prediction = prediction
    small = view.add(np.zeros((2, 8, 8), np.uint8), "small")
    session.choose(small.tracker)
    refuses("expected the shape of")
    session.choose(view.add(make_grid(ids=True), "other").tracker, "cells")
    refuses("which do not mix")
    view.locked.append(made)
    session.choose(made.tracker)
    refuses("cannot be painted on")
    session.choose(None)
    slices = "7"
    refuses("from 0 to 4")
    view.shown = None
    session.make_current_editable(prediction.tracker, "replace")
    assert "seen from above" in refused[-1]
    session.make_current_editable(None, "replace")
    assert "segment the stack first" in refused[-1]
    assert session.phase is CorrectPhase.NO_LABELS


@pytest.mark.parametrize("ids", [True], indirect=True)
def test_ids_that_do_not_fit_are_said(session, view, prediction, refused):
    prediction.data[1, 5, 5] = 300
    narrow = view.add(np.zeros((5, 64, 80), np.uint8), "narrow")
    session.choose(narrow.tracker)
    session.make_editable(prediction.tracker, "keep my edits")
    assert "up to 255, received 300" in refused[-1]
    assert session.phase is CorrectPhase.CORRECTING
    assert not narrow.data.any()


class LaterLane(DirectLane):
    """Hands over when it is told to, as a thread does in its own time."""

    def __init__(self):
        super().__init__()
        self.waiting = []

    def latest(self, make, then=None, failed=None):
        self.waiting = [lambda: DirectLane.run(self, make, then, failed)]

    def hand_over(self):
        while self.waiting:
            self.waiting.pop()()


@pytest.fixture
def later(session):
    session._reading = LaterLane()
    return session._reading


@pytest.mark.parametrize("ids", [False], indirect=True)
def test_labels_that_are_removed_meanwhile(session, view, prediction, made, refused, later):
    session.make_editable(prediction.tracker, "replace")
    assert session.phase is CorrectPhase.MAKING_EDITABLE
    view.layers.remove(made)
    later.hand_over()
    assert "was removed meanwhile" in refused[-1]
    assert session.phase is CorrectPhase.CORRECTING


@pytest.mark.parametrize("ids", [False], indirect=True)
def test_a_person_goes_on_meanwhile(session, view, prediction, made, later):
    prediction.data[:] = 1
    session.make_editable(prediction.tracker, "keep my edits")
    made.paint(2, slice(8, 12), slice(8, 12), 7)
    other = view.add(np.zeros((5, 64, 80), np.uint8))
    session.choose(other.tracker)
    assert session.phase is CorrectPhase.MAKING_EDITABLE
    later.hand_over()
    assert (made.data[2, 8:12, 8:12] == 7).all()
    assert made.tracker.edits.slices == (2,)
    assert not other.data.any()
    assert session.phase is CorrectPhase.CORRECTING


@pytest.mark.parametrize("ids", [False], indirect=True)
def test_what_counts_as_corrected(session, view, made):
    roles = []
    session.roles_changed.connect(lambda: roles.append(made.tracker.edits.slices))
    with pytest.raises(EmsegError, match="no slice of"):
        session.corrected_slices()
    made.paint(2, slice(8, 12), slice(8, 12), 0)
    session.turn_review(4)
    assert session.corrected_slices() == (2, 4)
    session.turn_review()  # the one that is shown
    assert made.tracker.edits.reviewed == (2, 4)
    session.turn_review(2)
    made.undo()
    assert not made.tracker.edits.of(2).reviewed
    assert made.tracker.is_edited  # compares, and slice 4 is reviewed
    session.turn_review(4)
    assert not made.tracker.is_edited
    assert roles[-1] == ()
    session.choose(None)
    with pytest.raises(EmsegError, match="make a prediction editable"):
        session.corrected_slices()
    session.choose(view.add(np.zeros((2, 8, 8), int)).tracker)
    with pytest.raises(EmsegError, match="belong together"):
        session.corrected_slices()
    session.image = None
    with pytest.raises(EmsegError, match="choose an image layer"):
        session.corrected_slices()


@pytest.mark.parametrize("ids", [False], indirect=True)
def test_in_another_view_there_is_no_slice_to_review(session, view, made):
    view.shown = None
    session.turn_review()
    assert session.slice_in_view() is None
    assert made.tracker.edits.reviewed == ()


@pytest.mark.parametrize("ids", [False], indirect=True)
def test_closed_it_lets_go(session, made):
    roles = []
    session.brush.take_up(DRAW)
    session.close()
    session.roles_changed.connect(lambda: roles.append(1))
    assert session.phase is CorrectPhase.CLOSED
    assert session.brush.tool is session.tracker is None
    made.paint(2, slice(8, 12), slice(8, 12), 0)
    session.choose(made.tracker)
    assert session.tracker is None
    assert roles == []
    session.close()


def test_two_sessions_do_not_mix(executor, view, make_grid):
    one, other = (CorrectSession(executor, Workspace(), view) for _ in range(2))
    labels = view.add(make_grid(ids=False))
    one.choose(labels.tracker)
    one.brush.take_up(DRAW)
    one.say("something")
    assert (other.tracker, other.brush.tool, other.message) == (None, None, "")


def test_it_needs_no_window():
    code = (
        "import sys, napari_emseg.session.correct.session, napari_emseg.session.painting.autosave\n"
        "print(*{'qtpy', 'napari', 'keras', 'scipy', 'skimage'} & set(sys.modules))"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True)
    assert (done.returncode, done.stdout.strip()) == (0, ""), done.stderr


def test_classes_are_known_by_their_names_or_their_looks(view, session):
    tile = np.ones((16, 16), np.uint8)
    tile[2:14, 2:14], tile[5:8, 5:8] = 2, 3
    labels = view.add(np.tile(tile, (2, 4, 4)))
    assert kind_of(labels) == "classes"
    session.choose(labels.tracker, kind_of(labels))
    assert labels.class_names == ("membrane", "cell", "class 3")
    sparse = view.add(np.zeros((2, 64, 64), np.uint8))
    assert kind_of(sparse) == "mask"
    session.choose(sparse.tracker, "classes")  # a person says so
    assert kind_of(sparse) == "classes"


def test_classes_do_not_go_into_a_mask(view, session, make_grid, refused):
    session.choose(view.add(make_grid(ids=False)).tracker)
    classes = view.add(make_grid(ids=False) + 1)
    classes.class_names = ("membrane", "cell", "mitochondrion")
    session.make_editable(classes.tracker, "replace")
    assert "holds a mask and 'labels' classes" in refused[-1]


def test_what_was_done_is_told_until_it_is_undone_or_another_slice_is_seen(session, view, made):
    brush = session.brush

    def merge():
        for at in ((2, 10, 10), (2, 10, 60)):
            brush.click(at)
        assert session.message == "Merged. Ctrl-Z takes it back."

    brush.take_up(MERGE)
    merge()
    session.look()
    assert session.message.startswith("Merged")
    made.undo()
    assert session.message == MERGE.hint
    merge()
    view.shown = 3
    session.look()
    assert session.message == MERGE.hint
    brush.put_down()
    made.paint(3, slice(0, 2), slice(0, 2), 1)
    assert session.message == ""
