"""Where a cell is parted."""

from __future__ import annotations

from itertools import combinations

import numpy as np
import pytest
from tests.core.proofread.made_cells import chain, random_volume

from napari_emseg.core.proofread.cut import CutGraph


def graph_of(volume) -> CutGraph:  # type: ignore[no-untyped-def]
    return CutGraph(volume.graph.count, volume.evidence)


def test_a_chain_is_parted_where_it_is_weakest() -> None:
    side = graph_of(chain(3, 3, -1, 3)).side(np.arange(5), [0], [4])
    assert side.tolist() == [True, True, True, False, False]


def test_a_link_is_not_parted_where_anything_else_can_be() -> None:
    side = graph_of(chain(3, 3, -1, 3)).side(np.arange(5), [0], [4], links=[(2, 3)])
    assert side[2] == side[3]
    assert side.tolist() in ([True] * 4 + [False], [True] + [False] * 4, [True, True] + [False] * 3)


def test_what_hangs_together_by_a_link_alone_can_be_parted() -> None:
    side = graph_of(chain(3)).side(np.arange(2), [0], [1], links=[(0, 1)])
    assert side.tolist() == [True, False]


def test_members_are_numbered_by_themselves() -> None:
    side = graph_of(chain(3, 3, 3, -1, 3)).side(np.arange(2, 6), [2], [5])
    assert side.tolist() == [True, True, False, False]


@pytest.mark.parametrize("seed", range(8))
def test_no_other_cut_is_cheaper(seed: int) -> None:
    """All ways to part nine fragments are tried."""
    volume = random_volume(9, 20, np.random.default_rng(seed))
    evidence = volume.evidence
    held = evidence.size * np.logaddexp(0, evidence.logit)

    def cost(side: np.ndarray) -> float:
        return float(held[side[evidence.first] != side[evidence.second]].sum())

    found = graph_of(volume).side(np.arange(9), [0], [8])
    assert found[0]
    assert not found[8]
    others = [
        np.isin(np.arange(9), [0, *more]) for n in range(8) for more in combinations(range(1, 8), n)
    ]
    assert cost(found) == pytest.approx(min(map(cost, others)), rel=1e-6)


@pytest.mark.parametrize("seed", range(5))
def test_either_side_as_a_whole_gives_the_same_cut(seed: int) -> None:
    graph = graph_of(random_volume(40, 120, np.random.default_rng(seed)))
    members = np.arange(40)
    side = graph.side(members, [0], [39])
    assert (graph.side(members, members[side], [39]) == side).all()
    assert (graph.side(members, [0], members[~side]) == side).all()


def test_a_cell_of_thousands_of_fragments_is_parted_in_a_moment() -> None:
    """Its capacities, which are large, stay whole numbers of 32 bits."""
    volume = chain(*([8.0] * 2500), -3.0, *([8.0] * 2499))
    side = graph_of(volume).side(np.arange(5001), [0], [5000])
    assert side.sum() == 2501
