"""The view goes to the same pixel however the viewer shows it."""

from __future__ import annotations

import numpy as np
import pytest

from napari_emseg.ui.viewer.canvas_box import CanvasBox
from napari_emseg.ui.viewer.go_to import go_to, go_to_slice
from napari_emseg.ui.viewer.layers import current_slice

SHAPE = (6, 80, 100)
WORLD = (1000 + 50 * 3, -700 + 4 * 20, 300 + 4 * 60)
"""Of the pixel (3, 20, 60) of the layer below."""

ORDERS = [(0, 1, 2), (1, 0, 2), (2, 0, 1), (2, 1, 0)]


@pytest.fixture
def layer(viewer):
    place = {"scale": (50, 4, 4), "translate": (1000, -700, 300)}
    return viewer.add_image(np.zeros(SHAPE, np.uint8), name="em", **place)


def off_the_middle(viewer):
    """Of the marked place, in pixels of the screen, down and to the right."""
    mark = viewer.canvas.overlays["test"]
    middle = np.divide(viewer.canvas.viewbox_size(viewer.layers), 2)
    return np.mean(mark.position, axis=0) - middle


@pytest.mark.parametrize("order", ORDERS)
def test_a_pixel_comes_to_the_middle_under_rolled_axes(viewer, layer, order):
    viewer.dims.order = order
    world = go_to(viewer, layer, (3, 20, 60), size_px=16)
    assert world == WORLD
    assert viewer.dims.point[order[0]] == pytest.approx(WORLD[order[0]])
    assert viewer.scene.camera.center[1:] == tuple(WORLD[axis] for axis in order[1:])


def test_in_three_dimensions_it_does_so_along_all_axes(viewer, layer):
    viewer.dims.ndisplay = 3
    go_to(viewer, layer, (3, 20, 60), size_px=16)
    assert viewer.scene.camera.center == WORLD


def test_a_layer_of_fewer_axes_than_the_viewer_leaves_the_others_alone(viewer, layer):
    viewer.add_image(np.zeros((5, *SHAPE), np.uint8), name="over time")
    viewer.dims.set_point(0, 4)
    assert go_to(viewer, layer, (3, 20, 60), size_px=16) == (4, *WORLD)
    assert viewer.dims.point[0] == 4
    viewer.dims.order = (3, 1, 0, 2)  # time is down on the screen
    before = viewer.scene.camera.center[1]
    go_to(viewer, layer, (3, 20, 60), size_px=16)
    assert viewer.scene.camera.center == (0, before, WORLD[1])


def test_what_is_to_be_seen_fills_the_view_or_is_not_tiny(viewer, layer):
    camera = viewer.scene.camera
    go_to(viewer, layer, (3, 20, 60), size_px=16, fill=True)
    assert camera.zoom * 16 * 4 == pytest.approx(min(viewer.canvas.viewbox_size(viewer.layers)))
    camera.zoom = 0.01
    go_to(viewer, layer, (3, 20, 60), size_px=16)
    assert camera.zoom * 16 * 4 == pytest.approx(200)
    camera.zoom = 50
    go_to(viewer, layer, (3, 20, 60), size_px=16)
    assert camera.zoom == 50


def test_a_slice_comes_and_the_view_within_it_stays(viewer, layer):
    camera = viewer.scene.camera
    before = camera.center
    go_to_slice(viewer, layer, 5)
    assert current_slice(viewer, layer) == 5
    assert camera.center == before
    viewer.dims.order = (1, 0, 2)
    _, _, right = camera.center
    go_to_slice(viewer, layer, 2)
    assert camera.center == (0, 1000 + 50 * 2, right)


def test_a_flat_layer_has_one_slice_which_is_there(viewer):
    flat = viewer.add_image(np.zeros(SHAPE[1:], np.uint8))
    before = viewer.scene.camera.center
    go_to_slice(viewer, flat, 0)
    assert viewer.scene.camera.center == before


@pytest.mark.parametrize("order", ORDERS)
def test_a_box_is_where_it_belongs_when_axes_are_rolled(viewer, layer, order):
    box = CanvasBox(viewer, "test")
    world = go_to(viewer, layer, (3, 20, 60), size_px=16)
    box.show(world, 40)
    np.testing.assert_allclose(off_the_middle(viewer), 0, atol=1e-6)
    viewer.dims.order = order
    camera = viewer.scene.camera
    expected = [WORLD[axis] - at for axis, at in zip(order[1:], camera.center[1:], strict=True)]
    np.testing.assert_allclose(off_the_middle(viewer), np.multiply(expected, camera.zoom))
    box.stop()


def test_no_box_is_drawn_in_three_dimensions_nor_when_axes_come_or_go(viewer, layer):
    box = CanvasBox(viewer, "test")
    box.show(WORLD, 40)
    viewer.dims.ndisplay = 3
    assert not box.is_shown
    viewer.dims.ndisplay = 2
    assert box.is_shown
    viewer.add_image(np.zeros((5, *SHAPE), np.uint8), name="over time")
    assert not box.is_shown
    viewer.scene.camera.zoom *= 2
    assert not box.is_shown
    box.stop()
