from __future__ import annotations

import dask.array as da
import numpy as np
import pytest

from napari_emseg.session.stack_choice import LayerPixels, StackChoice, luminance

FINE = np.arange(4 * 8 * 8, dtype=np.uint16).reshape(4, 8, 8)


@pytest.fixture
def series() -> LayerPixels:
    """Two times and three channels in two levels."""
    fine = np.arange(2 * 3 * FINE.size, dtype=np.uint16).reshape(2, 3, *FINE.shape)
    return LayerPixels([fine, fine[..., ::2, ::2]], [(50, 4, 4), None], ["t", "c"])


def test_a_stack_and_a_slice_leave_nothing_to_choose():
    assert LayerPixels([FINE], [None]).is_stack
    assert LayerPixels([FINE[0]], [None]).is_stack
    assert not LayerPixels([FINE, FINE[:, ::2, ::2]], [None, None]).is_stack
    assert not LayerPixels([FINE[None]], [None], ["t"]).is_stack
    assert not LayerPixels([np.zeros((8, 8, 3))], [None], has_colours=True).is_stack


def test_one_level_at_one_place_is_taken(series):
    taken = series.stack(StackChoice(1, (1, 2)))
    assert taken.shape == series.shape(1) == (4, 4, 4)
    np.testing.assert_array_equal(taken, series.levels[0][1, 2, :, ::2, ::2])


def test_the_place_is_the_nearest_that_there_is(series):
    assert series.choice(0, (0.6, 9)).at == (1, 2)
    assert series.choice(0, (-3, 0)).at == (0, 0)
    assert list(series.places)[:4] == [(0, 0), (0, 1), (0, 2), (1, 0)]


def test_the_level_is_that_of_the_layer_beside_it_or_the_finest(series):
    assert series.level_like((4, 4, 4)) == 1
    assert series.level_like((3, 3, 3)) == series.level_like(None) == 0


def test_what_is_taken_is_said_in_one_line(series):
    assert series.about_level(0) == "0: 4 x 8 x 8 px, 50 x 4 x 4 nm"
    assert series.said("em", StackChoice(1, (1, 2))) == (
        "Of 'em', level 1, t = 1, c = 2; the slider chooses: 4 x 4 x 4 px, voxel size unknown."
    )


def test_lazy_pixels_stay_lazy():
    lazy = da.from_array(np.stack([FINE, FINE + 1]), chunks=(1, 1, 8, 8))
    taken = LayerPixels([lazy], [None], ["t"]).stack(StackChoice(at=(1,)))
    assert isinstance(taken, da.Array)
    np.testing.assert_array_equal(taken, FINE + 1)


@pytest.mark.parametrize("shape", [(4, 8, 8), (8, 8)])
@pytest.mark.parametrize("samples", [3, 4])
def test_the_luminance_of_grey_saved_as_colours_is_the_grey(shape, samples):
    grey = np.random.default_rng(0).integers(0, 256, shape, np.uint8)
    colours = np.repeat(grey[..., None], samples, axis=-1)
    pixels = LayerPixels([colours], [None], has_colours=True)
    taken = pixels.stack(pixels.choice(0, ()))
    assert (taken.shape, taken.dtype) == (shape, np.uint8)
    np.testing.assert_array_equal(np.asarray(taken), grey)


def test_colours_have_a_luminance_and_each_can_be_taken_alone():
    colours = np.zeros((2, 2, 3), np.uint8)
    colours[0, 0], colours[1, 1] = (255, 0, 0), (0, 200, 100)
    np.testing.assert_array_equal(luminance(colours), [[54, 0], [0, 150]])
    pixels = LayerPixels([colours], [None], has_colours=True)
    np.testing.assert_array_equal(pixels.stack(StackChoice(colour="green")), colours[..., 1])
    assert luminance(np.full((1, 3), 0.25, np.float32)).dtype == np.float32
