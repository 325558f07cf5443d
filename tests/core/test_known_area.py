from __future__ import annotations

import cv2
import numpy as np
import pytest
from scipy.ndimage import gaussian_filter

from napari_emseg.core.known_area import known_area


@pytest.fixture
def tissue():
    """A slice (Y, X) with grey values of 60 to 200, smooth as a microscope makes them."""
    noise = gaussian_filter(np.random.default_rng(0).normal(size=(200, 240)), 2)
    return (130 + 30 * noise / noise.std()).clip(60, 200).astype(np.uint8)


def test_tissue_alone_is_known_everywhere(tissue):
    assert known_area(tissue) is None


def test_a_large_saturated_spot_within_the_tissue_is_tissue(tissue):
    tissue[80:120, 80:120] = 255
    assert known_area(tissue) is None


def test_a_small_flat_spot_at_the_border_is_tissue(tissue):
    tissue[:6, 50:58] = 0
    assert known_area(tissue) is None


@pytest.mark.parametrize("value", [0, 128, 255])
@pytest.mark.parametrize("dtype", [np.uint8, np.uint16, np.int32, np.float32, np.float64])
def test_a_rim_of_any_grey_value_is_not_known(tissue, value, dtype):
    image = np.full((260, 300), value, dtype)
    image[40:240, 30:270] = tissue
    known = known_area(image)
    assert known.shape == image.shape
    assert not known[:38].any()
    assert not known[:, :28].any()
    assert known[46:234, 36:264].all()


def test_a_rim_around_turned_tissue_is_not_known_with_its_mixed_pixels(tissue):
    turn = cv2.getRotationMatrix2D((120, 100), 10, 1)
    image = cv2.warpAffine(tissue, turn, (240, 200), flags=cv2.INTER_CUBIC)
    inside = cv2.warpAffine(np.ones_like(tissue), turn, (240, 200), flags=cv2.INTER_NEAREST) > 0
    known = known_area(image)
    assert known[~inside].mean() < 0.03  # the tips, which are narrower than the square
    assert known[inside].mean() > 0.9


def test_a_rim_that_went_through_jpeg_is_not_known(tissue):
    image = np.zeros((260, 300), np.uint8)
    image[40:240, 30:270] = tissue
    packed = cv2.imencode(".jpg", image, [cv2.IMWRITE_JPEG_QUALITY, 90])[1]
    known = known_area(cv2.imdecode(packed, cv2.IMREAD_GRAYSCALE))
    assert not known[:30].any()
    assert known[56:224, 46:254].all()


@pytest.mark.parametrize("value", [0, 77, 255])
def test_nothing_of_a_missing_section_is_known(value):
    image = np.full((100, 120), value, np.uint8)
    image[3, 4] = 9  # a speck of dust
    assert not known_area(image).any()


def test_pixels_that_are_not_finite_are_not_known(tissue):
    image = tissue.astype(np.float32)
    image[50:60, 70:80] = np.nan
    image[5, 6] = np.inf
    known = known_area(image)
    assert (known == np.isfinite(image)).all()


def test_of_a_slice_that_is_not_finite_nothing_is_known():
    assert not known_area(np.full((20, 30), np.nan, np.float32)).any()


def test_a_slice_that_is_larger_than_the_look_at_it(tissue):
    image = np.zeros((200, 5001), np.uint8)
    image[:, :4800] = np.tile(tissue, (1, 20))
    known = known_area(image)
    assert known.shape == image.shape
    assert not known[:, 4802:].any()
    assert known[:, :4780].all()


def test_the_slice_is_left_as_it_is(tissue):
    tissue[:20] = 0
    before = tissue.copy()
    known_area(tissue)
    assert (tissue == before).all()
