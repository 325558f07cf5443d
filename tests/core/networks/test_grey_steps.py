"""Grey values as descriptions want them, beside the formulas of the specification."""

from __future__ import annotations

import numpy as np
import pytest

from napari_emseg.core.networks.foreign import Step
from napari_emseg.core.networks.grey_steps import grey_values
from napari_emseg.core.normalise import GreyValues

IMAGE = np.random.default_rng(0).gamma(4, 20, (60, 70)).astype(np.float32)


def linear(x, gain, offset):
    return x * gain + offset


def standard(x, eps):
    return (x - x.mean()) / (x.std() + eps)


def ranged(x, low, high, eps):
    first, last = np.percentile(x, [low, high])
    return (x - first) / (last - first + eps)


FORMULAS = {
    "scale_linear": linear,
    "clip": np.clip,
    "zero_mean_unit_variance": standard,
    "scale_range": ranged,
}


@pytest.mark.parametrize("dtype", [np.uint8, np.uint16, np.float32])
@pytest.mark.parametrize(
    "steps",
    [
        (),
        (("scale_linear", 1 / 255, -0.5),),
        (("zero_mean_unit_variance", 1e-6),),
        (("scale_range", 1, 99.8, 1e-6),),
        (("scale_range", 5, 95, 1e-3), ("clip", 0, 1)),
        (("clip", 20, 100), ("zero_mean_unit_variance", 1e-6)),
        (("zero_mean_unit_variance", 1e-6), ("clip", -1.5, 1.5), ("scale_linear", 2, 1)),
        (("scale_linear", -1, 255), ("scale_range", 2, 90, 1e-6), ("clip", 0, 1)),
        (("scale_linear", 1 / 255, 0), ("zero_mean_unit_variance", 1e-6)),
        (("clip", 10, 50), ("clip", 60, 80)),
        (("clip", -np.inf, 50),),
    ],
)
def test_steps_are_what_the_specification_says(steps, dtype):
    image = np.clip(IMAGE, 0, 255).astype(dtype)
    expected = image.astype(np.float64)
    for name, *values in steps:
        expected = FORMULAS[name](expected, *values)
    ours = [Step(name, tuple(map(float, values))) for name, *values in steps]
    found = grey_values(image, None, ours).normalise(image)
    assert found.dtype == np.float32
    np.testing.assert_allclose(found, expected, rtol=1e-4, atol=1e-4)


def test_only_tissue_counts():
    image = IMAGE.copy()
    known = np.ones(image.shape, bool)
    image[:20], known[:20] = 5000, False
    steps = [Step("zero_mean_unit_variance", (1e-6,))]
    found = grey_values(image, known, steps).normalise(image)
    np.testing.assert_allclose(found[20:], standard(image[20:], 1e-6), atol=1e-4)


@pytest.mark.parametrize("name", ["zero_mean_unit_variance", "scale_range"])
def test_a_blank_slice_has_no_infinite_values(name):
    values = {"zero_mean_unit_variance": (1e-6,), "scale_range": (1.0, 99.0, 1e-6)}[name]
    blank = np.full((8, 8), 7, np.uint8)
    assert np.all(grey_values(blank, None, [Step(name, values)]).normalise(blank) == 0)


def test_pixels_that_are_no_number_do_not_count():
    image = IMAGE.copy()
    image[0, 0] = np.nan
    found = grey_values(image, None, [Step("scale_range", (0.0, 100.0, 1e-6))]).normalise(image)
    assert np.isfinite(found).all()
    assert found.max() == pytest.approx(1, abs=1e-4)


def test_a_network_of_ours_has_no_steps():
    assert grey_values(IMAGE, None, None) == GreyValues.of(IMAGE)
