"""Comparing without a window: layers are arrays, threads work at once, time passes when told."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import pytest
from scipy.ndimage import gaussian_filter

from compared_layer import Layer
from napari_emseg.core.scores.metrics import score_slice, score_stack
from napari_emseg.io.folders import runs_folder
from napari_emseg.model.packages.library import shipped_folder
from napari_emseg.model.packages.package import read_package
from napari_emseg.model.train.history import write_history
from napari_emseg.session.compare.session import CompareSession, Phase
from napari_emseg.session.compare.training_runs import TrainingRuns

SLICES = 7


GAP, FALSE_MEMBRANE = (slice(8, 12), slice(20, 23)), (slice(23, 43), slice(8, 10))


@pytest.fixture
def truth():
    tile = np.zeros((23, 23), np.uint8)
    tile[:20, :20] = 1
    return Layer(np.stack([np.tile(tile, (4, 4))] * SLICES), "truth")


@pytest.fixture
def prediction(truth):
    """The truth, softened, with a gap in slice 2 and a false membrane in 3."""
    mask = truth.data.copy()
    mask[(2, *GAP)] = 1
    mask[(3, *FALSE_MEMBRANE)] = 0
    return Layer(np.where(mask, np.float32(0.75), np.float32(0.25)), "probability")


@pytest.fixture
def session(executor):
    return CompareSession(executor)


@pytest.fixture
def comparing(session, executor, prediction, truth):
    """A session that has compared the slice that is seen."""
    session.compare(prediction, truth)
    executor.pass_time()
    return session


def test_it_is_said_what_both_are_taken_for(comparing, session, executor, prediction, truth):
    assert session.taken_for == (
        "probability is taken for a probability of cell in 0 to 1. truth: Each label is a cell "
        "of its own, in a mask each piece; the rest of a painted slice is membrane."
    )
    ids = Layer(truth.data * 2 + truth.data, "painted")
    session.compare(ids, truth, "mask")
    assert session.taken_for == ""
    executor.pass_time()
    assert session.taken_for.startswith("painted is taken for cells, each with an id of its own.")
    assert "Everything painted is cell" in session.taken_for
    session.compare(None, truth)
    assert session.taken_for == ""


def test_a_picture_given_as_a_prediction_is_doubted(session, executor, truth):
    noise = gaussian_filter(np.random.default_rng(0).normal(size=truth.data.shape), (0, 2, 2))
    picture = (128 + 40 * noise / noise.std()).clip(0, 255).astype(np.uint8)

    class Picture(Layer):
        holds_ids = False

    session.compare(Picture(picture, "em"), truth)
    executor.pass_time()
    assert "em is taken for a probability of cell in whole numbers" in session.taken_for
    assert session.taken_for.endswith("was the image given for it?")


def known(session):
    return session.scores.at(session.config)


def warnings_of(session):
    told = []
    session.warned.connect(told.append)
    return told


# --- what is compared ----------------------------------------------------------------------------


def test_nothing_is_compared_before_there_is_something(session, executor, prediction, truth):
    for chosen, text in (
        ((None, truth), "Prediction: choose a layer"),
        ((prediction, None), "Truth: open or paint labels"),
        ((truth, truth), "the layer is the truth itself"),
    ):
        session.compare(*chosen)
        executor.pass_time()
        assert session.phase is Phase.EMPTY
        assert text in session.problem
    told = warnings_of(session)
    session.score_all()
    assert told == [session.problem]


def test_shapes_that_do_not_overlap_are_told_as_state(session, executor, prediction, truth):
    session.compare(prediction, Layer(truth.data[:3]))
    executor.pass_time()
    assert session.phase is Phase.EMPTY
    assert "expected equal shapes" in session.problem
    session.compare(prediction, Layer(truth.data, offset=(7, 0, 0)))
    assert "expected stacks that overlap" in session.problem
    session.compare(prediction, Layer(truth.data[0]))
    assert "expected a stack" in session.problem
    session.compare(prediction, truth)
    assert session.problem == ""
    assert session.phase is Phase.FOLLOWING


def test_the_slice_that_is_seen_is_compared_and_then_swept(comparing, prediction, truth):
    assert list(known(comparing)) == [0]
    assert known(comparing)[0].scores == score_slice(prediction.data[0], truth.data[0], 0.5)
    assert comparing.scores.has_sweep(0)
    assert comparing.phase is Phase.FOLLOWING


def test_a_part_is_compared_where_it_lies(session, executor, prediction, truth):
    part = Layer(truth.data[2:5, 23:, 23:], offset=(2, 23, 23))
    session.compare(prediction, part)
    executor.pass_time()
    assert session.here is None
    assert session.scores.known == {}
    prediction.seen_slice = 3
    session.look()
    session.score_all()
    executor.pass_time()
    assert list(known(session)) == [2, 3, 4]
    expected = score_slice(prediction.data[3, 23:, 23:], truth.data[3, 23:, 23:], 0.5)
    assert known(session)[3].scores == expected
    assert session.pair.pixel(3, 1.0, 2.0) == (3, 24.0, 25.0)


def test_a_prediction_begins_at_the_threshold_of_its_model(session, prediction, truth):
    prediction.model_folder = str(shipped_folder())
    session.compare(prediction, truth)
    threshold = read_package(shipped_folder()).info.threshold
    assert session.config.threshold == threshold
    session.change(threshold=0.9)
    session.compare(prediction, truth, "mask")  # the same one, another meaning
    assert session.config.threshold == 0.9
    assert session.has_threshold
    session.compare(truth, prediction)
    assert not session.has_threshold


def test_a_layer_that_is_removed_ends_the_work(session, executor, prediction, truth):
    session.compare(prediction, truth)
    session.score_all()
    session.compare(None, truth)
    assert session.phase is Phase.EMPTY
    assert session.scores is None
    assert not prediction.is_open
    told = []
    session.scored.connect(lambda: told.append(1))
    prediction.paint((0, *GAP), 1)
    executor.pass_time()
    assert session.here is None
    assert not told


def test_a_layer_that_is_moved_is_compared_anew(comparing, executor, truth):
    truth.offset = (0, 0, 23)
    truth.replaced.emit()
    assert comparing.scores.known == {}
    executor.pass_time()
    assert comparing.pair.window == (slice(0, 92), slice(23, 92))
    assert list(known(comparing)) == [0]


# --- all slices ----------------------------------------------------------------------------------


def test_all_slices_are_scored_as_the_core_scores_them(comparing, executor, prediction, truth):
    phases, steps = [], []
    comparing.events.phase.connect(lambda phase, _: phases.append(phase))
    comparing.events.progress.connect(lambda progress, _: steps.append(progress))
    comparing.score_all()
    executor.pass_time()
    assert phases == [Phase.SCORING, Phase.FOLLOWING]
    assert steps == [(k, SLICES) for k in range(SLICES + 1)]
    assert comparing.scores.sweep().sweep == score_stack(prediction.data, truth.data).sweep
    assert [error.kind for _, error in comparing.scores.errors(comparing.config)] == [
        "merger",
        "split",
    ]


def test_the_threshold_is_followed_on_all_and_no_sweep_is_made_again(comparing, executor):
    comparing.score_all()
    executor.pass_time()
    before = {z: each.sweep for z, each in known(comparing).items()}
    comparing.change(threshold=0.8)
    assert known(comparing) == {}
    executor.pass_time()
    assert list(known(comparing)) == list(range(SLICES))
    assert all(each.scores.recall == 0 for each in known(comparing).values())
    assert all(known(comparing)[z].sweep is sweep for z, sweep in before.items())


def test_the_threshold_may_move_while_slices_are_worked_through(comparing, executor):
    def move(progress, _):
        if progress[0] == 3:
            comparing.change(threshold=0.8)

    comparing.events.progress.connect(move)
    comparing.score_all()
    assert 0 < len(comparing.scores.known) < SLICES
    executor.pass_time()
    assert comparing.config.threshold == 0.8
    assert comparing.phase is Phase.FOLLOWING
    assert list(known(comparing)) == list(range(SLICES))
    assert all(each.scores.recall == 0 for each in known(comparing).values())


def test_scoring_anew_reads_all_and_makes_only_what_has_changed(comparing, executor, prediction):
    comparing.score_all()
    executor.pass_time()
    before = known(comparing)
    prediction.data[(5, *GAP)] = 0.75  # which nobody told, as where a file grows
    comparing.score_all()
    executor.pass_time()
    after = known(comparing)
    assert [z for z in before if after[z].sweep is not before[z].sweep] == [5]
    assert [error.kind for error in after[5].errors] == ["merger"]


def test_stop_keeps_what_is_scored(comparing, executor):
    comparing.events.progress.connect(lambda step, _: comparing.stop() if step[0] == 4 else None)
    comparing.score_all()
    executor.pass_time()
    assert comparing.phase is Phase.FOLLOWING
    assert list(known(comparing)) == [0, 1, 2, 3]
    comparing.change(threshold=0.6)
    executor.pass_time()
    assert list(known(comparing)) == [0], "only the slice that is seen is followed now"


def test_what_is_wrong_with_a_slice_ends_the_run_and_is_told(comparing, executor, prediction):
    told = warnings_of(comparing)
    prediction.data[4, 0, 0] = 2
    comparing.score_all()
    executor.pass_time()
    assert comparing.phase is Phase.FOLLOWING
    assert "expected a probability" in comparing.problem
    assert told == [comparing.problem]
    prediction.data[4, 0, 0] = 0
    comparing.score_all()
    executor.pass_time()
    assert comparing.problem == ""
    assert list(known(comparing)) == list(range(SLICES))


def test_what_is_wrong_with_the_slice_that_is_seen_goes_with_it(comparing, executor, prediction):
    prediction.data[1, 0, 0] = 2
    prediction.seen_slice = 1
    comparing.look()
    executor.pass_time()
    assert "expected a probability" in comparing.problem_here
    assert comparing.problem == ""
    prediction.seen_slice = 2
    comparing.look()
    executor.pass_time()
    assert comparing.problem_here == ""
    assert [error.kind for error in known(comparing)[2].errors] == ["merger"]


# --- painting ------------------------------------------------------------------------------------


def test_what_is_painted_is_compared_anew_with_its_sweep(comparing, executor, truth):
    before = known(comparing)[0]
    assert before.errors == ()
    truth.paint((0, *GAP), 1)
    executor.pass_time()
    after = known(comparing)[0]
    assert [error.kind for error in after.errors] == ["split"]
    assert after.sweep
    assert after.sweep != before.sweep


def test_a_stroke_through_slices_that_are_not_seen_makes_them_stale(comparing, executor, truth):
    comparing.score_all()
    executor.pass_time()
    truth.paint((5, *GAP), 1)
    assert comparing.scores.lacking(range(SLICES), comparing.config) == [5]
    executor.pass_time()
    assert [error.kind for error in known(comparing)[5].errors] == ["split"]


def test_scores_may_be_equal_and_a_slice_stale_all_the_same(comparing, executor, truth):
    """Staleness is a matter of pixels: what is painted may weigh the same."""
    comparing.score_all()
    executor.pass_time()
    truth.paint((4, 0, 0), 2)
    truth.paint((4, 0, 0), 1)
    assert comparing.scores.lacking(range(SLICES), comparing.config) == [4]
    sweep = known(comparing)[4].sweep
    executor.pass_time()
    assert comparing.scores.lacking(range(SLICES), comparing.config) == []
    assert known(comparing)[4].sweep is sweep, "the pixels are the same: nothing is made"


def test_what_is_painted_while_a_slice_is_compared_is_not_lost(comparing, executor, truth):
    strokes = iter([(3, *GAP)])

    def paint(z):
        for stroke in strokes if z == 3 else ():
            truth.paint(stroke, 1)

    truth.on_read = paint
    comparing.score_all()
    executor.pass_time()
    kinds = [error.kind for error in known(comparing)[3].errors]
    assert kinds == ["split", "split"]
    assert comparing.scores.lacking(range(SLICES), comparing.config) == []


def test_what_was_read_before_a_stroke_does_not_replace_what_was_read_after(comparing, truth):
    from napari_emseg.session.compare.measure import measure

    scores, config = comparing.scores, comparing.config
    old = next(measure(scores.pair, [0], config))
    truth.paint((0, *GAP), 1)
    new = next(measure(scores.pair, [0], config))
    assert scores.take(new)
    assert not scores.take(old)
    assert [error.kind for error in known(comparing)[0].errors] == ["split"]


def test_a_slice_that_nobody_has_labelled_is_known_as_such_until_it_is(
    session, executor, prediction, truth
):
    right = truth.data[1].copy()
    truth.data[1] = 0
    prediction.seen_slice = 1
    session.compare(prediction, truth)
    session.score_all()
    executor.pass_time()
    assert session.scores.unlabelled == {1}
    assert 1 not in known(session)
    truth.paint((1,), right)
    executor.pass_time()
    assert session.scores.unlabelled == set()
    assert known(session)[1].scores.v_rand == pytest.approx(1)


def test_error_maps_come_as_they_are_made_and_are_not_kept(session, executor, prediction, truth):
    maps = {}
    session.mapped.connect(lambda pair, z, error_map: maps.update({z: error_map}))
    session.compare(prediction, truth)
    executor.pass_time()
    assert maps[0].shape == (92, 92)
    maps.clear()
    session.look()  # as where the layer of errors is to come back
    executor.pass_time()
    assert list(maps) == [0]
    assert known(session)[0].error_map.size == 0
    session.score_all()
    maps.clear()
    session.score_all()  # all of them again, whatever became of those that were made
    assert list(maps) == list(range(SLICES))


# --- two predictions -----------------------------------------------------------------------------


def test_two_predictions_are_tested_against_each_other(comparing, executor, truth):
    worse = truth.data.copy()
    for z in range(SLICES):
        worse[z, 1 : 3 + z, 20:23] = 1
    comparing.compare_second(Layer(worse.astype(np.float32), "worse"))
    comparing.score_both()
    executor.pass_time()
    tested = comparing.paired_test.tested
    assert list(tested.rows) == list(range(SLICES))
    first, second, difference = tested.rows[0]
    assert (first, second) == (1, score_slice(worse[0], truth.data[0]).v_rand)
    assert difference == second - first
    assert tested.verdict.startswith("V_rand: probability is better on")
    assert tested.paired.p_value is not None
    comparing.paired_test.choose("pixel_accuracy")
    assert comparing.paired_test.tested.verdict.startswith("Pixel accuracy")
    comparing.change(threshold=0.7)
    executor.pass_time()
    assert len(comparing.paired_test.tested.rows) == SLICES, "both follow the threshold"
    comparing.compare_second(None)
    assert comparing.second is None
    assert comparing.paired_test.tested is None


def test_a_missing_second_prediction_is_told(comparing):
    told = warnings_of(comparing)
    comparing.score_both()
    assert "Second: choose a layer" in told[0]
    assert comparing.phase is Phase.FOLLOWING


# --- files ---------------------------------------------------------------------------------------


def test_scores_are_saved_with_what_reproduces_them(comparing, executor, prediction, tmp_path):
    saved, failed = [], []
    comparing.export.saved.connect(saved.append)
    comparing.export.failed.connect(failed.append)
    prediction.model_folder = str(shipped_folder())
    comparing.score_all()
    executor.pass_time()
    for ending in ("csv", "json"):
        comparing.save(tmp_path / f"scores.{ending}")
    assert [path.name for path in saved] == ["scores.csv", "scores.json"]
    written = json.loads((tmp_path / "scores.json").read_text())
    assert [row["slice"] for row in written["slices"]] == list(range(SLICES))
    assert written["slices"][2]["v_rand"] == known(comparing)[2].scores.v_rand
    assert written["stack"]["threshold"] == 0.5
    assert len(written["errors"]) == 2
    assert written["about"]["settings"]["piece_radius_px"] == 3
    assert written["about"]["model"]["folder"] == str(shipped_folder())
    assert len(written["about"]["truth"]["pixels_sha256"]) == 64
    comparing.save(tmp_path / "missing" / "scores.csv")
    assert "missing" in failed[0]


def test_nothing_can_be_saved_before_anything_is_known(session, executor, prediction, truth):
    assert not session.can_save
    session.compare(prediction, truth)
    assert not session.can_save
    executor.pass_time()
    assert session.can_save
    session.change(threshold=0.9)
    assert not session.can_save


# --- trainings -----------------------------------------------------------------------------------


def write_run(name: str) -> Path:
    folder = runs_folder() / name
    folder.mkdir(parents=True)
    row = {
        "epoch": 1, "seconds": 1, "learning_rate": 1e-3, "loss": 1, "accuracy": 0.9,
        "v_rand": 0.9, "v_info": 0.9, "val_loss": len(name) / 10, "val_accuracy": 0.9,
        "val_v_rand": 0.9, "val_v_info": 0.9, "threshold": 0.5,
    }  # fmt: skip
    write_history([row], folder / "history.csv")
    return folder


def test_the_first_trainings_are_drawn_and_what_is_added(executor):
    runs = TrainingRuns(executor)
    assert not runs.is_read
    runs.look()
    assert runs.is_read
    for name in ("a", "bb", "ccc", "dddd"):
        write_run(name)
    runs.look()
    assert len(runs.records) == 4
    assert runs.drawn == [0, 1, 2]
    runs.show(runs.records[0].folder, False)
    assert runs.drawn == [1, 2]
    elsewhere = write_run("eeeee").rename(runs_folder().parent / "elsewhere")
    runs.add(elsewhere)
    runs.add(elsewhere)
    assert [each.name for each in runs.records].count("elsewhere") == 1
    assert runs.records[0].folder == elsewhere
    assert runs.drawn == [0, 2, 3]


def test_a_folder_without_a_training_is_told(executor, tmp_path):
    runs, told = TrainingRuns(executor), []
    runs.warned.connect(told.append)
    runs.add(tmp_path)
    assert "expected a run folder" in told[0]
    assert runs.records == ()


# --- the end -------------------------------------------------------------------------------------


def test_nothing_is_made_after_the_end(comparing, executor, prediction, truth):
    comparing.score_all()
    comparing.close()
    assert comparing.phase is Phase.CLOSED
    assert not prediction.is_open
    assert not truth.is_open
    before = known(comparing)
    truth.paint((0, *GAP), 1)
    prediction.seen_slice = 3
    comparing.look()
    executor.pass_time()
    comparing.compare(prediction, truth, "mask")
    comparing.score_all()
    executor.pass_time()
    assert comparing.phase is Phase.CLOSED
    assert known(comparing) == before


def test_classes_are_scored_over_the_slices_that_are_known(session, executor):
    tile = np.ones((16, 16), np.uint8)
    tile[2:14, 2:14], tile[5:8, 5:8] = 2, 3
    true = np.tile(tile, (SLICES, 6, 6))
    predicted = true.copy()
    predicted[0][predicted[0] == 3] = 2
    layer = Layer(predicted, "classes")
    layer.class_names = ("membrane", "cell", "mitochondrion")
    session.compare(layer, Layer(true, "truth"))
    executor.pass_time()
    classes = session.scores.classes(session.config)
    assert [each.name for each in classes] == ["membrane", "cell", "mitochondrion"]
    assert [each.iou for each in classes][::2] == [1, 0]


def test_a_probability_has_no_scores_of_classes(comparing):
    assert comparing.scores.classes(comparing.config) == ()


# --- slices that nobody has predicted -------------------------------------------------------------


def test_only_what_was_predicted_is_scored_and_tested(
    session, executor, prediction, truth, tmp_path
):
    second = Layer(np.where(np.arange(7)[:, None, None] < 2, prediction.data, 0), "second")
    second.filled = {0, 1}
    session.compare(second, truth)
    session.compare_second(prediction)
    session.score_both()
    executor.pass_time()
    assert list(known(session)) == [0, 1]
    assert session.scores.not_predicted == {2, 3, 4, 5, 6}
    assert session.scores.unlabelled == set()
    assert session.scores.sweep().numbers == (0, 1)
    assert list(session.paired_test.tested.rows) == [0, 1]
    session.save(tmp_path / "scores.json")
    executor.pass_time()
    found = json.loads((tmp_path / "scores.json").read_text())
    assert (found["slices_scored"], found["not_predicted"]) == (2, [2, 3, 4, 5, 6])


def test_a_slice_that_is_predicted_meanwhile_is_scored(session, executor, prediction, truth):
    growing = Layer(np.zeros_like(prediction.data), "growing")
    growing.filled = set()
    session.compare(growing, truth)
    executor.pass_time()
    assert known(session) == {}
    growing.filled = {0}
    growing.paint(0, prediction.data[0])
    executor.pass_time()
    assert list(known(session)) == [0]


def test_zeros_of_which_nobody_knows_are_doubtful(session, executor, prediction, truth):
    prediction.data[5:] = 0
    session.compare(prediction, truth)
    session.score_all()
    executor.pass_time()
    assert len(known(session)) == SLICES
    assert session.scores.doubtful == [5, 6]
