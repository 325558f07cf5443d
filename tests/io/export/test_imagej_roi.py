"""A zip of ROIs, read back by roifile."""

from __future__ import annotations

import numpy as np
import pytest
from roifile import ROI_TYPE, ImagejRoi

from napari_emseg.errors import WriteError
from napari_emseg.io.export.imagej_roi import Profile, write_rois

SQUARE = np.array([[2, 1], [2, 5], [6, 5], [6, 1]])
HOLE = np.array([[3, 2], [3, 3], [4, 3], [4, 2]])


def test_one_outline_is_a_polygon_on_its_slice(tmp_path):
    assert write_rois(tmp_path / "rois.zip", [Profile(7, 0, [SQUARE]), Profile(7, 4, [HOLE])]) == 2
    first, second = ImagejRoi.fromfile(tmp_path / "rois.zip")
    assert (first.name, second.name) == ("00007-0001", "00007-0005")
    assert (first.position, second.position) == (1, 5)  # ImageJ counts from 1
    assert first.roitype is ROI_TYPE.POLYGON
    np.testing.assert_array_equal(first.coordinates(), SQUARE)
    assert (first.left, first.top, first.right, first.bottom) == (2, 1, 6, 5)


def test_several_outlines_are_one_composite(tmp_path):
    write_rois(tmp_path / "rois.zip", [Profile(3, 1, [SQUARE, HOLE])])
    (roi,) = ImagejRoi.fromfile(tmp_path / "rois.zip")
    assert roi.composite
    assert roi.position == 2
    closed = roi.coordinates(multi=True)
    rings = [ring[:-1] if (ring[0] == ring[-1]).all() else ring for ring in closed]
    np.testing.assert_array_equal(rings[0], SQUARE)
    np.testing.assert_array_equal(rings[1], HOLE)


def test_a_failure_leaves_what_was_there(tmp_path):
    def broken():
        yield Profile(3, 1, [SQUARE])
        raise OSError(28, "No space left on device")

    (tmp_path / "rois.zip").write_bytes(b"before")
    with pytest.raises(WriteError, match="disk is full"):
        write_rois(tmp_path / "rois.zip", broken())
    assert (tmp_path / "rois.zip").read_bytes() == b"before"
    assert len(list(tmp_path.iterdir())) == 1
