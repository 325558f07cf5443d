"""Which slice a person looks at, and which layers can be segmented."""

from __future__ import annotations

import dask.array as da
import numpy as np
import pytest
from napari.components import ViewerModel

from napari_emseg.errors import ShapeError
from napari_emseg.io.layer_metadata import LayerMetadata
from napari_emseg.ui.viewer.layers import (
    apart,
    as_stack,
    current_slice,
    geometry,
    nearest_first,
    read_slice,
    selected_images,
    shows_slice,
    stack_shape,
    visible_region,
)


@pytest.fixture
def model():
    return ViewerModel()


def stack(z: int = 5) -> np.ndarray:
    return np.arange(z * 12 * 10, dtype=np.uint16).reshape(z, 12, 10)


def test_slice_under_scale_and_translation(model):
    layer = model.add_image(stack(), scale=(50, 4, 4), translate=(200, 0, 0))
    model.dims.set_point(0, 350)
    assert current_slice(model, layer) == 3


def test_slice_of_the_shorter_of_two_layers(model):
    model.add_image(stack(30))
    layer = model.add_image(stack(5), translate=(10, 0, 0))
    model.dims.set_point(0, 12)
    assert current_slice(model, layer) == 2
    assert model.dims.current_step[0] == 12


def test_position_beside_the_layer_is_refused(model):
    model.add_image(stack(30))
    layer = model.add_image(stack(5), name="em")
    model.dims.set_point(0, 20)
    with pytest.raises(ShapeError, match=r"slice 20 of 'em'.*0 to 4"):
        current_slice(model, layer)


def test_slices_that_are_seen(model):
    layer, flat = model.add_image(stack()), model.add_image(stack()[0])
    model.dims.set_point(0, 1)
    assert [z for z in range(5) if shows_slice(model, layer, z)] == [1]
    assert shows_slice(model, flat, 0)
    model.dims.order = (1, 0, 2)  # across z
    assert all(shows_slice(model, layer, z) for z in range(5))


def test_beside_the_layer_no_slice_is_seen(model):
    model.add_image(stack(30))
    layer = model.add_image(stack(5))
    model.dims.set_point(0, 20)
    assert not any(shows_slice(model, layer, z) for z in range(5))


def test_slice_under_rolled_axes(model):
    layer = model.add_image(stack())
    model.dims.set_point(0, 1)
    model.dims.order = (1, 0, 2)
    assert current_slice(model, layer) == 1


def test_slice_below_an_extra_axis(model):
    model.add_image(np.zeros((3, 5, 12, 10)))
    layer = model.add_image(stack())
    model.dims.set_point(0, 2)
    model.dims.set_point(1, 4)
    assert current_slice(model, layer) == 4


def test_single_slice_is_slice_0(model):
    layer = model.add_image(stack()[0])
    assert current_slice(model, layer) == 0
    assert stack_shape(layer) == (1, 12, 10)
    np.testing.assert_array_equal(read_slice(layer, 0), stack()[0])


def test_lazy_slice_is_loaded(model):
    layer = model.add_image(da.from_array(stack(), chunks=(1, 12, 10)))
    loaded = read_slice(layer, 2)
    assert isinstance(loaded, np.ndarray)
    np.testing.assert_array_equal(loaded, stack()[2])


@pytest.mark.parametrize(
    ("data", "arguments", "words"),
    [
        (np.zeros((12, 10, 3), np.uint8), {"rgb": True}, "in colours; take one stack of it"),
        (np.zeros((2, 3, 12, 10)), {}, "expected a stack"),
        ([np.zeros((4, 12, 10)), np.zeros((4, 6, 5))], {"multiscale": True}, "several scales"),
    ],
)
def test_what_is_no_stack_is_refused(model, data, arguments, words):
    layer = model.add_image(data, **arguments)
    with pytest.raises(ShapeError, match=words):
        stack_shape(layer)


def test_stack_of_three_slices_is_no_colour_image(model):
    assert stack_shape(model.add_image(stack(3))) == (3, 12, 10)


def test_layer_with_the_geometry_lies_on_its_source(model):
    layer = model.add_image(
        stack(), scale=(50, 4, 4), translate=(1, 2, 3), units=("nm",) * 3, rotate=10
    )
    beside = model.add_labels(np.zeros((5, 12, 10), int), **geometry(layer))
    point = (3, 4, 5)
    np.testing.assert_allclose(beside.data_to_world(point), layer.data_to_world(point))
    assert beside.units == layer.units


def test_slices_next_to_the_shown_one_come_first(model):
    layer = model.add_image(np.zeros((6, 4, 4)), translate=(10, 0, 0))
    model.dims.set_point(0, 14)
    assert nearest_first(model, layer, range(6)) == [4, 3, 5, 2, 1, 0]


def test_where_the_shown_place_is_beside_the_layer_slices_come_in_their_order(model):
    layer = model.add_image(np.zeros((3, 4, 4)))
    model.add_image(np.zeros((9, 4, 4)))
    model.dims.set_point(0, 8)
    assert nearest_first(model, layer, range(3)) == [0, 1, 2]


@pytest.fixture
def pyramid(model):
    """Three levels of four slices, each half as high and wide as the one before."""
    levels = [np.arange(4 * n * n, dtype=np.uint16).reshape(4, n, n) for n in (64, 32, 16)]
    return model.add_image(
        levels, name="em", multiscale=True, scale=(50, 4, 4), units="nm", translate=(100, 8, 12)
    )


def test_what_is_in_sight_is_counted_in_pixels_of_the_stack(model, pyramid):
    fine, coarse = (
        model.add_image(pyramid.data[level], scale=(50, edge, edge), translate=(100, *start))
        for level, edge, start in ((0, 4, (8, 12)), (2, 16, (14, 18)))
    )
    pyramid.corner_pixels = np.array([[0, 8, 16], [0, 24, 40]])
    pyramid._data_level = 0
    assert visible_region(model, coarse, pyramid) == (slice(2, 7), slice(4, 11))
    assert visible_region(model, fine, pyramid) == (slice(8, 25), slice(16, 41))
    pyramid.corner_pixels = np.array([[0, 2, 4], [0, 6, 10]])
    pyramid._data_level = 2
    assert visible_region(model, fine, pyramid) == (slice(8, 28), slice(16, 44))
    assert visible_region(model, coarse, pyramid) == (slice(2, 7), slice(4, 11))


def test_an_image_with_notes_of_its_file_is_no_result_of_ours(model):
    noted = LayerMetadata(thickness_assumed=True, notes=("The thickness is a guess.",))
    opened = model.add_image(stack(), name="opened", metadata=noted.stored())
    made = LayerMetadata(source="opened", model="default").stored()
    result = model.add_image(stack(), name="probability", metadata=made)
    model.layers.selection = {opened, result}
    assert selected_images(model) == [opened]
    taken = as_stack(opened, "image")
    assert taken.thickness_assumed
    assert taken.notes == ("The thickness is a guess.",)


def test_layers_that_do_not_lie_on_one_another_are_told_with_what_to_do(model):
    image = model.add_image(stack(), name="em", scale=(50, 4, 4), units="nm")
    labels = model.add_labels(np.zeros((5, 12, 10), int), name="painted")
    said = apart(image, labels)
    assert said.startswith("'painted' does not lie on 'em': its scale is 1 x 1 x 1, not 50 x 4 x 4")
    assert "viewer.layers['painted'].scale = viewer.layers['em'].scale" in said
    labels.scale = image.scale
    assert apart(image, labels) == ""
