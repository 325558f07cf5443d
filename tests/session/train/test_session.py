"""A training from the click to its model, without a window and without a worker."""

from __future__ import annotations

import math
import zipfile
from functools import partial
from pathlib import Path

import pytest

from napari_emseg.engine.train.interrupted_run import interrupted_runs
from napari_emseg.errors import CancelledError, ModelError
from napari_emseg.io.folders import runs_folder
from napari_emseg.model.train.history import TrainResult
from napari_emseg.model.train.run_folder import RunFolder
from napari_emseg.session.direct_jobs import DirectJobs
from napari_emseg.session.train.session import Phase, TrainSession, summary
from napari_emseg.session.workspace import library_events
from napari_emseg.types import Cancelled, EpochDone, Failed, Finished, Log, Preview, TrainProgress

ROW = {"epoch": 1.0, "seconds": 65.0, "val_loss": 0.4, "val_accuracy": 0.9, "val_v_rand": 0.95}
SCORES = ("loss", "accuracy", "v_rand")
WHOLE = ROW | {"learning_rate": 1e-3} | dict.fromkeys((*SCORES, *(f"val_{s}" for s in SCORES)), 0.5)
RESULT = TrainResult(Path("lib/mine"), ROW, stopped=False)


@pytest.fixture
def session(jobs):
    return TrainSession(jobs)


@pytest.fixture
def ends(session):
    ends = []
    session.ended.connect(ends.append)
    return ends


@pytest.fixture
def started(session, request_of):
    """A training, which waits for its first event."""
    session.start(request_of())
    return session


def progress(done=0.1, left=None, *, epoch=1, epochs=10, step=4):
    return TrainProgress(
        done, 1.0, "training", left, epoch=epoch, epochs=epochs, step=step, steps=4
    )  # fmt: skip


def _note(seen, name, _value):
    seen.append(name)


def test_of_several_stacks_the_worst_is_named(started, jobs):
    jobs.tell(progress(0.05, 90.0))
    assert "Worst" not in started.message
    several = {**WHOLE, "val_v_rand fly": 0.95, "val_v_rand mouse": 0.8123}
    unmeasured = {**several, "val_v_rand fly": math.nan, "val_v_rand mouse": math.nan}
    jobs.tell(EpochDone(1, several), EpochDone(2, unmeasured), progress(0.1, 90.0))
    assert started.message.endswith("left. Worst stack: mouse, V_rand 0.812")
    assert "on validation. Worst stack: mouse, V_rand 0.812. The model" in summary(
        TrainResult(Path("lib/mine"), several, stopped=False), [several]
    )


# -- from the click to the model -----------------------------------------------------------------


def test_a_training_from_the_click_to_its_model(session, request_of, jobs, ends):
    added = []
    library_events.added.connect(added.append)
    session.start(request_of())
    assert (session.phase, session.message) == (Phase.PREPARING, "Copying the slices ...")
    assert session.is_running
    (run,) = runs_folder().iterdir()
    assert jobs.jobs[0].folder == run
    jobs.tell(Log("Labels are read as mask."), progress(0.05, 90.0))
    assert session.phase is Phase.TRAINING
    jobs.tell(EpochDone(1, ROW), Preview(Path("p.npy"), 1, 3))
    assert session.history == (ROW,)
    assert session.preview.z == 3
    (run / "package").mkdir()
    jobs.tell(Finished(RESULT))
    assert not session.is_busy
    assert session.result is RESULT
    assert added == [RESULT.package]
    assert ends == [Finished(RESULT)]
    assert not (run / "data").exists()
    library_events.added.disconnect(added.append)


def test_it_is_the_same_where_jobs_are_done_at_once(request_of):
    def do(job, emit, should_stop):
        emit(progress(1 / job.recipe.train.epochs))
        emit(EpochDone(1, ROW))
        return RESULT

    session = TrainSession(DirectJobs(do))
    session.start(request_of())
    assert session.phase is Phase.IDLE
    assert session.result is RESULT
    assert not session.is_running
    session.start(request_of())
    assert len(session.history) == 1


def test_it_tells_its_observers(started, jobs):
    seen = []
    for name in ("phase", "message", "done", "history", "preview", "result"):
        getattr(started.events, name).connect(partial(_note, seen, name))
    jobs.tell(
        Log("Labels are read as mask."), progress(0.1, 90.0), EpochDone(1, ROW),
        Preview(Path("p.npy"), 1, 3), Finished(RESULT),
    )  # fmt: skip
    assert seen == [
        "message", "done", "phase", "message", "history", "preview", "result", "message", "phase"
    ]  # fmt: skip


@pytest.mark.parametrize(
    ("epoch", "step", "words"),
    [
        (1, 1, "Epoch 1 of 10, step 1 of 4"),
        (1, 4, "Epoch 1 of 10, step 4 of 4"),
        (2, 1, "Epoch 2 of 10, step 1 of 4"),
        (10, 4, "Epoch 10 of 10, step 4 of 4"),
    ],
)
def test_it_counts_epochs_and_steps(started, jobs, epoch, step, words):
    jobs.tell(progress(0.1, 90.0, epoch=epoch, step=step))
    assert started.message == f"{words}, 1 min 30 s left"
    assert started.phase is Phase.TRAINING


def test_a_training_by_minutes_counts_its_epochs(started, jobs):
    jobs.tell(EpochDone(1, ROW), progress(0.5, epoch=2, epochs=None))
    assert started.message == "Epoch 2"


def test_the_summary_names_what_was_reached_and_where_it_lies(started, jobs):
    jobs.tell(EpochDone(1, ROW), Finished(TrainResult(Path("lib/mine"), ROW, stopped=True)))
    assert started.message == (
        "Stopped after 1 epoch in 1 min 05 s. Best is epoch 1: V_rand 0.950, pixel accuracy 0.900 "
        f"on validation. The model 'mine' is in {Path('lib/mine')}."
    )


def test_scribbles_have_a_loss_in_place_of_v_rand(started, jobs):
    row = {**ROW, "val_v_rand": math.nan}
    jobs.tell(Finished(TrainResult(Path("mine"), row, stopped=False)))
    assert "loss 0.400" in started.message


# -- stopping ------------------------------------------------------------------------------------


def test_stopping_is_said_until_it_has_ended(started, jobs):
    jobs.tell(progress(0.1))
    started.stop()
    jobs.tell(progress(0.2))
    assert started.phase is Phase.STOPPING
    assert "best model" in started.message
    jobs.tell(Cancelled("Stopped before the first epoch."))
    assert started.message == "Stopped before the first epoch."
    assert not started.is_busy


def test_the_first_stop_is_patient_and_the_second_is_not(started, jobs):
    started.stop()
    started.stop()
    assert jobs.cancelled == [(1, 600.0), (1, 0.0)]
    jobs.tell(Cancelled("Ended."))
    started.stop()
    assert len(jobs.cancelled) == 2


def test_one_that_is_stopped_before_the_first_epoch_leaves_nothing_behind(started, jobs):
    started.stop()
    jobs.tell(Cancelled("Stopped."))
    assert list(runs_folder().iterdir()) == []


def test_a_stop_before_the_first_word_of_the_worker_keeps_the_rows_of_before(jobs, request_of):
    run = _interrupted(jobs, request_of)
    session = TrainSession(jobs)
    session.resume(run)
    session.stop()
    jobs.tell(EpochDone(2, {**WHOLE, "epoch": 2.0}))
    assert [row["epoch"] for row in session.history] == [1, 2]
    jobs.tell(Cancelled("Ended."))


def test_while_the_data_are_read_it_can_be_stopped(session, ends):
    session.await_data("Reading ...")
    assert session.is_busy
    assert not session.is_running
    session.stop()
    assert not session.is_busy
    assert ends == [Cancelled("Stopped before it began.")]


# -- what goes wrong -----------------------------------------------------------------------------


def test_a_failure_is_said_and_a_new_training_begins_anew(started, request_of, jobs):
    jobs.tell(EpochDone(1, ROW), Failed("training: the loss is nan in epoch 2"))
    assert not started.is_busy
    assert "nan" in started.message
    assert started.history
    started.start(request_of())
    assert not started.history
    assert started.result is None


@pytest.mark.parametrize("error", [ModelError("the loss is nan"), CancelledError("Stopped.")])
def test_what_the_trainer_raises_is_the_last_event(request_of, error):
    def do(job, emit, should_stop):
        raise error

    session, ends = TrainSession(DirectJobs(do)), []
    session.ended.connect(ends.append)
    session.start(request_of())
    assert session.message == str(error)
    assert [each.message for each in ends] == [str(error)]
    assert list(runs_folder().iterdir()) == []


def test_what_cannot_begin_is_not_given_the_curves_of_the_training_before(started, jobs, ends):
    jobs.tell(EpochDone(1, ROW), Preview(Path("p.npy"), 1, 3), Finished(RESULT))
    started.refuse("model: expected a name")
    assert started.message == "model: expected a name"
    assert not started.is_busy
    assert (started.history, started.preview, started.result) == ((), None, None)
    assert ends[-1] == Failed("model: expected a name")


def test_what_cannot_be_copied_is_said(session, request_of, jobs, tmp_path, monkeypatch):
    (tmp_path / "file").write_text("")
    monkeypatch.setenv("EMSEG_RUNS_DIR", str(tmp_path / "file"))
    session.start(request_of())
    jobs.tell()
    assert "choose another path" in session.message
    assert not session.is_busy


# -- going on ------------------------------------------------------------------------------------


def _interrupted(jobs, request_of):
    """A training of one epoch whose worker was killed."""
    session = TrainSession(jobs)
    session.start(request_of())
    RunFolder(jobs.jobs[-1].folder).keep_last(_write_weights, [WHOLE])
    jobs.tell(EpochDone(1, WHOLE), Failed("killed by SIGKILL", crashed=True))
    (run,) = interrupted_runs()
    return run


def _write_weights(to):
    with zipfile.ZipFile(to, "w") as file:
        file.writestr("weights", b"")


def test_one_whose_worker_was_killed_goes_on_with_its_rows(jobs, request_of):
    run = _interrupted(jobs, request_of)
    session = TrainSession(jobs)
    session.resume(run)
    assert session.is_resumed
    assert jobs.jobs[-1].resume
    assert interrupted_runs() == []  # this process trains it
    jobs.tell(Log("Going on after epoch 1."))
    assert session.history == (WHOLE,)
    jobs.tell(EpochDone(2, {**WHOLE, "epoch": 2.0}), Failed("killed again", crashed=True))
    assert len(session.history) == 2
    assert interrupted_runs() == [run]


def test_one_that_another_window_goes_on_with_is_left_alone(jobs, request_of):
    run = _interrupted(jobs, request_of)
    first, second = TrainSession(jobs), TrainSession(jobs)
    first.resume(run)
    jobs.tell(Log("Going on after epoch 1."))
    second.resume(run)
    jobs.tell()
    assert "goes on already" in second.message
    assert not second.is_busy
    assert first.is_running
    assert run.is_owned


def test_one_that_cannot_go_on_is_said_and_stays(jobs, request_of):
    run = _interrupted(jobs, request_of)
    (run.folder / "last.keras").write_bytes(b"damaged")
    session = TrainSession(jobs)
    session.resume(run)
    jobs.tell()
    assert "cannot be loaded" in session.message
    assert not session.is_busy
    assert interrupted_runs() == [run]
