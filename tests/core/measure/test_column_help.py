from __future__ import annotations

import numpy as np

from napari_emseg.core.measure.column_help import help_of
from napari_emseg.core.measure.measures import measure_cells


def test_every_column_of_every_table_is_explained():
    cells = np.zeros((4, 30, 30), int)
    cells[:, 2:14, 2:14], cells[:, 16:28, 2:28] = 1, 2
    classes = np.where(cells > 0, 2, 1)
    classes[1:3, 4:8, 4:8] = 3
    for size in (None, (50.0, 4.0, 4.0)):
        found = measure_cells(cells, voxel_size_nm=size, image=cells, classes=classes)
        for table in (found.cells, found.profiles, found.slices, found.contacts, found.parts):
            lacking = [name for name in table.columns if not help_of(name)]
            assert not lacking


def test_units_are_said():
    assert help_of("volume_um3") == "Volume, sections taken with their thickness. In µm³."
    assert help_of("surface_px2").endswith("In px².")
    assert help_of("slices") == "Slices in which it is seen."
