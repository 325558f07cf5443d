"""A slice of a truth: what it may be, and what is known of it."""

from __future__ import annotations

import numpy as np
import pytest

from napari_emseg.core.scores.truth import TrueSlice
from napari_emseg.errors import LabelsError

CELL, BORDER, COUNT = 20, 3, 4
STEP = CELL + BORDER


@pytest.fixture
def truth():
    """Square cells (Y, X) with membranes three pixels wide between them, as bool."""
    return np.tile(np.pad(np.ones((CELL, CELL), bool), ((0, BORDER), (0, BORDER))), (COUNT, COUNT))


@pytest.mark.parametrize("labels", [np.full((4, 4), -1), np.ones((4, 4))])
def test_scribbles_of_wrong_values_are_told(labels):
    with pytest.raises(LabelsError, match="0 unknown"):
        TrueSlice.read(labels, "scribbles")


def test_a_truth_of_no_numbers_is_told():
    with pytest.raises(LabelsError, match="integers"):
        TrueSlice.read(np.full((2, 2), "a"))


def test_a_truth_can_be_cut_to_what_is_known(truth):
    left = np.zeros_like(truth)
    left[:, :STEP] = True
    cut = TrueSlice.read(truth, "mask").within(left)
    assert cut.cells.max() == COUNT
    assert not cut.within(~left).is_labelled
