"""What the preview shows is what the trainer gets."""

from __future__ import annotations

from contextlib import closing

import numpy as np

from napari_emseg.core.config.augmentation import AugmentConfig
from napari_emseg.core.config.network import NetworkConfig
from napari_emseg.core.config.recipe import Recipe
from napari_emseg.core.config.terms import TermsConfig
from napari_emseg.core.config.training import TrainConfig
from napari_emseg.core.train.patch_preview import preview_patches
from napari_emseg.core.train.slice_split import SliceSplit
from napari_emseg.core.train.source import Source
from napari_emseg.core.train.split import split_target
from napari_emseg.engine.train.request import TrainingData, TrainRequest
from napari_emseg.model.train.run_folder import RunFolder
from napari_emseg.model.train.training import Training
from napari_emseg.types import Stack


def test_the_preview_equals_the_batches_of_the_trainer(tmp_path):
    rng = np.random.default_rng(0)
    images = Stack(rng.integers(0, 255, (4, 80, 96), np.uint8))
    labels = Stack((rng.random((4, 80, 96)) > 0.3).astype(np.uint8), kind="labels")
    recipe = Recipe(
        NetworkConfig(depth=2, base_filters=2, input_slices=3),
        AugmentConfig(elastic_probability=1.0, fold_probability=0.5),
        TrainConfig(patch_size=32, batch_size=2, epochs=2, seed=7),
    )
    roles = SliceSplit.spread(range(4), 0.25)
    request = TrainRequest("mine", TrainingData(images, labels), "mask", roles, recipe)
    shown = preview_patches(request.patch_sources(), recipe, first=0, count=8)

    target = request.data.target("mask", recipe.train, roles)
    split = split_target(target, fraction=0.25, validation=roles.validation)
    training = Training(
        [Source(images, target, split)], recipe, None, RunFolder(tmp_path / "run"),
        TermsConfig(), lambda _: None, lambda: False,
    )  # fmt: skip
    training.prepare(None, resume=False, device="cpu:0")
    with closing(training._batches()) as batches:
        for k in range(4):
            for part, expected in zip(shown, next(batches), strict=True):
                np.testing.assert_array_equal(part[2 * k : 2 * k + 2], expected)
