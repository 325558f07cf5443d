"""Errors of cells: each kind is found where it was made, and nothing else is."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays

from napari_emseg.core.config.comparison import CompareConfig
from napari_emseg.core.scores.comparison import compare_slice
from napari_emseg.core.scores.metrics import score_slice
from napari_emseg.core.scores.segmentation_error import (
    FALSE_NEGATIVE,
    FALSE_POSITIVE,
    MERGER,
    SPLIT,
    TRUE_POSITIVE,
)
from napari_emseg.core.scores.truth import TrueSlice

CELL, BORDER, COUNT = 20, 3, 4
STEP = CELL + BORDER
CONFIG = CompareConfig()


@pytest.fixture
def truth():
    """Square cells (Y, X) with membranes three pixels wide between them, as bool."""
    tile = np.zeros((STEP, STEP), bool)
    tile[:CELL, :CELL] = True
    return np.tile(tile, (COUNT, COUNT))


def compare(mask, truth, meaning="mask", config=CONFIG):
    true = TrueSlice.read(np.asarray(truth), meaning)
    return compare_slice(0, np.asarray(mask, np.float32), true, config)


def test_a_perfect_prediction_has_no_errors(truth):
    compared = compare(truth, truth)
    assert compared.errors == ()
    assert (compared.error_map == np.where(truth, TRUE_POSITIVE, 0)).all()


def test_a_gap_is_a_merger_that_shows_the_gap(truth):
    mask = truth.copy()
    mask[8:12, CELL:STEP] = True
    compared = compare(mask, truth)
    (error,) = compared.errors
    assert error.kind == "merger"
    assert error.cost_px == CELL * CELL
    assert error.length_px == 4
    assert 8 <= error.position[0] < 12
    assert CELL <= error.position[1] < STEP
    assert (compared.error_map[8:12, CELL:STEP] == MERGER).all()
    assert (compared.error_map == MERGER).sum() == 4 * BORDER


def test_a_false_membrane_is_a_split_that_shows_it(truth):
    mask = truth.copy()
    mask[:CELL, 8:10] = False
    compared = compare(mask, truth)
    (error,) = compared.errors
    assert error.kind == "split"
    assert error.cost_px == 8 * CELL
    assert error.length_px == CELL
    assert (compared.error_map[:CELL, 8:10] == SPLIT).all()
    assert (compared.error_map == SPLIT).sum() == 2 * CELL


def test_two_gaps_between_the_same_cells_are_two_errors(truth):
    mask = truth.copy()
    mask[1:3, CELL:STEP] = mask[16:19, CELL:STEP] = True
    rows = sorted(error.position[0] for error in compare(mask, truth).errors)
    assert len(rows) == 2
    assert rows[0] < 3 < 16 <= rows[1]


def test_whole_cells_are_missed_and_invented(truth):
    mask = truth.copy()
    mask[:CELL, :CELL] = False
    missed = compare(mask, truth)
    assert [error.kind for error in missed.errors] == ["missed"]
    assert (missed.error_map[:CELL, :CELL] == FALSE_NEGATIVE).all()
    invented = compare(truth, mask)
    assert [error.kind for error in invented.errors] == ["invented"]
    assert (invented.error_map[:CELL, :CELL] == FALSE_POSITIVE).all()


def test_the_worst_comes_first(truth):
    mask = truth.copy()
    mask[:CELL, 8:10] = False  # cuts off 160 px
    mask[8:12, 2 * STEP + CELL : 3 * STEP] = True  # joins 400 px
    costs = [(error.kind, error.cost_px) for error in compare(mask, truth).errors]
    assert costs == [("merger", 400), ("split", 160)]


def test_borders_some_pixels_apart_are_no_error(truth):
    shifted = np.roll(truth, 6, axis=1)  # three pixels into the next cell
    assert compare(shifted, truth).errors == ()
    assert compare(shifted, truth, config=CompareConfig(piece_radius_px=1.0)).errors


def test_errors_of_touching_ids():
    """Cells of a truth with ids may touch; then no pixel of membrane is wrong where they merge."""
    ids = np.repeat(np.array([[7, 300]], np.uint16), 20, axis=1).repeat(20, axis=0)
    (error,) = compare(np.ones_like(ids), ids, "instances").errors
    assert (error.kind, error.cost_px) == ("merger", 400)
    assert compare(np.ones_like(ids), ids, "mask").errors == ()


def test_what_is_unknown_is_no_error(truth):
    scribbles = np.where(truth, 2, 1).astype(np.uint8)
    scribbles[:, STEP:] = 0
    mask = truth.copy()
    mask[:, STEP:] ^= True  # all wrong where nobody knows
    compared = compare(mask, scribbles, "scribbles")
    assert compared.errors == ()
    assert (compared.error_map[:, STEP:] == 0).all()
    assert compared.scores.v_rand == compared.scores.dice == pytest.approx(1)
    mask[8:12, STEP - 1 :] = True
    assert compare(mask, scribbles, "scribbles").errors == ()


# --- what must hold for any slice ----------------------------------------

slices = arrays(bool, st.just((24, 24)))


@settings(max_examples=50)
@given(slices, slices)
def test_the_map_tells_every_pixel(mask, truth):
    compared = compare(mask, truth)
    drawn = np.isin(compared.error_map, (MERGER, SPLIT))
    plain = np.select(
        [mask & truth, truth, mask], [TRUE_POSITIVE, FALSE_NEGATIVE, FALSE_POSITIVE], 0
    )
    assert (compared.error_map == plain)[~drawn].all()
    costs = [error.cost_px for error in compared.errors]
    assert costs == sorted(costs, reverse=True)
    for error in compared.errors:
        assert all(0 <= at < 24 for at in error.position)


@settings(max_examples=50)
@given(slices)
def test_perfect_is_one_and_has_no_errors(truth):
    compared = compare(truth, truth)
    assert compared.errors == ()
    assert all(each == pytest.approx(1) for each in vars(compared.scores).values())


@settings(max_examples=50)
@given(st.integers(0, 2), st.integers(0, 3), st.integers(0, CELL - 4), st.integers(2, 4))
def test_a_merged_pair_lowers_merge_and_not_split(column, row, at, width):
    tile = np.zeros((STEP, STEP), bool)
    tile[:CELL, :CELL] = True
    truth = np.tile(tile, (COUNT, COUNT))
    mask = truth.copy()
    top = row * STEP + at
    mask[top : top + width, column * STEP + CELL : (column + 1) * STEP] = True
    merged, split = compare(mask, truth), compare(truth, mask)
    assert merged.scores.v_rand_merge < 1 == pytest.approx(merged.scores.v_rand_split)
    assert merged.scores.v_info_merge < 1 == pytest.approx(merged.scores.v_info_split)
    assert [error.kind for error in merged.errors] == ["merger"]
    # with the roles changed it is a split
    assert [error.kind for error in split.errors] == ["split"]


ids = arrays(np.int32, (16, 16), elements=st.integers(0, 3))


@settings(max_examples=50)
@given(ids, ids, st.permutations([1, 2, 3]))
def test_renaming_ids_changes_nothing(prediction, truth, order):
    names = np.array([0, *order], np.int32)
    before = compare(prediction > 0, truth, "instances")
    after = compare(prediction > 0, names[truth], "instances")
    assert before.scores == after.scores
    assert (before.error_map == after.error_map).all()
    renamed = score_slice(names[prediction], names[truth])
    assert vars(score_slice(prediction, truth)) == pytest.approx(vars(renamed))


@pytest.mark.parametrize("dtype", ["bool", "int8", "uint8", "int16", "uint32", "int64", "uint64"])
def test_a_truth_of_any_dtype_says_the_same(truth, dtype):
    mask = truth.copy()
    mask[8:12, CELL:STEP] = True
    expected = compare(mask, truth)
    assert compare(mask, truth.astype(dtype)).scores == expected.scores
    assert score_slice(mask, truth.astype(dtype)) == expected.scores
