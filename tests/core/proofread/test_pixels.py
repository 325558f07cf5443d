"""Between fragments and pixels."""

from __future__ import annotations

import numpy as np
import pytest
from tests.core.proofread.made_cells import volume_of

from napari_emseg.core.cells3d.graph import FragmentGraph
from napari_emseg.core.proofread.pixels import (
    changed_slices,
    place_between,
    slice_of,
    table_of_labels,
)
from napari_emseg.core.proofread.proofreading import Proofreading

FRAGMENTS = np.zeros((2, 6, 8), np.int32)
FRAGMENTS[0, :, :4], FRAGMENTS[0, :, 4:] = 1, 2
FRAGMENTS[1, :, :3], FRAGMENTS[1, :, 3:] = 3, 4


@pytest.fixture
def graph() -> FragmentGraph:
    return volume_of({(1, 2): 1.0, (1, 3): 3.0, (2, 4): 3.0}, [24, 24, 18, 30], [0, 2]).graph


@pytest.fixture
def cells() -> Proofreading:
    volume = volume_of({(1, 2): 1.0, (1, 3): 3.0, (2, 4): 3.0}, [24, 24, 18, 30], [0, 2])
    return Proofreading(volume, np.array([0, 5, 6, 5, 6]))


def test_a_fragment_is_of_the_cell_that_most_of_its_labelled_pixels_have() -> None:
    labels = np.zeros(FRAGMENTS.shape, np.uint16)
    labels[0, :3, :4], labels[0, 3, :4] = 7, 8  # a third stays membrane
    labels[0, :1, 4:5] = 9  # next to nothing
    labels[1] = 7
    labels[1, :, 7] = 8
    assert table_of_labels(FRAGMENTS, labels, 4).tolist() == [0, 7, 0, 7, 7]


def test_fragments_meet_at_their_border_or_overlap(graph: FragmentGraph) -> None:
    assert [slice_of(each, graph) for each in (1, 2, 3, 4)] == [0, 0, 1, 1]
    z, y, x = place_between(FRAGMENTS, graph, 1, 2)
    assert (z, x) == (0, 3)
    assert 1 <= y <= 4
    z, _, x = place_between(FRAGMENTS, graph, 4, 1)
    assert (z, x) == (1, 3)
    z, y, x = place_between(FRAGMENTS, graph, 3, 2)  # these do not meet
    assert FRAGMENTS[z, y, x] == 3


def labels_of(cells: Proofreading) -> np.ndarray:
    return cells.table[FRAGMENTS].astype(np.uint16)


def written(labels: np.ndarray, slices: object) -> np.ndarray:
    made = labels.copy()
    for z, wanted in slices:  # type: ignore[attr-defined]
        made[z] = wanted
    return made


def test_a_decision_changes_the_pixels_of_its_fragments(cells: Proofreading) -> None:
    labels = labels_of(cells)
    change = cells.merge(1, 2)
    made = written(labels, changed_slices(labels, FRAGMENTS, cells.volume.graph, change))
    assert (made == labels_of(cells)).all()
    assert made.dtype == labels.dtype


def test_what_was_painted_over_stays(cells: Proofreading) -> None:
    labels = labels_of(cells)
    labels[0, 0, 4:] = 0
    labels[1, 0, 3:] = 33
    change = cells.merge(1, 2)
    made = written(labels, changed_slices(labels, FRAGMENTS, cells.volume.graph, change))
    assert (made[0, 0, 4:] == 0).all()
    assert (made[1, 0, 3:] == 33).all()
    assert (made[0, 1:, 4:] == 5).all()


def test_pixels_that_were_painted_with_a_cell_go_with_it(cells: Proofreading) -> None:
    labels = labels_of(cells)
    labels[0, 0, 0] = 6  # in a fragment of cell 5
    change = cells.take_away(6)
    slices = changed_slices(
        labels, FRAGMENTS, cells.volume.graph, change, vanished={6}, painted={0}
    )
    assert not (written(labels, slices) == 6).any()
