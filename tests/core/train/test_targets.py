"""Class map and weight map against brute force, for every meaning and dtype of labels."""

from __future__ import annotations

import numpy as np
import pytest

from napari_emseg.core.config.training import TrainConfig
from napari_emseg.core.train.targets import border_weights, guess_meaning, make_target
from napari_emseg.errors import LabelsError

CONFIG = TrainConfig(border_weight=10, border_sigma_px=3)
PLAIN = TrainConfig(border_weight=0)
INTEGERS = ["uint8", "int8", "uint16", "int16", "uint32", "int32", "uint64", "int64"]


def brute_force(cells, w_0, sigma):
    """w_0 exp(-(d1 + d2)^2 / (2 sigma^2)), pixel by pixel over all pixels of all cells."""
    ids = [each for each in np.unique(cells) if each != 0]
    result = np.zeros(cells.shape)
    for y, x in np.ndindex(cells.shape):
        nearest = sorted(np.hypot(*(np.argwhere(cells == each) - (y, x)).T).min() for each in ids)
        if len(nearest) > 1:
            result[y, x] = w_0 * np.exp(-((nearest[0] + nearest[1]) ** 2) / (2 * sigma**2))
    return result


def random_cells(seed, shape=(21, 26), count=6):
    """Cells of random shape, some of which touch one another or lie in several pieces."""
    rng = np.random.default_rng(seed)
    cells = np.zeros(shape, np.int32)
    for number in rng.choice(np.arange(1, 100), count, replace=False):
        y, x = rng.integers(0, shape[0] - 3), rng.integers(0, shape[1] - 3)
        cells[y : y + rng.integers(2, 9), x : x + rng.integers(2, 9)] = number
    return cells


def two_cells(dtype=np.uint8, cell=1, other=1):
    """One slice (1, 12, 20) with two cells, 4 px apart."""
    labels = np.zeros((1, 12, 20), dtype)
    labels[0, 2:10, 2:8] = cell
    labels[0, 2:10, 12:18] = other
    return labels


# -- weights ----------------------------------------------------------------------------------


@pytest.mark.parametrize("seed", range(6))
def test_border_weights_are_those_of_brute_force(seed):
    cells = random_cells(seed)
    weights = border_weights(cells, 10, 3)
    assert weights.dtype == np.float32
    np.testing.assert_allclose(weights, brute_force(cells, 10, 3), atol=1e-4)


def test_border_weights_where_no_pixel_is_membrane():
    cells = np.ones((8, 9), np.int32)
    cells[:, 5:] = 2
    np.testing.assert_allclose(border_weights(cells, 10, 3), brute_force(cells, 10, 3), atol=1e-4)


def test_border_weights_of_negative_ids():
    cells = random_cells(1)
    cells[cells == cells.max()] = -4
    np.testing.assert_allclose(border_weights(cells, 10, 3), brute_force(cells, 10, 3), atol=1e-4)


def test_cells_too_far_to_matter_are_the_only_ones_left_out():
    cells = np.zeros((12, 70), np.int32)
    cells[4:8, 3:6], cells[2:9, 30:34], cells[5, 66] = 1, 2, 3
    weights, expected = border_weights(cells, 10, 2), brute_force(cells, 10, 2)
    np.testing.assert_allclose(weights, expected, atol=10 * 1e-6)
    near = np.zeros_like(cells)
    near[4:8, 20:23], near[2:9, 30:34] = 1, 2
    # as exact as float32 wherever the term is more than nothing
    weights, expected = border_weights(near, 10, 2), brute_force(near, 10, 2)
    seen = expected > 10 * 1e-6
    assert seen.sum() > 40
    np.testing.assert_allclose(weights[seen], expected[seen], rtol=1e-4)


def test_every_painted_cell_of_an_id_counts_as_one():
    cells = np.zeros((10, 30), np.int32)
    cells[3:6, 2:5] = cells[3:6, 8:11] = 4
    assert not border_weights(cells, 10, 3).any()
    cells[3:6, 15:18] = 5
    np.testing.assert_allclose(border_weights(cells, 10, 3), brute_force(cells, 10, 3), atol=1e-4)


@pytest.mark.parametrize("ids", [[], [7]])
def test_border_weights_of_fewer_than_two_cells_are_zero(ids):
    cells = np.zeros((9, 9), int)
    for each in ids:
        cells[2:5, 2:5] = each
    assert not border_weights(cells, 10, 3).any()


def test_the_weights_are_class_balance_and_border_together():
    target = make_target(two_cells(), "mask", CONFIG)
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
    target = make_target(labels, "mask", PLAIN)
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
    target = make_target(labels, "mask", CONFIG)
    expected = make_target(two_cells(), "mask", CONFIG)
    assert (target.classes.dtype, target.weights.dtype) == (np.uint8, np.float32)
    np.testing.assert_array_equal(target.classes, labels != 0)
    np.testing.assert_array_equal(target.weights, expected.weights)


@pytest.mark.parametrize("dtype", INTEGERS)
def test_instances_of_any_dtype(dtype):
    labels = two_cells(dtype, np.iinfo(dtype).max, 3)
    target = make_target(labels, "instances", CONFIG)
    np.testing.assert_array_equal(target.classes, labels != 0)
    np.testing.assert_array_equal(target.weights, make_target(two_cells(), "mask", CONFIG).weights)


def test_touching_instances_are_weighted_as_two_cells():
    labels = np.zeros((1, 12, 20), np.uint16)
    labels[0, 2:10, 2:10], labels[0, 2:10, 10:18] = 5, 9
    one = make_target(labels, "mask", CONFIG).weights
    two = make_target(labels, "instances", CONFIG).weights
    assert two[0, 5, 9] - one[0, 5, 9] == pytest.approx(10 * np.exp(-1 / 18), rel=1e-4)


@pytest.mark.parametrize("dtype", INTEGERS)
def test_scribbles(dtype):
    labels = two_cells(dtype, 2, 2)
    labels[0, :, 9:11] = 1
    target = make_target(labels, "scribbles", CONFIG)
    np.testing.assert_array_equal(target.classes, labels == 2)
    np.testing.assert_array_equal(target.weights > 0, labels != 0)


@pytest.mark.parametrize(("wrong", "received"), [(3, "0 to 3"), (-1, "-1 to 2")])
def test_scribbles_of_other_values_are_refused(wrong, received):
    labels = np.concatenate([two_cells(np.int16, 2, 1)] * 3)
    labels[1, 0, 0] = wrong
    message = rf"scribbles are 0 .* from {received} in slice 1; choose the meaning mask or inst"
    with pytest.raises(LabelsError, match=message):
        make_target(labels, "scribbles", CONFIG)


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
    target = make_target(labels, "scribbles", CONFIG, classes=3)
    assert target.classes.dtype == np.uint8
    np.testing.assert_array_equal(target.classes, np.maximum(labels.astype(int), 1) - 1)
    np.testing.assert_array_equal(target.weights > 0, labels != 0)


def test_all_classes_count_alike():
    labels = three_classes()
    weights = make_target(labels, "scribbles", PLAIN, classes=3).weights
    sums = [weights[labels == k].sum() for k in (1, 2, 3)]
    np.testing.assert_allclose(sums, sums[0], rtol=1e-5)
    assert weights[labels != 0].mean() == pytest.approx(1, rel=1e-5)


def test_a_further_class_is_part_of_its_cell():
    """What it adds is balance alone: no border runs around it."""
    labels = three_classes()
    border = [
        make_target(each, "scribbles", CONFIG, classes=count).weights
        - make_target(each, "scribbles", PLAIN, classes=count).weights
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
        make_target(labels, "scribbles", CONFIG, classes=3)


def test_more_classes_than_there_are_to_be():
    message = (
        r"2 \(cell\), 3 \(class 3\), received values from 0 to 4 .*; choose more classes than 3"
    )
    with pytest.raises(LabelsError, match=message):
        make_target(three_classes() + (three_classes() > 2), "scribbles", CONFIG, classes=3)


@pytest.mark.parametrize("meaning", ["mask", "instances"])
def test_masks_and_instances_hold_two_classes(meaning):
    message = f"expected scribbles for 3 classes, received {meaning}, which holds membrane and cell"
    with pytest.raises(LabelsError, match=message):
        make_target(three_classes(), meaning, CONFIG, classes=3)


@pytest.mark.parametrize("values", [[0, 1], [1, 2, 3], [0, 4, 9]])
def test_labels_of_more_than_two_classes_are_scribbles(values):
    assert guess_meaning(np.array(values).reshape(1, 1, -1), classes=3) == "scribbles"


def test_a_large_id_is_not_lost():
    labels = two_cells(np.uint64, 2**63 + 1, 2**63 + 2)
    weights = make_target(labels, "instances", CONFIG).weights
    np.testing.assert_array_equal(weights, make_target(two_cells(), "mask", CONFIG).weights)


def test_a_slice_of_one_class_is_no_harm_where_others_have_both():
    labels = np.concatenate([two_cells(), np.ones((1, 12, 20), np.uint8)])
    target = make_target(labels, "mask", CONFIG)
    assert target.labelled == (0, 1)
    assert (target.weights > 0).all()


@pytest.mark.parametrize(
    ("values", "meaning"),
    [([0], "mask"), ([0, 1], "mask"), ([0, 255], "mask"), ([255], "mask"), ([0, 2], "mask"),
     ([0, 1, 2], "scribbles"), ([1, 2], "scribbles"), ([0, 1, 2, 3], "instances"),
     ([0, 4, 9], "instances")],
)  # fmt: skip
def test_guessed_meaning(values, meaning):
    assert guess_meaning(np.array(values, np.uint16).reshape(1, 1, -1)) == meaning


# -- slices -----------------------------------------------------------------------------------


def stack_of(*labelled, slices=5):
    labels = np.zeros((slices, 12, 20), np.uint8)
    for z in labelled:
        labels[z] = two_cells()[0]
    return labels


def test_slices_without_labels_weigh_nothing():
    target = make_target(stack_of(1, 3), "mask", CONFIG)
    assert target.labelled == (1, 3)
    assert target.weights.any((1, 2)).tolist() == [False, True, False, True, False]


def test_named_slices():
    target = make_target(stack_of(0, 1, 3), "mask", CONFIG, slices=[3, 0, 3])
    assert target.labelled == (0, 3)
    assert not target.weights[1].any()


@pytest.mark.parametrize("slices", [[5], [0, -1]])
def test_slices_that_are_not_there_are_refused(slices):
    with pytest.raises(LabelsError, match=f"slices: expected 0 to 4, received .*{slices[-1]}"):
        make_target(stack_of(0), "mask", CONFIG, slices=slices)


def test_nothing_labelled_is_refused():
    with pytest.raises(LabelsError, match="no slice is labelled; paint at least one"):
        make_target(stack_of(), "mask", CONFIG)


def test_no_slice_named_is_refused():
    with pytest.raises(LabelsError, match="slices: expected at least one, received none"):
        make_target(stack_of(0), "mask", CONFIG, slices=[])


@pytest.mark.parametrize(
    ("slices", "which"), [([0, 2], "slice 2 without"), ([4, 3, 2], "slices 2, 4 without")]
)
def test_named_slices_without_labels_are_refused(slices, which):
    with pytest.raises(LabelsError, match=f"received {which} labels; .* among slices 0, 3$"):
        make_target(stack_of(0, 3), "mask", CONFIG, slices=slices)


def test_of_many_slices_a_message_lists_some():
    with pytest.raises(LabelsError, match=r"received slices 0, 1, 2, .* 9, \.\.\. without"):
        make_target(stack_of(29, slices=30), "mask", CONFIG, slices=range(30))


# -- what cannot be labels ----------------------------------------------------------------------


@pytest.mark.parametrize("dtype", ["float32", "float64", "complex64"])
def test_floats_are_refused(dtype):
    with pytest.raises(LabelsError, match=f"expected integers, received {dtype}; convert"):
        make_target(two_cells().astype(dtype), "mask", CONFIG)


@pytest.mark.parametrize("wrong", [0.25, np.nan])
def test_the_slice_with_a_fraction_is_named(wrong):
    labels = stack_of(0, 3).astype(np.float32)
    labels[3, 5, 5] = wrong
    message = rf"expected integers, received float32 \(slice 3 holds {wrong}\); convert the layer"
    with pytest.raises(LabelsError, match=message):
        make_target(labels, "mask", CONFIG)


@pytest.mark.parametrize("shape", [(12, 20), (1, 1, 12, 20)])
def test_other_axes_are_refused(shape):
    with pytest.raises(LabelsError, match=r"expected \(Z, Y, X\), received shape"):
        make_target(two_cells().reshape(shape), "mask", CONFIG)


@pytest.mark.parametrize(
    ("value", "meaning", "missing"), [(1, "mask", "membrane"), (2, "scribbles", "membrane"),
                                      (1, "scribbles", "cell")],
)  # fmt: skip
def test_one_class_alone_is_refused(value, meaning, missing):
    labels = np.full((3, 8, 8), value, np.uint8)
    labels[1] = 0
    message = f"no {missing} is painted in slices 0, 2; the network needs all of membrane, cell"
    with pytest.raises(LabelsError, match=message):
        make_target(labels, meaning, CONFIG)


def test_the_labels_are_not_written_to():
    labels = two_cells()
    labels.setflags(write=False)
    make_target(labels, "instances", CONFIG)


def test_outside_of_what_is_reviewed_the_class_is_unknown():
    labels = np.zeros((3, 20, 20), np.uint8)
    labels[:, 4:16, 4:16] = 1
    reviewed = np.zeros(labels.shape, bool)
    reviewed[:2, :10] = True
    target = make_target(labels, "mask", TrainConfig(), reviewed=reviewed)
    assert target.labelled == (0, 1)
    assert (target.weights[0, :10] > 0).all()
    assert not target.weights[0, 10:].any()
    with pytest.raises(LabelsError, match="slice 2"):
        make_target(labels, "mask", TrainConfig(), slices=[2], reviewed=reviewed)
