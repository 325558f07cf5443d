"""Grey values come out with mean 0 and deviation 1, whatever they were."""

from __future__ import annotations

import numpy as np
import pytest

from napari_emseg.core.normalise import GreyValues, normalise
from napari_emseg.errors import ShapeError


@pytest.mark.parametrize("dtype", ["uint8", "uint16", "int16", "float16", "float32", "float64"])
def test_mean_and_deviation(dtype):
    image = np.random.default_rng(0).integers(0, 200, (40, 31)).astype(dtype)
    result = normalise(image)
    assert result.dtype == np.float32
    assert result.shape == image.shape
    assert abs(result.mean()) < 1e-5
    assert result.std() == pytest.approx(1, abs=1e-5)


@pytest.mark.parametrize("dtype", ["uint8", "uint16"])
def test_pixels_in_any_order(dtype):
    image = np.random.default_rng(0).integers(0, 200, (40, 31)).astype(dtype)
    image.flags.writeable = False
    for seen in (image.T, image[::-1], image[:, ::-2], image[3:, 5:]):
        grey = GreyValues.of(seen)
        assert (grey.mean, grey.deviation) == pytest.approx((seen.mean(), seen.std()), rel=1e-12)


def test_little_contrast_far_from_black():
    image = np.random.default_rng(0).integers(60_000, 60_010, (2000, 2000)).astype(np.uint16)
    assert GreyValues.of(image).deviation == pytest.approx(image.std(), rel=1e-9)


def test_grey_scale_and_offset_do_not_matter():
    image = np.random.default_rng(0).random((30, 30))
    np.testing.assert_allclose(normalise(image * 900 + 77), normalise(image), atol=1e-4)


def test_a_blank_slice_becomes_zeros():
    for shape in ((5, 6), (512, 512), (37, 41)):
        result = normalise(np.full(shape, 128, np.uint8))
        np.testing.assert_array_equal(result, np.zeros(shape))


def test_a_bool_slice():
    np.testing.assert_allclose(normalise(np.array([[True, False]])), [[1, -1]], atol=1e-5)


def test_pixels_that_are_not_finite_count_as_the_mean_of_the_others():
    image = np.array([[1.0, 3.0], [np.nan, np.inf]])
    filled = np.array([[1.0, 3.0], [2.0, 2.0]])
    np.testing.assert_array_equal(normalise(image), normalise(filled))
    assert np.isnan(image[1, 0])  # the input stays as it was
    np.testing.assert_array_equal(normalise(np.full((2, 2), np.nan)), np.zeros((2, 2)))


@pytest.mark.parametrize("shape", [(3,), (2, 3, 4), (0, 5)])
def test_what_is_no_slice_is_refused(shape):
    with pytest.raises(ShapeError, match=r"image: expected a slice \(Y, X\)"):
        normalise(np.zeros(shape))
