"""Stacks of layers that hold more lie right on these."""

from __future__ import annotations

import numpy as np
import pytest
from napari.components import ViewerModel

from napari_emseg.io.layer_metadata import LayerMetadata, metadata_of
from napari_emseg.session.stack_choice import LUMINANCE, StackChoice
from napari_emseg.ui.stacks.plain_layer import (
    holds_more,
    layer_pixels,
    place_in_view,
    plain_layer,
    put_plain_layer,
)
from napari_emseg.ui.viewer.layers import current_slice, shows_slice, stack_shape, voxel_size_of


@pytest.fixture
def model() -> ViewerModel:
    return ViewerModel()


@pytest.fixture
def pyramid(model):
    levels = [np.arange(4 * n * n, dtype=np.uint16).reshape(4, n, n) for n in (64, 32, 16)]
    return model.add_image(
        levels, name="em", multiscale=True, scale=(50, 4, 4), units="nm", translate=(100, 8, 12),
        rotate=10, contrast_limits=(5, 900), metadata=LayerMetadata(notes=("Guessed.",)).stored(),
    )  # fmt: skip


@pytest.fixture
def series(model):
    data = np.arange(2 * 4 * 64 * 64, dtype=np.float32).reshape(2, 4, 64, 64)
    return model.add_image(
        data, name="em", scale=(3, 50, 4, 4), units=("second", "nm", "nm", "nm"),
        translate=(6, 100, 8, 12), axis_labels=("t", "z", "y", "x"), shear=(0, 0, 0, 0, 0, 0.3),
    )  # fmt: skip


@pytest.mark.parametrize("level", [0, 1, 2])
def test_a_level_lies_on_the_same_tissue(pyramid, level):
    plain = plain_layer(pyramid, StackChoice(level))
    factor = 2**level
    assert stack_shape(plain) == (4, 64 // factor, 64 // factor)
    assert voxel_size_of(plain) == (50, 4 * factor, 4 * factor)
    assert layer_pixels(pyramid).voxel_sizes_nm[level] == voxel_size_of(plain)
    for z, edge in ((0, 0), (3, 1)):
        np.testing.assert_allclose(
            plain.data_to_world((z, *[edge * 64 // factor - 0.5] * 2)),
            pyramid.data_to_world((z, *[edge * 64 - 0.5] * 2)),
        )
    assert np.shares_memory(plain.data, pyramid.data[level])
    assert (plain.name, plain.contrast_limits) == (f"em, level {level}", [5, 900])
    assert metadata_of(plain).notes == ("Guessed.",)


def test_the_slice_of_a_level_with_fewer_slices(model):
    layer = model.add_image([np.zeros((8, 32, 32)), np.zeros((4, 16, 16))], multiscale=True)
    model.dims.set_point(0, 7)
    plain = plain_layer(layer, StackChoice(1))
    assert current_slice(model, plain) == 3
    assert shows_slice(model, plain, 3)


def test_a_time_lies_on_the_last_axes(model, series):
    plain = put_plain_layer(model, series, StackChoice(at=(1,)))
    np.testing.assert_array_equal(plain.data, series.data[1])
    assert (plain.name, plain.axis_labels, voxel_size_of(plain)) == (
        "em, t = 1", ("z", "y", "x"), (50, 4, 4),
    )  # fmt: skip
    np.testing.assert_allclose(
        plain.data_to_world((2, 5, 7)), series.data_to_world((0, 2, 5, 7))[1:]
    )
    model.dims.set_point((0, 1), (9, 250))
    assert place_in_view(model, series) == (1,)
    assert current_slice(model, plain) == 3


def test_axes_without_names_have_numbers(model):
    assert layer_pixels(model.add_image(np.zeros((2, 3, 2, 8, 8)))).axes == ["axis 0", "axis 1"]


def test_of_colours_the_luminance_is_taken(model):
    grey = np.random.default_rng(0).integers(0, 256, (3, 8, 8), np.uint8)
    layer = model.add_image(np.repeat(grey[..., None], 3, axis=-1), rgb=True, scale=(50, 4, 4))
    assert holds_more(layer)
    plain = put_plain_layer(model, layer, StackChoice(colour=LUMINANCE))
    assert stack_shape(plain) == (3, 8, 8)
    np.testing.assert_array_equal(np.asarray(plain.data), grey)
    np.testing.assert_allclose(plain.scale, layer.scale)


def test_the_stack_of_an_image_stands_hidden_above_it_and_is_put_there_once(model, series):
    other = model.add_image(series.data[0], name="other")
    model.layers.selection = {other}
    plain = put_plain_layer(model, series, StackChoice(at=(0,)))
    assert list(model.layers) == [series, plain, other]
    assert (series.visible, plain.visible) == (True, False)
    assert model.layers.selection == {other}
    assert put_plain_layer(model, series, StackChoice(at=(0,))) is plain
    model.layers.remove(plain)
    assert put_plain_layer(model, series, StackChoice(at=(0,))) in model.layers


def test_other_pixels_or_another_place_need_another_layer(series):
    first = plain_layer(series, StackChoice(at=(0,)))
    series.scale = (3, 40, 4, 4)
    assert voxel_size_of(plain_layer(series, StackChoice(at=(0,)))) == (40, 4, 4)
    series.data = series.data + 1
    assert plain_layer(series, StackChoice(at=(0,))).data[0, 0, 0] == first.data[0, 0, 0] + 1


def test_labels_are_shown_in_place_of_all_and_painting_leaves_these_alone(model):
    layer = model.add_labels(np.ones((2, 3, 8, 8), np.uint8), name="truth")
    plain = put_plain_layer(model, layer, StackChoice(at=(1,)))
    assert (layer.visible, plain.visible) == (False, True)
    plain.data[0] = 7
    assert (layer.data == 1).all()
