"""The scores against the challenge's own figures, brute force, and what they must not depend on."""

from __future__ import annotations

import json
import time

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays
from scipy import ndimage

from napari_emseg.core.label_images import cell_components
from napari_emseg.core.scores.metrics import (
    ISBI_THRESHOLDS,
    SliceScores,
    score_slice,
    score_stack,
)
from napari_emseg.core.scores.overlap import Overlap
from napari_emseg.errors import CancelledError, LabelsError, SettingError, ShapeError

ALL_SCORES = SliceScores.__dataclass_fields__


@pytest.fixture(scope="module")
def reference(isbi_dir):
    path = isbi_dir.parent / "metric_reference.npz"
    if not path.exists():
        pytest.skip(f"the reference scores of the challenge's Fiji classes are not at {path}")
    return np.load(path), json.loads(path.with_suffix(".json").read_text())


def grid(cell=12, count=4, border=2):
    """A slice (Y, X) of square cells with membranes between them, as bool."""
    tile = np.zeros((cell + border, cell + border), bool)
    tile[:cell, :cell] = True
    return np.tile(tile, (count, count))


def with_gap(mask, cell=12, border=2):
    """The same with the membrane between the first two cells of the first row opened."""
    gap = mask.copy()
    gap[2:8, cell : cell + border] = True
    return gap


def with_wall(mask, cell=12):
    """The same with a membrane drawn through the first cell."""
    wall = mask.copy()
    wall[:cell, 5:7] = False
    return wall


# --- the challenge's own figures ----------------------------------------------------------------


@pytest.mark.isbi
@pytest.mark.parametrize("name", ["soft", "gaps"])
def test_gives_the_figures_of_the_challenges_fiji_classes(reference, name):
    data, expected = reference
    scores = score_stack(data[name], data["truth"])
    assert scores.v_rand == pytest.approx(expected[name]["v_rand_thinned"], abs=1e-4)
    assert scores.v_info == pytest.approx(expected[name]["v_info_thinned"], abs=1e-4)


@pytest.mark.isbi
def test_binary_prediction_scores_the_same_however_it_is_stored(reference):
    data, _ = reference
    gaps, truth = data["gaps"][:1], data["truth"][:1]
    numbered = cell_components(gaps[0])[None]
    expected = score_stack(gaps, truth)
    for stored in (gaps * 255, gaps > 0, gaps.astype(np.float32), numbered.astype(np.uint16)):
        assert score_stack(stored, truth) == expected


@pytest.mark.isbi
def test_full_sweep_over_a_stack_takes_seconds(reference, record_property):
    data, _ = reference
    start = time.process_time()
    score_stack(data["soft"], data["truth"])
    seconds_of_30 = (time.process_time() - start) * 30 / len(data["truth"])
    record_property("seconds_of_30_slices", seconds_of_30)
    assert seconds_of_30 < 60  # about 8 on a quiet core


# --- what the scores mean -----------------------------------------------------------------------


def test_perfect_prediction_scores_one():
    scores = score_slice(grid(), grid())
    assert all(getattr(scores, name) == pytest.approx(1) for name in ALL_SCORES)


def test_merger_lowers_only_the_merge_parts():
    scores = score_slice(with_gap(grid()), grid())
    assert scores.v_rand_merge < 0.95
    assert scores.v_info_merge < 0.99
    assert scores.v_rand_split == pytest.approx(1)
    assert scores.v_info_split == pytest.approx(1)
    assert scores.pixel_accuracy > 0.99  # almost invisible to pixels: why it is not the measure


def test_split_lowers_only_the_split_parts():
    scores = score_slice(with_wall(grid()), grid())
    assert scores.v_rand_split < 0.97
    assert scores.v_info_split < 0.99
    # a membrane pixel inside a cell is a segment of its own, which merges nothing
    assert scores.v_rand_merge == pytest.approx(1)
    assert scores.v_info_merge == pytest.approx(1)


def test_thickness_of_membranes_costs_only_pixel_scores():
    truth = grid(cell=20, border=2)
    thick = score_slice(ndimage.binary_erosion(truth, iterations=2, border_value=1), truth)
    assert thick.v_rand > 0.98
    assert thick.pixel_accuracy < 0.75


def test_parts_combine_to_the_f_scores():
    scores = score_slice(with_wall(with_gap(grid())), grid())
    for name in ("v_rand", "v_info"):
        split, merge = getattr(scores, f"{name}_split"), getattr(scores, f"{name}_merge")
        assert getattr(scores, name) == pytest.approx(2 * split * merge / (split + merge))


def test_pixel_scores_are_those_before_thinning():
    truth = np.array([[1, 1, 0, 0]])
    scores = score_slice(np.array([[1, 0, 1, 0]], np.float32), truth)
    assert scores.pixel_accuracy == 0.5
    assert scores.iou == pytest.approx(1 / 3)
    assert scores.dice == scores.precision == scores.recall == 0.5


# --- brute force --------------------------------------------------------------------------------

labels = arrays(
    np.int32, st.tuples(st.integers(1, 5), st.integers(1, 5)), elements=st.integers(0, 3)
)


@st.composite
def label_pairs(draw):
    truth = draw(labels)
    return truth, draw(arrays(np.int32, truth.shape, elements=st.integers(0, 3)))


def brute_force(truth, segments):
    """Rand recall and precision over all ordered pairs of pixels, each with itself included."""
    inside = truth.ravel() > 0
    true = truth.ravel()[inside]
    predicted = segments.ravel()[inside].copy()
    singles = predicted == 0
    predicted[singles] = 100 + np.arange(singles.sum())
    same_true = true[:, None] == true[None]
    same_predicted = predicted[:, None] == predicted[None]
    both = (same_true & same_predicted).sum()
    return true, predicted, both / same_true.sum(), both / same_predicted.sum()


def entropy(*columns):
    _, counts = np.unique(np.stack(columns), axis=1, return_counts=True)
    part = counts / counts.sum()
    return float(-(part * np.log(part)).sum())


@given(label_pairs())
def test_rand_and_information_agree_with_brute_force(pair):
    truth, segments = pair
    overlap = Overlap.count(truth, segments)
    if not truth.any():
        assert overlap.rand() == overlap.information() == (1, 1)
        return
    true, predicted, recall, precision = brute_force(truth, segments)
    assert overlap.rand() == pytest.approx((recall, precision))
    both, parts = entropy(true) + entropy(predicted), overlap.information()
    if both > 1e-9:
        mutual = both - entropy(true, predicted)
        assert parts.f_score == pytest.approx(2 * mutual / both, abs=1e-9)
    else:
        assert parts == (1, 1)


@given(label_pairs(), st.permutations([1, 2, 3]))
def test_ids_do_not_matter(pair, order):
    truth, segments = pair
    renamed = np.array([0, *order], np.int32)
    one, other = Overlap.count(truth, segments), Overlap.count(renamed[truth], renamed[segments])
    assert one.rand() == pytest.approx(other.rand())
    assert one.information() == pytest.approx(other.information())


@given(label_pairs())
def test_all_scores_stay_in_range(pair):
    truth, segments = pair
    scores = score_slice(segments, truth)
    assert all(0 <= getattr(scores, name) <= 1 for name in ALL_SCORES)


# --- stack, thresholds, report --------------------------------------------------------------------


def soft(mask, low=0.15, high=0.85):
    return np.where(mask, np.float32(high), np.float32(low))


def test_stack_takes_the_mean_over_slices_and_then_the_best_threshold():
    truth = np.stack([grid(), grid()])
    # the first slice is right only below 0.45, the second only above 0.35: 0.4 is best for both
    prediction = np.stack([soft(grid(), 0.05, 0.45), soft(grid(), 0.35, 0.95)])
    scores = score_stack(prediction, truth)
    assert scores.threshold == pytest.approx(0.4)
    assert scores.v_rand == scores.v_info == pytest.approx(1)
    assert [row.threshold for row in scores.sweep] == list(ISBI_THRESHOLDS)
    for row in scores.sweep:
        alone = [score_slice(prediction[z], truth[z], row.threshold).v_rand for z in range(2)]
        assert row.mean.v_rand == pytest.approx(np.mean(alone))


def test_v_rand_and_v_info_each_take_their_own_best_threshold():
    rng = np.random.default_rng(0)
    truth = np.stack([grid()] * 2)
    noisy = np.clip(soft(truth, 0.4, 0.6) + rng.normal(0, 0.15, truth.shape), 0, 1)
    scores = score_stack(noisy, truth)
    assert scores.v_rand == max(row.mean.v_rand for row in scores.sweep)
    assert scores.v_info == max(row.mean.v_info for row in scores.sweep)
    assert scores.pixel_accuracy == pytest.approx(
        np.mean((noisy > scores.threshold) == truth), abs=1e-6
    )


def test_equal_thresholds_give_the_middle_one():
    assert score_stack(grid()[None], grid()[None]).threshold == 0.5


def test_a_pixel_at_the_threshold_is_membrane():
    truth = np.ones((4, 4), np.uint8)
    probability = np.full((4, 4), 0.3, np.float32)
    assert score_slice(probability, truth, 0.3).iou == 0
    assert score_slice(probability, truth, 0.2999).iou == 1


def test_report_has_the_form_that_evaluate_prints():
    report = score_stack(np.stack([grid()] * 3), np.stack([grid()] * 3)).to_dict()
    assert json.loads(json.dumps(report)) == report
    fixed = ["v_rand", "v_info", "pixel_accuracy", "iou", "threshold"]
    assert list(report["stack"])[:5] == fixed
    assert set(report["stack"]) == {*fixed, *ALL_SCORES}
    assert [each["threshold"] for each in report["sweep"]] == list(ISBI_THRESHOLDS)
    assert [each["slice"] for each in report["slices"]] == [0, 1, 2]
    assert set(report["slices"][0]) == {"slice", *ALL_SCORES}


def test_progress_is_told_and_may_stop_the_scoring():
    calls = []
    stack = np.stack([grid()] * 3)
    score_stack(stack, stack, thresholds=[0.5], on_slice=lambda *args: calls.append(args))
    assert calls == [(1, 3), (2, 3), (3, 3)]

    def stop(done, total):
        raise CancelledError("stopped")

    with pytest.raises(CancelledError):
        score_stack(stack, stack, on_slice=stop)


def test_lazy_stacks_are_read_slice_by_slice():
    da = pytest.importorskip("dask.array")
    stack = np.stack([grid()] * 3)
    lazy = da.from_array(stack, chunks=(1, -1, -1))
    assert score_stack(lazy, lazy) == score_stack(stack, stack)
    bytes_ = da.from_array(stack.astype(np.uint8) * 200, chunks=(1, -1, -1))
    assert score_stack(bytes_, lazy).v_rand == pytest.approx(1)


def test_inputs_are_not_changed():
    prediction, truth = np.array([[3, 3, 4]], np.uint16), np.array([[1, 1, 2]], np.uint16)
    prediction.flags.writeable = truth.flags.writeable = False
    score_slice(prediction, truth)


# --- at the edges ---------------------------------------------------------------------------------


@pytest.mark.parametrize("value", [0, 1])
def test_slice_without_cells_has_defined_scores(value):
    scores = score_slice(np.full((8, 8), value, np.float32), np.zeros((8, 8), np.uint8))
    assert scores.v_rand == scores.v_info == 1
    assert scores.pixel_accuracy == scores.iou == 1 - value


@pytest.mark.parametrize("value", [0, 1])
def test_prediction_of_one_class_only_has_defined_scores(value):
    scores = score_slice(np.full((56, 56), value, np.float32), grid())
    assert 0 < scores.v_rand < 1
    assert 0 <= scores.v_info < 1


@pytest.mark.parametrize(
    ("prediction", "truth", "words"),
    [
        (np.zeros((2, 3)), np.zeros((3, 2)), r"equal shapes \(Y, X\).*\(2, 3\) and \(3, 2\)"),
        (np.zeros((0, 3)), np.zeros((0, 3)), "one pixel or more"),
        (np.zeros((1, 2, 3)), np.zeros((1, 2, 3)), r"axes \(Y, X\)"),
        (np.full((2, 2), np.nan), np.ones((2, 2)), "NaN"),
        (np.full((2, 2), 1.5), np.ones((2, 2)), "0 to 1.*1.5"),
        (np.full((2, 2), -3), np.ones((2, 2)), "0 or above, received -3"),
        (np.full((2, 2), "a"), np.ones((2, 2)), "expected numbers"),
    ],
)
def test_wrong_inputs_are_told_in_words(prediction, truth, words):
    with pytest.raises(ShapeError, match=words):
        score_slice(prediction, truth)


def test_truth_without_any_cell_is_told_in_words():
    with pytest.raises(LabelsError, match="0 everywhere"):
        score_stack(grid()[None], np.zeros((1, 56, 56), np.uint8))


@pytest.mark.parametrize("thresholds", [[], [-0.1], [1.1], [float("nan")]])
def test_thresholds_outside_the_range_are_told_in_words(thresholds):
    with pytest.raises(SettingError, match="0 to 1"):
        score_stack(grid()[None], grid()[None], thresholds=thresholds)
