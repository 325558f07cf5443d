"""Predictions fitted to the tissue of a stack."""

from __future__ import annotations

import numpy as np
import pytest

from napari_emseg.engine.segment.calibrate import calibrated
from napari_emseg.model.packages.package import PackageInfo
from napari_emseg.types import Stack

SHAPE = (9, 600, 700)


@pytest.fixture
def tissue():
    return Stack(np.random.default_rng(0).integers(1, 255, SHAPE, np.uint8), (50, 4, 4), "em")


class Predictor:
    """Finds a quarter of a slice to be membrane, and is too sure of cells by ``faint``."""

    def __init__(self, faint):
        self.faint, self.asked = faint, []

    def __call__(self, image, region=None):
        self.asked.append(region)
        part = (image[0] if region is None else image[0][region]).astype(int)
        odds = np.where(part < 64, -2.0, 2.0) + (part % 16 - 8) / 8 + self.faint
        return (1 / (1 + np.exp(-odds))).astype(np.float32)[..., np.newaxis]


def share(channels):
    return float((channels <= 0.5).mean())


def info(shares=(0.24, 0.3)):
    return PackageInfo("model", membrane_shares=shares)


def test_faint_tissue_gets_as_much_membrane_as_was_learned(tissue):
    said, predictor = [], Predictor(2.0)
    predict = calibrated(predictor, tissue, range(9), info(), said.append)
    image = tissue.data[4:5]
    assert share(predictor(image)) < 0.2
    assert share(predict(image)) == pytest.approx(0.24, abs=0.01)
    (line,) = said
    assert "Less membrane was found" in line.message
    assert "switched off (calibrate)" in line.message


def test_three_places_are_looked_at_and_they_are_small(tissue):
    predictor = Predictor(2.0)
    calibrated(predictor, tissue, range(9), info(), lambda _: None)
    assert predictor.asked == [(slice(44, 556), slice(94, 606))] * 3


def test_a_part_is_shifted_as_the_whole_is(tissue):
    predict = calibrated(Predictor(2.0), tissue, [4], info(), lambda _: None)
    image, part = tissue.data[4:5], (slice(10, 90), slice(20, 200))
    np.testing.assert_array_equal(predict(image, region=part), predict(image)[part])


@pytest.mark.parametrize("shares", [None, (0.2, 0.3)])
def test_known_tissue_and_models_that_know_nothing_of_it_are_left_alone(tissue, shares):
    said, predictor = [], Predictor(0.0)
    assert calibrated(predictor, tissue, range(9), info(shares), said.append) is predictor
    assert not said


def test_missing_sections_say_nothing(tissue):
    stack = tissue.with_data(tissue.data.copy())
    stack.data[[0, 8]] = 0
    shifts = [
        calibrated(Predictor(2.0), each, range(9), info(), lambda _: None)(tissue.data[4:5])
        for each in (tissue, stack)
    ]
    np.testing.assert_allclose(*shifts, atol=0.02)
