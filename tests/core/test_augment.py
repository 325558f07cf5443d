"""Image, mask and weight move together; strengths are what the settings say."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
from scipy import ndimage

from napari_emseg.core.augment import augment
from napari_emseg.core.config import AugmentConfig
from napari_emseg.errors import ShapeError

STILL = AugmentConfig(
    flip=False, rotation_deg=0, zoom=0, shear_deg=0, elastic_probability=0, brightness=0,
    contrast=0, noise=0,
)  # fmt: skip
"""No variation at all: a crop."""

MOVING = AugmentConfig(elastic_probability=1, brightness=0, contrast=0, noise=0)
"""All that moves pixels, nothing that changes grey values."""


def blobs(shape=(150, 120), smooth=6.0):
    """A binary pattern (Y, X) as uint8, with smooth borders between its halves."""
    noise = np.random.default_rng(3).standard_normal(shape)
    return (ndimage.gaussian_filter(noise, smooth, mode="reflect") > 0).astype(np.uint8)


def patch_of(seed, config, *, size=64, mask=None, image=None):
    mask = blobs() if mask is None else mask
    image = mask.astype(np.float32) if image is None else image
    weight = mask.astype(np.float32) * 3 + 1
    return augment(image, mask, weight, np.random.default_rng(seed), config, size=size)


@pytest.mark.parametrize("axis", ["y", "x"])
@pytest.mark.parametrize("seed", range(6))
def test_image_mask_and_weight_move_together(seed, axis):
    # every pixel holds its row or column: the patch tells where each of its pixels comes from
    ramp = np.mgrid[:150, :120][0 if axis == "y" else 1].astype(np.uint8)
    image, mask, weight = augment(
        ramp.astype(np.float32), ramp, ramp.astype(np.float32), np.random.default_rng(seed),
        MOVING, size=64,
    )  # fmt: skip
    np.testing.assert_array_equal(weight, mask)
    # the image is interpolated, the mask takes the nearest pixel: at most half a pixel away
    assert np.abs(image - mask).max() <= 0.5 + 1e-2
    assert np.ptp(mask) > 20


@pytest.mark.parametrize("size", [16, 64, 200])
@pytest.mark.parametrize("shape", [(150, 120), (40, 90), (7, 300), (1, 1), (1, 50)])
def test_any_slice_and_patch_size(shape, size):
    mask = (np.arange(np.prod(shape)).reshape(shape) % 2).astype(np.uint8)
    image, patch, weight = patch_of(0, AugmentConfig(elastic_probability=1), mask=mask, size=size)
    assert image.shape == patch.shape == weight.shape == (size, size)
    assert (image.dtype, patch.dtype, weight.dtype) == (np.float32, np.uint8, np.float32)
    assert np.isfinite(image).all()
    assert set(np.unique(patch)) <= set(np.unique(mask))


def test_no_class_is_invented():
    mask = blobs() * 2 + 5
    values = set()
    for seed in range(6):
        values |= set(np.unique(patch_of(seed, MOVING, mask=mask)[1]).tolist())
    assert values == {5, 7}


def test_one_seed_gives_one_patch():
    config = AugmentConfig(elastic_probability=1)
    for a, b in zip(patch_of(1, config), patch_of(1, config), strict=True):
        np.testing.assert_array_equal(a, b)
    assert not np.array_equal(patch_of(1, config)[0], patch_of(2, config)[0])


@pytest.mark.parametrize("seed", range(5))
@pytest.mark.parametrize("shape", [(150, 120), (64, 64), (64, 200)])
def test_without_any_strength_a_patch_is_a_crop(seed, shape):
    # every pixel holds its own number, so the first one tells where the crop lies
    image = np.arange(np.prod(shape), dtype=np.float32).reshape(shape)
    mask = blobs(shape)
    crop, patch, _ = patch_of(seed, STILL, image=image, mask=mask)
    y, x = np.unravel_index(int(crop[0, 0]), shape)
    np.testing.assert_array_equal(crop, image[y : y + 64, x : x + 64])
    np.testing.assert_array_equal(patch, mask[y : y + 64, x : x + 64])


def test_crops_reach_every_corner():
    shape = (20, 18)
    image = np.arange(np.prod(shape), dtype=np.float32).reshape(shape)
    mask = np.ones(shape, np.uint8)
    seen = set()
    for seed in range(200):
        seen |= set(patch_of(seed, STILL, image=image, mask=mask, size=16)[0].ravel().tolist())
    assert seen == set(image.ravel().tolist())


def test_a_slice_smaller_than_the_patch_is_mirrored_around_its_middle():
    image = np.arange(12, dtype=np.float32).reshape(3, 4)
    crop, _, _ = patch_of(0, STILL, image=image, mask=np.ones((3, 4), np.uint8), size=16)
    expected = np.pad(image, ((7, 6), (6, 6)), mode="reflect")
    np.testing.assert_array_equal(crop, expected)


def test_flips_reach_all_four_orientations():
    image = np.random.default_rng(0).random((64, 64), dtype=np.float32)
    wanted = [image[::a, ::b] for a in (1, -1) for b in (1, -1)]
    config = replace(STILL, flip=True)
    seen = set()
    for seed in range(30):
        crop = patch_of(seed, config, image=image, mask=np.ones((64, 64), np.uint8))[0]
        matching = [k for k, each in enumerate(wanted) if np.allclose(crop, each, atol=1e-4)]
        assert len(matching) == 1
        seen.update(matching)
    assert seen == {0, 1, 2, 3}


def shown_coordinates(config, seeds, size=96):
    """Where the pixels of patches come from: for each seed (2, size, size), y then x, in px."""
    shape = (400, 400)
    y, x = np.meshgrid(*(np.arange(n, dtype=np.float32) for n in shape), indexing="ij")
    mask = np.ones(shape, np.uint8)
    return np.stack([
        [patch_of(seed, config, image=axis, mask=mask, size=size)[0] for axis in (y, x)]
        for seed in seeds
    ])  # fmt: skip


@pytest.mark.parametrize(("alpha", "sigma"), [(100, 15), (300, 10)])
def test_elastic_strength_is_what_alpha_and_sigma_say(alpha, sigma):
    config = replace(
        STILL, elastic_probability=1, elastic_alpha_min=alpha, elastic_alpha_max=alpha,
        elastic_sigma_min=sigma, elastic_sigma_max=sigma,
    )  # fmt: skip
    field = shown_coordinates(config, range(40))
    moved = field - np.stack(np.mgrid[:96.0, :96.0])
    # where the crop lies is unknown, so compare pixels that are much further apart than sigma
    apart = moved[..., 24:72, 20:28] - moved[..., 24:72, 68:76]
    expected = alpha / np.sqrt(3) / (2 * np.sqrt(np.pi) * sigma)
    assert apart.std() / np.sqrt(2) == pytest.approx(expected, rel=0.15)


def test_elastic_moves_both_axes_by_different_fields():
    fields = shown_coordinates(replace(STILL, elastic_probability=1), range(20))
    alike = []
    for y, x in fields:
        dy, dx = y - y.mean(1, keepdims=True), x - x.mean(0, keepdims=True)
        alike.append(np.corrcoef(dy.ravel(), dx.ravel())[0, 1])
    assert abs(np.mean(alike)) < 0.25  # a diagonal field, such as keras', has 1


def test_elastic_probability():
    config = replace(STILL, elastic_probability=0.25)
    steps = np.diff(shown_coordinates(config, range(80), size=32)[:, 1], axis=-1)
    bent = [not np.allclose(each, 1, atol=1e-4) for each in steps]
    assert 0.1 < np.mean(bent) < 0.4


@pytest.mark.parametrize(
    ("change", "low", "high"), [({"zoom": 0.5}, 1 / 1.5, 2), ({"rotation_deg": 180}, -1, 1)]
)
def test_zoom_and_rotation_keep_to_their_range(change, low, high):
    fields = shown_coordinates(replace(STILL, **change), range(40), size=32)
    steps = np.diff(fields[:, 1], axis=-1).mean((1, 2))  # x per x: cos(angle) / zoom
    assert steps.min() >= low - 1e-3
    assert steps.max() <= high + 1e-3
    assert steps.max() - steps.min() > 0.6 * (high - low)


def test_grey_values_change_on_the_image_alone():
    config = replace(STILL, brightness=1, contrast=0.5, noise=0.5)
    still, varied = patch_of(0, STILL), patch_of(0, config)
    assert np.abs(varied[0] - still[0]).max() > 0.05
    np.testing.assert_array_equal(varied[1], still[1])
    np.testing.assert_array_equal(varied[2], still[2])


def test_noise_is_of_the_declared_strength():
    config = replace(STILL, noise=0.5)
    strengths = [np.std(patch_of(s, config)[0] - patch_of(s, STILL)[0]) for s in range(40)]
    assert max(strengths) < 0.55
    assert np.mean(strengths) == pytest.approx(0.25, abs=0.08)


def test_the_slice_is_not_written_to():
    mask = blobs()
    image = mask.astype(np.float32)
    before = image.copy()
    mask.setflags(write=False)
    image.setflags(write=False)
    patch_of(0, AugmentConfig(), image=image, mask=mask)
    np.testing.assert_array_equal(image, before)


def test_shapes_that_differ_are_refused():
    image, mask = np.zeros((5, 6), np.float32), np.zeros((6, 5), np.uint8)
    with pytest.raises(ShapeError, match=r"expected one shape, received \(5, 6\), \(6, 5\)"):
        augment(image, mask, image, np.random.default_rng(0), STILL, size=4)
