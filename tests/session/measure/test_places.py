from __future__ import annotations

import numpy as np
import pytest

from napari_emseg.core.measure.measures import measure_cells
from napari_emseg.core.measure.table import Units
from napari_emseg.session.measure.places import Places

SIZE = (50.0, 4.0, 8.0)


@pytest.fixture
def measures():
    cells = np.zeros((4, 24, 40), np.int64)
    cells[0, 2:6, 2:6], cells[1:3, 2:14, 2:18], cells[2, 2:14, 20:38] = 9, 9, 30
    cells[3, 10:20, 20:30] = 31  # on 30, along z alone
    return measure_cells(cells, voxel_size_nm=SIZE)


@pytest.fixture
def places(measures):
    return Places(measures, Units.of(SIZE))


def test_a_cell_is_where_it_is_largest(places):
    z, y, x, size = places.of_cell(9)
    assert (z, y, x) == (1, 7.5, 9.5)
    assert size >= 16
    assert places.of_cell(9, 0)[:3] == (0, 3.5, 3.5)
    assert places.of_cell(9, 3) is None


def test_rows_of_all_tables_lie_somewhere_but_those_of_whole_slices(places):
    assert places.of_row("cells", 1)[:3] == (2, 7.5, 28.5)
    assert places.of_row("profiles", 0)[:3] == (0, 3.5, 3.5)
    assert places.of_row("slices", 2) is None


def test_a_contact_lies_between_two_cells(places):
    z, y, x, size = places.of_row("contacts", 0)
    assert (z, y, x) == (2, 7.5, 19)
    assert size >= 36, "both are to be seen"


def test_a_contact_along_z_alone_is_shown_at_its_first_cell(measures, places):
    assert measures.contacts["neighbour"][-1] == 31
    last = len(measures.contacts) - 1
    assert places.of_row("contacts", last)[:3] == places.of_cell(30)[:3]
