"""Batches depend on seed, epoch and step alone, and are prefetched in order."""

from __future__ import annotations

import threading
import time
from itertools import islice

import numpy as np
import pytest
from scipy import ndimage

from napari_emseg.core.config.augmentation import AugmentConfig
from napari_emseg.core.config.network import NetworkConfig
from napari_emseg.core.config.recipe import Recipe
from napari_emseg.core.config.training import TrainConfig
from napari_emseg.core.train.border_weights import border_weights
from napari_emseg.core.train.patches import make_batch, prefetched_batches
from napari_emseg.core.train.source import PatchSource
from napari_emseg.core.train.targets import SliceTarget, Target, make_target

RECIPE = Recipe(train=TrainConfig(patch_size=32, batch_size=3, seed=5))
PLAIN = AugmentConfig(
    **{each.name: 0.0 for each in AugmentConfig.settings() if each.name.endswith("_probability")}
)


@pytest.fixture(scope="module")
def data():
    rng = np.random.default_rng(0)
    labels = np.zeros((4, 60, 50), np.uint8)
    labels[:, 5:55, 4:20] = labels[:, 5:55, 24:46] = 255
    images = {z: rng.standard_normal((60, 50), dtype=np.float32) for z in range(4)}
    return images, make_target(labels, "mask", RECIPE.train)


def batch_of(data, epoch, step, recipe=RECIPE, slices=(0, 1, 3)):
    return make_batch([PatchSource(*data, slices)], recipe, epoch=epoch, step=step)


def same(a, b):
    return all(np.array_equal(x, y) for x, y in zip(a, b, strict=True))


def test_shapes_and_dtypes(data):
    image, classes, weights = batch_of(data, 1, 0)
    assert image.shape == (3, 32, 32, 1)
    assert classes.shape == weights.shape == (3, 32, 32)
    assert (image.dtype, classes.dtype, weights.dtype) == (np.float32, np.uint8, np.float32)


def test_a_batch_depends_on_seed_epoch_and_step_alone(data):
    first = batch_of(data, 2, 7)
    batch_of(data, 2, 8)
    assert same(first, batch_of(data, 2, 7))
    other_seed = Recipe(train=TrainConfig(patch_size=32, batch_size=3, seed=6))
    for other in (batch_of(data, 2, 8), batch_of(data, 7, 2), batch_of(data, 2, 7, other_seed)):
        assert not same(first, other)


@pytest.mark.parametrize("meaning", ["mask", "scribbles", "instances"])
@pytest.mark.parametrize("seen", [1, 3])
def test_batches_are_those_of_maps_of_the_whole_stack(meaning, seen):
    """Bit for bit what they are where classes and weights are held for all slices."""
    rng = np.random.default_rng(3)
    labels = np.zeros((7, 60, 50), np.uint8)
    for z in (1, 2, 5):
        labels[z, 4:50, 4:20], labels[z, 4:50, 21 + z : 46] = 1, 2
    images = {z: rng.standard_normal((60, 50), dtype=np.float32) for z in range(7)}
    recipe = Recipe(NetworkConfig(input_slices=seen), train=RECIPE.train)
    classes, weights = maps_of_the_whole_stack(labels, meaning, recipe.train)
    whole = Target(labels.shape, {z: SliceTarget(classes[z], weights[z]) for z in range(7)})
    target = make_target(labels, meaning, recipe.train)
    for epoch, step in [(1, 0), (1, 1), (2, 0)]:
        batches = (
            make_batch([PatchSource(images, each, (1, 2, 5))], recipe, epoch=epoch, step=step)
            for each in (target, whole)
        )
        assert same(*batches)


def maps_of_the_whole_stack(labels, meaning, config):
    """Classes and weights (Z, Y, X) as numpy makes them of all slices at once."""
    known = labels != 0 if meaning == "scribbles" else np.ones(labels.shape, bool)
    classes = (labels > 1 if meaning == "scribbles" else labels != 0).astype(np.uint8)
    labelled = labels.any((1, 2))
    pixels = np.bincount(classes[labelled][known[labelled]], minlength=2)
    balance = (pixels.sum() / (2 * pixels)).astype(np.float32)
    weights = np.zeros(labels.shape, np.float32)
    for z in np.flatnonzero(labelled):
        cells = labels[z] if meaning == "instances" else ndimage.label(classes[z])[0]
        border = border_weights(cells, config.border_weight, config.border_sigma_px)
        weights[z] = (balance[classes[z]] + border) * known[z]
    return classes, weights


def test_every_given_slice_is_drawn_and_no_other(data):
    images, target = data
    marked = {z: np.full((60, 50), z, np.float32) for z in images}
    plain = Recipe(augment=PLAIN, train=RECIPE.train)
    drawn = {
        value
        for step in range(12)
        for value in np.unique(batch_of((marked, target), 1, step, plain)[0])
    }
    assert drawn == {0, 1, 3}


def test_the_neighbours_come_along(data):
    """Slices of one grey value each, so that a patch says which slices it was cut from."""
    _, target = data
    marked = {z: np.full((60, 50), z, np.float32) for z in range(4)}
    recipe = Recipe(NetworkConfig(input_slices=3), PLAIN, RECIPE.train)
    seen = set()
    for step in range(8):
        image, *_ = batch_of((marked, target), 1, step, recipe)
        assert image.shape == (3, 32, 32, 3)
        assert (np.ptp(image, axis=(1, 2)) == 0).all()
        seen |= {tuple(each) for each in image[:, 0, 0].tolist()}
    assert seen == {(0, 0, 1), (0, 1, 2), (2, 3, 3)}


@pytest.mark.parametrize("count", [0, 1, 3, 4, 5, 40])
def test_prefetch_keeps_the_order(count):
    assert list(prefetched_batches(lambda k: k * k, count)) == [k * k for k in range(count)]


def test_prefetch_works_ahead_in_another_thread():
    threads = set()
    prefetch = threading.Event()

    def make(k):
        threads.add(threading.get_ident())
        if k == 2:
            prefetch.set()
        return k

    made = prefetched_batches(make, 10)
    assert next(made) == 0
    assert prefetch.wait(10)
    assert list(made) == list(range(1, 10))
    assert threading.get_ident() not in threads


def test_prefetch_hands_errors_on():
    def make(k):
        if k == 3:
            raise ZeroDivisionError("step 3")
        return k

    made = prefetched_batches(make, 10)
    assert list(islice(made, 3)) == [0, 1, 2]
    with pytest.raises(ZeroDivisionError, match="step 3"):
        next(made)


def test_prefetch_can_be_left_early():
    calls = []

    def make(k):
        calls.append(k)
        time.sleep(0.01)
        return k

    begun = time.monotonic()
    for k in prefetched_batches(make, 100_000):
        if k == 2:
            break
    assert time.monotonic() - begun < 5
    assert len(calls) < 20
    assert not [t for t in threading.enumerate() if t.name.startswith("emseg-patches")]
