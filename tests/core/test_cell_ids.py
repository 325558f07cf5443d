"""What is no stack of ids is refused, in words; what nobody labelled is 0."""

from __future__ import annotations

import numpy as np
import pytest

from napari_emseg.core.cell_ids import ids_of_slice, parse_ids, require_ids
from napari_emseg.errors import LabelsError, SettingError


def many_pieces(value, dtype):
    stack = np.zeros((3, 32, 32), dtype)
    stack[:, ::8, :] = value
    return stack


@pytest.mark.parametrize(
    ("stack", "said"),
    [
        (np.random.default_rng(0).random((2, 8, 8), np.float32), "received float32, as a prob"),
        (many_pieces(True, bool), "received a mask"),
        (many_pieces(255, np.uint8), "received a mask"),
        (many_pieces(1, np.uint8), "received a mask"),
    ],
)
def test_masks_and_probabilities_are_refused_with_a_way_out(stack, said):
    with pytest.raises(LabelsError, match=f"truth.*{said}.*make cells of it"):
        require_ids(stack, "truth", way_out="make cells of it")


def test_ids_pass_also_where_there_is_one_cell_or_everything_is_merged():
    one = np.zeros((3, 32, 32), np.uint16)
    one[:, 4:20, 4:20] = 1
    for stack in (one, np.full_like(one, 255), np.arange(48).reshape(3, 4, 4)):
        require_ids(stack, "truth", way_out="")


def test_what_nobody_labelled_is_no_cell():
    assert ids_of_slice(np.array([[[-1, 0, 7]]], np.int32), 0).tolist() == [[0, 0, 7]]
    assert ids_of_slice(np.array([[[2**64 - 1, 7]]], np.uint64), 0).tolist() == [[0, 7]]


def test_ids_are_read_from_a_text():
    assert parse_ids("3, 7,12") == (3, 7, 12)


@pytest.mark.parametrize("text", ["", "a", "3,", "0", "3,-1", "3:7"])
def test_other_texts_are_no_ids(text):
    with pytest.raises(SettingError, match="such as 3,7"):
        parse_ids(text)
