"""What a prediction is taken for by its structure."""

from __future__ import annotations

import numpy as np
import pytest

from napari_emseg.core.scores.metrics import score_stack
from napari_emseg.core.scores.prediction_notes import about_values, agreement, notes_on, oriented
from napari_emseg.core.scores.probability import (
    PredictionReading,
    prediction_meaning,
    to_probability,
)
from napari_emseg.core.scores.truth import TrueSlice
from tissue import class_map_of, mask_of, picture_of, smoothed, touching_ids

IDS = touching_ids()
MASK = mask_of(IDS)
CELLS = np.where(MASK > 0, IDS, 0)
PROBABILITY = smoothed(MASK)
RIGHT = score_stack(MASK, MASK)


@pytest.mark.parametrize(
    ("prediction", "kind"),
    [
        (MASK, "mask"), (MASK > 0, "mask"), (MASK // 255, "mask"), (MASK // 2, "mask"),
        (MASK // 255 + 1, "mask"), (2 - MASK // 255, "mask"), (np.maximum(MASK, 7), "mask"),
        (PROBABILITY, "probability"), ((PROBABILITY * 255).astype("u1"), "percent_of_255"),
        ((PROBABILITY * 100).astype("u1"), "percent_of_255"),
        ((PROBABILITY * 65535).astype("u2"), "percent_of_255"),
        ((PROBABILITY * 10000).astype("i4"), "percent_of_255"),
        (CELLS.astype("u1"), "ids"), (CELLS.astype("u2"), "ids"), (CELLS.astype("i8"), "ids"),
        (CELLS.astype("u2") * 900, "ids"), (IDS.astype("u1"), "ids"),
        (class_map_of(MASK), "classes"), (class_map_of(MASK, 0), "classes"),
    ],
)  # fmt: skip
def test_the_same_segmentation_in_any_form_scores_the_same(prediction, kind):
    reading = prediction_meaning(prediction)
    assert reading.kind == kind
    scores = score_stack(prediction, MASK)
    assert scores.v_rand > 0.97
    if kind in ("mask", "classes") or prediction is CELLS:
        assert scores.v_rand == RIGHT.v_rand


@pytest.mark.parametrize("top", [100, 255, 1000, 10000])
def test_the_greatest_value_stands_for_certain(top):
    prediction = np.round(PROBABILITY * top).astype(np.uint16)
    reading = prediction_meaning(prediction)
    assert reading.top == top
    np.testing.assert_allclose(
        to_probability(prediction[0], reading), PROBABILITY[0], atol=0.51 / top
    )


def test_a_mask_that_holds_more_in_a_later_slice_is_none():
    prediction = np.concatenate([MASK] * 15)
    for z in (1, 17):
        soft = prediction.copy()
        soft[z] = smoothed(MASK[1:])[0] * 255
        assert prediction_meaning(soft).kind == "percent_of_255"
    assert prediction_meaning(prediction).kind == "mask"


def test_a_layer_of_labels_is_never_a_probability():
    assert prediction_meaning((PROBABILITY * 255).astype("u1"), is_labels=True).kind == "ids"
    assert prediction_meaning(class_map_of(MASK), is_labels=True).kind == "classes"


# -- beside the truth ---------------------------------------------------------------------------


def reading_of(prediction):
    return lambda z: (prediction[z], TrueSlice.read(MASK[z]))


@pytest.mark.parametrize(("cell", "other"), [(1, 2), (2, 1), (3, 200)])
def test_the_truth_decides_which_of_two_values_is_cell(cell, other):
    prediction = np.where(MASK > 0, cell, other).astype(np.uint8)
    wrong = PredictionReading("mask", cut=(cell + other) / 2, reversed=cell > other)
    found = oriented(wrong, reading_of(prediction), range(2))
    assert found == prediction_meaning(prediction)
    assert ("above" if cell > other else "below") in found.words
    np.testing.assert_array_equal(to_probability(prediction[0], found), MASK[0] > 0)


def test_a_mask_with_a_0_is_not_turned_by_the_truth():
    found = prediction_meaning(255 - MASK)
    assert oriented(found, reading_of(255 - MASK), range(2)) == found
    assert agreement(reading_of(255 - MASK), range(2), found) == pytest.approx(-1)


def test_reversed_one_segment_and_ends_of_the_range_are_pointed_at():
    membrane = score_stack(1 - PROBABILITY, MASK)
    (first, *_) = notes_on(membrane, score_stack(PROBABILITY, MASK))
    assert first.startswith("Reversed it would score V_rand 1.0000 in place of 0.2")
    whole = notes_on(score_stack(np.ones_like(MASK), MASK))
    assert "All of the prediction is one segment" in whole[0]
    low = notes_on(score_stack(PROBABILITY * np.float32(0.05) * (MASK > 0), MASK))
    assert "The best threshold is 0, an end of the range" in low[0]
    assert notes_on(RIGHT) == ()


def test_what_can_hardly_be_a_prediction_is_pointed_at():
    assert about_values(np.ones_like(MASK), range(2)) == ("The prediction is 1 everywhere.",)
    assert "looks like a picture" in about_values(picture_of(MASK), range(2))[0]
    for prediction in (MASK, PROBABILITY, CELLS, (PROBABILITY * 255).astype("u1")):
        assert about_values(prediction, range(2)) == ()
