"""Proofreading the cells of a volume, without a window."""

from __future__ import annotations

import numpy as np
import pytest
from tests.core.cells3d.made_volumes import discs, plain_model

from napari_emseg.model.packages import edges
from napari_emseg.session.correct.proofread import ProofreadPhase, ProofreadSession
from napari_emseg.session.correct.view import ProbabilitySource
from napari_emseg.session.correct.volume_tools import (
    MERGE_CELLS,
    SET_APART,
    SPLIT_CELL,
    TAKE_AWAY,
)
from napari_emseg.session.painting.array_labels import ArrayLabels

PROBABILITY = np.stack([discs((48, 24, 18), (48, 72, 18))] * 4)
LEFT, RIGHT = (0, 48, 24), (3, 48, 72)


@pytest.fixture(autouse=True)
def plain_edges(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(edges, "read_edges", lambda _: plain_model())


@pytest.fixture
def labels(view) -> ArrayLabels:
    """Two cells through four slices, with ids 5 and 6."""
    data = np.zeros(PROBABILITY.shape, np.uint16)
    data[:, :, :48], data[:, :, 48:] = 5, 6
    return view.add(data, "cells")


@pytest.fixture
def said():
    return []


@pytest.fixture
def refused():
    return []


@pytest.fixture
def session(view, labels, executor, said, refused, tmp_path, monkeypatch):
    monkeypatch.setenv("EMSEG_CACHE_DIR", str(tmp_path))
    view.probability = ProbabilitySource(PROBABILITY, "probability", "default")
    session = ProofreadSession(executor, view, said.append, said.append, refused.append)
    session.use(labels.tracker)
    yield session
    session.close()


@pytest.fixture
def ready(session):
    session.make()
    assert session.phase is ProofreadPhase.READY
    return session


def click(session, *places):
    for place in places:
        session.click(place)


def test_fragments_are_made_from_the_probability_beside_the_labels(session):
    assert session.phase is ProofreadPhase.IDLE
    session.make()
    assert session.phase is ProofreadPhase.READY
    assert session.progress == (4, 4)
    assert session.counts[1] == 2


def test_without_a_probability_it_says_what_to_do(session, view, refused):
    view.probability = None
    session.make()
    assert "there is no probability" in refused[-1]
    assert session.phase is ProofreadPhase.IDLE


def test_making_can_be_stopped(session, view, refused):
    session.events.progress.connect(lambda *_: session.stop_making())
    session.make()
    assert session.phase is ProofreadPhase.IDLE
    assert not refused


def test_tools_need_fragments(session, refused):
    session.take_up(MERGE_CELLS)
    assert session.tool is None
    assert "make the fragments" in refused[-1]


def test_two_clicks_on_different_slices_merge(ready, labels):
    before = labels.data.copy()
    ready.take_up(MERGE_CELLS)
    click(ready, LEFT, RIGHT)
    assert (labels.data == 5).all()
    labels.undo()
    assert (labels.data == before).all()
    assert ready.counts[1] == 2
    labels.redo()
    assert (labels.data == 5).all()
    assert ready.counts[1] == 1


def test_a_cut_is_shown_and_then_taken_as_one_step(ready, view, labels, said):
    ready.take_up(MERGE_CELLS)
    click(ready, LEFT, RIGHT)
    labels.undo()  # no link that would hold
    labels.data[labels.data == 6] = 5
    ready.use(None)
    ready.use(labels.tracker)
    ready.make()
    before = labels.data.copy()
    ready.take_up(SPLIT_CELL)
    click(ready, LEFT, RIGHT)
    assert ready.cut is not None
    assert set(np.unique(view.sides)) == {1, 2}
    assert (labels.data == before).all()
    ready.take_cut()
    assert view.sides is None
    assert labels.data[LEFT] != labels.data[RIGHT]
    assert len(np.unique(labels.data)) == 2
    labels.undo()
    assert (labels.data == before).all()


def test_putting_down_takes_no_cut(ready, view, labels):
    labels.data[labels.data == 6] = 5
    ready.use(None)
    ready.use(labels.tracker)
    ready.make()
    ready.take_up(SPLIT_CELL)
    click(ready, LEFT, RIGHT)
    ready.put_down()
    assert ready.cut is None
    assert view.sides is None
    assert (labels.data == 5).all()


def test_set_apart_and_take_away(ready, labels):
    ready.take_up(SET_APART)
    click(ready, LEFT)
    assert labels.data[LEFT] == 7
    assert labels.data[1, 48, 24] == 5
    ready.take_up(TAKE_AWAY)
    click(ready, RIGHT)
    assert not (labels.data == 6).any()
    assert labels.data[RIGHT] == 0


def test_new_ids_are_free_among_painted_ones_too(ready, labels):
    labels.paint(0, slice(0, 2), slice(0, 2), 40)
    ready.take_up(SET_APART)
    click(ready, LEFT)
    assert labels.data[LEFT] == 41


def test_clicks_beside_anything_are_refused(ready, refused):
    ready.take_up(MERGE_CELLS)
    click(ready, None)
    assert "beside the layer" in refused[-1]
    click(ready, LEFT, LEFT)
    assert "one fragment" in refused[-1]


def test_strokes_and_decisions_are_undone_in_their_order(ready, labels):
    ready.take_up(MERGE_CELLS)
    click(ready, LEFT, RIGHT)
    labels.paint(0, slice(0, 2), slice(0, 2), 9)
    labels.undo()
    assert ready.counts[1] == 1
    labels.undo()
    assert ready.counts[1] == 2
    labels.redo()
    labels.redo()
    assert ready.counts[1] == 1
    assert labels.data[0, 0, 0] == 9


def test_a_new_decision_after_undo_starts_anew(ready, labels):
    ready.take_up(MERGE_CELLS)
    click(ready, LEFT, RIGHT)
    labels.undo()
    ready.take_up(TAKE_AWAY)
    click(ready, LEFT)
    labels.undo()
    labels.redo()
    assert (labels.data[:, :, :40] == 0).all()
    assert (labels.data[:, :, 60:] == 6).all()


def test_questions_are_asked_until_none_is_left(ready, view, labels, said):
    assert ready.question is not None
    assert view.places
    seen = 0
    while ready.question is not None:
        assert view.sides is not None
        ready.not_the_same() if not ready.question.is_one else ready.same_cell()
        seen += 1
        assert seen < 20
    assert view.sides is None
    assert "No doubtful place is left" in said[-1]
    assert set(np.unique(labels.data)) == {5, 6}


def test_who_passes_a_question_on_is_asked_the_next(ready):
    first = ready.question
    ready.next()
    assert ready.question != first


def test_decisions_are_kept_with_the_labels_and_taken_up_again(ready, view, labels):
    ready.take_up(MERGE_CELLS)
    click(ready, LEFT, RIGHT)
    note = labels.tracker.edits.note_of(labels.data)
    assert note is not None
    assert note["decisions"]["decisions"][0]["kind"] == "merge"
    edits = type(labels.tracker.edits).from_note(note, labels.data.shape)
    again = view.add(labels.data.copy(), "opened")
    again.tracker.edits.decisions = edits.decisions
    ready.use(again.tracker)
    ready.make()
    ready.take_up(TAKE_AWAY)
    click(ready, LEFT)
    kinds = [each["kind"] for each in again.tracker.edits.decisions["decisions"]]
    assert kinds == ["merge", "take away"]
