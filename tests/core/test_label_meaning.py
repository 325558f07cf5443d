"""What labels seem to mean, and how their pixels are read by it."""

from __future__ import annotations

import numpy as np
import pytest

from napari_emseg.core.label_meaning import (
    guess_meaning,
    known_pixels,
    repaired_kind,
)
from napari_emseg.core.label_reading import LabelReading
from napari_emseg.types import LabelsMeaning


def holding(*values, dtype=np.uint16):
    return np.array(values, dtype).reshape(1, 1, -1)


# -- the guess ----------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("values", "meaning"),
    [([0], "mask"), ([0, 1], "mask"), ([0, 255], "mask"), ([255], "mask"), ([0, 2], "mask"),
     ([0, 1, 2], "scribbles"), ([1, 2], "scribbles"), ([0, 1, 2, 3], "instances"),
     ([0, 4, 9], "instances")],
)  # fmt: skip
def test_guessed_meaning(values, meaning):
    assert guess_meaning(holding(*values)).meaning == meaning


@pytest.mark.parametrize("values", [[0, 1], [1, 2, 3], [0, 4, 9]])
def test_labels_of_more_than_two_classes_are_scribbles(values):
    assert guess_meaning(holding(*values), classes=3).meaning == "scribbles"


@pytest.mark.parametrize(
    ("values", "meaning"), [([0, 1], "mask"), ([0, 1, 2], "instances"), ([0, 5, 6], "instances")]
)
def test_where_nothing_is_unknown_there_are_no_scribbles(values, meaning):
    assert guess_meaning(holding(*values), all_known=True).meaning == meaning


def test_slices_that_do_not_count_are_not_read():
    labels = np.zeros((4, 2, 2), np.uint8)
    labels[1], labels[2] = 1, 2
    read = []

    class Noting:
        shape = labels.shape

        def __len__(self):
            return len(labels)

        def __getitem__(self, z):
            read.append(z)
            return labels[z]

    seen = guess_meaning(Noting(), counts=lambda z: z != 1)
    assert (seen.total, seen.labelled, seen.meaning, seen.values) == (4, (2,), "mask", (2,))
    assert read == [0, 2, 3]


@pytest.mark.parametrize(
    ("labels", "sentence"),
    [
        (holding(0), "Nothing is painted."),
        (holding(0, 255), "Painted with 255 in 1 of 1 slices."),
        (holding(0, 1, dtype=bool), "Painted with 1 in 1 of 1 slices."),
        (holding(2, 1), "Painted with 1, 2 in 1 of 1 slices."),
        (holding(*range(10)), "9 different values are painted in 1 of 1 slices."),
        (holding(*range(99)), "98 or more different values are painted in 1 of 1 slices."),
    ],
)
def test_it_says_what_was_found(labels, sentence):
    assert guess_meaning(labels).found == sentence


@pytest.mark.parametrize(
    ("values", "cells"), [([0], False), ([0, 1], False), ([0, 1, 2], False), ([0, 1, 2, 3], True)]
)
def test_labels_under_repair_are_cells_where_several_are_painted(values, cells):
    assert repaired_kind(holding(*values)) == ("cells" if cells else "mask")


# -- the pixels ---------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("meaning", "known", "cells", "classes"),
    [
        ("mask", [1, 1, 1, 1], [0, 1, 1, 1], [0, 1, 1, 1]),
        ("instances", [1, 1, 1, 1], [0, 1, 1, 1], [0, 1, 1, 1]),
        ("scribbles", [0, 1, 1, 1], [0, 0, 1, 1], [0, 0, 1, 2]),
    ],
)
def test_pixels_by_meaning(meaning: LabelsMeaning, known, cells, classes):
    labels = np.arange(4)
    np.testing.assert_array_equal(known_pixels(labels, meaning), np.array(known, bool))
    np.testing.assert_array_equal(LabelReading(meaning).cells(labels), np.array(cells, bool))
    assert LabelReading(meaning).classes(labels).tolist() == classes
    assert LabelReading(meaning).classes(labels).dtype == np.uint8
