"""The graph of fragments, and what its edges look like in numbers."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from napari_emseg.core.cells3d.edges import ACROSS, BORDER, N_BORDER, N_OVERLAP, NEXT
from napari_emseg.core.cells3d.graph import FEATURES, GraphBuilder, learned_scale

HALVES = np.ones((10, 20), np.int32)
HALVES[:, 10:] = 2
LIGHT = np.full((10, 20), 0.9, np.float32)


def built(*slices: tuple[np.ndarray, np.ndarray], nm: tuple[float, float, float] | None = None):
    builder = GraphBuilder(voxel_size_nm=nm)
    for fragments, probability in slices:
        builder.add(fragments, probability)
    return builder.finish()


def test_numbers_of_features_are_as_declared() -> None:
    graph = built(*[(HALVES, LIGHT)] * 3)
    assert FEATURES == {BORDER: N_BORDER, NEXT: N_OVERLAP, ACROSS: N_OVERLAP}
    for kind, edges in graph.edges.items():
        assert edges.features.shape == (len(edges), FEATURES[kind])
        assert np.isfinite(edges.features).all()


def test_border_has_its_length_and_probability() -> None:
    dark = LIGHT.copy()
    dark[:, 9:11] = 0.2
    edges = built((HALVES, dark)).edges[BORDER]
    assert (edges.first.tolist(), edges.second.tolist()) == ([0], [1])
    assert edges.size.tolist() == [10]
    assert edges.features[0, 0] == pytest.approx(np.log(10))
    assert edges.features[0, 1] == pytest.approx(0.2)


def test_overlaps_have_their_areas() -> None:
    other = np.ones((10, 20), np.int32)
    other[:, 15:] = 2
    edges = built((HALVES, LIGHT), (other, LIGHT)).edges[NEXT]
    pairs = list(zip(edges.first.tolist(), edges.second.tolist(), edges.size.tolist(), strict=True))
    assert pairs == [(0, 2, 100), (1, 2, 50), (1, 3, 50)]
    iou = edges.features[:, 6]
    assert iou.tolist() == pytest.approx([100 / 150, 50 / 200, 50 / 100])


def test_ahead_of_the_other_candidates() -> None:
    """Of fragment 1 the halves 2 and 3 overlap alike: neither is ahead; of 0 there is one alone."""
    other = np.ones((10, 20), np.int32)
    other[:, 15:] = 2
    ahead = built((HALVES, LIGHT), (other, LIGHT)).edges[NEXT].features[:, 12:14]
    assert ahead[0].max() == pytest.approx(1.0)  # all of 0, and none of another
    assert ahead[2].min() == pytest.approx(0.0)


def test_edges_reach_over_one_slice_and_over_missing_ones() -> None:
    nothing = (np.zeros((10, 20), np.int32), np.zeros((10, 20), np.float32))
    graph = built((HALVES, LIGHT), nothing, (HALVES, LIGHT), (HALVES, LIGHT))
    assert graph.count == 6
    assert graph.first_of_slice.tolist() == [0, 2, 2, 4]
    pairs = set(zip(graph.edges[NEXT].first, graph.edges[NEXT].second, strict=True))
    assert {(0, 2), (1, 3), (2, 4), (3, 5)} == pairs
    across = set(zip(graph.edges[ACROSS].first, graph.edges[ACROSS].second, strict=True))
    assert across == {(0, 4), (1, 5)}


def test_lengths_are_in_learned_pixels() -> None:
    assert learned_scale(None) == 1
    assert learned_scale((50, 12, 12)) == 2
    graph = built((HALVES, LIGHT), (HALVES, LIGHT), nm=(50, 12, 12))
    assert graph.edges[BORDER].size.tolist() == [20, 20]
    assert graph.edges[NEXT].size.tolist() == [400, 400]
    assert graph.area.tolist() == [400] * 4
    assert graph.volume_um3 == pytest.approx(100 * 12 * 12 * 50 / 1e9)
    assert built((HALVES, LIGHT)).volume_um3 == pytest.approx(100 * 6 * 6 * 30 / 1e9)


def test_a_volume_without_tissue_has_no_fragments() -> None:
    graph = built((np.zeros((4, 4), np.int32), np.zeros((4, 4), np.float32)))
    assert (graph.count, graph.n_edges) == (0, 0)


@given(st.integers(0, 10_000))
@settings(max_examples=20, deadline=None)
def test_numbers_of_the_fragments_do_not_matter(seed: int) -> None:
    rng = np.random.default_rng(seed)
    plain, renamed, names, count = [], [], [], 0
    for _ in range(int(rng.integers(1, 5))):
        blocks = rng.integers(1, 7, (3, 4))
        ids = np.kron(np.unique(blocks, return_inverse=True)[1].reshape(3, 4) + 1, np.ones((5, 6)))
        order = rng.permutation(int(ids.max()))
        probability = rng.random(ids.shape, np.float32)
        plain.append((ids.astype(np.int32), probability))
        renamed.append((np.r_[0, order + 1][ids.astype(int)].astype(np.int32), probability))
        names.append(order + count)
        count += order.size
    now = np.concatenate(names)
    before, after = built(*plain), built(*renamed)
    np.testing.assert_array_equal(after.area[now], before.area)
    for kind, edges in before.edges.items():
        assert described(after.edges[kind]) == described(edges, now)


def described(edges, names=None) -> list[tuple[float, ...]]:
    """Pairs with size and what is the same from either side, sorted."""
    first, second = (each if names is None else names[each] for each in (edges.first, edges.second))
    pairs = np.sort(np.column_stack([first, second]), axis=1)
    return sorted(zip(*pairs.T.tolist(), edges.size.round(3).tolist(), strict=True))
