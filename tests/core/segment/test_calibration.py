"""Probabilities fitted to the tissue of a stack."""

from __future__ import annotations

import numpy as np
import pytest

from napari_emseg.core.segment.calibration import Calibration, logits, membrane_share

SHARES = (0.25, 0.3)


def tissue(faint, size=512, seed=0):
    """Probability of cell where a quarter is membrane, whose log odds are ``faint`` too high."""
    rng = np.random.default_rng(seed)
    membrane = rng.random((size, size)) < 0.25
    odds = np.where(membrane, -2.0, 2.0) + rng.normal(0, 1, (size, size)) + faint
    return (1 / (1 + np.exp(-odds))).astype(np.float32)


@pytest.mark.parametrize("faint", [1.0, 2.0])
def test_faint_membranes_are_found_again(faint):
    calibration = Calibration.of([tissue(faint)], 0.5, SHARES)
    assert -2.5 <= calibration.shift < -0.5
    again = calibration(tissue(faint)[..., np.newaxis])[..., 0]
    assert again.dtype == np.float32
    assert membrane_share(again, 0.5) == pytest.approx(SHARES[0], abs=0.005)


def test_too_much_membrane_becomes_less():
    calibration = Calibration.of([tissue(-2.0)], 0.5, SHARES)
    assert calibration.shift > 0
    again = calibration(tissue(-2.0)[..., np.newaxis])[..., 0]
    assert membrane_share(again, 0.5) == pytest.approx(SHARES[1], abs=0.005)


def test_tissue_like_that_which_was_learned_stays_as_it_is():
    channels = tissue(0.0)[..., np.newaxis]
    calibration = Calibration.of([channels[..., 0]], 0.5, (0.2, 0.3))
    assert calibration == Calibration()
    assert calibration(channels) is channels


def test_inside_a_large_cell_no_membrane_is_made_up():
    sample = tissue(0.0, 1024)
    sample[:, :896] = 0.999  # a soma, beside a strip of neuropil
    assert Calibration.of([sample], 0.5, (0.2, 0.3)) == Calibration()
    assert Calibration.of([np.full((512, 512), 0.999, np.float32)], 0.5, SHARES) == Calibration()


def test_what_is_no_tissue_does_not_count():
    sample = tissue(1.0)
    half = sample.copy()
    half[:, :256] = np.nan
    found = [Calibration.of([each], 0.5, SHARES).shift for each in (sample, half)]
    assert found[0] == pytest.approx(found[1], abs=0.1)
    assert Calibration.of([np.full((64, 64), np.nan, np.float32)], 0.5, SHARES) == Calibration()
    assert Calibration.of([], 0.5, SHARES) == Calibration()


def test_the_order_of_probabilities_and_their_ends_stay():
    channels = np.linspace(0, 1, 101, dtype=np.float32).reshape(1, -1, 1)
    shifted = Calibration(-1.5)(channels).ravel()
    assert (np.diff(shifted) > 0).all()
    assert shifted[0] == 0
    assert shifted[-1] == 1
    np.testing.assert_allclose(
        logits(shifted)[1:-1], logits(channels.ravel())[1:-1] - 1.5, atol=1e-3
    )


def test_further_classes_keep_their_proportions():
    channels = np.array([[[0.5, 0.4, 0.1], [1.0, 0.0, 0.0], [0.0, 0.25, 0.75]]], np.float32)
    shifted = Calibration(-1.0)(channels)
    np.testing.assert_allclose(shifted.sum(axis=-1), 1, atol=1e-6)
    assert shifted[0, 0, 0] == pytest.approx(1 / (1 + np.exp(-1.0)), abs=1e-5)
    np.testing.assert_allclose(shifted[0, 0, 1] / shifted[0, 0, 2], 4, rtol=1e-4)
    np.testing.assert_allclose(shifted[0, 1:], channels[0, 1:], atol=1e-6)
