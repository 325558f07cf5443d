"""Scraps that go to their likeliest neighbour."""

from __future__ import annotations

import numpy as np
import pytest

from napari_emseg.core.cells3d.agglomerate import Evidence
from napari_emseg.core.cells3d.graph import FragmentGraph
from napari_emseg.core.cells3d.small_cells import at_ends, join_small

AREA = np.array([1000.0, 1000.0, 10.0, 10.0, 1000.0, 10.0])
UM3 = 6 * 6 * 30 * 1e-9


def graph() -> FragmentGraph:
    """Two fragments a slice; 2 and 3, in the second one, and 5, in the third, are small."""
    return FragmentGraph(6, np.array([0, 2, 4]), AREA, {})


def evidence(**between: float) -> Evidence:
    pairs = [(int(name[1]), int(name[2]), logit) for name, logit in between.items()]
    first, second, logit = (np.array(each) for each in zip(*pairs, strict=True))
    return Evidence(first, second, logit.astype(float), np.ones(len(pairs)))


ALONE = np.arange(6, dtype=np.int32)


def join(smallest: float = 100 * UM3, merging: float = 0.5, **between: float) -> list[int]:
    return join_small(ALONE, graph(), evidence(**between), smallest, merging).tolist()


def test_goes_to_the_likeliest_neighbour() -> None:
    assert join(_02=-1.0, _12=-0.5, _24=-2.0) == [0, 1, 1, 2, 3, 4]


def test_large_ones_and_those_at_the_ends_stay() -> None:
    assert join(_01=-0.5, _45=-0.5) == [0, 1, 2, 3, 4, 5]
    assert at_ends(ALONE, graph()).tolist() == [True, True, False, False, True, True]
    assert at_ends(np.array([0, 0, 1, -1, 1, -1]), graph()).tolist() == [True, True]


def test_what_is_most_unlikely_is_not_joined_and_the_knob_moves_that() -> None:
    assert join(_02=-4.0) == [0, 1, 2, 3, 4, 5]
    assert join(_02=-4.0, merging=0.7) == [0, 1, 0, 2, 3, 4]
    assert join(_02=-1.0, merging=0.2) == [0, 1, 2, 3, 4, 5]
    assert join(_02=-1.0, merging=0.0) == [0, 1, 2, 3, 4, 5]


def test_scraps_that_join_one_another_go_on_until_they_are_large() -> None:
    assert join(_23=-0.1, _03=-2.0) == [0, 1, 0, 0, 2, 3]


def test_none_is_joined_where_any_size_will_do() -> None:
    assert join(0.0, _02=5.0) == [0, 1, 2, 3, 4, 5]


@pytest.mark.parametrize("smallest", [0.0, 1.0])
def test_a_volume_without_fragments(smallest: float) -> None:
    nothing = FragmentGraph(0, np.zeros(2, np.int64), np.zeros(0), {})
    none = Evidence(np.zeros(0, np.int64), np.zeros(0, np.int64), np.zeros(0), np.zeros(0))
    assert join_small(np.zeros(0, np.int32), nothing, none, smallest).size == 0
