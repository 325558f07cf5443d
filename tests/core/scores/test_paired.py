"""Two predictions against each other, slice by slice."""

from __future__ import annotations

import pytest
from scipy.stats import wilcoxon

from napari_emseg.core.scores.paired import Paired


def scores(*values):
    return dict(enumerate(values))


def test_second_less_first_over_the_slices_that_both_have():
    paired = Paired.of({0: 0.5, 1: 0.75, 2: 0.5}, {1: 1.0, 2: 0.25, 3: 1.0})
    assert paired.differences == {1: 0.25, 2: -0.25}
    assert paired.mean == 0
    assert paired.wins == (1, 1)


def test_the_test_is_wilcoxons():
    first, second = [0.8, 0.82, 0.9, 0.7, 0.6, 0.85, 0.9], [0.85, 0.9, 0.93, 0.8, 0.61, 0.87, 0.88]
    paired = Paired.of(scores(*first), scores(*second))
    assert paired.p_value == pytest.approx(wilcoxon(second, first).pvalue)
    assert "may well be chance" in paired.verdict("V_rand") or paired.p_value < 0.05


def test_a_better_one_on_every_slice_is_no_chance():
    first = scores(*(0.8 + k / 100 for k in range(8)))
    paired = Paired.of(first, {z: value + 0.01 * (z + 1) for z, value in first.items()})
    assert paired.p_value == pytest.approx(2 / 2**8)
    assert "unlikely to be chance" in paired.verdict("V_rand")


@pytest.mark.parametrize("count", [1, 5])
def test_too_few_slices_are_told(count):
    paired = Paired.of(scores(*[0.5] * count), scores(*[0.6] * count))
    assert paired.p_value is None
    assert f"Too few slices differ ({count})" in paired.verdict("V_rand")


def test_equal_slices_are_no_win_and_count_in_no_test():
    paired = Paired.of(scores(*[0.5] * 9), scores(*[0.5] * 9))
    assert paired.p_value is None
    assert paired.wins == (0, 0)


def test_nothing_in_common_is_told():
    assert "No slice" in Paired.of({0: 1.0}, {1: 1.0}).verdict("V_rand")
