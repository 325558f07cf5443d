"""A project is written, read and shown, and goes wrong in all ways; without a window."""

from __future__ import annotations

import json
import zipfile
from functools import partial

import numpy as np
import pytest

from napari_emseg.errors import ReadError
from napari_emseg.io.project.project_file import Project, ProjectLayer, write_project
from napari_emseg.io.write import write_stack
from napari_emseg.session.project.session import ProjectSession
from napari_emseg.session.thread_lane import ThreadLane
from napari_emseg.types import Stack

PIXELS = np.arange(24, dtype=np.uint8).reshape(2, 3, 4)


@pytest.fixture
def session(executor):
    return ProjectSession(executor, stored=lambda tracker: None)


@pytest.fixture
def heard(session):
    heard = []
    session.failed.connect(heard.append)
    session.opened.connect(lambda project: heard.append(f"opened {len(project.layers)}"))
    return heard


@pytest.fixture
def path(tmp_path):
    layers = [ProjectLayer({"name": name, "type": "labels"}, Stack(PIXELS)) for name in "abc"]
    return write_project(tmp_path / "work.emseg", Project(layers))


@pytest.fixture
def moved(tmp_path):
    """A project, and the file of its one layer, which is elsewhere by now."""
    stack = write_stack(tmp_path / "em.tif", Stack(PIXELS))
    layer = ProjectLayer({"name": "em", "type": "image"}, source=str(stack))
    path = write_project(tmp_path / "work.emseg", Project([layer]))
    return path, stack, stack.rename(tmp_path / "renamed.tif")


def names(seen, project):
    """Works that note the layers, one each."""
    return [partial(seen.append, layer.about["name"]) for layer in project.layers]


def ask_nobody(lost):
    raise AssertionError(lost)


def test_a_project_is_shown_in_turns_and_then_it_is_open(executor, session, heard, path):
    seen = []
    session.open(path, ask_nobody, partial(names, seen))
    assert (session.phase, seen) == ("opening", [])
    executor.pass_time()
    assert (session.phase, seen, heard, session.path) == ("idle", [*"abc"], ["opened 3"], path)


def test_what_cannot_be_shown_is_said_and_the_rest_is_shown(executor, session, heard, path):
    seen = []

    def fail():
        raise ReadError("'b' is left out")

    def show(project):
        first, _, last = names(seen, project)
        return [first, fail, last]

    session.open(path, ask_nobody, show)
    executor.pass_time()
    assert (session.phase, seen) == ("idle", ["a", "c"])
    assert heard == ["'b' is left out", "opened 3"]


def test_a_bug_keeps_its_traceback_and_nobody_from_going_on(executor, session, heard, path):
    seen = []

    def show(project):
        yield partial(int, "no number")
        yield partial(seen.append, "shown")
        raise AttributeError("window")

    with pytest.raises(AttributeError, match="window"):
        session.open(path, ask_nobody, show)
    with pytest.raises(ValueError, match="no number"):
        executor.pass_time()
    executor.pass_time()
    assert (session.phase, seen, heard) == ("idle", ["shown"], ["opened 3"])


def test_a_project_that_cannot_be_read_is_over(session, heard, tmp_path, monkeypatch, path):
    session.open(tmp_path / "none.emseg", ask_nobody, list)
    assert session.phase == "idle"
    assert "none.emseg: expected a project of napari-emseg" in heard[0]

    monkeypatch.setattr("napari_emseg.io.project.project_file.read_stack", _out_of_memory)
    with pytest.raises(MemoryError):
        session.open(path, ask_nobody, list)
    assert session.phase == "idle"


def _out_of_memory(*_, **__):
    raise MemoryError


@pytest.mark.parametrize("noted", [[], {"layers": [{"file": {}}]}, {"layers": 3, "window": {}}])
def test_a_damaged_project_is_said_to_be_one(session, heard, tmp_path, noted):
    path = tmp_path / "damaged.emseg"
    with zipfile.ZipFile(path, "w") as archive:
        archive.writestr("project.json", json.dumps(noted))
    session.open(path, ask_nobody, list)
    assert session.phase == "idle"
    assert "expected a project" in heard[0]


def test_moved_files_are_asked_for(executor, session, heard, moved):
    path, was, now = moved
    asked, shown = [], []

    def find(lost):
        asked.append(lost)
        return {str(was): now} if len(asked) > 1 else {}

    for _ in range(2):
        session.open(path, find, lambda project: shown.append(project) or ())
        executor.pass_time()
    assert asked == [(str(was),)] * 2
    without, whole = shown
    assert without.layers[0].stack is None
    np.testing.assert_array_equal(whole.layers[0].stack.data, PIXELS)


def test_where_nobody_can_be_asked_it_is_over(session, moved):
    with pytest.raises(AssertionError):
        session.open(moved[0], ask_nobody, list)
    assert session.phase == "idle"


def test_files_are_looked_for_beside_the_window(executor, moved, monkeypatch):
    """Pieces of each are read, maybe over a network; who is asked, is asked by the window."""
    given, asked = [], []
    monkeypatch.setattr(executor, "lane", lambda name: ThreadLane(name, given.append))
    session = ProjectSession(executor, stored=lambda tracker: None)
    session.open(moved[0], lambda lost: asked.append(lost) or {}, list)
    session.wait()
    assert (session.phase, asked) == ("opening", [])
    for call in [*given]:
        call()
    assert asked == [(str(moved[1]),)]
    session.close()


def test_two_at_a_time_are_both_waited_for(executor, session, heard, path):
    session.open(path, ask_nobody, lambda project: ())
    session.save(path.with_name("other.emseg"), Project([]), [])
    assert session.phase == "opening", "what was saved meanwhile ends nothing else"
    executor.pass_time()
    assert session.phase == "idle"
