"""Image, mask and weight move together; strengths are what the settings say."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy import ndimage

from napari_emseg.core.augment.augment import augment
from napari_emseg.core.config.augmentation import AugmentConfig
from napari_emseg.errors import ShapeError
from varied_patches import STILL, TRANSFORMS, blobs, only, patch_of

MOVES = ["flip", "quarter_turn", "rotation", "shift", "zoom", "shear", "elastic", "grid"]
"""All that moves pixels."""
VARIATIONS = [name for name in TRANSFORMS if name not in MOVES]
"""All that changes grey values and nothing else."""


MOVING = only(*MOVES)
ALL = only(*TRANSFORMS)


def shown_coordinates(config, seeds, size=96):
    """Where the pixels of patches come from: for each seed (2, size, size), y then x, in px."""
    shape = (400, 400)
    axes = np.stack(np.meshgrid(*(np.arange(n, dtype=np.float32) for n in shape), indexing="ij"))
    mask = np.ones(shape, np.uint8)
    return np.stack([patch_of(seed, config, image=axes, mask=mask, size=size)[0] for seed in seeds])


def displacements(config, seeds, size=96):
    """By how much each pixel is moved off a plain crop, (N, 2, size, size), y then x, in px."""
    return shown_coordinates(config, seeds, size) - shown_coordinates(STILL, seeds, size)


# -- together -----------------------------------------------------------------------------------


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


@pytest.mark.parametrize("interpolation", ["linear", "cubic"])
def test_no_class_is_invented(interpolation):
    mask = blobs() * 2 + 5
    config, values = replace(MOVING, interpolation=interpolation), set()
    for seed in range(6):
        values |= set(np.unique(patch_of(seed, config, mask=mask)[1]).tolist())
    assert values == {5, 7}


@pytest.mark.parametrize("size", [16, 64, 200])
@pytest.mark.parametrize("shape", [(150, 120), (40, 90), (7, 300), (1, 1), (1, 50)])
def test_any_slice_and_patch_size(shape, size):
    mask = (np.arange(np.prod(shape)).reshape(shape) % 2).astype(np.uint8)
    image, patch, weight = patch_of(0, ALL, mask=mask, size=size)
    assert image.shape == patch.shape == weight.shape == (size, size)
    assert (image.dtype, patch.dtype, weight.dtype) == (np.float32, np.uint8, np.float32)
    assert np.isfinite(image).all()
    assert set(np.unique(patch)) <= set(np.unique(mask))


@pytest.mark.parametrize("bound", ["ge", "le"])
@pytest.mark.parametrize("shape", [(40, 90), (1, 1)])
def test_the_ends_of_all_ranges(bound, shape):
    extreme = {
        each.name: each.type(getattr(each, bound))
        for each in AugmentConfig.settings()
        if each.type in (int, float) and not each.name.endswith("_probability")
    }
    config = replace(ALL, interpolation="cubic", **extreme)
    mask = np.ones(shape, np.uint8)
    image = np.random.default_rng(0).standard_normal(shape).astype(np.float32)
    for seed in range(2):
        shown, patch, weight = patch_of(seed, config, image=image, mask=mask, size=16)
        assert np.isfinite(shown).all()
        assert (patch == 1).all()
        assert set(np.unique(weight)) <= {0, 4}  # 0 where a blank area lies


@st.composite
def configs(draw):
    """Any settings within their ranges, far more often at the ends than a person's are."""
    values = {}
    for each in AugmentConfig.settings():
        if each.choices:
            values[each.name] = draw(st.sampled_from(each.choices))
        elif each.type in (int, float) and None not in (each.ge, each.le):
            numbers = st.floats if each.type is float else st.integers
            values[each.name] = draw(numbers(each.type(each.ge), each.type(each.le)))
    for name in [name for name in values if name.endswith("_min") and f"{name[:-4]}_max" in values]:
        pair = sorted((values[name], values[f"{name[:-4]}_max"]))
        values[name], values[f"{name[:-4]}_max"] = pair
    return AugmentConfig(**values)


@given(
    config=configs(), seed=st.integers(0, 2**31), size=st.integers(1, 40),
    shape=st.tuples(st.integers(1, 60), st.integers(1, 60)), slices=st.sampled_from([1, 3]),
)  # fmt: skip
@settings(max_examples=40, deadline=None)
def test_whatever_the_settings_a_patch_is_one(config, seed, size, shape, slices):
    rng = np.random.default_rng(seed)
    image = rng.standard_normal((slices, *shape), np.float32)
    mask = (rng.random(shape) < 0.5).astype(np.uint8) * 3
    weight = mask.astype(np.float32) + 1
    before = image.copy(), mask.copy(), weight.copy()
    shown, patch, weights = augment(image, mask, weight, rng, config, size=size)
    for one, other in zip((image, mask, weight), before, strict=True):
        np.testing.assert_array_equal(one, other)
    assert (shown.shape, patch.shape, weights.shape) == ((slices, size, size), *[(size, size)] * 2)
    assert (shown.dtype, patch.dtype, weights.dtype) == (np.float32, np.uint8, np.float32)
    assert np.isfinite(shown).all()
    assert set(np.unique(patch)) <= {0, 3}
    taught = weights > 0  # where nothing blank lies, mask and weight have moved together
    np.testing.assert_array_equal(weights[taught], patch[taught].astype(np.float32) + 1)


def test_slices_larger_than_opencv_takes():
    # cv2.remap refuses 32,767 px and more along an axis
    image = np.arange(40_000, dtype=np.float32)[np.newaxis].repeat(20, axis=0)
    mask = np.ones(image.shape, np.uint8)
    seen = np.concatenate(
        [patch_of(s, STILL, image=image, mask=mask, size=16)[0][0] for s in range(30)]
    )
    np.testing.assert_array_equal(np.diff(seen.reshape(30, 16)), 1)
    assert seen.max() > 33_000


def test_the_slice_is_not_written_to():
    mask = blobs()
    image = mask.astype(np.float32)
    before = image.copy()
    mask.setflags(write=False)
    image.setflags(write=False)
    patch_of(0, ALL, image=image, mask=mask)
    np.testing.assert_array_equal(image, before)


@pytest.mark.parametrize(
    ("image", "mask"), [((5, 6), (6, 5)), ((2, 5, 6), (2, 5, 6)), ((1, 2, 5, 6), (5, 6)),
                        ((3, 5, 6), (3, 5))],
)  # fmt: skip
def test_shapes_that_differ_are_refused(image, mask):
    mask = np.zeros(mask, np.uint8)
    with pytest.raises(ShapeError, match=r"expected one shape \(Y, X\), received \(\d"):
        patch_of(0, STILL, image=np.zeros(image, np.float32), mask=mask)


# -- several slices -------------------------------------------------------------------------------


def test_slices_move_alike():
    one = blobs().astype(np.float32)
    image, mask, _ = patch_of(4, MOVING, image=np.stack([one, one * 2, one * 3]))
    assert image.shape == (3, 64, 64)
    np.testing.assert_allclose(image[1], 2 * image[0], atol=1e-5)
    np.testing.assert_allclose(image[2], 3 * image[0], atol=1e-5)
    alone = patch_of(4, MOVING, image=one)
    np.testing.assert_array_equal(image[0], alone[0])
    np.testing.assert_array_equal(mask, alone[1])


def test_slices_vary_each_for_itself():
    one = blobs().astype(np.float32)
    image, _, _ = patch_of(4, only("brightness"), image=np.stack([one, one]))
    assert np.ptp(image[1] - image[0]) < 1e-5
    assert abs((image[1] - image[0]).mean()) > 1e-3


def test_a_missing_slice_leaves_its_neighbours():
    stack = np.stack([blobs().astype(np.float32)] * 3)
    config = replace(STILL, missing_probability=0.5)
    crops = [(patch_of(s, STILL, image=stack)[0], patch_of(s, config, image=stack)[0])
             for s in range(12)]  # fmt: skip
    kept = [tuple(np.array_equal(a, b) for a, b in zip(*crop, strict=True)) for crop in crops]
    assert any(0 < sum(each) < 3 for each in kept)


# -- chance ---------------------------------------------------------------------------------------


def test_one_seed_gives_one_patch():
    for a, b in zip(patch_of(1, ALL), patch_of(1, ALL), strict=True):
        np.testing.assert_array_equal(a, b)
    assert not np.array_equal(patch_of(1, ALL)[0], patch_of(2, ALL)[0])


def test_one_generator_gives_one_patch_after_the_other():
    rng, mask = np.random.default_rng(0), blobs()
    image = mask.astype(np.float32)
    first, second = (augment(image, mask, image, rng, AugmentConfig(), size=32) for _ in range(2))
    assert not np.array_equal(first[0], second[0])


def test_a_seed_gives_these_draws_everywhere():
    # a change here changes what every training with a given seed sees
    image = np.mgrid[:90, :80].astype(np.float32)
    mask = np.ones((90, 80), np.uint8)
    config = replace(only(*MOVES, "brightness", "contrast", "noise"), zoom=0.25, noise=0.3)
    shown = patch_of(0, config, image=image, mask=mask, size=32)[0][:, [0, 13, 31], [5, 20, 31]]
    np.testing.assert_allclose(shown, SHOWN, atol=0.05)


SHOWN = [[34.525, 48.965, 71.838], [4.663, 13.048, 28.836]]


@pytest.mark.parametrize("name", TRANSFORMS)
def test_each_transform_alone(name):
    image = ndimage.gaussian_filter(blobs().astype(np.float32), 1)
    changed = np.zeros((3, 6), bool)  # image, mask, weight
    for seed in range(6):
        still, varied = patch_of(seed, STILL, image=image), patch_of(seed, only(name), image=image)
        changed[:, seed] = [not np.array_equal(*pair) for pair in zip(still, varied, strict=True)]
    assert changed[0].sum() >= 5
    assert changed[1].any() == (name in MOVES)
    assert changed[2].any() == (name in MOVES or name == "gap")


@pytest.mark.parametrize("name", TRANSFORMS)
def test_a_transform_leaves_the_draws_of_the_others(name):
    # what happens to the one patch besides, so switching one on or off shows what it alone does
    others = "quarter_turn" if name in VARIATIONS else "brightness"
    if name in VARIATIONS:
        still, varied = patch_of(3, only(others)), patch_of(3, only(others, name))
        np.testing.assert_array_equal(still[1], varied[1])
    else:
        image = np.zeros((150, 120), np.float32)
        still, varied = (patch_of(3, only(*on), image=image) for on in ([others], [others, name]))
        np.testing.assert_allclose(still[0], varied[0], atol=1e-6)


@pytest.mark.parametrize("name", TRANSFORMS)
@pytest.mark.parametrize(("probability", "low", "high"), [(0.0, 0, 0), (0.3, 4, 21), (1.0, 37, 40)])
def test_probability(name, probability, low, high):
    rng = np.random.default_rng(0)
    image = rng.standard_normal((60, 50)).astype(np.float32)
    config = replace(STILL, **{f"{name}_probability": probability})
    mask = np.ones(image.shape, np.uint8)
    mask[:, ::10] = 0
    changed = sum(
        not np.array_equal(
            patch_of(seed, config, image=image, mask=mask, size=16)[0],
            patch_of(seed, STILL, image=image, mask=mask, size=16)[0],
        )
        for seed in range(40)
    )
    twice = 1.7 if name == "flip" else 1  # once for each axis
    assert low <= changed <= high * twice


# -- crops, flips and turns -----------------------------------------------------------------------


@pytest.mark.parametrize("seed", range(5))
@pytest.mark.parametrize("shape", [(150, 120), (64, 64), (64, 200)])
@pytest.mark.parametrize("interpolation", ["linear", "cubic"])
def test_without_any_transform_a_patch_is_a_crop(seed, shape, interpolation):
    # every pixel holds its own number, so the first one tells where the crop lies
    image = np.arange(np.prod(shape), dtype=np.float32).reshape(shape)
    mask = blobs(shape)
    config = replace(STILL, interpolation=interpolation)
    crop, patch, _ = patch_of(seed, config, image=image, mask=mask)
    y, x = np.unravel_index(int(crop[0, 0]), shape)
    np.testing.assert_array_equal(crop, image[y : y + 64, x : x + 64])
    np.testing.assert_array_equal(patch, mask[y : y + 64, x : x + 64])


@pytest.mark.parametrize(
    ("name", "strength"),
    [("rotation", "rotation_deg"), ("shift", "shift_px"), ("zoom", "zoom"), ("shear", "shear_deg"),
     ("grid", "grid_px"), ("doubled", "doubled_share"), ("gamma", "gamma"), ("noise", "noise"),
     ("contrast", "contrast"), ("brightness", "brightness"), ("membrane", "membrane_shade"),
     ("thickness", "thickness"), ("histogram", "histogram"), ("spectrum", "spectrum"),
     ("stripes", "stripes"), ("grain", "grain")],
)  # fmt: skip
def test_without_strength_a_transform_changes_nothing(name, strength):
    config = only(name, **{strength: 0})
    for a, b in zip(patch_of(2, config), patch_of(2, STILL), strict=True):
        np.testing.assert_allclose(a, b, atol=1e-4)


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


@pytest.mark.parametrize(("size", "names"), [(64, ["flip"]), (64, ["quarter_turn"]),
                                             (63, ["flip", "quarter_turn"])])  # fmt: skip
def test_flips_and_turns_are_exact_and_reach_all_orientations(size, names):
    image = np.random.default_rng(0).random((size, size), dtype=np.float32)
    if names == ["flip"]:
        wanted = [image[::a, ::b] for a in (1, -1) for b in (1, -1)]
    else:
        turned = [np.rot90(image, k) for k in range(4)]
        wanted = turned if len(names) == 1 else turned + [each.T for each in turned]
    mask = np.ones(image.shape, np.uint8)
    config = replace(STILL, **{f"{each}_probability": 0.5 for each in names})
    seen = set()
    for seed in range(60):
        crop = patch_of(seed, config, image=image, mask=mask, size=size)[0]
        matching = [k for k, each in enumerate(wanted) if np.array_equal(crop, each)]
        assert len(matching) == 1
        seen.update(matching)
    assert seen == set(range(len(wanted)))


# -- strengths of the moves -----------------------------------------------------------------------


@pytest.mark.parametrize("seed", range(8))
def test_rotation_keeps_to_its_range_and_keeps_distances(seed):
    (field,) = shown_coordinates(only("rotation", rotation_deg=30), [seed], size=32)
    along = (field[:, :, -1] - field[:, :, 0]).mean(1) / 31  # (y, x) per pixel along x
    assert np.hypot(*along) == pytest.approx(1, abs=1e-3)
    assert abs(np.rad2deg(np.arctan2(*along))) <= 30.1


def test_rotation_reaches_any_angle():
    fields = shown_coordinates(only("rotation", rotation_deg=180), range(60), size=32)
    along = (fields[..., -1] - fields[..., 0]).mean(2)
    angles = np.rad2deg(np.arctan2(along[:, 0], along[:, 1]))
    assert (np.histogram(angles, bins=6, range=(-180, 180))[0] > 2).all()


def test_shift_keeps_to_its_range():
    moved = displacements(only("shift", shift_px=10), range(40), size=16)[..., 8, 8]
    assert 8 < np.abs(moved).max() <= 10.01
    assert abs(np.corrcoef(moved.T)[0, 1]) < 0.4


def test_zoom_keeps_to_its_range():
    steps = np.diff(shown_coordinates(only("zoom", zoom=0.5), range(60), size=32)).mean((2, 3))
    zoomed = steps[:, 1]
    assert 1 / 1.5 - 1e-3 <= zoomed.min() < 0.72
    assert 1.4 < zoomed.max() <= 1.5 + 1e-3


def test_shear_keeps_to_its_range():
    fields = shown_coordinates(only("shear", shear_deg=20), range(40), size=32)
    angles = np.rad2deg(np.arctan(np.diff(fields[:, 1], axis=1).mean((1, 2))))
    assert 17 < np.abs(angles).max() <= 20.1
    assert angles.min() < 0 < angles.max()
    np.testing.assert_allclose(np.median(np.diff(fields[:, 1], axis=2), (1, 2)), 1, atol=1e-3)


@pytest.mark.parametrize(("alpha", "sigma"), [(100, 10), (100, 15), (300, 15)])
def test_elastic_strength_is_what_alpha_and_sigma_say(alpha, sigma):
    config = only(
        "elastic", elastic_alpha_min=alpha, elastic_alpha_max=alpha, elastic_sigma_min=sigma,
        elastic_sigma_max=sigma,
    )  # fmt: skip
    moved = displacements(config, range(40))
    expected = alpha / np.sqrt(12 * np.pi) / sigma
    assert moved.std() == pytest.approx(expected, rel=0.1)
    assert moved[..., :4, :4].std() == pytest.approx(expected, rel=0.3)  # also in the corner


@pytest.mark.parametrize("size", [32, 96])
@pytest.mark.parametrize("name", ["elastic", "grid"])
def test_default_bending_folds_nothing(name, size):
    for field in displacements(only(name), range(20), size) + np.mgrid[:size, :size]:
        dy, dx = np.gradient(field[0]), np.gradient(field[1])
        assert (dy[0] * dx[1] - dy[1] * dx[0]).min() > 0.1


@pytest.mark.parametrize(("points", "px"), [(2, 4), (3, 4), (5, 1.5)])
def test_grid_strength_is_that_of_its_points(points, px):
    moved = displacements(only("grid", grid_px=px, grid_points=points), range(120), size=65)
    on_points = moved[..., :: 64 // (points - 1), :: 64 // (points - 1)]
    assert on_points.shape[-1] == points
    assert on_points.std() == pytest.approx(px, rel=0.1)


def test_the_papers_grid_on_a_patch_of_default_size():
    moved = displacements(only("grid"), range(40), size=256)
    assert moved[..., ::255, ::255].std() == pytest.approx(10, rel=0.15)


def test_grid_is_smooth_between_its_points():
    (field,) = displacements(only("grid", grid_px=10), [0], size=97)
    across = np.abs(np.diff(field, n=2)).max()
    assert across < 0.1  # px per px²; linear interpolation would have a kink of 10 / 48
    assert np.abs(np.diff(field)).max() > 0.05


@pytest.mark.parametrize("name", ["elastic", "grid"])
def test_bending_moves_both_axes_by_different_fields(name):
    alike = [
        np.corrcoef(dy.ravel(), dx.ravel())[0, 1] for dy, dx in displacements(only(name), range(30))
    ]
    assert abs(np.mean(alike)) < 0.3  # a diagonal field, such as keras', has 1


def test_all_moves_are_one_resampling():
    # rows and columns show where each pixel comes from; there the image is interpolated once
    noise = np.random.default_rng(0).standard_normal((150, 120))
    image = np.stack([noise, *np.mgrid[:150, :120]]).astype(np.float32)
    (shown, y, x), _, _ = patch_of(5, MOVING, image=image)
    expected = ndimage.map_coordinates(noise, [y, x], order=1)
    # OpenCV 4 rounds places to 1/32 px
    assert np.abs(shown - expected).mean() < 0.02


def test_cubic_is_sharper_than_linear():
    image = np.random.default_rng(0).standard_normal((128, 128)).astype(np.float32)
    mask = np.ones(image.shape, np.uint8)
    linear, cubic = (
        patch_of(1, only("shift", interpolation=how), image=image, mask=mask)[0].std()
        for how in ("linear", "cubic")
    )
    assert linear < cubic < 1


# -- strengths of the variations ------------------------------------------------------------------


def textured(config, seed):
    """A patch of something between an edge and noise, and that patch varied."""
    image = (blobs() - 0.5) * 2 + np.random.default_rng(9).normal(0, 0.3, (150, 120))
    image = image.astype(np.float32)
    return patch_of(seed, STILL, image=image)[0], patch_of(seed, config, image=image)[0]


def test_brightness_is_of_the_declared_strength():
    pairs = [textured(only("brightness", brightness=0.5), s) for s in range(40)]
    shifts = np.array([(varied - still).mean() for still, varied in pairs])
    assert 0.4 < np.abs(shifts).max() <= 0.5
    assert shifts.min() < 0 < shifts.max()


def test_contrast_is_of_the_declared_strength():
    pairs = [textured(only("contrast", contrast=0.4), s) for s in range(40)]
    factors = np.array([varied.std() / still.std() for still, varied in pairs])
    assert 0.6 <= factors.min() < 0.7
    assert 1.3 < factors.max() <= 1.4 + 1e-5


def test_gamma_keeps_order_mean_and_contrast():
    for seed in range(10):
        still, varied = textured(only("gamma", gamma=1), seed)
        order = np.argsort(still, axis=None)
        assert (np.diff(varied.ravel()[order]) > -1e-5).all()
        assert varied.mean() == pytest.approx(still.mean(), abs=1e-4)
        assert varied.std() == pytest.approx(still.std(), rel=1e-3)


def test_reversed_polarity_turns_all_sections_around():
    sections = np.stack([blobs(smooth=each) for each in (4.0, 6.0, 8.0)]).astype(np.float32)
    still = patch_of(0, STILL, image=sections)[0]
    np.testing.assert_array_equal(patch_of(0, only("reversal"), image=sections)[0], -still)
    half = replace(STILL, reversal_probability=0.5)
    signs = {patch_of(s, half, image=sections)[0].sum() > 0 for s in range(20)}
    assert signs == {True, False}


def test_noise_is_of_the_declared_strength():
    pairs = [textured(only("noise", noise=0.5), s) for s in range(40)]
    strengths = [np.std(varied - still) for still, varied in pairs]
    assert max(strengths) < 0.55
    assert np.mean(strengths) == pytest.approx(0.25, abs=0.08)


def test_blur_is_of_the_declared_strength():
    # the standard deviation of white noise falls to 1 / (2 sqrt(pi) sigma)
    image = np.random.default_rng(0).standard_normal((200, 200)).astype(np.float32)
    mask = np.ones(image.shape, np.uint8)
    left = [patch_of(s, only("blur", blur_px=4), image=image, mask=mask)[0].std()
            for s in range(20)]  # fmt: skip
    assert min(left) > 0.8 / (2 * np.sqrt(np.pi) * 4)
    assert min(left) < 0.15 < 0.3 < max(left)


def test_a_doubled_section_is_the_slice_and_a_shifted_one():
    image = np.zeros((64, 64), np.float32)
    image[32, 32] = 1
    config = only("doubled", doubled_share=0.4, doubled_shift_px=12)
    shares = []
    for seed in range(20):
        shown, _, _ = patch_of(seed, config, image=image, mask=np.ones((64, 64), np.uint8))
        y, x = ndimage.center_of_mass(np.where(shown > 0.5, 0, shown))
        assert shown.sum() == pytest.approx(1, abs=1e-3)
        assert max(abs(y - 32), abs(x - 32)) < 20
        shares.append(1 - shown.max())
    assert 0.15 < min(shares) < max(shares) < 0.41


def test_a_fold_is_a_dark_band():
    flat = np.zeros((128, 128), np.float32)
    config = only("fold", fold_depth=2, fold_width_px=16)
    for seed in range(10):
        shown, _, _ = patch_of(seed, config, image=flat, mask=np.ones(flat.shape, np.uint8),
                               size=128)  # fmt: skip
        assert -2 <= shown.min() <= -1
        assert shown.max() == 0
        assert 0 < (shown < 0).mean() < 0.35
        assert ndimage.label(shown < 0, np.ones((3, 3)))[1] == 1


def test_a_missing_section_is_blank_or_noise():
    spreads = [textured(only("missing"), seed)[1].std() for seed in range(20)]
    assert {round(float(each), 1) for each in spreads} == {0.0, 1.0}


@pytest.mark.parametrize("name", VARIATIONS)
def test_an_even_image_can_be_varied(name):
    image = np.zeros((20, 20), np.float32)
    shown, _, _ = patch_of(0, only(name), image=image, mask=np.ones((20, 20), np.uint8), size=16)
    assert np.isfinite(shown).all()
