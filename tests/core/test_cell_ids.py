"""What is no stack of ids is refused, in words; what nobody labelled is 0."""

from __future__ import annotations

import numpy as np
import pytest

from napari_emseg.core.cell_ids import ids_of_slice, keeps_ids, parse_ids, require_ids
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


def columns():
    """Sixteen cells that go through six slices, and wander by a pixel from each to the next."""
    cells = np.kron(np.arange(1, 17).reshape(4, 4), np.ones((12, 12), int))
    cells[::12] = cells[:, ::12] = 0
    return np.stack([np.roll(cells, z, axis=1) for z in range(6)])


def test_ids_go_through_the_slices_or_are_given_anew_in_each():
    cells, rng = columns(), np.random.default_rng(0)
    assert keeps_ids(cells)
    anew = np.stack([np.r_[0, rng.permutation(16) + 1][each] for each in cells])
    assert not keeps_ids(anew)
    assert not keeps_ids(np.where(cells > 0, cells + 100 * np.arange(6)[:, None, None], 0))
    assert not keeps_ids(cells[:1])
    assert not keeps_ids(np.zeros_like(cells))


def test_slices_that_nobody_labelled_say_nothing_about_ids():
    cells = np.zeros((60, 48, 48), int)
    cells[40:44] = columns()[:4]
    assert keeps_ids(cells)


def test_ids_are_read_from_a_text():
    assert parse_ids("3, 7,12") == (3, 7, 12)


@pytest.mark.parametrize("text", ["", "a", "3,", "0", "3,-1", "3:7"])
def test_other_texts_are_no_ids(text):
    with pytest.raises(SettingError, match="such as 3,7"):
        parse_ids(text)
