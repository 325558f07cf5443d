from __future__ import annotations

import numpy as np
import pytest

from napari_emseg.core.measure.value_scale import ValueScale


def test_few_values_are_all_within():
    scale = ValueScale.of(np.array([2, 4, 3]))
    assert scale == ValueScale(2, 4, False)
    np.testing.assert_allclose(scale.parts(np.array([2, 3, 4])), [0, 0.5, 1])


def test_a_giant_among_many_does_not_stretch_it():
    scale = ValueScale.of(np.append(np.linspace(1, 2, 1000), 1e6))
    assert scale.high < 2.1
    assert scale.parts(np.array([1e6])) == 1


def test_values_over_decades_are_told_apart_by_their_logarithm():
    scale = ValueScale.of(np.array([0.01, 0.1, 1, 10]))
    assert scale.is_log
    np.testing.assert_allclose(scale.parts(np.array([0.01, 0.1, 10])), [0, 1 / 3, 1])
    assert not ValueScale.of(np.array([0, 0.1, 1, 10])).is_log, "0 has none"


def test_what_is_not_known_stays_so():
    scale = ValueScale.of(np.array([1, np.nan, 3]))
    assert np.isnan(scale.parts(np.array([np.nan]))).all()
    assert ValueScale.of(np.array([np.nan])) is None
    assert ValueScale.of(np.zeros(0)) is None


@pytest.mark.parametrize("values", [[5.0, 5.0], [0.001, 10], [1, 2]])
def test_bins_go_from_end_to_end(values):
    scale = ValueScale.of(np.array(values))
    edges = scale.edges(10)
    assert len(edges) == 11
    assert (np.diff(edges) > 0).all()
    assert edges[0] <= values[0] <= values[-1] <= edges[-1] * (1 + 1e-12)


def test_yes_and_no_have_a_scale():
    assert ValueScale.of(np.array([True, False])) == ValueScale(0, 1, False)
