"""Training: it learns, it leaves its files, it can be stopped, resumed and started from a model."""

from __future__ import annotations

import csv
import json
import math
import shutil
import signal
import subprocess
import sys
import time
from dataclasses import replace

import keras
import numpy as np
import pytest

from napari_emseg.core.classes import cell_probability
from napari_emseg.core.config.network import NetworkConfig
from napari_emseg.core.config.prediction import PredictConfig
from napari_emseg.core.config.recipe import Recipe
from napari_emseg.core.config.terms import TermsConfig
from napari_emseg.core.scores.metrics import score_stack
from napari_emseg.core.train.source import Source
from napari_emseg.core.train.split import split_target
from napari_emseg.core.train.targets import make_target
from napari_emseg.errors import (
    CancelledError,
    EmsegError,
    LabelsError,
    ModelError,
    SettingError,
    ShapeError,
    WriteError,
)
from napari_emseg.model.hardware.device_choice import WRITE_ONNX
from napari_emseg.model.network.losses import KnownPixelAccuracy
from napari_emseg.model.packages.library import find_model
from napari_emseg.model.packages.package import HISTORY, ONNX_WEIGHTS, read_package
from napari_emseg.model.predict.predict import predict_slice, predict_slices
from napari_emseg.model.predict.predictor import Predictor
from napari_emseg.model.runtimes.keras_runtime import KerasRuntime, load_network
from napari_emseg.model.train import step_time
from napari_emseg.model.train import training as training_module
from napari_emseg.model.train.history import best_epoch
from napari_emseg.model.train.learner import Learner
from napari_emseg.model.train.run_folder import RunFolder
from napari_emseg.model.train.train import train as train_on
from napari_emseg.types import (
    EpochDone,
    Log,
    Preview,
    Progress,
    QuickPreview,
    Stack,
    TrainProgress,
)

COLUMNS = [
    "epoch", "seconds", "learning_rate", "loss", "accuracy", "v_rand", "v_info", "val_loss",
    "val_accuracy", "val_v_rand", "val_v_info", "threshold",
]  # fmt: skip


def train(stack, target, recipe, *, validation=None, **about):
    """Train on the one stack."""
    fraction = recipe.train.val_fraction
    split = split_target(target, fraction=fraction, validation=validation)
    return train_on([Source(stack, target, split, name=stack.name)], recipe, **about)


KNOWN = {"KnownPixelAccuracy": KnownPixelAccuracy}


def of_kind(events, kind):
    return [event for event in events if isinstance(event, kind)]


def with_train(recipe, **changes):
    return replace(recipe, train=replace(recipe.train, **changes))


class StopAfter:
    """Wants to stop after so many steps."""

    def __init__(self, steps):
        self.left = steps

    def __call__(self):
        self.left -= 1
        return self.left <= 0


def steps_of(trained):
    """Steps per epoch, as the events tell."""
    return len(of_kind(trained.events, Progress)) // 3


def weights_of(path):
    return keras.models.load_model(path, compile=False).get_weights()


def assert_same_weights(a, b, atol=1e-4):
    for x, y in zip(weights_of(a), weights_of(b), strict=True):
        np.testing.assert_allclose(x, y, atol=atol)


# -- a whole run ------------------------------------------------------------------------------


def test_it_learns(trained):
    history = RunFolder(trained.folder).read_history()
    assert history[-1]["loss"] < 0.8 * history[0]["loss"]
    assert trained.result.best["val_v_rand"] > 0.5


def test_it_leaves_its_files(trained, recipe):
    names = {each.name for each in trained.folder.iterdir()}
    assert names == {
        "config.json", "history.csv", "last.keras", "best.keras", "package", "curves.png",
        "preview.npy",
    }  # fmt: skip
    config = json.loads((trained.folder / "config.json").read_text())
    assert Recipe.from_dict(config["recipe"]) == recipe
    assert config["stack"] == "cells"
    assert sorted(config["train_slices"] + config["validation_slices"]) == [0, 1, 2, 3, 4]
    assert config["validation_slices"]


def test_history_has_its_columns(trained):
    with (trained.folder / "history.csv").open(newline="") as file:
        rows = list(csv.DictReader(file))
    assert list(rows[0]) == COLUMNS
    assert [float(row["epoch"]) for row in rows] == [1, 2, 3]
    assert all(math.isfinite(float(value)) for row in rows for value in row.values())
    rates = [float(row["learning_rate"]) for row in rows]
    assert rates == sorted(rates, reverse=True)
    seconds = [float(row["seconds"]) for row in rows]
    assert seconds == sorted(seconds)


def test_events(trained):
    epochs = of_kind(trained.events, EpochDone)
    assert [event.epoch for event in epochs] == [1, 2, 3]
    assert [event.scores for event in epochs] == RunFolder(trained.folder).read_history()
    done = [event.done for event in of_kind(trained.events, Progress)]
    assert done == sorted(done)
    assert done[-1] == 1
    steps = steps_of(trained)
    assert [
        (event.epoch, event.epochs, event.step, event.steps)
        for event in of_kind(trained.events, TrainProgress)
    ] == [(epoch, 3, step + 1, steps) for epoch in (1, 2, 3) for step in range(steps)]
    assert "validating on slices" in of_kind(trained.events, Log)[0].message
    left = [event.seconds_left for event in epochs]
    assert left[0] > left[-1] == 0


def test_a_preview_comes_as_a_file(trained):
    preview, *_ = of_kind(trained.events, Preview)  # more of them where an epoch takes long
    assert preview.epoch == 1
    probability = np.load(preview.path)
    assert (probability.shape, probability.dtype) == ((96, 96), np.float32)
    assert 0 <= probability.min() < probability.max() <= 1
    config = json.loads((trained.folder / "config.json").read_text())
    assert preview.z == config["validation_slices"][0]


def test_the_best_epoch_by_v_rand_becomes_the_model(trained, stack, target):
    history = RunFolder(trained.folder).read_history()
    best = best_epoch(history)
    assert trained.result.best == best
    package = read_package(trained.result.package)
    assert (package.folder / HISTORY).read_text() == (trained.folder / "history.csv").read_text()
    assert package.info.threshold == best["threshold"]
    assert package.info.scores["val_v_rand"] == best["val_v_rand"]
    for x, y in zip(
        load_network(package).get_weights(), weights_of(trained.folder / "best.keras"), strict=True
    ):
        np.testing.assert_array_equal(x, y)
    # and its scores are those of its predictions
    runtime = KerasRuntime(load_network(package))
    slices = package.info.training["validation_slices"]
    channels = np.stack([
        predict_slice(stack.slice(z)[np.newaxis], runtime, package.info.network, PredictConfig())
        for z in slices
    ])  # fmt: skip
    thresholds = [k / 10 for k in range(1, 10)]
    truth = np.stack([target[z].classes for z in slices])
    scores = score_stack(cell_probability(channels), truth, thresholds=thresholds)
    assert package.info.threshold in thresholds
    assert scores.v_rand == pytest.approx(best["val_v_rand"], abs=1e-4)


def test_the_package_says_what_it_was_trained_on(trained, recipe):
    package = find_model(str(trained.folder))
    assert package.info.name == "tiny cells"
    assert package.info.network == recipe.network
    assert package.info.voxel_size_nm == (50.0, 4.0, 4.0)
    assert Recipe.from_dict(package.info.training["recipe"]) == recipe
    assert not trained.result.stopped


# -- what cannot be trained on --------------------------------------------------------------------


def test_shapes_that_differ(stack, target, recipe, tmp_path):
    with pytest.raises(ShapeError, match=r"labels: expected the image's shape \(4, 96, 96\), rec"):
        train(Stack(stack.data[:4]), target, recipe, folder=tmp_path / "run")
    assert not (tmp_path / "run").exists()


def test_validation_slices_without_a_cell(stack, labels, recipe, tmp_path):
    scribbles = np.where(labels > 0, 2, 1).astype(np.uint8)
    scribbles[3][scribbles[3] == 2] = 0
    target = make_target(scribbles, "scribbles", recipe.train)
    with pytest.raises(
        LabelsError, match="validation slices: 3: no cell is painted there to validate on"
    ):
        train(stack, target, recipe, folder=tmp_path / "run", validation=[3])


@pytest.mark.slow
def test_scribbles(stack, labels, recipe, tmp_path):
    """A tenth of the pixels painted: it trains, and the accuracy counts what is known."""
    scribbles = np.where(labels > 0, 2, 1).astype(np.uint8)
    scribbles[np.random.default_rng(0).random(labels.shape) > 0.1] = 0
    target = make_target(scribbles, "scribbles", recipe.train)
    result = train(stack, target, with_train(recipe, epochs=1), folder=tmp_path / "run")
    assert 0 < result.best["val_accuracy"] <= 1


def test_a_folder_that_holds_a_run(trained, stack, target, recipe):
    with pytest.raises(WriteError, match="already holds a training run"):
        train(stack, target, recipe, folder=trained.folder)


@pytest.mark.parametrize("resume", [False, True])
def test_a_folder_in_which_another_trains(run_copy, stack, target, recipe, resume):
    with (
        RunFolder(run_copy).lock(),
        pytest.raises(WriteError, match="train is writing this run folder already"),
    ):
        train(stack, target, recipe, folder=run_copy, resume=resume)


def test_a_loss_that_is_not_finite(stack, target, recipe, tmp_path, monkeypatch):
    """The best model so far is kept, and the error says what to do."""
    real = training_module.make_batch

    def spoiled(*args, epoch, **about):
        image, classes, weights = real(*args, epoch=epoch, **about)
        return (image * np.nan if epoch == 2 else image), classes, weights

    monkeypatch.setattr(training_module, "make_batch", spoiled)
    events = []
    with pytest.raises(
        EmsegError, match=r"loss is nan in epoch 2; try a learning rate smaller"
    ) as e:
        train(stack, target, recipe, folder=tmp_path / "run", on_event=events.append)
    assert "weights of epoch 1, the best before that, are restored" in str(e.value)
    assert str(tmp_path / "run" / "package") in str(e.value)
    assert [event.epoch for event in of_kind(events, EpochDone)] == [1]
    kept = load_network(find_model(str(tmp_path / "run")))
    assert all(np.isfinite(each).all() for each in kept.get_weights())


def test_weights_that_are_not_finite_are_not_kept(
    trained, stack, target, recipe, tmp_path, monkeypatch
):
    """The last step of an epoch may spoil them, and no loss is measured after it."""
    steps, step = [], Learner.step

    def step_of(learner, batch, rate):
        learned = step(learner, batch, rate)
        steps.append(learned)
        if len(steps) == 2 * steps_of(trained):
            learner.model.set_weights([w * np.nan for w in learner.model.get_weights()])
        return learned

    monkeypatch.setattr(Learner, "step", step_of)
    seldom = with_train(recipe, epochs=3, validate_every=100)
    with pytest.raises(EmsegError, match=r"weights are no longer finite in epoch 2; try a learn"):
        train(stack, target, seldom, folder=tmp_path / "run")
    assert len(RunFolder(tmp_path / "run").read_history()) == 1
    gentle = with_train(seldom, learning_rate=1e-4)
    train(stack, target, gentle, folder=tmp_path / "run", resume=True)
    assert len(RunFolder(tmp_path / "run").read_history()) == 3
    assert all(np.isfinite(each).all() for each in weights_of(tmp_path / "run" / "last.keras"))


def test_a_loss_that_is_never_finite(stack, target, recipe, tmp_path, monkeypatch):
    real = training_module.make_batch

    def spoiled(*args, epoch, **about):
        image, classes, weights = real(*args, epoch=epoch, **about)
        return image * np.nan, classes, weights

    monkeypatch.setattr(training_module, "make_batch", spoiled)
    with pytest.raises(EmsegError, match=r"in epoch 1; .*There is no model yet\."):
        train(stack, target, recipe, folder=tmp_path / "run")


# -- how it is validated ----------------------------------------------------------------------


@pytest.mark.slow
def test_a_single_labelled_slice_is_divided(stack, labels, recipe, tmp_path):
    """What is held out of it is never trained on, and the log says so."""
    one = np.zeros_like(labels)
    one[2] = labels[2]
    target, events = make_target(one, "mask", recipe.train), []
    result = train(
        stack, target, with_train(recipe, epochs=2), folder=tmp_path / "run",
        on_event=events.append,
    )  # fmt: skip
    said = of_kind(events, Log)[0].message
    assert "on slice 2, the only one with labels, up to column 71, validating on the rest" in said
    assert 0 < result.best["val_v_rand"] <= 1
    training = read_package(result.package).info.training
    assert training["train_slices"] == training["validation_slices"] == [2]
    assert training["first_validation_column"] == 72


def test_one_class_only_where_it_trains(stack, recipe, tmp_path):
    labels = np.zeros(stack.shape, np.uint8)
    labels[0] = 2
    labels[3] = 1 + np.indices(stack.shape[1:]).sum(axis=0) // 10 % 2
    target = make_target(labels, "scribbles", recipe.train)
    with pytest.raises(LabelsError, match="training slices 0: no membrane is painted where the"):
        train(stack, target, recipe, folder=tmp_path / "run", validation=[3])


@pytest.mark.slow
def test_validation_now_and_then_and_after_the_last_epoch(stack, target, recipe, tmp_path):
    seldom = with_train(recipe, epochs=4, validate_every=3)
    train(stack, target, seldom, folder=tmp_path / "run")
    history = RunFolder(tmp_path / "run").read_history()
    assert [math.isfinite(row["val_loss"]) for row in history] == [True, False, True, True]


@pytest.mark.slow
def test_an_average_that_is_kept_and_an_early_stop(stack, target, recipe, tmp_path):
    """An average that hardly moves does not improve: it stops long before the last epoch."""
    slow = with_train(recipe, epochs=30, ema=0.9999, patience=1, learning_rate=1e-6)
    events = []
    result = train(stack, target, slow, folder=tmp_path / "run", on_event=events.append)
    history = RunFolder(tmp_path / "run").read_history()
    assert len(history) < 30
    *_, why, writing = [event.message for event in of_kind(events, Log)]
    assert "Stopped early" in why
    assert writing == "Writing the model ..."  # it takes a while, and all time left is told before
    assert not result.stopped
    assert result.best["epoch"] < len(history)


# -- stop and resume ----------------------------------------------------------------------


@pytest.mark.slow
def test_stopped_before_the_first_epoch(stack, target, recipe, tmp_path):
    with pytest.raises(CancelledError, match="before the first epoch was done"):
        train(stack, target, recipe, folder=tmp_path / "run", should_stop=StopAfter(1))
    # and the folder may be used again; to resume where there is nothing is to begin
    once = with_train(recipe, epochs=1)
    assert train(stack, target, once, folder=tmp_path / "run", resume=True).best["epoch"] == 1


def test_stopped_and_resumed_ends_where_the_uninterrupted_run_ends(
    trained, stack, target, recipe, tmp_path
):
    folder, events = tmp_path / "run", []
    stopped = train(
        stack, target, recipe, folder=folder, should_stop=StopAfter(steps_of(trained) + 1)
    )
    assert stopped.stopped
    assert len(RunFolder(folder).read_history()) == 1
    assert load_network(read_package(stopped.package)).count_params() > 0

    resumed = train(stack, target, recipe, folder=folder, resume=True, on_event=events.append)
    assert not resumed.stopped
    assert of_kind(events, Log)[0].message == "Resumed after epoch 1."
    assert [event.epoch for event in of_kind(events, EpochDone)] == [2, 3]
    assert_same_run(folder, trained.folder)


KILLED = """
import os, signal, sys
from pathlib import Path
import numpy as np
from napari_emseg.core.config.recipe import Recipe
from napari_emseg.core.train.source import Source
from napari_emseg.core.train.split import split_target
from napari_emseg.core.train.targets import make_target
from napari_emseg.model.train.train import train
from napari_emseg.model.train.run_folder import RunFolder
from napari_emseg.types import Progress, Stack

def kill(*_):
    os.kill(os.getpid(), signal.SIGKILL)

folder, when, steps, recipe = Path(sys.argv[1]), sys.argv[2], int(sys.argv[3]), eval(sys.argv[4])
if when == "after last.keras":
    real, written = RunFolder.keep_last, []
    def keep_last(self, save, rows):
        real(self, save, rows)
        if len(rows) == 2:
            kill()
    RunFolder.keep_last = keep_last
if when == "within last.keras":
    real = RunFolder.keep_last
    def keep_last(self, save, rows):
        real(self, (lambda to: (save(to), kill())) if len(rows) == 2 else save, rows)
    RunFolder.keep_last = keep_last
steps_done = []
def on_event(event):
    if isinstance(event, Progress):
        steps_done.append(event)
        if when == "in epoch 2" and len(steps_done) == steps + 1:
            kill()
recipe = Recipe.from_dict(recipe)
stack = Stack(np.load(folder.parent / "stack.npy"), (50.0, 4.0, 4.0), "cells")
target = make_target(np.load(folder.parent / "labels.npy"), "mask", recipe.train)
source = Source(stack, target, split_target(target, fraction=0.1), name="cells")
train([source], recipe, folder=folder, on_event=on_event)
"""


@pytest.mark.slow
@pytest.mark.parametrize(
    ("when", "whole"), [("in epoch 2", 1), ("within last.keras", 1), ("after last.keras", 2)]
)
def test_killed_and_resumed_ends_where_the_uninterrupted_run_ends(
    trained, stack, labels, target, recipe, tmp_path, when, whole
):
    folder, events = tmp_path / "run", []
    np.save(tmp_path / "stack.npy", stack.data)
    np.save(tmp_path / "labels.npy", labels)
    arguments = [str(folder), when, str(steps_of(trained)), repr(recipe.to_dict())]
    killed = subprocess.run([sys.executable, "-c", KILLED, *arguments], timeout=240)
    assert killed.returncode == -signal.SIGKILL
    assert len(RunFolder(folder).read_history()) == whole

    train(stack, target, recipe, folder=folder, resume=True, on_event=events.append)
    assert [event.epoch for event in of_kind(events, EpochDone)] == [1, 2, 3][whole:]
    first = of_kind(events, TrainProgress)[0]
    assert (first.epoch, first.step) == (whole + 1, 1)
    assert_same_run(folder, trained.folder)
    assert not list(folder.glob(".*"))


@pytest.mark.slow
def test_dropout_goes_on_where_it_was(stack, target, recipe, tmp_path):
    dropping = replace(with_train(recipe, epochs=2), network=replace(recipe.network, dropout=0.3))
    events = []
    train(stack, target, dropping, folder=tmp_path / "whole", on_event=events.append)
    steps = len(of_kind(events, Progress)) // 2
    train(stack, target, dropping, folder=tmp_path / "run", should_stop=StopAfter(steps + 1))
    train(stack, target, dropping, folder=tmp_path / "run", resume=True)
    assert_same_run(tmp_path / "run", tmp_path / "whole")


def assert_same_run(ours, theirs):
    assert_same_weights(ours / "last.keras", theirs / "last.keras")
    assert_same_weights(ours / "best.keras", theirs / "best.keras")
    rows = zip(RunFolder(ours).read_history(), RunFolder(theirs).read_history(), strict=True)
    for a, b in rows:
        for column in ("epoch", "learning_rate", "loss", "accuracy", "val_loss"):
            assert a[column] == pytest.approx(b[column], rel=1e-2), column
    with (ours / "history.csv").open(newline="") as file:
        assert len(list(csv.DictReader(file))) == len(RunFolder(theirs).read_history())


def test_best_weights_that_a_kill_prevented_are_written_on_resume(run_copy, stack, target, recipe):
    """Killed right after ``last.keras``: the epoch counts, and its weights are the best."""
    folder = RunFolder(run_copy)
    rows = folder.read_history()
    for row in rows[:-1]:
        row["val_v_rand"] = 0.0
    last = keras.models.load_model(folder.last, custom_objects=KNOWN)
    folder.keep_last(last.save, rows)
    folder.best.unlink()
    result = train(stack, target, recipe, folder=run_copy, resume=True)
    assert result.best["epoch"] == 3
    assert_same_weights(folder.best, folder.last, atol=0)


@pytest.fixture
def run_copy(trained, tmp_path):
    """A copy of the finished run, to go on with."""
    return shutil.copytree(trained.folder, tmp_path / "copy")


def test_resume_of_a_finished_run_writes_its_package_again(run_copy, stack, target, recipe):
    """And it is not the network asked for that counts, but the one that is in the weights."""
    before, events = weights_of(run_copy / "last.keras"), []
    other = replace(recipe, network=NetworkConfig(2, 6))
    result = train(
        stack, target, other, folder=run_copy, resume=True, name="renamed one",
        on_event=events.append,
    )  # fmt: skip
    info = read_package(result.package).info
    assert (info.name, info.network) == ("renamed one", recipe.network)
    assert any("brings its network along" in event.message for event in of_kind(events, Log))
    for x, y in zip(before, weights_of(run_copy / "last.keras"), strict=True):
        np.testing.assert_array_equal(x, y)


def test_resume_for_more_epochs(run_copy, stack, target, recipe):
    train(stack, target, with_train(recipe, epochs=4), folder=run_copy, resume=True)
    assert len(RunFolder(run_copy).read_history()) == 4


def test_resume_with_another_learning_rate_and_no_more_patience(run_copy, stack, target, recipe):
    other = with_train(recipe, epochs=4, learning_rate=1e-5, patience=9, validate_every=1)
    train(stack, target, other, folder=run_copy, resume=True)
    assert RunFolder(run_copy).read_history()[-1]["learning_rate"] < 1e-5
    assert RunFolder(run_copy).read_recipe() == other


@pytest.mark.parametrize(
    ("part", "name", "value"),
    [("train", "loss", "dice"), ("train", "seed", 7), ("train", "ema", 0.5),
     ("augment", "flip_probability", 0.125)],
)  # fmt: skip
def test_resume_with_another_recipe_is_refused(run_copy, stack, target, recipe, part, name, value):
    """What was trained by two recipes would be described by one of them."""
    other = replace(recipe, **{part: replace(getattr(recipe, part), **{name: value})})
    with pytest.raises(SettingError, match=rf"{name}: the run in .* received {value}; give the"):
        train(stack, target, other, folder=run_copy, resume=True)
    assert RunFolder(run_copy).read_recipe() == recipe


def test_resume_with_other_slices_is_refused(run_copy, stack, target, recipe):
    """A slice that was trained on must not validate."""
    with pytest.raises(LabelsError, match=r"resume: .*train slices .* received .*name the same"):
        train(stack, target, recipe, folder=run_copy, resume=True, validation=[0, 1])


@pytest.mark.parametrize(
    ("name", "content", "words"),
    [("last.keras", "x", "cannot be loaded"), ("config.json", "{", "holds no training run"),
     ("config.json", "[]", "holds no training run"),
     ("config.json", '{"terms": {}}', "config.json cannot be used.* 'recipe'"),
     ("config.json", '{"recipe": {"train": {"haste": 1}}, "terms": {}}', "setting haste"),
     ],
)  # fmt: skip
def test_resume_of_a_damaged_run(run_copy, stack, target, recipe, name, content, words):
    (run_copy / name).write_text(content)
    with pytest.raises(ModelError, match=words):
        train(stack, target, recipe, folder=run_copy, resume=True)


# -- from another model -------------------------------------------------------------------------


@pytest.mark.slow
def test_fine_tuning(trained, stack, target, recipe, tmp_path):
    """It begins where the model is, whose network replaces the one of the settings."""
    events = []
    gentle = with_train(replace(recipe, network=NetworkConfig(3, 16)), epochs=1, learning_rate=1e-7)
    start = read_package(trained.result.package)
    result = train(
        stack, target, gentle, folder=tmp_path / "run", start_from=start, on_event=events.append
    )
    assert result.best["loss"] < RunFolder(trained.folder).read_history()[0]["loss"]
    tuned = read_package(result.package)
    pairs = zip(
        load_network(start).trainable_weights, load_network(tuned).trainable_weights, strict=True
    )
    for before, after in pairs:
        np.testing.assert_allclose(np.asarray(before), np.asarray(after), atol=1e-4)
    assert tuned.info.network == recipe.network
    assert tuned.info.training["recipe"]["network"] == recipe.network.to_dict()
    assert "'tiny cells' brings its network along" in of_kind(events, Log)[0].message


@pytest.mark.slow
def test_part_of_the_former_weights_stays(package_at, stack, target, recipe, tmp_path):
    """In what is kept, also by a run that goes on; the training itself knows nothing of it."""
    start = read_package(package_at(tmp_path / "p"))
    half = with_train(recipe, epochs=1, former_share=0.5, validate_every=1)
    folder, before, learned = RunFolder(tmp_path / "run"), load_network(start).get_weights(), {}
    for epochs, resume in ((1, False), (2, True)):
        now = with_train(half, epochs=epochs)
        package = train(
            stack, target, now, folder=folder.path, start_from=start, resume=resume
        ).package
        last = keras.models.load_model(folder.last, custom_objects=KNOWN)
        learned[epochs] = last.get_weights()
        kept = load_network(read_package(package)).get_weights()
        best = learned[best_epoch(folder.read_history())["epoch"]]
        for former, after, mean in zip(before, best, kept, strict=True):
            np.testing.assert_allclose(mean, (former + after) / 2, atol=1e-5)


TERMS = TermsConfig("A. Painter", "CC-BY-4.0", "for teaching")


@pytest.mark.slow
def test_a_model_says_whose_it_is_and_passes_the_terms_of_its_data_on(
    stack, target, recipe, tmp_path
):
    once, folder = with_train(recipe, epochs=1), tmp_path / "run"
    parent = train(stack, target, once, folder=folder, terms=TERMS).package
    assert read_package(parent).info.terms == TERMS
    child = train(
        stack, target, once, folder=tmp_path / "child", start_from=read_package(parent),
        terms=TermsConfig(data_terms="ask us"),
    ).package  # fmt: skip
    both = "ask us And of what it was trained on before: for teaching"
    assert read_package(child).info.terms == TermsConfig(data_terms=both)
    resumed = train(stack, target, with_train(once, epochs=2), folder=folder, resume=True)
    assert read_package(resumed.package).info.terms == TERMS


@pytest.mark.slow
def test_quick_previews_come_before_the_first_step_and_go_with_the_run(
    package_at, stack, target, recipe, tmp_path
):
    start, came = read_package(package_at(tmp_path / "parent")), []

    def look(event):
        is_there = isinstance(event, QuickPreview) and np.load(event.path).shape == stack.shape[1:]
        came.append((type(event), getattr(event, "z", None), is_there))

    once = replace(recipe, train=replace(recipe.train, epochs=1))
    train(
        stack, target, once, folder=tmp_path / "run", start_from=start, preview_near=2,
        on_event=look,
    )  # fmt: skip
    previews = [each for each in came if each[0] is QuickPreview]
    assert previews == [(QuickPreview, z, True) for z in (2, 1, 3, 0, 4)]
    first_step = next(k for k, each in enumerate(came) if each[0] is TrainProgress)
    assert came.index(previews[-1]) < first_step
    assert not RunFolder(tmp_path / "run").quick_preview(2).parent.exists()


def test_a_damaged_model_to_start_from(package_at, stack, target, recipe, tmp_path):
    start = read_package(package_at(tmp_path / "p"))
    start.weights.write_bytes(b"x")
    with pytest.raises(ModelError, match="cannot be loaded"):
        train(stack, target, recipe, folder=tmp_path / "run", start_from=start)


# -- minutes ------------------------------------------------------------------------------------


@pytest.mark.slow
def test_minutes_are_kept(stack, labels, recipe, tmp_path):
    """One pass here would be thousands of steps; it is cut short, validated and kept."""
    big = np.tile(labels, (1, 4, 4))
    target = make_target(big, "mask", replace(recipe.train, border_weight=0.0))
    endless = with_train(recipe, minutes=0.05, patch_size=16, batch_size=1)
    events, begun = [], time.monotonic()
    result = train(
        Stack(np.tile(stack.data, (1, 4, 4))), target, endless, folder=tmp_path / "run",
        on_event=events.append,
    )  # fmt: skip
    assert 3 < time.monotonic() - begun < 60
    assert not result.stopped
    assert len(RunFolder(tmp_path / "run").read_history()) == 1
    assert of_kind(events, Progress)[-1].done == 1
    assert of_kind(events, TrainProgress)[-1].epochs is None


@pytest.mark.parametrize(("step_s", "filters"), [(1e-4, 16), (1.0, 8)])
def test_a_hurried_network_is_as_wide_as_there_is_time_for(
    stack, target, recipe, tmp_path, monkeypatch, step_s, filters
):
    monkeypatch.setattr(step_time, "measure_step_time", lambda *_, **__: step_s)
    open_width = with_train(recipe, minutes=0.02, patch_size=16, batch_size=1, learning_rate=0.0)
    open_width = replace(open_width, network=replace(recipe.network, base_filters=0))
    events, folder = [], tmp_path / "run"
    result = train(stack, target, open_width, folder=folder, on_event=events.append)
    assert read_package(result.package).info.unet.base_filters == filters
    assert RunFolder(folder).read_recipe().network.base_filters == filters
    said = "filters at first (base_filters) fit into 0.02 minutes, so there are 8"
    assert any(said in each.message for each in of_kind(events, Log)) == (filters == 8)

    events.clear()
    longer = with_train(open_width, minutes=0.04)
    train(stack, target, longer, folder=folder, resume=True, on_event=events.append)
    assert not any("brings its network" in each.message for each in of_kind(events, Log))
    assert read_package(folder / "package").info.unet.base_filters == filters


def test_stopped_while_it_measures(stack, target, recipe, tmp_path):
    hurried = with_train(recipe, minutes=0.02, patch_size=16, batch_size=1, learning_rate=0.0)
    hurried = replace(hurried, network=NetworkConfig(depth=1))
    folder = tmp_path / "run"
    with pytest.raises(CancelledError, match="before the first epoch was done"):
        train(stack, target, hurried, folder=folder, should_stop=StopAfter(1))
    assert not RunFolder(folder).slices.exists()


def test_a_network_with_all_the_time_it_wants_is_not_measured(
    stack, target, recipe, tmp_path, monkeypatch
):
    monkeypatch.setattr(step_time, "measure_step_time", None)
    usual = replace(with_train(recipe, epochs=1), network=NetworkConfig(depth=1))
    result = train(stack, target, usual, folder=tmp_path / "run")
    assert read_package(result.package).info.unet.base_filters == 16


# -- what the network and the loss may be ----------------------------------------------------------


@pytest.mark.slow
@pytest.mark.onnx
def test_a_network_that_sees_the_neighbours_end_to_end(stack, target, recipe, tmp_path):
    """Trained, written, loaded, predicted: always with the slices above and below."""
    network = replace(recipe.network, input_slices=3, normalisation="layer", dropout=0.1)
    chosen = replace(recipe, network=network, train=replace(recipe.train, epochs=1))
    result = train(stack, target, chosen, folder=tmp_path / "run", validation=[4])
    package = find_model(str(tmp_path / "run"))
    assert package.info.network == network
    predictor = Predictor.of(package, "cpu", PredictConfig(runtime="keras"))
    predicted = predict_slices(stack, range(5), predictor, network)
    probability = cell_probability(np.stack([each for _, each in predicted]))
    assert probability.shape == stack.shape
    scores = score_stack(probability[4:], target[4].classes[np.newaxis], thresholds=[0.5])
    assert np.isfinite(scores.v_rand)
    right = (probability[4] > 0.5) == target[4].classes
    assert right.mean() == pytest.approx(result.best["val_accuracy"], abs=1e-4)
    # the package's test input is the validation slice, the last one, and its own stand-in
    seen = np.load(package.folder / "test_input.npy")[0]
    np.testing.assert_array_equal(seen, np.moveaxis(stack.data[[3, 4, 4]], 0, -1))
    if keras.backend.backend() in WRITE_ONNX:
        assert (package.folder / ONNX_WEIGHTS).exists()
        assert package.int8.exists()
        assert np.isfinite(package.info.int8_cost)


@pytest.mark.slow
@pytest.mark.parametrize("what", [
    {"loss": "dice"}, {"loss": "cldice"}, {"distance_weight": 5.0, "loss": "dice"},
])  # fmt: skip
def test_training_with_another_loss_can_be_resumed(stack, target, recipe, tmp_path, what):
    chosen = with_train(recipe, epochs=1, **what)
    first = train(stack, target, chosen, folder=tmp_path / "run")
    longer = replace(chosen, train=replace(chosen.train, epochs=2))
    second = train(stack, target, longer, folder=tmp_path / "run", resume=True)
    rows = RunFolder(tmp_path / "run").read_history()
    assert len(rows) == 2
    assert all(np.isfinite([row["loss"], row["val_loss"]]).all() for row in rows)
    assert first.package == second.package


@pytest.mark.slow
def test_distances_are_learned_through_a_stop_and_are_no_part_of_the_model(
    trained, stack, target, recipe, tmp_path
):
    once, whole = tmp_path / "once", tmp_path / "whole"
    chosen = with_train(recipe, distance_weight=5.0)
    stop = StopAfter(steps_of(trained) + 1)
    train(stack, target, chosen, folder=once, should_stop=stop)
    kept = train(stack, target, chosen, folder=once, resume=True).package
    train(stack, target, chosen, folder=whole)
    assert_same_run(once, whole)
    assert load_network(read_package(kept)).output_names == ["probability"]
    last = keras.models.load_model(once / "last.keras", compile=False)
    assert last.output_names == ["probability", "distance"]
