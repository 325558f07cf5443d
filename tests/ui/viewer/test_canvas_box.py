"""The square on the canvas: what it asks of napari is there, and it stands where it should."""

from __future__ import annotations

import numpy as np
import pytest

from napari_emseg.ui.viewer.canvas_box import CanvasBox


@pytest.fixture
def box(viewer):
    viewer.add_image(np.zeros((3, 100, 200)))
    box = CanvasBox(viewer, "a box")
    yield box
    box.stop()


def test_it_stands_around_its_place_wherever_the_camera_looks(viewer, box):
    box.show((1, 40, 60), 10)
    assert box.is_shown
    for zoom, center in ((2, (50, 100)), (5, (30, 70))):
        viewer.scene.camera.zoom = zoom
        viewer.scene.camera.center = (0, *center)
        top_left, bottom_right = np.asarray(box._overlay.position)
        middle = np.asarray(viewer.canvas.viewbox_size(viewer.layers)) / 2
        expected = middle + (np.array([40, 60]) - center) * zoom
        np.testing.assert_allclose((top_left + bottom_right) / 2, expected)
        np.testing.assert_allclose(bottom_right - top_left, 10 * zoom)


def test_in_a_grid_each_view_box_has_its_own_size(viewer, box):
    whole = viewer.canvas.viewbox_size(viewer.layers)
    viewer.add_image(np.zeros((3, 100, 200)))
    viewer.canvas.grid.enabled = True
    viewer.canvas.grid.shape = (1, 2)
    part = viewer.canvas.viewbox_size(viewer.layers)
    assert part[1] < 0.6 * whole[1]
    assert box._overlay.gridded


def test_there_is_none_in_three_dimensions_and_none_when_hidden(viewer, box):
    box.show((1, 40, 60), 10)
    viewer.dims.ndisplay = 3
    assert not box.is_shown
    viewer.dims.ndisplay = 2
    assert box.is_shown
    box.hide()
    assert not box.is_shown
