"""The box in which two versions of a slice differ."""

from __future__ import annotations

import numpy as np

from napari_emseg.core.correct.difference import difference_of


def test_the_box_holds_all_that_differs_and_no_more():
    now = np.zeros((30, 40), np.uint8)
    wanted = now.astype(np.int64)
    wanted[3, 5] = wanted[9, 20] = 7
    found = difference_of(4, now, wanted)
    assert (found.z, found.rows, found.columns) == (4, slice(3, 10), slice(5, 21))
    assert found.old.dtype == found.new.dtype == np.uint8
    written = now.copy()
    written[found.rows, found.columns] = found.new
    np.testing.assert_array_equal(written, wanted)
    written[found.rows, found.columns] = found.old
    np.testing.assert_array_equal(written, now)


def test_where_nothing_differs_there_is_none():
    assert difference_of(0, np.ones((3, 3)), np.ones((3, 3), int)) is None
