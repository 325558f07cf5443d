"""Clusters of a graph by mean evidence."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from tests.core.cells3d.plain_agglomeration import plain_clusters

from napari_emseg.core.cells3d.agglomerate import (
    LEVELS,
    Evidence,
    Hierarchy,
    agglomerate,
    bias_of,
    in_order,
)


def evidence(*edges: tuple[int, int, float, float]) -> Evidence:
    first, second, logit, size = (np.array(each) for each in zip(*edges, strict=True))
    return Evidence(first.astype(np.int64), second.astype(np.int64), logit * 1.0, size * 1.0)


def random_evidence(seed: int) -> tuple[int, Evidence]:
    rng = np.random.default_rng(seed)
    count = int(rng.integers(2, 14))
    pairs = np.array([(a, b) for a in range(count) for b in range(a + 1, count)])
    pairs = pairs[rng.random(len(pairs)) < 0.5]
    n = len(pairs)
    return count, Evidence(
        pairs[:, 0].astype(np.int64), pairs[:, 1].astype(np.int64),
        rng.normal(0, 2, n), rng.uniform(0.2, 5, n),
    )  # fmt: skip


def test_joins_what_evidence_is_for_and_no_more() -> None:
    clusters = agglomerate(4, evidence((0, 1, 2.0, 1), (1, 2, -1.0, 1), (2, 3, 0.5, 1)))
    assert clusters.tolist() == [0, 0, 1, 1]


def test_large_contact_outweighs_a_gap() -> None:
    """0 and 2 are surely one; then what joins 1 with 2 must outweigh what parts it from 0."""
    gap = evidence((0, 1, -2.0, 10), (0, 2, 3.0, 5), (1, 2, 2.5, 1))
    assert agglomerate(3, gap).tolist() == [0, 1, 0]
    wide = evidence((0, 1, -2.0, 1), (0, 2, 3.0, 5), (1, 2, 2.5, 10))
    assert agglomerate(3, wide).tolist() == [0, 0, 0]


@given(st.integers(0, 10_000))
@settings(max_examples=60, deadline=None)
def test_as_the_plain_form_has_it(seed: int) -> None:
    count, graph = random_evidence(seed)
    for merging in (0.3, 0.5, 0.7):
        expected = plain_clusters(count, graph, bias_of(merging))
        assert agglomerate(count, graph, merging).tolist() == expected.tolist()


@given(st.integers(0, 10_000))
@settings(max_examples=40, deadline=None)
def test_hierarchy_is_the_direct_solution_at_every_level(seed: int) -> None:
    count, graph = random_evidence(seed)
    hierarchy = Hierarchy.of(count, graph)
    for level in LEVELS[1:-1]:
        assert hierarchy.at(level).tolist() == plain_clusters(count, graph, bias_of(level)).tolist()


@given(st.integers(0, 10_000))
@settings(max_examples=40, deadline=None)
def test_names_of_the_nodes_do_not_matter(seed: int) -> None:
    count, graph = random_evidence(seed)
    renamed = np.random.default_rng(seed).permutation(count)
    other = Evidence(renamed[graph.first], renamed[graph.second], graph.logit, graph.size)
    for merging in (0.3, 0.5, 0.7):
        expected = agglomerate(count, graph, merging)
        assert in_order(agglomerate(count, other, merging)[renamed]).tolist() == expected.tolist()


@given(st.integers(0, 10_000), st.floats(0, 1), st.floats(0, 1))
@settings(max_examples=40, deadline=None)
def test_what_is_together_stays_so_where_more_is_merged(
    seed: int, one: float, other: float
) -> None:
    count, graph = random_evidence(seed)
    less, more = (agglomerate(count, graph, each) for each in sorted((one, other)))
    pairs = {(a, b) for a, b in zip(less.tolist(), more.tolist(), strict=True)}
    assert len(pairs) == less.max() + 1, "each of the smaller clusters lies in one larger one"


def test_ends_of_the_knob() -> None:
    count, graph = 5, evidence((0, 1, 5.0, 1), (1, 2, -5.0, 1), (3, 4, -9.0, 1))
    hierarchy = Hierarchy.of(count, graph)
    assert hierarchy.at(0).tolist() == [0, 1, 2, 3, 4]
    assert hierarchy.at(1).tolist() == [0, 0, 0, 1, 1]


def test_nodes_without_edges_stay_alone() -> None:
    nothing = Evidence(np.zeros(0, np.int64), np.zeros(0, np.int64), np.zeros(0), np.zeros(0))
    assert agglomerate(3, nothing).tolist() == [0, 1, 2]
    assert agglomerate(0, nothing).tolist() == []
    assert Hierarchy.of(3, nothing).at(0.5).tolist() == [0, 1, 2]


def test_same_input_gives_the_same_ids() -> None:
    count, graph = random_evidence(7)
    assert agglomerate(count, graph).tolist() == agglomerate(count, graph).tolist()


def test_numbers_follow_the_first_nodes() -> None:
    assert in_order(np.array([9, 2, 9, 5])).tolist() == [0, 1, 0, 2]


@pytest.mark.parametrize("merging", [0.05, 0.5, 0.95])
def test_between_keeps_means_and_sizes(merging: float) -> None:
    count, graph = random_evidence(3)
    clusters = agglomerate(count, graph, merging)
    between = graph.between(clusters)
    apart = clusters[graph.first] != clusters[graph.second]
    assert between.size.sum() == pytest.approx(graph.size[apart].sum())
    assert (between.size * between.logit).sum() == pytest.approx(
        (graph.size * graph.logit)[apart].sum()
    )


def test_edges_may_come_in_any_order_and_either_way_round() -> None:
    count, graph = random_evidence(11)
    shuffled = np.random.default_rng(0).permutation(graph.first.size)
    turned = Evidence(
        graph.second[shuffled], graph.first[shuffled], graph.logit[shuffled], graph.size[shuffled]
    )
    assert agglomerate(count, turned).tolist() == agglomerate(count, graph).tolist()
