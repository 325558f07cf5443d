"""Parts of a graph that blocks give, put together, are the graph of one go."""

from __future__ import annotations

import numpy as np
import pytest
from scipy.ndimage import gaussian_filter

import napari_emseg as em
from napari_emseg.core.cells3d.agglomerate import Evidence, agglomerate, joined_pairs
from napari_emseg.core.cells3d.block_graph import BlockGraph, same_over_border, slices_around
from napari_emseg.core.cells3d.by_parts import solve_by_parts
from napari_emseg.core.cells3d.volume_cells import cut_plane, fragment_volume
from napari_emseg.core.config.cells import CellsConfig
from napari_emseg.model.packages.edges import read_edges


@pytest.fixture(scope="module")
def model():
    return read_edges(em.load_model("default"))


@pytest.fixture(scope="module")
def walls():
    """Probabilities of nine slices, of which two beside a border between blocks hold nothing."""
    noise = gaussian_filter(np.random.default_rng(0).normal(size=(9, 96, 128)), (1, 5, 5))
    probability = np.clip(1.5 * np.abs(noise) / noise.std(), 0, 1).astype(np.float32)
    probability[3:5] = 0
    return probability


def pairs_of(evidence):
    low, high = np.sort([evidence.first, evidence.second], axis=0)
    order = np.lexsort((evidence.size, high, low))
    return [each[order] for each in (low, high, evidence.logit, evidence.size)]


@pytest.mark.parametrize("depth", [1, 3, 4])
def test_edges_of_all_blocks_are_those_of_one_go_also_over_missing_sections(walls, model, depth):
    whole = np.zeros(walls.shape, np.int32)
    graph = fragment_volume(walls, whole)
    planes = [cut_plane(plane, 0.5, CellsConfig()) for plane in walls]
    counts = np.array([fragments.max() for _, fragments in planes], np.int64)
    before = np.cumsum(counts) - counts
    found = []
    for start in range(0, len(walls), depth):
        inner = slice(start, min(start + depth, len(walls)))
        needed = slices_around(counts, inner)
        slices = [(*planes[z][::-1], int(before[z])) for z in needed]
        own = [inner.start <= z < inner.stop for z in needed]
        found.append(BlockGraph.of(slices, own, model))
    np.testing.assert_array_equal(np.concatenate([each.area for each in found]), graph.area)
    one = Evidence.of(graph, model)
    parts = [each.evidence for each in found]
    all_parts = Evidence(
        *(
            np.concatenate([getattr(each, name) for each in parts])
            for name in ("first", "second", "logit", "size")
        )
    )
    for ours, theirs in zip(pairs_of(all_parts), pairs_of(one), strict=True):
        # the last digit of a float32 feature depends on where it lies in memory
        np.testing.assert_allclose(ours, theirs, rtol=1e-6, atol=1e-5)


def test_slices_that_a_block_needs():
    counts = np.array([2, 0, 3, 1, 0, 0, 4, 5, 6])
    assert slices_around(counts, slice(2, 4)) == [0, 2, 3, 6, 7]
    assert slices_around(counts, slice(0, 2)) == [0, 2, 3]
    assert slices_around(counts, slice(4, 6)) == []
    assert slices_around(counts, slice(8, 9)) == [7, 8]


def test_what_a_border_has_cut_is_one_again():
    mine, theirs = np.zeros((2, 4, 6), np.int32)
    mine[:, :3], mine[:, 3:] = 5, 2
    theirs[:, :3], theirs[:2, 3:], theirs[2:, 3:] = 1, 7, 8
    assert same_over_border(mine, theirs).tolist() == [[5, 1]]
    assert same_over_border(mine * 0, theirs).shape == (0, 2)
    assert joined_pairs(5, np.array([[0, 3], [3, 4]])).tolist() == [0, 1, 2, 0, 0]


def test_parts_that_are_solved_first_join_over_their_borders():
    chain = np.arange(7)
    for_it = Evidence(chain, chain + 1, np.full(7, 3.0), np.ones(7))
    part = np.repeat([0, 1], 4)
    assert len(set(solve_by_parts(8, for_it, part).tolist())) == 1
    logit = np.full(7, 3.0)
    logit[[1, 5]] = -5
    cut = Evidence(chain, chain + 1, logit, np.ones(7))
    np.testing.assert_array_equal(solve_by_parts(8, cut, part), agglomerate(8, cut))
