"""What a training sees, by the API."""

from __future__ import annotations

import numpy as np
import pytest

import napari_emseg as em


def test_patches_are_those_of_the_training_cells_bright_and_counted_as_one():
    image, labels = em.phantom()
    patches, classes, weights = em.training_patches(image, labels, count=3, patch_size=96)
    assert patches.shape == (3, 96, 96, 1)
    assert classes.shape == weights.shape == (3, 96, 96)
    assert set(np.unique(classes)) == {0, 1}
    assert patches[..., 0][classes == 1].mean() > patches[..., 0][classes == 0].mean() + 1
    again, _, _ = em.training_patches(image, labels, count=1, patch_size=96)
    np.testing.assert_array_equal(again[0], patches[0])
    other, _, _ = em.training_patches(image, labels, count=1, patch_size=96, seed=1)
    assert (other[0] != patches[0]).any()


def test_what_labels_are_taken_for_is_said_and_a_wrong_setting_is_named():
    image, labels = em.phantom()
    said = []
    em.training_patches(image, labels, count=1, patch_size=64, on_event=said.append)
    assert "Labels are read as mask" in said[0].message
    with pytest.raises(em.SettingError, match="tta"):
        em.training_patches(image, labels, tta=True)
