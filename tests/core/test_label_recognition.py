"""What labels are taken for by their looks, and how their pixels are read then."""

from __future__ import annotations

import numpy as np
import pytest

from napari_emseg.core.config.training import TrainConfig
from napari_emseg.core.label_meaning import guess_meaning, truth_reading
from napari_emseg.core.label_reading import LabelReading
from napari_emseg.core.scores.probability import prediction_meaning, to_probability
from napari_emseg.core.scores.truth import TrueSlice
from napari_emseg.core.train.targets import make_target
from napari_emseg.errors import LabelsError
from tissue import (
    class_map_of,
    mask_of,
    picture_of,
    smoothed,
    through_jpeg,
    touching_ids,
)

IDS = touching_ids()
MASK = mask_of(IDS)
PICTURE = picture_of(MASK)
CELLS = np.where(MASK > 0, IDS, 0).astype(np.uint16)


def remarks(labels, **options):
    return " ".join(guess_meaning(labels, **options).remarks)


# -- masks --------------------------------------------------------------------------------------


def test_shares_are_said():
    found = guess_meaning(MASK)
    share = 100 * (MASK > 0).mean()
    assert found.said == (
        f"read as mask: {share:.0f} % cell, {100 - share:.0f} % membrane in 2 of 2 slices."
    )
    assert found.remarks == ()


@pytest.mark.parametrize("images", [None, PICTURE, 255 - PICTURE])
@pytest.mark.parametrize("labels", [MASK, MASK // 255, through_jpeg(MASK), MASK // 255 + 1, CELLS])
def test_what_is_right_is_not_called_swapped(labels, images):
    assert "swapped" not in remarks(labels, images=images)


@pytest.mark.parametrize("images", [None, PICTURE, 255 - PICTURE])
@pytest.mark.parametrize(
    "labels", [255 - MASK, 1 - MASK // 255, through_jpeg(255 - MASK), 2 - MASK // 255]
)
def test_swapped_membranes_are_noticed_and_an_option_swaps_them(labels, images):
    assert "the meaning membranes for the labels" in remarks(labels, images=images)
    assert "the meaning membranes for the truth" in remarks(labels, images=images, role="truth")
    assert remarks(labels, told="membranes").count("swapped") == 0
    target = make_target(labels, "membranes", TrainConfig())
    for z in range(2):
        np.testing.assert_array_equal(target[z].classes, MASK[z] > 0)
        reading = truth_reading(labels, "membranes")
        np.testing.assert_array_equal(TrueSlice.read(labels[z], reading).cells > 0, MASK[z] > 0)


def test_membranes_of_a_right_mask_are_noticed():
    assert "the meaning mask for the labels" in remarks(MASK, told="membranes")


def test_grey_values_tell_where_shapes_do_not():
    """Cells run together through gaps, so that neither side lies in many pieces."""
    labels = 255 - MASK
    labels[:, ::8] = 0
    labels[:, 0:4] = 255  # what is left of membranes
    assert "swapped" in remarks(labels, images=PICTURE)


@pytest.mark.parametrize("quality", [50, 75, 90, 100])
def test_a_mask_through_jpeg_is_cut_at_half(quality):
    labels = through_jpeg(MASK, quality)
    found = guess_meaning(labels)
    assert found.meaning == "mask"
    target = make_target(labels, found.reading, TrainConfig())
    assert ((target[0].classes > 0) == (MASK[0] > 0)).mean() > 0.998


@pytest.mark.parametrize("told", [None, "mask", "instances"])
def test_a_probability_in_16_bits_is_cut_at_half(told):
    labels = (smoothed(MASK) * 65535).astype(np.uint16)
    found = guess_meaning(labels, told=told)
    assert found.reading.cells(labels[0]).mean() == pytest.approx((MASK[0] > 0).mean(), abs=0.05)
    assert "it is cut at half" in found.remarks[0]


@pytest.mark.parametrize(("void", "top"), [(127, 255), (128, 255), (255, 1), (60, 255), (200, 255)])
def test_a_void_value_is_unknown_and_said(void, top):
    labels = np.where(MASK > 0, np.uint8(top), np.uint8(0))
    labels[:, :40, :60] = void
    found = guess_meaning(labels)
    assert (found.meaning, found.reading.unknown) == ("mask", (void,))
    assert found.remarks[0].startswith(f"{void} (7 %) is taken for unknown")
    assert found.shares.unknown == pytest.approx(2400 / MASK[0].size)
    target = make_target(labels, "mask", TrainConfig())
    assert not target[0].known[:40, :60].any()
    assert target[0].known.sum() == MASK[0].size - 2400
    true = TrueSlice.read(labels[0], found.reading)
    assert not true.known[:40, :60].any()
    assert not true.cells[:40, :60].any()


def test_a_few_cells_that_a_person_painted_stay_a_mask():
    for labels in (np.isin(CELLS, (3, 9, 20)) * np.uint8(1), np.isin(CELLS, (3,)) * np.uint8(7)):
        found = guess_meaning(labels, images=PICTURE)
        assert found.meaning == "mask"
        assert "swapped" not in " ".join(found.remarks)
        assert make_target(labels, "mask", TrainConfig()).labelled == (0, 1)


def test_strokes_stay_scribbles():
    labels = np.zeros_like(MASK)
    labels[:, 20:23, 10:90], labels[:, 100:140:8] = 2, 1
    found = guess_meaning(labels, images=PICTURE)
    assert (found.meaning, found.remarks) == ("scribbles", ())


def test_of_a_mask_in_a_corner_it_is_said_that_the_rest_is_membrane():
    labels = MASK.copy()
    labels[:, :, 90:] = 0
    found = guess_meaning(labels, images=PICTURE)
    assert found.meaning == "mask"
    assert "count as membrane. If nobody labelled them" in found.remarks[0]


def test_labels_of_other_slices_are_noticed():
    ids = touching_ids(6)
    mask = mask_of(ids)
    assert "are these the labels" in remarks(np.roll(mask, 1, 0), images=picture_of(mask))
    assert remarks(mask, images=picture_of(mask)) == ""


def test_plus_and_minus_one_are_a_mask():
    labels = np.where(MASK > 0, 1, -1).astype(np.int8)
    found = guess_meaning(labels)
    assert (found.meaning, found.reading.unknown) == ("mask", ())
    np.testing.assert_array_equal(
        make_target(labels, found.reading, TrainConfig())[0].classes, MASK[0] > 0
    )


def test_nearly_one_class_is_said():
    labels = np.ones_like(MASK)
    labels[:, 5:9, 5:9] = 0
    assert "Nearly all is cell" in remarks(labels)


# -- pictures -----------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "picture",
    [PICTURE, PICTURE.astype(np.uint16) * 200, np.pad(PICTURE, ((0, 0), (150, 150), (150, 150)))],
)
def test_a_picture_is_refused(picture):
    with pytest.raises(LabelsError, match=r"looks like a picture .* were image and labels swapped"):
        guess_meaning(picture)


# -- cells --------------------------------------------------------------------------------------


def test_a_membrane_is_drawn_between_ids_that_touch():
    found = guess_meaning(IDS)
    assert found.meaning == "instances"
    assert "a membrane is drawn between them" in found.remarks[0]
    target = make_target(IDS, "instances", TrainConfig())
    apart = TrueSlice.read(target[0].classes, "mask").cells
    assert apart.max() >= 35  # of 40 cells, the smallest of which are all membrane
    changes = IDS[0, 1:] != IDS[0, :-1]
    assert not target[0].classes[1:][changes].any()
    assert not target[0].classes[:-1][changes].any()


def test_of_a_truth_touching_ids_stay_cells():
    assert "each id stays a cell of its own" in remarks(IDS, role="truth")
    assert TrueSlice.read(IDS[0], truth_reading(IDS)).cells.max() == len(np.unique(IDS[0]))


def test_cells_with_membranes_are_read_as_they_are():
    found = guess_meaning(CELLS)
    assert (found.meaning, found.reading, found.remarks) == (
        "instances", LabelReading("instances"), (),
    )  # fmt: skip


@pytest.mark.parametrize("number", [1, 900])
def test_membranes_may_have_an_id(number):
    labels = np.where(MASK > 0, IDS + 1, number).astype(np.uint16)
    found = guess_meaning(labels)
    assert (found.meaning, found.reading.background) == ("instances", number)
    assert found.remarks == (f"Nearly all cells border on {number}: it is taken for membrane.",)
    target = make_target(labels, "instances", TrainConfig())
    np.testing.assert_array_equal(target[0].classes, MASK[0] > 0)
    np.testing.assert_array_equal(
        TrueSlice.read(labels[0], truth_reading(labels)).cells > 0, MASK[0] > 0
    )
    reading = prediction_meaning(labels)
    assert f"{number} is membrane" in reading.words
    np.testing.assert_array_equal(to_probability(labels[0], reading), MASK[0] > 0)


@pytest.mark.parametrize("meaning", [None, "instances"])
def test_tissue_without_labels_is_unknown(meaning):
    labels = CELLS.copy()
    labels[:, 60:160, 60:160] = 0
    found = guess_meaning(labels, told=meaning)
    assert found.reading.far_unknown
    assert "tissue that nobody labelled" in found.remarks[-1]
    target = make_target(labels, "instances", TrainConfig())
    assert not target[0].known[75:145, 75:145].any()
    assert target[0].known[labels[0] > 0].all()
    true = TrueSlice.read(labels[0], found.reading)
    assert not true.known[75:145, 75:145].any()


@pytest.mark.parametrize(
    ("void", "dtype"),
    [(-1, np.int32), (2**32 - 1, np.uint32), (2**64 - 1, np.uint64), (2**64 - 3, np.uint64),
     (2**32 - 1, np.int64), (65535, np.uint16), (255, np.uint8)],
)  # fmt: skip
def test_minus_one_is_unknown_also_without_its_sign(void, dtype):
    labels = CELLS.astype(dtype)
    labels[:, :, 150:] = void
    found = guess_meaning(labels)
    assert (found.meaning, found.reading.unknown) == ("instances", (void,))
    target = make_target(labels, "instances", TrainConfig())
    np.testing.assert_array_equal(target[0].known, labels[0] != void)
    assert TrueSlice.read(labels[0], found.reading).cells.max() <= 41


def test_a_slice_of_minus_one_is_not_labelled():
    labels = CELLS.astype(np.int32)
    labels[1] = -1
    assert guess_meaning(labels).labelled == (0,)
    assert make_target(labels, "instances", TrainConfig()).labelled == (0,)


# -- classes ------------------------------------------------------------------------------------


def test_a_class_map_from_1_is_scribbles_without_gaps():
    found = guess_meaning(class_map_of(MASK))
    assert (found.meaning, found.shares.unknown) == ("scribbles", 0)
    assert (
        truth_reading(class_map_of(MASK)).cells(class_map_of(MASK)[0]).sum() == (MASK[0] > 0).sum()
    )


def test_a_class_map_from_0_holds_membrane_at_0():
    labels = class_map_of(MASK, first=0)
    assert guess_meaning(labels).meaning == "mask"
    target = make_target(labels, guess_meaning(labels, classes=3).reading, TrainConfig(), classes=3)
    np.testing.assert_array_equal(target[0].classes, labels[0])
    assert target[0].known.all()


def test_ids_of_few_colours_stay_cells():
    """Numbers that are used again for cells far apart are no classes."""
    labels = (CELLS % 4 + 1) * (CELLS > 0)
    assert guess_meaning(labels.astype(np.uint8)).meaning == "instances"


def test_a_class_map_says_how_many_classes_it_holds():
    for first in (0, 1):
        found = guess_meaning(class_map_of(MASK, first=first))
        assert found.class_reading.membrane == first
        assert found.class_names == ("membrane", "cell", "class 3")
        assert "They hold 3 classes: membrane, cell, class 3." in found.remarks[0]
        assert "set classes to 3" in found.remarks[0]
        assert (
            "set classes"
            not in guess_meaning(class_map_of(MASK, first=first), classes=3).remarks[0]
        )


@pytest.mark.parametrize("told", [None, "scribbles"])
def test_a_class_map_from_0_is_read_alike_by_the_window_which_tells_its_guess(told):
    labels = class_map_of(MASK, first=0)
    assert guess_meaning(labels, classes=3, told=told).reading.membrane == 0


def test_strokes_of_three_classes_are_not_three_cells():
    strokes = np.zeros((1, 120, 120), np.uint8)
    for k, value in enumerate((1, 2, 3, 1, 2, 3)):
        strokes[0, 10 + 15 * k : 13 + 15 * k, 10:50] = value
    assert guess_meaning(strokes).class_names == ("membrane", "cell", "class 3")
    cells = np.zeros((1, 120, 120), np.uint8)
    for k in range(3):
        cells[0, 10 + 30 * k : 20 + 30 * k, 10:50] = k + 1
    assert guess_meaning(cells).class_names == ()
    assert guess_meaning((CELLS % 4 + 1) * (CELLS > 0)).class_names == ()


def test_classes_that_have_names_need_no_guess():
    labels = np.zeros((1, 40, 40), np.uint8)
    labels[0, 3:5, 3:20], labels[0, 10:12, 3:20] = 1, 2
    found = guess_meaning(labels, classes=3, names=("membrane", "cell", "mitochondrion"))
    assert found.meaning == "scribbles"
    assert "3 classes: membrane, cell, mitochondrion." in found.remarks[0]
