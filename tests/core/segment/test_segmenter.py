from __future__ import annotations

from dataclasses import replace

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


def made(what, probability, rules=RULES):
    segmenter = Segmenter(what, rules)
    slices = [each for z, one in enumerate(probability) for each in segmenter(z, one[..., None])]
    return np.stack([*slices, *segmenter.end()])


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
    assert [np.unique(segmenter(z, channels[z])[0]).tolist() for z in range(3)] == [[1], [2], [3]]


@pytest.mark.parametrize("missing", [(), (2,), (3, 4), (0, 1), (6, 7), (0, 4, 5, 7)])
@pytest.mark.parametrize("least", [1, 2, 3, 5])
def test_cells_go_on_as_if_there_had_been_no_stop(least, missing):
    noise = ndimage.gaussian_filter(np.random.default_rng(1).normal(size=(8, 60, 70)), (0.6, 2, 2))
    probability = np.clip(0.5 + noise / noise.std() / 2, 0, 1).astype(np.float32)
    probability[list(missing)] = 0
    rules = replace(RULES, least_slices=least)
    whole = made("cells", probability, rules)
    tissue = [z for z in range(8) if z not in missing]
    for stop in range(1, 9):
        segmenter = Segmenter("cells", rules)
        there = [z for z in tissue if z < stop]
        if segmenter.slices_again:
            first = there[-segmenter.slices_again :][:1] or [0]
            for z in range(first[0], stop):
                segmenter(z, probability[z][..., None])
        last = there[-1] if there else 0
        segmenter.go_on(stop - 1, whole[last], last_id=int(whole[:stop].max()))
        rest = [each for z in range(stop, 8) for each in segmenter(z, probability[z][..., None])]
        rest += segmenter.end()
        np.testing.assert_array_equal(np.reshape(rest, (-1, 60, 70)), whole[stop:])
        assert segmenter.count.cells == whole.max()


def test_cells_are_held_until_they_are_long_enough(probability):
    segmenter = Segmenter("cells", replace(RULES, least_slices=3))
    assert [len(segmenter(z, each[..., None])) for z, each in enumerate(probability)] == [
        0, 0, 1, 1, 1, 1,
    ]  # fmt: skip
    assert len(segmenter.end()) == 2
