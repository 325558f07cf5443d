from __future__ import annotations

import numpy as np
import pytest

from napari_emseg.core.segment.plausibility import doubt_about


@pytest.fixture
def slice_of_cells():
    """An image (Y, X) of dark membranes in a grid, and the probability of cell that is right."""
    lines = np.zeros((200, 200), bool)
    for at in range(0, 200, 20):
        lines[at : at + 4] = lines[:, at : at + 4] = True
    image = np.where(lines, 60, 180) + np.random.default_rng(0).normal(0, 10, lines.shape)
    return image.clip(0, 255).astype(np.uint8), np.where(lines, 0.02, 0.98).astype(np.float32)


def test_nothing_is_odd_about_a_good_prediction(slice_of_cells):
    assert doubt_about(*slice_of_cells, 0.5) == ""


def test_all_cell_and_all_membrane(slice_of_cells):
    image, probability = slice_of_cells
    assert "100% of the slice is predicted as cell" in doubt_about(image, probability * 0 + 1, 0.5)
    assert "100% of the slice is predicted as mem" in doubt_about(image, probability * 0, 0.5)


def test_an_inverted_image(slice_of_cells):
    image, probability = slice_of_cells
    assert "is probably inverted" in doubt_about(255 - image, probability, 0.5)


def test_a_cell_over_most_of_the_slice(slice_of_cells):
    image, probability = slice_of_cells
    probability[:, 8:12] = probability[8:12] = 0.98
    for at in range(0, 200, 20):
        probability[at + 8 : at + 10] = 0.98
    assert "One cell covers" in doubt_about(image, probability, 0.5)


def test_a_model_that_is_unsure(slice_of_cells):
    image, probability = slice_of_cells
    assert "unsure of 100%" in doubt_about(image, 0.5 + 0.2 * (probability - 0.5), 0.5)


def test_a_rim_does_not_count(slice_of_cells):
    image, probability = (np.pad(each, 100) for each in slice_of_cells)
    assert doubt_about(image, probability, 0.5) == ""


def test_too_little_to_tell(slice_of_cells):
    image, probability = (each[:50, :50] for each in slice_of_cells)
    assert doubt_about(image, probability * 0, 0.5) == ""
