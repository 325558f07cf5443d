"""How many steps an epoch has."""

from __future__ import annotations

from dataclasses import replace

import pytest

from napari_emseg.core.config.recipe import Recipe
from napari_emseg.core.config.training import TrainConfig
from napari_emseg.core.train.steps import steps_per_epoch


@pytest.mark.parametrize(
    ("shape", "slices", "patch", "batch", "steps"),
    [((512, 512), 27, 256, 4, 27), ((512, 512), 1, 256, 4, 1), ((20, 20), 5, 256, 4, 1),
     ((512, 512), 2, 64, 1, 128)],
)  # fmt: skip
def test_steps_per_epoch(shape, slices, patch, batch, steps):
    recipe = Recipe(train=TrainConfig(patch_size=patch, batch_size=batch))
    assert steps_per_epoch([shape] * slices, recipe) == steps


def test_an_epoch_of_few_slices_can_be_made_longer():
    """Each epoch costs a validation and a file."""
    recipe = Recipe(train=TrainConfig(patch_size=256, batch_size=1, least_steps=16))
    assert steps_per_epoch([(512, 512)], recipe) == 16
    assert steps_per_epoch([(512, 512)] * 8, recipe) == 32


def test_an_epoch_of_several_large_stacks_can_be_made_shorter():
    recipe = Recipe(train=TrainConfig(patch_size=256, batch_size=4, most_steps=20))
    shapes = [(512, 512)] * 24 + [(1536, 1536)] * 9
    assert steps_per_epoch(shapes, replace(recipe, train=TrainConfig())) == (24 * 4 + 9 * 36) // 4
    assert steps_per_epoch(shapes, recipe) == 20
    assert steps_per_epoch(shapes[:2], recipe) == 2
