"""How many steps an epoch has."""

from __future__ import annotations

import pytest

from napari_emseg.core.config import Recipe, TrainConfig
from napari_emseg.core.steps import steps_per_epoch


@pytest.mark.parametrize(
    ("shape", "slices", "patch", "batch", "steps"),
    [((512, 512), 27, 256, 4, 27), ((512, 512), 1, 256, 4, 1), ((20, 20), 5, 256, 4, 1),
     ((512, 512), 2, 64, 1, 128)],
)  # fmt: skip
def test_steps_per_epoch(shape, slices, patch, batch, steps):
    recipe = Recipe(train=TrainConfig(patch_size=patch, batch_size=batch))
    assert steps_per_epoch(shape, slices, recipe) == steps
