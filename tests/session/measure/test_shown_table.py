from __future__ import annotations

import numpy as np
import pytest

from napari_emseg.core.measure.measures import measure_cells
from napari_emseg.errors import EmsegError
from napari_emseg.session.measure.shown_table import ShownTable

SIZE = (50.0, 4.0, 4.0)


@pytest.fixture
def cells():
    cells = np.zeros((3, 24, 40), np.uint16)
    cells[:, 2:14, 2:18], cells[:, 2:14, 20:38], cells[1:, 16:22, 4:30] = 3, 500, 7
    return cells


@pytest.fixture
def shown(cells):
    shown = ShownTable()
    shown.take(measure_cells(cells, voxel_size_nm=SIZE))
    return shown


def test_without_measures_nothing_is_shown():
    shown = ShownTable()
    shown.look_for("volume > 1")
    assert (shown.names, shown.columns, shown.problem, shown.scale) == ([], [], "", None)
    assert len(shown.rows) == len(shown.values) == len(shown.filtered) == 0


def test_the_volume_is_drawn_first_and_the_choice_stays_as_far_as_it_can(shown, cells):
    assert (shown.name, shown.column) == ("cells", "volume_um3")
    shown.draw("surface_um2")
    shown.take(measure_cells(cells, voxel_size_nm=SIZE))
    assert shown.column == "surface_um2"
    shown.choose("profiles")
    assert shown.column == "area_um2"
    shown.take(measure_cells(cells, sections=True))
    assert (shown.name, shown.column) == ("profiles", "area_px2")
    shown.choose("cells")
    assert shown.name == "profiles", "there is no such table"


def test_a_filter_holds_for_each_table_and_says_where_it_cannot(shown):
    shown.look_for("slices = 2")
    assert shown.filtered["id"].tolist() == [7]
    shown.choose("slices")
    assert "no column 'slices'" in shown.problem
    shown.look_for("volume > 1")
    assert "no column 'volume'" in shown.problem
    assert len(shown.rows) == 3
    shown.choose("cells")
    assert (shown.problem, len(shown.rows)) == ("", 0)


def test_cells_are_found_by_their_label(shown):
    assert (shown.row_of(7, 0), shown.row_of(8, 0)) == (1, None)
    shown.choose("profiles")
    row = shown.row_of(7, 1)
    assert (shown.table["id"][row], shown.table["slice"][row]) == (7, 1)
    assert shown.row_of(7, 0) is None
    shown.choose("contacts")
    assert shown.row_of(7, 1) is None


def test_colours_are_those_of_the_rows_that_are_shown(shown):
    ids, parts = shown.colored(0)
    assert ids.tolist() == [3, 7, 500]
    assert (parts.min(), parts.max(), parts.argmax()) == (0, 1, 2)
    shown.look_for("7")
    assert shown.colored(0)[0].tolist() == [7]
    assert shown.colored(0)[1] == parts[1], "the scale is that of all rows"


def test_colours_of_profiles_are_those_of_a_slice(shown):
    shown.choose("profiles")
    assert shown.colored(0)[0].tolist() == [3, 500]
    assert sorted(shown.colored(2)[0].tolist()) == [3, 7, 500]


def test_why_cells_cannot_be_coloured_is_said(shown, cells):
    shown.choose("slices")
    with pytest.raises(EmsegError, match="choose the table cells or profiles"):
        shown.colored(0)
    shown.take(measure_cells((cells > 0).astype(np.uint8) * 255, sections=True))
    with pytest.raises(EmsegError, match="make cells of it first"):
        shown.colored(0)
