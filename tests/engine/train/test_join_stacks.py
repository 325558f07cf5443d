"""Several stacks as one: slices in order, read when they are asked for, and what is refused."""

from __future__ import annotations

import numpy as np
import pytest

from napari_emseg.engine.train.join_stacks import join_stacks
from napari_emseg.errors import SettingError, ShapeError
from napari_emseg.types import Stack


class Counted:
    """An array that counts the slices that are read of it."""

    def __init__(self, data):
        self._data, self.shape, self.dtype, self.ndim = data, data.shape, data.dtype, data.ndim
        self.read = 0

    def __getitem__(self, key):
        self.read += 1
        return self._data[key]


def pair(slices=2, edge=8, dtype=np.uint8, labels=np.uint8, voxel=None, value=1):
    shape = (slices, edge, edge)
    image = Stack(np.full(shape, value, dtype), voxel, f"stack {value}")
    return image, Stack(np.full(shape, value, labels), kind="labels")


def test_one_pair_stays_what_it_is():
    only = pair()
    assert join_stacks([only], input_slices=3) == only


def test_slices_follow_one_another():
    image, labels = join_stacks([
        pair(2, value=1, voxel=(50, 4, 4)), pair(3, value=2), pair(1, value=3, dtype=np.uint16),
    ])  # fmt: skip
    assert image.shape == labels.shape == (6, 8, 8)
    assert [int(image.slice(z).max()) for z in range(6)] == [1, 1, 2, 2, 2, 3]
    assert [int(labels.slice(z).max()) for z in range(6)] == [1, 1, 2, 2, 2, 3]
    assert image.voxel_size_nm == (50, 4, 4)
    assert image.name == "stack 1 + stack 2 + stack 3"
    assert labels.kind == "labels"


def test_nothing_is_read_before_it_is_asked_for():
    first, second = (Counted(np.full((3, 8, 8), k, np.uint8)) for k in (1, 2))
    labels = Stack(np.ones((3, 8, 8), np.uint8), kind="labels")
    image, _ = join_stacks([(Stack(first), labels), (Stack(second), labels)])
    assert first.read == second.read == 0
    assert image.slice(4).max() == 2
    assert (first.read, second.read) == (0, 1)


@pytest.mark.parametrize(
    ("others", "options", "error", "words"),
    [
        ([pair(edge=16)], {}, SettingError, r"shape \(Y, X\) in common, received \(8, 8\) and"),
        ([pair(dtype=np.float32)], {}, SettingError, "kind of numbers in common"),
        ([pair(labels=np.float32)], {}, SettingError, "labels: .* integer and float"),
        ([pair(voxel=(50, 8, 8))], {}, SettingError, "resample"),
        ([pair()], {"input_slices": 3}, SettingError, "expected 1 .* received 3"),
        ([(pair()[0], pair(slices=3)[1])], {}, ShapeError, "labels: expected the image's shape"),
    ],
)
def test_what_does_not_go_together(others, options, error, words):
    with pytest.raises(error, match=words):
        join_stacks([pair(voxel=(50, 4, 4)), *others], **options)


def test_nothing_to_train_on():
    with pytest.raises(ShapeError, match="at least one"):
        join_stacks([])
