"""The grid of patches that a person sees before training."""

from __future__ import annotations

import numpy as np

from napari_emseg.core.config.augmentation import AugmentConfig
from napari_emseg.core.config.network import NetworkConfig
from napari_emseg.core.config.recipe import Recipe
from napari_emseg.core.config.training import TrainConfig
from napari_emseg.core.train.patch_preview import preview_patches
from napari_emseg.core.train.patches import make_batch
from napari_emseg.core.train.source import NormalisedSlices, PatchSource, Source
from napari_emseg.core.train.split import split_target
from napari_emseg.core.train.targets import make_target
from napari_emseg.types import Stack


def source() -> tuple[PatchSource, Stack]:
    rng = np.random.default_rng(0)
    stack = Stack(rng.normal(size=(4, 64, 64)).astype(np.float32))
    labels = (rng.random((4, 64, 64)) > 0.3).astype(np.uint8)
    target = make_target(labels, "mask", TrainConfig())
    return Source(stack, target, split_target(target, fraction=0.25)).patches, stack


def test_patches_go_on_from_step_to_step_and_epoch_to_epoch():
    made, _ = source()
    recipe = Recipe(NetworkConfig(depth=2), train=TrainConfig(patch_size=32, batch_size=2, seed=5))
    # three training slices of four patches each in batches of two: six steps
    image, classes, weights = preview_patches([made], recipe, first=5, count=3)
    assert len(image) == len(classes) == len(weights) == 3
    for k, (epoch, step) in enumerate([(1, 5), (2, 0)]):
        batch = make_batch([made], recipe, epoch=epoch, step=step)
        np.testing.assert_array_equal(image[2 * k : 2 * k + 2], batch[0][: 2 - k])
        np.testing.assert_array_equal(weights[2 * k : 2 * k + 2], batch[2][: 2 - k])


def test_a_setting_changes_its_own_transform_only():
    made, _ = source()
    still = {f"{n}_probability": 0.0 for n in ("elastic", "grid", "rotation", "zoom", "shear")}
    quiet = AugmentConfig(**still, noise_probability=0.0)
    recipes = [
        Recipe(NetworkConfig(depth=2), augment, TrainConfig(patch_size=32))
        for augment in (quiet, AugmentConfig(**still, noise_probability=1.0))
    ]
    before, after = (preview_patches([made], recipe, first=0, count=2) for recipe in recipes)
    np.testing.assert_array_equal(before[1], after[1])
    assert (before[0] != after[0]).any()


def test_slices_are_read_once_and_when_needed():
    _, stack = source()
    read = []

    class Noting(Stack):
        def slice(self, z):
            read.append(z)
            return super().slice(z)

    slices = NormalisedSlices(Noting(stack.data))
    assert len(slices) == 4
    assert abs(float(slices[2].mean())) < 1e-5
    assert slices[2] is slices[2]
    assert read == [2]
