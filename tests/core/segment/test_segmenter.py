from __future__ import annotations

import numpy as np
import pytest
from scipy import ndimage

from napari_emseg.core.config.prediction import MaskConfig
from napari_emseg.core.segment.postprocess import to_cells, to_mask
from napari_emseg.core.segment.segmenter import DTYPES, Segmenter

RULES = MaskConfig(smallest_cell_px=4)


@pytest.fixture
def probability() -> np.ndarray:
    """Blobs (Z, Y, X) that change from slice to slice."""
    noise = ndimage.gaussian_filter(np.random.default_rng(0).normal(size=(6, 60, 70)), (1, 3, 3))
    return np.clip(0.5 + noise / noise.std() / 2, 0, 1).astype(np.float32)


def made(what, probability):
    segmenter = Segmenter(what, RULES)
    return np.stack([segmenter(z, each[..., None]) for z, each in enumerate(probability)])


@pytest.mark.parametrize("what", DTYPES)
def test_each_is_what_the_whole_stack_would_be(what, probability):
    mask = to_mask(probability, RULES)
    expected = {
        "probability": probability, "mask": mask * 255, "cells": to_cells(probability, RULES),
        "classes": mask + 1,
    }  # fmt: skip
    found = made(what, probability)
    assert found.dtype == DTYPES[what]
    np.testing.assert_array_equal(found, expected[what])


def test_further_classes():
    channels = np.zeros((3, 30, 30, 3), np.float32)
    channels[0, ..., 0], channels[1, ..., 1], channels[2, ..., 2] = 1, 1, 1
    segmenter = Segmenter("classes", RULES)
    assert [np.unique(segmenter(z, channels[z])).tolist() for z in range(3)] == [[1], [2], [3]]


def test_cells_go_on_as_if_there_had_been_no_stop(probability):
    whole = made("cells", probability)
    for stop in range(1, 6):
        segmenter = Segmenter("cells", RULES)
        segmenter.go_on(stop - 1, whole[stop - 1], last_id=int(whole[:stop].max()))
        for z in range(stop, 6):
            np.testing.assert_array_equal(segmenter(z, probability[z][..., None]), whole[z])
