"""Stains, microscopes and styles: each does to the picture what its settings say."""

from __future__ import annotations

from functools import partial

import numpy as np
import pytest
from scipy import ndimage

from napari_emseg.core.augment.augment import augment
from napari_emseg.core.augment.styles import grey_quantiles
from napari_emseg.core.config.augmentation import AugmentConfig
from napari_emseg.core.config.presets import OTHER_MICROSCOPES
from varied_patches import STILL, STYLES, blobs, only, patch_of

SHAPE = (150, 120)
GRAINY = np.random.default_rng(0).standard_normal(SHAPE).astype(np.float32)
FLAT = np.zeros(SHAPE, np.float32)

TISSUE_AND_MICROSCOPES = [
    "organelle", "membrane", "thickness", "histogram", "coarse", "spectrum", "gradient", "stripes",
    "grain", "gap",
]  # fmt: skip


def tissue():
    """Classes (Y, X) with membranes of 3 px, and its picture with a dark disk in each cell."""
    y, x = np.mgrid[: SHAPE[0], : SHAPE[1]] % 40
    classes = ((y > 2) & (x > 2)).astype(np.uint8)
    disk = np.hypot(y - 21, x - 21) < 7
    image = np.where(classes, np.where(disk, -0.5, 0.5), -2).astype(np.float32)
    return image, classes


def pairs(config, image, *, mask=None, count=20, size=96):
    """Patches unvaried and varied (size, size), and both masks and weights."""
    shown = partial(patch_of, image=image, mask=blobs() if mask is None else mask, size=size)
    return [(shown(seed, STILL), shown(seed, config)) for seed in range(count)]


def fine(image):
    """Variance of what a blur of 1.5 px takes away."""
    return float(np.var(image - ndimage.gaussian_filter(image, 1.5)))


# -- the microscope -------------------------------------------------------------------------------


def test_coarse_pixels_hold_no_fine_detail():
    left = [fine(b[0]) / fine(a[0]) for a, b in pairs(only("coarse", coarse_factor=2.5), GRAINY)]
    assert 0 < min(left) < 0.06
    assert 0.2 < max(left) < 1


def test_coarse_pixels_stay_in_their_place():
    image = ndimage.gaussian_filter(GRAINY, 5)
    for (still, *_), (varied, *_) in pairs(only("coarse"), image):
        np.testing.assert_allclose(varied[4:-4, 4:-4], still[4:-4, 4:-4], atol=0.1 * still.std())


def test_zooming_out_does_not_alias():
    shown = [b[0] for _, b in pairs(only("zoom", zoom=3), GRAINY, size=32)]
    # of white noise an area of s x s px has 1 / s of the spread; unfiltered it would stay at 0.7
    assert min(each[8:-8, 8:-8].std() for each in shown) < 0.45


def test_zooming_out_leaves_even_slopes():
    ramp = np.mgrid[:400, :400][1].astype(np.float32)
    mask = np.ones(ramp.shape, np.uint8)
    for seed in range(12):
        shown, _, _ = patch_of(seed, only("zoom", zoom=0.8), image=ramp, mask=mask, size=96)
        steps = np.diff(shown)
        assert 1 / 1.8 - 0.05 < steps.min() <= steps.max() < 1.8 + 0.05
        assert np.ptp(steps) < 0.07  # OpenCV 4 rounds places to 1/32 px


def test_spectrum_changes_each_octave_within_its_strength():
    config, gains = only("spectrum", spectrum=0.5), []
    for (still, *_), (varied, *_) in pairs(config, GRAINY):
        assert varied.mean() == pytest.approx(still.mean(), abs=1e-4)
        assert varied.std() == pytest.approx(still.std(), rel=1e-3)
        gains.append(0.5 * np.log(fine(varied) / fine(still)))
    # whatever gets weaker, the rest gets stronger by the standard deviation that stays
    assert 0.02 < np.max(np.abs(gains)) <= 1
    assert min(gains) < 0 < max(gains)


def test_uneven_light_is_smooth_and_of_the_declared_strength():
    shown = np.stack([b[0] for _, b in pairs(only("gradient", gradient=2), FLAT)])
    assert 1 < np.abs(shown).max() < 3
    assert np.abs(np.diff(shown)).max() < 0.2


def test_uneven_contrast_is_of_the_declared_strength():
    config = only("gradient", gradient=0, gradient_contrast=0.5)
    factors = np.stack([b[0] / a[0] for a, b in pairs(config, FLAT + 1)])
    assert 0.5 < factors.min() < 0.8
    assert 1.25 < factors.max() < 2


def test_stripes_run_along_one_axis():
    along = []
    for _, (shown, *_) in pairs(only("stripes", stripes=0.5), FLAT):
        spread = shown.std(0).max(), shown.std(1).max()
        assert min(spread) < 1e-5
        assert max(spread) < 0.51
        along.append(int(np.argmin(spread)))
    assert set(along) == {0, 1}


def test_grain_is_correlated_and_grows_with_brightness():
    config = only("grain", grain=0.5)
    for _, (shown, *_) in pairs(config, FLAT):
        assert shown.std() < 0.51
        neighbours = np.corrcoef(shown[:, 1:].ravel(), shown[:, :-1].ravel())[0, 1]
        assert 0.05 < neighbours < 0.95
    halves = FLAT.copy()
    halves[:, 60:] = 1.5
    mask = np.ones(SHAPE, np.uint8)
    more = []
    for (still, *_), (shown, *_) in pairs(config, halves, mask=mask):
        noise = shown - still
        more.append(noise[still > 1].std() / noise[still == 0].std())
    assert 1 < np.mean(more) < 1.4


def test_dark_lines_get_thicker_or_thinner():
    image, mask = tissue()
    dark = [
        (varied < -1).sum() / (still < -1).sum()
        for (still, *_), (varied, *_) in pairs(only("thickness", thickness=1), image, mask=mask)
    ]
    assert min(dark) < 0.6
    assert max(dark) > 1.3


# -- the stain ------------------------------------------------------------------------------------


def test_membranes_alone_get_fainter_or_darker():
    image, mask = tissue()
    shades = []
    for (still, classes, _), (varied, *_) in pairs(only("membrane"), image, mask=mask):
        change = varied - still
        far = ndimage.distance_transform_edt(classes) > 5
        assert np.abs(change[far]).max() < 1e-3
        shades.append(change[classes == 0].mean())
    assert min(shades) < -0.3
    assert max(shades) > 0.3
    assert max(np.abs(shades)) <= 0.8


def test_organelles_are_reversed_and_membranes_stay():
    image, mask = tissue()
    contrasts = []
    for seed in range(20):
        still = patch_of(seed, STILL, image=image, mask=mask, size=96)
        varied = patch_of(seed, only("organelle", organelle_shade=0), image=image, mask=mask,
                          size=96)  # fmt: skip
        inside = still[0] == -0.5
        around = still[0] == 0.5
        contrasts.append(varied[0][inside].mean() - varied[0][around].mean())
        near = ndimage.distance_transform_edt(still[1]) < 1
        np.testing.assert_allclose(varied[0][near], still[0][near], atol=0.15)
    assert min(contrasts) < -1.3  # -1 as it is
    assert max(contrasts) > -0.3


@pytest.mark.parametrize("name", ["membrane", "organelle"])
def test_what_is_not_known_is_not_stained(name):
    image, mask = tissue()
    nothing = np.zeros(SHAPE, np.float32)
    for config in (STILL, only(name)):
        shown, _, _ = augment(image, mask, nothing, np.random.default_rng(0), config, size=96)
        if config is STILL:
            still = shown
    np.testing.assert_array_equal(shown, still)


@pytest.mark.parametrize("name", ["membrane", "organelle"])
def test_neighbours_have_no_mask_and_keep_their_stain(name):
    image, mask = tissue()
    stack = np.stack([image] * 3)
    still, varied = (patch_of(1, each, image=stack, mask=mask)[0] for each in (STILL, only(name)))
    kept = [np.array_equal(a, b) for a, b in zip(still, varied, strict=True)]
    assert kept == [True, False, True]


# -- styles ---------------------------------------------------------------------------------------


def test_grey_quantiles_ascend_from_the_darkest_to_the_brightest():
    quantiles = grey_quantiles(GRAINY)
    assert (quantiles.shape, quantiles.dtype) == ((64,), np.float32)
    assert (np.diff(quantiles) > 0).all()
    assert (quantiles[0], quantiles[-1]) == (GRAINY.min(), GRAINY.max())


def test_histogram_takes_the_other_sources_grey_values():
    own, (style,) = grey_quantiles(GRAINY), STYLES
    for (still, *_), (varied, *_) in pairs(only("histogram"), GRAINY):
        order = np.argsort(still, axis=None)
        assert (np.diff(varied.ravel()[order]) > -1e-5).all()
        inner = slice(4, -4)
        # at least half of the way, at most all of it
        way = (grey_quantiles(varied) - own)[inner] / (style - own)[inner]
        assert 0.4 < np.median(way) < 1.1


def test_without_other_sources_grey_values_stay():
    shown = [patch_of(0, config, styles=())[0] for config in (STILL, only("histogram"))]
    np.testing.assert_array_equal(*shown)


# -- blank areas ----------------------------------------------------------------------------------


def test_blank_areas_are_even_and_do_not_count():
    shares = []
    for (still, classes, weight), (shown, same, left) in pairs(only("gap"), GRAINY, size=100):
        blank = left == 0
        np.testing.assert_array_equal(same, classes)
        np.testing.assert_array_equal(shown[~blank], still[~blank])
        np.testing.assert_array_equal(left[~blank], weight[~blank])
        assert 1 <= len(np.unique(shown[blank])) <= 3
        shares.append(blank.mean())
    assert 0 < min(shares) < max(shares) <= 3 * 0.26**2


def test_what_a_neighbour_lacks_still_counts():
    stack = np.stack([GRAINY] * 3)
    config = AugmentConfig.from_dict(STILL.to_dict() | {"gap_probability": 0.5})
    for seed in range(12):
        still, varied = (patch_of(seed, each, image=stack) for each in (STILL, config))
        gone = varied[2] == 0
        np.testing.assert_array_equal(gone, varied[0][1] != still[0][1])


# -- all together ---------------------------------------------------------------------------------


def test_the_preset_is_a_config():
    config = AugmentConfig().changed(OTHER_MICROSCOPES)
    assert {n: getattr(config, n) for n in OTHER_MICROSCOPES} == OTHER_MICROSCOPES
    image, mask = tissue()
    for seed in range(10):
        for a, b in zip(*(patch_of(seed, config, image=image, mask=mask) for _ in range(2)),
                        strict=True):  # fmt: skip
            np.testing.assert_array_equal(a, b)
            assert np.isfinite(a).all()


@pytest.mark.parametrize("name", TISSUE_AND_MICROSCOPES)
def test_nothing_of_it_happens_by_default(name):
    assert getattr(AugmentConfig(), f"{name}_probability") == 0


def test_the_preset_switches_all_of_it_on():
    missing = [n for n in TISSUE_AND_MICROSCOPES if not OTHER_MICROSCOPES.get(f"{n}_probability")]
    assert missing == []


@pytest.mark.parametrize("zoom", [0.2, 0.3])
def test_zooming_out_a_little_stays_one_interpolation(zoom):
    # a blur before would lower what is left of white noise below what interpolation leaves
    noise, *axes = GRAINY, *np.mgrid[: SHAPE[0], : SHAPE[1]].astype(np.float32)
    for seed in range(6):
        (shown, y, x), _, _ = patch_of(
            seed, only("zoom", zoom=zoom), image=np.stack([noise, *axes])
        )
        expected = ndimage.map_coordinates(noise, [y, x], order=1)
        assert np.abs(shown - expected).mean() < 0.02
