from __future__ import annotations

import numpy as np
import pytest

from napari_emseg.errors import ReadError
from napari_emseg.io.kinds import guess_kind, is_named_labels, normalised_labels
from napari_emseg.io.read import read_stack

SHAPE = (3, 6, 7)


@pytest.mark.parametrize(
    "stem",
    ["train-labels", "label", "cells_mask", "x.seg", "GroundTruth", "ground truth 2", "gt3",
     "cellMask", "MASKS", "lbl_04"],
)  # fmt: skip
def test_names_of_labels(stem):
    assert is_named_labels(stem)


@pytest.mark.parametrize(
    "stem", ["unlabelled", "unlabeled-volume", "labelled", "train-volume", "damask", "segue", "m"]
)
def test_other_names(stem):
    assert not is_named_labels(stem)


def _checkers(low, high, dtype):
    data = np.full(SHAPE, low, dtype)
    data[:, ::2] = high
    return data


@pytest.mark.parametrize(
    ("data", "stem", "kind"),
    [
        (_checkers(0, 255, np.uint8), "x", "labels"),
        (_checkers(0, 1, np.float32), "x", "labels"),
        (_checkers(0, 0.5, np.float32), "x", "image"),
        (_checkers(17, 200, np.uint8), "x", "image"),
        (_checkers(0, 1, bool), "x", "labels"),
        (np.zeros(SHAPE, np.uint8), "x", "image"),
        (np.full(SHAPE, 255, np.uint8), "x", "image"),
        (np.zeros(SHAPE, np.uint8), "mask", "labels"),
        (np.arange(126, dtype=np.uint8).reshape(SHAPE), "x", "image"),
        (np.arange(126, dtype=np.uint8).reshape(SHAPE), "labels", "labels"),
        (np.arange(126, dtype=np.uint16).reshape(SHAPE), "x", "image"),
        (np.arange(126, dtype=np.uint32).reshape(SHAPE), "x", "labels"),
        (np.linspace(0, 1, 126, dtype=np.float32).reshape(SHAPE), "mask", "image"),
        (np.full(SHAPE, np.nan, np.float32), "mask", "image"),
        (_checkers(np.nan, 1, np.float32), "x", "image"),
    ],
)
def test_guess(data, stem, kind):
    assert guess_kind(data, stem) == kind


@pytest.mark.parametrize(
    ("data", "values", "dtype"),
    [
        (_checkers(0, 255, np.uint8), [0, 1], np.uint8),
        (_checkers(0, 65535, np.uint16), [0, 1], np.uint8),
        (_checkers(0, 1, bool), [0, 1], np.uint8),
        (_checkers(0, 1, np.uint16), [0, 1], np.uint16),
        (_checkers(0, 2, np.uint8), [0, 2], np.uint8),  # scribbles of cells only
        (_checkers(0, 255, np.float32), [0, 1], np.uint8),
        (_checkers(3, 7000, np.float64), [3, 7000], np.uint32),
        (np.zeros(SHAPE, np.uint8), [0], np.uint8),
        (np.full(SHAPE, 255, np.uint8), [1], np.uint8),
        (_checkers(5, 70000, np.int32), [5, 70000], np.int32),
    ],
)
def test_normalised(data, values, dtype):
    found = normalised_labels(data)
    assert found.dtype == dtype
    assert np.unique(found).tolist() == values


def test_bools_with_bytes_of_255_become_one():
    data = np.array([[[0, 255], [255, 0]]], np.uint8).view(np.bool_)
    found = normalised_labels(data)
    assert found.view(np.uint8).tolist() == [[[0, 1], [1, 0]]]


def test_fractions_are_no_labels(tmp_path):
    np.save(tmp_path / "p.npy", np.linspace(0, 1, 126, dtype=np.float32).reshape(SHAPE))
    with pytest.raises(ReadError, match="threshold them first"):
        read_stack(tmp_path / "p.npy", kind="labels")


def test_fractions_in_a_lazy_stack_show_when_loaded(tmp_path, all_lazy):
    data = np.zeros((9, 4, 4), np.float32)
    data[1] = 0.5
    np.save(tmp_path / "mask.npy", data)
    stack = read_stack(tmp_path / "mask.npy")
    assert stack.kind == "labels"
    assert stack.slice(0).max() == 0
    with pytest.raises(ReadError, match="whole numbers"):
        stack.slice(1)


def test_a_lazy_mask_is_normalised_slice_by_slice(tmp_path, all_lazy):
    np.save(tmp_path / "m.npy", _checkers(0, 255, np.uint8))
    stack = read_stack(tmp_path / "m.npy")
    assert not isinstance(stack.data, np.ndarray)
    assert (stack.kind, stack.data.dtype, stack.slice(1).max()) == ("labels", np.uint8, 1)
    raw = read_stack(tmp_path / "m.npy", raw_values=True)
    assert (raw.kind, raw.slice(1).max()) == ("labels", 255)
