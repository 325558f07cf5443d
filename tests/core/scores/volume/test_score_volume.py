"""Scores of a volume: as skimage has them, as counted by hand, as CREMI's program has them."""

from __future__ import annotations

from itertools import combinations
from math import log2

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy import ndimage
from skimage.metrics import adapted_rand_error, variation_of_information

from napari_emseg.core.config.volume_scores import VolumeScoresConfig
from napari_emseg.core.scores.volume.errors import LARGER, REST, SMALLER
from napari_emseg.core.scores.volume.score_volume import score_volume
from napari_emseg.errors import LabelsError, SettingError, ShapeError


def blocks(seed, zeros, shape=(5, 12, 12)):
    """Cells of several voxels, a share of them 0."""
    rng = np.random.default_rng(seed)
    ids = rng.integers(1, 30, shape) * (rng.random(shape) >= zeros)
    return np.kron(ids, np.ones((2, 4, 4), int))


def two_cells():
    """Two cells of 2 x 12 x 12 voxels side by side."""
    truth = np.full((2, 12, 24), 5, np.uint16)
    truth[:, :, 12:] = 9
    return truth


# -- scores -------------------------------------------------------------------------------------


@pytest.mark.parametrize("zeros", [0, 0.2])
@pytest.mark.parametrize("dtype", [np.uint8, np.int32, np.uint64])
def test_as_skimage_has_them(zeros, dtype):
    truth, predicted = (blocks(seed, zeros).astype(dtype) for seed in (0, 1))
    predicted[:, :20] = truth[:, :20]
    found = score_volume(predicted, truth)
    # skimage calls recall what its own text calls precision, and the reverse
    are, recall, precision = adapted_rand_error(truth.astype(int), predicted.astype(int))
    split, merge = variation_of_information(
        truth.astype(int), predicted.astype(int), ignore_labels=(0,)
    )
    ours = found.volume
    assert ours.are == pytest.approx(are, abs=1e-9)
    assert (ours.rand_precision, ours.rand_recall) == pytest.approx((precision, recall), abs=1e-9)
    assert (ours.voi_split, ours.voi_merge) == pytest.approx((split, merge), abs=1e-9)
    for z, each in found.slices.items():
        are, *_ = adapted_rand_error(truth[z].astype(int), predicted[z].astype(int))
        assert each.are == pytest.approx(are, abs=1e-9)


@given(st.integers(0, 10_000))
@settings(max_examples=30, deadline=None)
def test_as_pairs_of_voxels_are_counted_one_by_one(seed):
    rng = np.random.default_rng(seed)
    truth, predicted = rng.integers(0, 5, (2, 2, 3, 4))
    truth[0, 0, 0] = 1
    found = score_volume(predicted, truth).volume
    true, seen = truth[truth > 0], predicted[truth > 0]
    pairs = list(combinations(range(true.size), 2))
    in_true = [true[a] == true[b] for a, b in pairs]
    in_seen = [seen[a] == seen[b] for a, b in pairs]
    both = sum(a and b for a, b in zip(in_true, in_seen, strict=True))
    assert found.rand_recall == pytest.approx(both / sum(in_true) if any(in_true) else 1)
    assert found.rand_precision == pytest.approx(both / sum(in_seen) if any(in_seen) else 1)
    assert 0 <= found.are <= 1
    assert min(found.voi_split, found.voi_merge) >= 0
    assert max(found.voi_split, found.voi_merge) <= log2(true.size) + 1e-9


@given(st.integers(0, 10_000))
@settings(max_examples=20, deadline=None)
def test_a_split_is_a_merger_seen_from_the_other_side(seed):
    rng = np.random.default_rng(seed)
    truth, predicted = rng.integers(1, 6, (2, 2, 4, 5))
    one, other = score_volume(predicted, truth).volume, score_volume(truth, predicted).volume
    assert (one.voi_split, one.voi_merge) == pytest.approx((other.voi_merge, other.voi_split))
    assert (one.rand_precision, one.rand_recall) == pytest.approx(
        (other.rand_recall, other.rand_precision)
    )
    assert one.are == pytest.approx(other.are)
    renamed = rng.permutation(6).astype(np.uint16) + 1
    assert score_volume(renamed[truth], truth).volume.are == 0


def test_two_cells_merged_by_hand():
    truth = two_cells()
    scores = score_volume(np.ones_like(truth), truth)
    n = truth.size
    together = 2 * (n / 2) * (n / 2 - 1)
    assert scores.volume.rand_precision == pytest.approx(together / (n * (n - 1)))
    assert scores.volume.rand_recall == 1
    assert (scores.volume.voi_split, scores.volume.voi_merge) == (0, 1)
    assert (scores.voxels, scores.true_cells, scores.predicted_cells) == (n, 2, 1)


def test_a_cell_split_in_quarters_by_hand():
    truth = np.ones((1, 16, 16), int)
    predicted = np.kron(np.array([[[1, 2], [3, 4]]]), np.ones((1, 8, 8), int))
    scores = score_volume(predicted, truth).volume
    assert (scores.voi_split, scores.voi_merge) == (log2(4), 0)
    assert scores.rand_recall == pytest.approx(4 * 64 * 63 / (256 * 255))


def test_perfect_cells_with_other_names_have_no_error():
    truth = two_cells()
    scores = score_volume(100 - truth, truth)
    assert scores.volume.to_dict() == {
        "are": 0, "rand_precision": 1, "rand_recall": 1, "voi_split": 0, "voi_merge": 0,
        "voi": 0, "cremi_score": 0,
    }  # fmt: skip
    assert len(scores.mergers) == len(scores.splits) == 0


def test_a_slice_without_truth_takes_no_part():
    truth = two_cells()
    truth[0] = 0
    assert list(score_volume(two_cells(), truth).slices) == [1]


# -- CREMI --------------------------------------------------------------------------------------


def cremi_by_hand(predicted, truth, border_px):
    """The challenge's rules written down plainly: pairs of voxels looked at one by one."""
    kept = truth.copy()
    for z, ids in enumerate(truth):
        padded = np.pad(ids, 1, mode="edge")
        near = [padded[:-2, 1:-1], padded[2:, 1:-1], padded[1:-1, :-2], padded[1:-1, 2:]]
        inside = np.logical_and.reduce([each == ids for each in near])
        kept[z][ndimage.distance_transform_edt(inside) <= border_px] = 0
    counts = {}
    for pair in zip(kept[kept > 0].tolist(), predicted[kept > 0].tolist(), strict=True):
        counts[pair] = counts.get(pair, 0) + 1
    n = sum(counts.values())
    alone = sum(count for (_, p), count in counts.items() if p == 0) / n
    true, found = {}, {}
    for (t, p), count in counts.items():
        true[t] = true.get(t, 0) + count
        found[p] = found.get(p, 0) + count
    both = sum(count**2 for (_, p), count in counts.items() if p) + alone
    in_true = sum(count**2 for count in true.values())
    in_found = sum(count**2 for p, count in found.items() if p) + alone
    split = -sum(c / n * log2(c / true[t]) for (t, _), c in counts.items())
    merge = -sum(c / n * log2(c / found[p]) for (_, p), c in counts.items())
    return 1 - 2 * both / (in_true + in_found), split, merge


def test_cremi_leaves_out_what_is_near_a_border():
    truth, predicted = np.kron(blocks(0, 0)[:4], np.ones((1, 3, 3), int)), blocks(1, 0.1)[:4]
    predicted = np.kron(predicted, np.ones((1, 3, 3), int))
    config = VolumeScoresConfig(foreground="cremi", border_nm=8)
    found = score_volume(predicted, truth, config=config, voxel_size_nm=(40, 4, 4)).volume
    expected = cremi_by_hand(predicted, truth, 2)
    assert (found.are, found.voi_split, found.voi_merge) == pytest.approx(expected, abs=1e-9)
    assert found.cremi_score == pytest.approx(((expected[1] + expected[2]) * expected[0]) ** 0.5)


@pytest.mark.parametrize(
    ("size", "said"), [(None, "give it, such as 40 x 4 x 4 nm"), ((40, 4, 5), "square")]
)
def test_cremi_needs_square_pixels_of_known_size(size, said):
    config = VolumeScoresConfig(foreground="cremi")
    with pytest.raises(SettingError, match=said):
        score_volume(two_cells(), two_cells(), config=config, voxel_size_nm=size)


# -- errors -------------------------------------------------------------------------------------


def test_a_merger_and_a_split_are_found_with_their_ids_and_points():
    truth = np.kron(np.arange(1, 5).reshape(1, 1, 4), np.ones((4, 16, 16), int))
    predicted = truth * 10
    predicted[:, :, 16:32] = 10  # cell 2 is merged with 1
    predicted[2:, :, 48:] = 77  # cell 4 is split in z
    scores = score_volume(predicted, truth)
    (merger,), (split,) = scores.mergers.worst, scores.splits.worst
    assert (merger.kind, merger.voxels, merger.true_ids) == ("merger", 4 * 256, (1, 2))
    assert merger.predicted_ids == (10, 10)
    assert (split.kind, split.voxels, split.true_ids) == ("split", 2 * 256, (4, 4))
    assert sorted(split.predicted_ids) == [40, 77]
    for error in (merger, split):
        for k in (0, 1):
            assert truth[error.points[k]] == error.true_ids[k]
            assert predicted[error.points[k]] == error.predicted_ids[k]
    assert scores.mergers.by_size == {1000: 1}
    assert scores.splits.by_size == {100: 1}


def bodies_joined_by_a_bridge():
    """Two cells that lie apart, and one predicted cell over both, joined in slice 3 alone."""
    truth = np.zeros((6, 40, 60), int)
    truth[:, 5:35, 4:20], truth[:, 5:35, 40:56] = 1, 2
    truth[:, 18:22, 32:40] = 2  # an arm of the second one, towards the first
    predicted = np.where(truth > 0, 7, 0)
    predicted[:, 18:22, 32:40] = 0
    predicted[3, 18:22, 20:40] = 7
    return predicted, truth


def test_the_place_of_a_merger_is_where_its_pieces_come_nearest():
    predicted, truth = bodies_joined_by_a_bridge()
    (merger,) = score_volume(predicted, truth).mergers.worst
    z, y, x = merger.place
    piece = (truth == merger.true_ids[1]) & (predicted == merger.predicted_ids[1])
    assert piece[merger.place]
    other = (truth == merger.true_ids[0]) & (predicted == merger.predicted_ids[0])
    assert other[merger.meeting[0]]
    assert (z, x) == (3, 32 if merger.true_ids[1] == 2 else 19)
    assert 18 <= y < 22
    found = np.argwhere(piece)
    assert merger.box == (tuple(found.min(axis=0)), tuple(found.max(axis=0)))


def test_the_place_of_a_split_is_the_middle_of_the_cut():
    truth = np.ones((10, 40, 40), int)
    predicted = np.ones_like(truth)
    predicted[7:] = 2
    (split,) = score_volume(predicted, truth).splits.worst
    z, y, x = split.place
    assert sorted(each[0] for each in split.meeting) == [6, 7]
    assert z == (7 if split.predicted_ids[1] == 2 else 6)
    assert abs(y - 19.5) <= 4
    assert abs(x - 19.5) <= 8


def test_a_voxel_size_says_what_is_near():
    truth = np.zeros((3, 40, 60), int)
    truth[0, :, 4:24] = 1
    truth[0, :10, 30:58] = truth[2, 30:, 4:24] = truth[2, :, 30:58] = 2
    predicted = np.where(truth > 0, 1, 0)  # 7 px apart beside one another, or 2 slices
    far, near = (
        score_volume(predicted, truth, voxel_size_nm=size).mergers.worst[0].place
        for size in ((1, 1, 1), (50, 4, 4))
    )
    assert far[0] == 0
    assert far[1] >= 30
    assert near[0] == 0
    assert near[1] < 10
    assert near[2] == 23


def test_what_is_marked_of_an_error():
    predicted, truth = bodies_joined_by_a_bridge()
    (merger,) = score_volume(predicted, truth).mergers.worst
    marked = merger.mark(truth[3], predicted[3])
    assert np.array_equal(marked > 0, predicted[3] == 7)
    assert np.array_equal(marked == SMALLER, (truth[3] == merger.true_ids[1]) & (predicted[3] == 7))
    assert np.array_equal(marked == LARGER, (truth[3] == merger.true_ids[0]) & (predicted[3] == 7))
    assert set(marked[18:22, 20:32].ravel().tolist()) == {REST}


def test_places_are_named_as_in_the_stack_that_a_part_was_taken_of():
    predicted, truth = bodies_joined_by_a_bridge()
    scores = score_volume(predicted, truth)
    moved = scores.moved([10, 11, 12, 20, 21, 22], 100, 1000)
    assert list(moved.slices) == [10, 11, 12, 20, 21, 22]
    (before,), (after,) = scores.mergers.worst, moved.mergers.worst
    assert after.place == (20, before.place[1] + 100, before.place[2] + 1000)
    assert after.box[1] == (22, before.box[1][1] + 100, before.box[1][2] + 1000)
    assert after.meeting[0][0] == 20
    assert after.points[0][1] == before.points[0][1] + 100


def test_a_cell_in_k_pieces_is_split_k_less_one_times_and_the_worst_come_first():
    truth = np.ones((1, 20, 120), int)
    predicted = np.repeat([[1, 2, 3, 4]], [60, 30, 20, 10], axis=1)[None].repeat(20, axis=1)
    splits = score_volume(predicted, truth, config=VolumeScoresConfig(worst=2)).splits
    assert splits.voxels.tolist() == [600, 400, 200]
    assert len(splits.worst) == 2
    pairs = list(combinations([1, 2, 3], 2))[:2]
    assert [each.predicted_ids for each in splits.worst] == pairs


def test_a_border_that_lies_elsewhere_is_no_error_but_costs():
    truth, predicted = two_cells(), np.roll(two_cells(), 2, axis=2)
    predicted[:, :, :2] = 5
    scores = score_volume(predicted, truth)
    assert len(scores.mergers) == len(scores.splits) == 0
    assert scores.volume.are > 0


def test_what_is_not_found_is_neither_merged_nor_split():
    truth = two_cells()
    predicted = np.where(truth == 5, 5, 0)
    scores = score_volume(predicted, truth)
    assert len(scores.mergers) == len(scores.splits) == 0


# -- refusals -----------------------------------------------------------------------------------


def test_shapes_that_differ_are_refused():
    with pytest.raises(ShapeError, match="equal shapes"):
        score_volume(two_cells(), two_cells()[:1])


def test_a_truth_without_cells_is_refused():
    with pytest.raises(LabelsError, match="truth: expected cells"):
        score_volume(two_cells(), np.zeros_like(two_cells()))


def test_a_probability_is_refused_with_what_to_do():
    with pytest.raises(LabelsError, match=r"prediction: .*float32.*make cells of it first"):
        score_volume(two_cells().astype(np.float32) / 9, two_cells())


def test_stopping_ends_it():
    def stop(done, total):
        raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        score_volume(two_cells(), two_cells(), on_slice=stop)
