"""Class map and weight map against brute force, for every meaning and dtype of labels."""

from __future__ import annotations

import tracemalloc
from typing import NamedTuple

import hypothesis.extra.numpy as hnp
import numpy as np
import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from napari_emseg.core.config.training import TrainConfig
from napari_emseg.core.train.targets import make_target
from napari_emseg.errors import LabelsError

CONFIG = TrainConfig(border_weight=10, border_sigma_px=3)
PLAIN = TrainConfig(border_weight=0)
INTEGERS = ["uint8", "int8", "uint16", "int16", "uint32", "int32", "uint64", "int64"]


class WholeTarget(NamedTuple):
    """A target as arrays (Z, Y, X); what it does not hold is membrane without weight."""

    classes: np.ndarray
    weights: np.ndarray
    labelled: tuple[int, ...]


def whole_target(*args, **options) -> WholeTarget:
    target = make_target(*args, **options)
    classes, weights = np.zeros(target.shape, np.uint8), np.zeros(target.shape, np.float32)
    for z, each in target.slices.items():
        assert (each.classes.dtype, each.weights.dtype) == (np.uint8, np.float32)
        classes[z], weights[z] = each.classes, each.weights
        np.testing.assert_array_equal(each.known, each.weights > 0)
    return WholeTarget(classes, weights, target.labelled)


def two_cells(dtype=np.uint8, cell=1, other=1):
    """One slice (1, 12, 20) with two cells, 4 px apart."""
    labels = np.zeros((1, 12, 20), dtype)
    labels[0, 2:10, 2:8] = cell
    labels[0, 2:10, 12:18] = other
    return labels


# -- weights ----------------------------------------------------------------------------------


def test_the_weights_are_class_balance_and_border_together(brute_force):
    target = whole_target(two_cells(), "mask", CONFIG)
    labels = two_cells()[0]
    cell = labels.mean()
    balance = np.where(labels, 0.5 / cell, 0.5 / (1 - cell))
    components = two_cells(cell=1, other=2)[0]
    np.testing.assert_allclose(
        target.weights[0], balance + brute_force(components, 10, 3), atol=1e-4
    )


def test_both_classes_count_alike():
    labels = np.concatenate([two_cells(), two_cells()])
    labels[1, :6] = 0
    target = whole_target(labels, "mask", PLAIN)
    cell = target.classes == 1
    assert target.weights[cell].sum() == pytest.approx(target.weights[~cell].sum(), rel=1e-5)
    assert target.weights.mean() == pytest.approx(1, rel=1e-5)


# -- meanings ---------------------------------------------------------------------------------


@pytest.mark.parametrize("dtype", [*INTEGERS, "bool"])
@pytest.mark.parametrize("cell", [1, 255])
def test_masks_of_any_dtype(dtype, cell):
    if dtype == "int8":
        cell = min(cell, 127)
    labels = two_cells(dtype, cell, cell)
    target = whole_target(labels, "mask", CONFIG)
    expected = whole_target(two_cells(), "mask", CONFIG)
    assert (target.classes.dtype, target.weights.dtype) == (np.uint8, np.float32)
    np.testing.assert_array_equal(target.classes, labels != 0)
    np.testing.assert_array_equal(target.weights, expected.weights)


@pytest.mark.parametrize("dtype", INTEGERS)
def test_instances_of_any_dtype(dtype):
    labels = two_cells(dtype, np.iinfo(dtype).max, 3)
    target = whole_target(labels, "instances", CONFIG)
    np.testing.assert_array_equal(target.classes, labels != 0)
    np.testing.assert_array_equal(target.weights, whole_target(two_cells(), "mask", CONFIG).weights)


def test_touching_instances_are_weighted_as_two_cells():
    labels = np.zeros((1, 12, 20), np.uint16)
    labels[0, 2:10, 2:10], labels[0, 2:10, 10:18] = 5, 9
    one = whole_target(labels, "mask", CONFIG).weights
    two = whole_target(labels, "instances", CONFIG).weights
    assert two[0, 5, 9] - one[0, 5, 9] == pytest.approx(10 * np.exp(-1 / 18), rel=1e-4)


@pytest.mark.parametrize("dtype", INTEGERS)
def test_scribbles(dtype):
    labels = two_cells(dtype, 2, 2)
    labels[0, :, 9:11] = 1
    target = whole_target(labels, "scribbles", CONFIG)
    np.testing.assert_array_equal(target.classes, labels == 2)
    np.testing.assert_array_equal(target.weights > 0, labels != 0)


@pytest.mark.parametrize(("wrong", "received"), [(3, "0 to 3"), (-1, "-1 to 2")])
def test_scribbles_of_other_values_are_refused(wrong, received):
    labels = np.concatenate([two_cells(np.int16, 2, 1)] * 3)
    labels[1, 0, 0] = wrong
    message = rf"scribbles are 0 .* from {received} in slice 1; choose the meaning mask or inst"
    with pytest.raises(LabelsError, match=message):
        whole_target(labels, "scribbles", CONFIG)


# -- more than two classes -------------------------------------------------------------------------


def three_classes(dtype=np.uint8):
    """Two cells in scribbles, of which the first holds a part of class 3; a column is unknown."""
    labels = two_cells(dtype, 2, 2)
    labels[labels == 0] = 1
    labels[0, 4:6, 3:5] = 3
    labels[0, :, -1] = 0
    return labels


@pytest.mark.parametrize("dtype", INTEGERS)
def test_classes_are_the_scribbles_less_one(dtype):
    labels = three_classes(dtype)
    target = whole_target(labels, "scribbles", CONFIG, classes=3)
    assert target.classes.dtype == np.uint8
    np.testing.assert_array_equal(target.classes, np.maximum(labels.astype(int), 1) - 1)
    np.testing.assert_array_equal(target.weights > 0, labels != 0)


def test_membrane_and_cells_count_alike_and_a_part_weighs_what_its_cell_does():
    labels = three_classes()
    weights = whole_target(labels, "scribbles", PLAIN, classes=3).weights
    assert weights[labels == 1].sum() == pytest.approx(weights[labels > 1].sum(), rel=1e-5)
    assert weights[labels == 2].max() == weights[labels == 3].min()
    assert weights[labels != 0].mean() == pytest.approx(1, rel=1e-5)


def test_a_further_class_is_part_of_its_cell():
    """What it adds is balance alone: no border runs around it."""
    labels = three_classes()
    border = [
        whole_target(each, "scribbles", CONFIG, classes=count).weights
        - whole_target(each, "scribbles", PLAIN, classes=count).weights
        for each, count in [(labels, 3), (np.minimum(labels, 2), 2)]
    ]
    np.testing.assert_allclose(*border, atol=1e-5)
    assert border[0].max() > 0.1


@pytest.mark.parametrize(
    ("kept", "missing"),
    [([1, 2], "class 3"), ([1, 3], "cell"), ([3], "membrane or cell")],
)
def test_a_class_that_is_painted_nowhere_is_named(kept, missing):
    labels = three_classes()
    labels[~np.isin(labels, kept)] = 0
    message = f"no {missing} is painted in slice 0; .* all of membrane, cell, class 3$"
    with pytest.raises(LabelsError, match=message):
        whole_target(labels, "scribbles", CONFIG, classes=3)


def test_more_classes_than_there_are_to_be():
    message = (
        r"2 \(cell\), 3 \(class 3\), received values from 0 to 4 .*; choose more classes than 3"
    )
    with pytest.raises(LabelsError, match=message):
        whole_target(three_classes() + (three_classes() > 2), "scribbles", CONFIG, classes=3)


@pytest.mark.parametrize("meaning", ["mask", "instances"])
def test_masks_and_instances_hold_two_classes(meaning):
    message = f"expected scribbles for 3 classes, received {meaning}, which holds membrane and cell"
    with pytest.raises(LabelsError, match=message):
        whole_target(three_classes(), meaning, CONFIG, classes=3)


def test_a_large_id_is_not_lost():
    labels = two_cells(np.uint64, 2**63 + 1, 2**63 + 2)
    weights = whole_target(labels, "instances", CONFIG).weights
    np.testing.assert_array_equal(weights, whole_target(two_cells(), "mask", CONFIG).weights)


def test_a_slice_of_one_class_is_no_harm_where_others_have_both():
    labels = np.concatenate([two_cells(), np.ones((1, 12, 20), np.uint8)])
    target = whole_target(labels, "mask", CONFIG)
    assert target.labelled == (0, 1)
    assert (target.weights > 0).all()


# -- slices -----------------------------------------------------------------------------------


def stack_of(*labelled, slices=5):
    labels = np.zeros((slices, 12, 20), np.uint8)
    for z in labelled:
        labels[z] = two_cells()[0]
    return labels


def test_slices_without_labels_weigh_nothing():
    target = whole_target(stack_of(1, 3), "mask", CONFIG)
    assert target.labelled == (1, 3)
    assert target.weights.any((1, 2)).tolist() == [False, True, False, True, False]


def test_named_slices():
    target = whole_target(stack_of(0, 1, 3), "mask", CONFIG, slices=[3, 0, 3])
    assert target.labelled == (0, 3)
    assert not target.weights[1].any()


@pytest.mark.parametrize("slices", [[5], [0, -1]])
def test_slices_that_are_not_there_are_refused(slices):
    with pytest.raises(LabelsError, match=f"slices: expected 0 to 4, received .*{slices[-1]}"):
        whole_target(stack_of(0), "mask", CONFIG, slices=slices)


def test_nothing_labelled_is_refused():
    with pytest.raises(LabelsError, match="no slice is labelled; paint at least one"):
        whole_target(stack_of(), "mask", CONFIG)


def test_no_slice_named_is_refused():
    with pytest.raises(LabelsError, match="slices: expected at least one, received none"):
        whole_target(stack_of(0), "mask", CONFIG, slices=[])


@pytest.mark.parametrize(
    ("slices", "which"), [([0, 2], "slice 2 without"), ([4, 3, 2], "slices 2, 4 without")]
)
def test_named_slices_without_labels_are_refused(slices, which):
    with pytest.raises(LabelsError, match=f"received {which} labels; .* among slices 0, 3$"):
        whole_target(stack_of(0, 3), "mask", CONFIG, slices=slices)


def test_of_many_slices_a_message_lists_some():
    with pytest.raises(LabelsError, match=r"received slices 0, 1, 2, .* 9, \.\.\. without"):
        whole_target(stack_of(29, slices=30), "mask", CONFIG, slices=range(30))


# -- what cannot be labels ----------------------------------------------------------------------


@pytest.mark.parametrize("dtype", ["float32", "float64", "complex64"])
def test_floats_are_refused(dtype):
    with pytest.raises(LabelsError, match=f"expected integers, received {dtype}; convert"):
        whole_target(two_cells().astype(dtype), "mask", CONFIG)


@pytest.mark.parametrize("wrong", [0.25, np.nan])
def test_the_slice_with_a_fraction_is_named(wrong):
    labels = stack_of(0, 3).astype(np.float32)
    labels[3, 5, 5] = wrong
    message = rf"expected integers, received float32 \(slice 3 holds {wrong}\); convert the layer"
    with pytest.raises(LabelsError, match=message):
        whole_target(labels, "mask", CONFIG)


@pytest.mark.parametrize("shape", [(12, 20), (1, 1, 12, 20)])
def test_other_axes_are_refused(shape):
    with pytest.raises(LabelsError, match=r"expected \(Z, Y, X\), received shape"):
        whole_target(two_cells().reshape(shape), "mask", CONFIG)


@pytest.mark.parametrize(
    ("value", "meaning", "missing"), [(1, "mask", "membrane"), (2, "scribbles", "membrane"),
                                      (1, "scribbles", "cell")],
)  # fmt: skip
def test_one_class_alone_is_refused(value, meaning, missing):
    labels = np.full((3, 8, 8), value, np.uint8)
    labels[1] = 0
    message = f"no {missing} is painted in slices 0, 2; the network needs all of membrane, cell"
    with pytest.raises(LabelsError, match=message):
        whole_target(labels, meaning, CONFIG)


def test_the_labels_are_not_written_to():
    labels = two_cells()
    labels.setflags(write=False)
    whole_target(labels, "instances", CONFIG)


def test_outside_of_what_is_reviewed_the_class_is_unknown():
    labels = np.zeros((3, 20, 20), np.uint8)
    labels[:, 4:16, 4:16] = 1
    reviewed = np.zeros(labels.shape, bool)
    reviewed[:2, :10] = True
    target = whole_target(labels, "mask", TrainConfig(), reviewed=reviewed.__getitem__)
    assert target.labelled == (0, 1)
    assert (target.weights[0, :10] > 0).all()
    assert not target.weights[0, 10:].any()
    with pytest.raises(LabelsError, match="slice 2"):
        whole_target(labels, "mask", TrainConfig(), slices=[2], reviewed=reviewed.__getitem__)


# -- long stacks --------------------------------------------------------------------------------


class LongLabels:
    """Lazy labels (Z, Y, X): slices are made when they are read, all but some of them zeros."""

    def __init__(self, painted: dict[int, np.ndarray], total: int) -> None:
        first = next(iter(painted.values()))
        self.shape, self.dtype = (total, *first.shape), first.dtype
        self.read: list[int] = []
        self._painted = painted

    def __len__(self) -> int:
        return self.shape[0]

    def __getitem__(self, z: int) -> np.ndarray:
        self.read.append(z)
        return self._painted.get(z, np.zeros(self.shape[1:], self.dtype))


@pytest.mark.parametrize("meaning", ["mask", "scribbles", "instances"])
def test_of_a_long_stack_only_the_named_slices_are_read_and_held(meaning):
    painted = two_cells(np.uint8, 2, 1)[0]
    labels = LongLabels(dict.fromkeys((3, 70, 10**6 - 1), painted), 10**6)
    target = make_target(labels, meaning, CONFIG, slices=(70, 10**6 - 1))
    assert set(labels.read) == {70, 10**6 - 1}
    assert target.shape == labels.shape
    assert target.labelled == tuple(target.slices) == (70, 10**6 - 1)
    assert target[70].classes.shape == target[70].weights.shape == (12, 20)
    with pytest.raises(KeyError):
        target[3]


def test_only_the_named_slices_are_asked_for_what_is_reviewed():
    asked = []

    def reviewed(z: int) -> np.ndarray:
        asked.append(z)
        return np.ones((12, 20), bool)

    labels = LongLabels(dict.fromkeys((3, 70, 71), two_cells()[0]), 100)
    make_target(labels, "mask", CONFIG, slices=(3, 70), reviewed=reviewed)
    assert set(asked) == {3, 70}


@pytest.mark.parametrize("meaning", ["mask", "instances"])
def test_memory_is_that_of_the_labelled_slices(meaning):
    """While a long stack is looked through for its three labelled slices."""
    painted = np.zeros((128, 128), np.uint8)
    painted[10:50, 10:50], painted[60:100, 20:90] = 1, 2
    labels = LongLabels(dict.fromkeys((3, 70, 1999), painted), 2000)
    tracemalloc.start()
    target = make_target(labels, meaning, CONFIG)
    _, peak = tracemalloc.get_traced_memory()
    tracemalloc.stop()
    assert target.labelled == (3, 70, 1999)
    assert set(labels.read) == set(range(2000))
    assert peak < 100 * painted.size  # a class map of all slices alone would take 2000 times that


# -- whatever is painted ----------------------------------------------------------------------


@given(
    painted=hnp.arrays(
        np.uint8,
        st.tuples(st.integers(1, 3), st.integers(2, 12), st.integers(2, 12)),
        elements=st.integers(0, 3),
    ),
    meaning=st.sampled_from(["mask", "scribbles", "instances"]),
    border=st.sampled_from([0.0, 10.0]),
)
@example(painted=np.array([[[1, 2], [2, 2]]], np.uint8), meaning="mask", border=0.0)
@settings(max_examples=60, deadline=None)
def test_whatever_is_painted_a_pixel_has_a_class_and_a_weight_or_the_labels_are_refused(
    painted, meaning, border
):
    if meaning == "scribbles":
        painted = np.minimum(painted, 2)
    try:
        target = make_target(painted, meaning, TrainConfig(border_weight=border))
    except LabelsError:
        return
    assert set(target.labelled) <= {z for z in range(len(painted)) if painted[z].any()}
    values = np.unique(painted[list(target.labelled)])
    background = values[0] if len(values) == 2 else 0  # of 1 and 2, too, one is
    for z, each in target.slices.items():
        assert each.classes.shape == each.weights.shape == painted.shape[1:]
        assert set(np.unique(each.classes)) <= {0, 1}
        assert np.isfinite(each.weights).all()
        assert (each.weights >= 0).all()
        if meaning == "scribbles":
            np.testing.assert_array_equal(each.known, painted[z] > 0)
            np.testing.assert_array_equal(each.classes[each.known], painted[z][each.known] - 1)
        if meaning == "mask":
            assert each.known.all()
            np.testing.assert_array_equal(each.classes, painted[z] > background)


@given(st.integers(0, 10_000))
@settings(max_examples=30, deadline=None)
def test_names_of_instances_do_not_matter(seed):
    rng = np.random.default_rng(seed)
    ids = np.kron(rng.integers(0, 4, (1, 4, 5)), np.ones((1, 6, 6))).astype(np.uint16)
    ids[:, :, 0], ids[:, 0, 1] = 0, 1
    renamed = np.r_[0, rng.permutation(np.arange(1, 4)) + 10].astype(np.uint16)
    one, other = (whole_target(each, "instances", CONFIG) for each in (ids, renamed[ids]))
    np.testing.assert_array_equal(one.classes, other.classes)
    np.testing.assert_allclose(one.weights, other.weights, rtol=1e-5)
