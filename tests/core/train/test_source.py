"""Stacks that are trained on together: how often each is drawn, and how its pixels are fitted."""

from __future__ import annotations

import numpy as np
import pytest

from napari_emseg.core.config.augmentation import AugmentConfig
from napari_emseg.core.config.network import NetworkConfig
from napari_emseg.core.config.recipe import Recipe
from napari_emseg.core.config.training import TrainConfig
from napari_emseg.core.normalise import normalise_tissue
from napari_emseg.core.segment.resampling import Resampling
from napari_emseg.core.train.patches import make_batch
from napari_emseg.core.train.source import NormalisedSlices, PatchSource, Source
from napari_emseg.core.train.split import Split, split_target
from napari_emseg.core.train.targets import SliceTarget, Target, make_target, painted_target
from napari_emseg.errors import ShapeError
from napari_emseg.types import Stack

PLAIN = AugmentConfig(
    **{each.name: 0.0 for each in AugmentConfig.settings() if each.name.endswith("_probability")}
)
RECIPE = Recipe(augment=PLAIN, train=TrainConfig(patch_size=32, batch_size=50))


def of_one_value(value: float, shape: tuple[int, int, int], weight: float = 1.0) -> PatchSource:
    """Slices of one grey value, so that a patch says where it comes from."""
    plane = np.full(shape[1:], value, np.float32)
    taught = SliceTarget(plane.astype(np.uint8), np.ones(shape[1:], np.float32))
    slices = range(shape[0])
    target = Target(shape, dict.fromkeys(slices, taught))
    return PatchSource(dict.fromkeys(slices, plane), target, tuple(slices), weight)


def drawn_from(sources: list[PatchSource], steps: int = 20) -> np.ndarray:
    batches = [make_batch(sources, RECIPE, epoch=1, step=k)[0] for k in range(steps)]
    return np.concatenate(batches)[:, 0, 0, 0]


def test_each_source_is_drawn_alike_however_long_it_is():
    drawn = drawn_from([of_one_value(1, (40, 64, 64)), of_one_value(2, (1, 40, 100))])
    assert 0.45 < np.mean(drawn == 1) < 0.55


def test_sources_are_drawn_by_their_weights():
    drawn = drawn_from([of_one_value(1, (4, 64, 64)), of_one_value(2, (4, 64, 64), weight=3)])
    assert 0.2 < np.mean(drawn == 1) < 0.3


def test_draws_depend_on_seed_epoch_and_step_alone():
    sources = [of_one_value(k, (3, 64, 64)) for k in range(3)]
    np.testing.assert_array_equal(drawn_from(sources), drawn_from(sources))
    assert (
        drawn_from(sources, 1) != make_batch(sources, RECIPE, epoch=2, step=0)[0][:, 0, 0, 0]
    ).any()


def test_neighbours_stay_within_their_source():
    sources = [of_one_value(k, (3, 64, 64)) for k in (1, 2)]
    recipe = Recipe(NetworkConfig(input_slices=3), PLAIN, RECIPE.train)
    image, *_ = make_batch(sources, recipe, epoch=1, step=0)
    assert (np.ptp(image, axis=(1, 2, 3)) == 0).all()


# -- pixels -------------------------------------------------------------------------------------


def square_cells(edge: int, period: int, wall: int) -> np.ndarray:
    line = np.arange(edge) % period >= wall
    return np.outer(line, line).astype(np.uint8)


def source_of(labels: np.ndarray, resampling: Resampling, meaning="mask") -> Source:
    noise = np.random.default_rng(0).normal(0, 3, labels.shape)
    images = Stack((80 + 90 * (labels > 0) + noise).astype(np.uint8))
    target = painted_target(labels, meaning, TrainConfig())
    split = split_target(target, fraction=0.5)
    return Source(images, target, split, resampling, target.at(resampling))


@pytest.mark.parametrize("factor", [2.0, 1.5, 1.15, 0.5, 0.7])
def test_image_classes_and_weights_of_a_resampled_slice_lie_on_one_another(factor):
    labels = np.stack([square_cells(120, 40, 8)] * 2)
    patches = source_of(labels, Resampling(factor, factor)).patches
    image, taught = patches.images[0], patches.target[0]
    assert image.shape == taught.classes.shape == taught.weights.shape == patches.shape
    assert patches.shape == (round(120 * factor),) * 2
    # between membrane and cell, which differ by more than two deviations, half way is zero
    middle = (image.min() + image.max()) / 2
    assert np.mean((image > middle) == taught.classes) > 1 - 0.5 * 12 / (120 * factor)
    membrane = taught.classes == 0
    assert taught.weights[membrane].mean() > taught.weights[~membrane].mean()
    # centres of mass of cells are half a pixel apart at most
    wall = np.flatnonzero(membrane[round(20 * factor)])
    dark = np.flatnonzero(image[round(20 * factor)] < middle)
    assert abs(wall.mean() - dark.mean()) < 0.5


def test_patches_of_other_pixels_show_the_same_place():
    """A stack at 8 nm, for a network at 4 nm, looks as the same tissue at 4 nm does."""
    fine = np.stack([square_cells(256, 64, 16)] * 2)
    coarse = fine[:, 1::2, 1::2]
    own = source_of(fine, Resampling()).patches
    fitted = source_of(coarse, Resampling(2.0, 2.0)).patches
    assert fitted.shape == own.shape
    recipe = Recipe(augment=AugmentConfig(noise_probability=0.0), train=RECIPE.train)
    for ours, theirs in zip(
        make_batch([fitted], recipe, epoch=1, step=0)[1:],
        make_batch([own], recipe, epoch=1, step=0)[1:],
        strict=True,
    ):
        assert np.mean(np.abs(ours.astype(float) - theirs) < 0.2) > 0.9


def test_touching_cells_stay_apart_at_any_pixel_size():
    ids = np.ones((2, 90, 90), np.int32)
    ids[:, :, 45:] = 2
    for factor in (0.3, 0.5, 1.5, 3.0):
        classes = source_of(ids, Resampling(factor, factor), "instances").patches.target[0].classes
        assert (classes[5] == 0).sum() == 2, factor


def test_a_slice_is_normalised_before_it_is_resampled_as_in_a_prediction():
    noise = np.random.default_rng(0).integers(0, 255, (1, 64, 64), np.uint8)
    resampling = Resampling(0.5, 0.5)
    expected = resampling.to_network(normalise_tissue(noise[0])[np.newaxis])[0]
    np.testing.assert_array_equal(NormalisedSlices(Stack(noise), resampling)[0], expected)


def test_of_a_divided_slice_no_column_that_validates_trains_at_other_pixels():
    labels = square_cells(120, 40, 8)[np.newaxis]
    source = source_of(labels, Resampling(1.3, 1.3))
    trained = np.flatnonzero(source.patches.target[0].known.any(axis=0))
    assert source.split.cut * 1.3 - 1 <= trained[-1] + 1 <= source.split.cut * 1.3


def test_shapes_that_differ():
    target = make_target(np.stack([square_cells(64, 16, 3)] * 2), "mask", TrainConfig())
    with pytest.raises(ShapeError, match="labels: expected the image's shape"):
        Source(Stack(np.zeros((2, 32, 32))), target, Split((0,), (1,)))


@pytest.mark.parametrize("dtype", [np.uint8, np.int64, np.uint32, bool])
def test_labels_of_any_kind_are_resampled_without_new_values(dtype):
    labels = np.arange(12).reshape(3, 4).astype(dtype)
    resampled = Resampling(2.0, 1.5).nearest(labels)
    assert resampled.dtype == dtype
    assert resampled.shape == (6, 6)
    np.testing.assert_array_equal(resampled[::2, ::3], labels[:, [0, 2]])
