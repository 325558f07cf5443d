"""What is found out about labels before a training."""

from __future__ import annotations

import dask.array as da
import numpy as np
import pytest

from napari_emseg.core.train.label_summary import summarise_labels
from napari_emseg.core.train.regions import Regions


def painted(*values: int) -> np.ndarray:
    labels = np.zeros((4, 8, 8), np.int32)
    labels[1, :4] = values[0]
    labels[3, 4:] = values[-1]
    return labels


@pytest.mark.parametrize(
    ("values", "meaning"), [((1, 1), "mask"), ((1, 2), "scribbles"), ((3, 7), "instances")]
)
def test_labelled_slices_and_meaning(values, meaning):
    found = summarise_labels(painted(*values))
    assert (found.total, found.labelled, found.meaning) == (4, (1, 3), meaning)


def test_lazy_labels_are_read_slice_by_slice():
    read = []

    def note(block, block_id=None):
        read.append(block.shape)
        return block

    labels = da.from_array(painted(1, 2), chunks=(1, 8, 8)).map_blocks(note, dtype=np.int32)
    read.clear()
    assert summarise_labels(labels).labelled == (1, 3)
    assert set(read) == {(1, 8, 8)}


def test_a_slice_without_a_reviewed_region_is_not_labelled():
    square = np.array([(0, 0), (0, 6), (6, 6), (6, 0)], float)
    assert summarise_labels(painted(1, 1), Regions([(3, square)])).labelled == (3,)
    assert summarise_labels(painted(1, 1), Regions([(None, square)])).labelled == (1, 3)


def test_more_classes_are_scribbles():
    assert summarise_labels(painted(1, 3), classes=3).meaning == "scribbles"
