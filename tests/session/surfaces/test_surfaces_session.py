"""Surfaces as a person asks for them, without a window."""

from __future__ import annotations

import numpy as np
import pytest

from napari_emseg.session.direct_executor import DirectExecutor
from napari_emseg.session.surfaces.session import SurfacesSession
from napari_emseg.types import Stack


@pytest.fixture
def told():
    return []


@pytest.fixture
def session(told):
    made = SurfacesSession(DirectExecutor())
    made.failed.connect(lambda words: told.append(words))
    made.written.connect(lambda found: told.append(found.ids))
    made.progressed.connect(lambda share: told.append(share))
    return made


@pytest.fixture
def stack():
    cells = np.zeros((4, 24, 24), np.uint16)
    cells[1:3, 3:21, 3:21], cells[1:3, 1, 1] = 5, 8
    return Stack(cells, (50.0, 4.0, 4.0), kind="labels")


def test_a_surface_is_made_and_progress_ends(session, stack, told):
    shown = []
    session.make(stack, 5, (50, 4, 4), shown.append)
    np.testing.assert_allclose(shown[0].vertices.min(0), [10, 10, 30], atol=8)
    assert told == [0.0, 0.25, 0.5, 0.75, 1.0, None]


def test_a_cell_too_small_for_every_third_pixel_is_shown_all_the_same(session, stack):
    shown = []
    session.make(stack, 8, (50, 4, 4), shown.append)
    assert shown[0].volume > 0


def test_no_cell_and_no_such_cell_are_said(session, stack, told):
    session.make(stack, 0, (50, 4, 4), told.append)
    assert told[0].startswith("No cell is chosen")
    session.make(stack, 77, (50, 4, 4), told.append)
    assert "received 77" in told[-1]


def test_a_mask_is_said_to_be_none(session, stack, told):
    session.make(stack.with_data(np.eye(24, dtype=bool)[None]), 1, (1, 1, 1), told.append)
    assert "received a mask" in told[-1]


def test_cells_are_written(session, stack, told, tmp_path):
    session.write(
        stack, tmp_path / "out", [5], overwrite=False, sources=[], settings={"form": "stl"}
    )
    assert told[-2:] == [None, (5,)]
    assert (tmp_path / "out" / "cell_5.stl").exists()


def test_after_the_window_is_closed_nothing_is_handed_over(session, stack, told):
    session.close()
    session.make(stack, 5, (50, 4, 4), told.append)
    assert told == [0.0]
