"""The runner: jobs made in a thread, events on the window's thread."""

from __future__ import annotations

import threading

import numpy as np
import psutil
import pytest
from qtpy.QtCore import QThread

from napari_emseg.core.config.network import NetworkConfig
from napari_emseg.core.config.recipe import Recipe
from napari_emseg.core.config.training import TrainConfig
from napari_emseg.engine.jobs import DevicesJob, PredictJob, StepTimeJob
from napari_emseg.errors import WriteError
from napari_emseg.session.jobs import WorkerJobs
from napari_emseg.types import Cancelled, Failed, Finished, Log, SliceDone
from napari_emseg.ui.background.executor import QtExecutor
from napari_emseg.ui.background.job_runner import job_runner

TIMEOUT_MS = 90_000
MANY = 600
"""Slices that are not done before the test has acted, on a fast machine too."""


@pytest.fixture
def runner(qapp):
    runner = WorkerJobs(QtExecutor())
    yield runner
    runner.close()


def all_events(qtbot, runner, make_job, *, cancel: bool = False):
    events = []
    ticket = runner.submit(make_job, events.append)
    if cancel:
        runner.cancel(ticket)
    qtbot.waitUntil(
        lambda: any(isinstance(event, Finished | Failed | Cancelled) for event in events),
        timeout=TIMEOUT_MS,
    )
    return events


def test_events_arrive_on_the_windows_thread(qtbot, qapp):
    threads = []

    def make_job():
        threads.append(threading.current_thread())
        return DevicesJob()

    arrived = []
    job_runner().submit(make_job, lambda event: arrived.append(QThread.currentThread()))
    qtbot.waitUntil(lambda: bool(arrived), timeout=TIMEOUT_MS)
    assert threads[0] is not threading.main_thread()
    assert arrived == [qapp.thread()]


def test_error_while_making_the_job_is_told(qtbot, runner):
    def make_job():
        raise WriteError("disk: full")

    assert all_events(qtbot, runner, make_job) == [Failed("disk: full")]
    assert runner.worker_pid is None


def test_bug_while_making_the_job_keeps_its_traceback(qtbot, runner):
    [event] = all_events(qtbot, runner, lambda: 1 / 0)
    assert "ZeroDivisionError" in event.message
    assert "Traceback" in event.details


def test_cancel_before_the_job_is_made(qtbot, runner):
    [event] = all_events(qtbot, runner, DevicesJob, cancel=True)
    assert isinstance(event, Cancelled)
    assert runner.worker_pid is None


def test_what_a_job_waits_for_is_told(qtbot, runner, tmp_path):
    volume = np.zeros((MANY, 256, 256), np.uint8)
    np.save(tmp_path / "in.npy", volume)
    np.save(tmp_path / "out.npy", volume.astype(np.float32))
    first, second = [], []
    ticket = runner.submit(
        lambda: PredictJob(tmp_path / "in.npy", tmp_path / "out.npy"), first.append
    )
    qtbot.waitUntil(lambda: SliceDone in map(type, first), timeout=TIMEOUT_MS)
    runner.submit(DevicesJob, second.append)
    qtbot.waitUntil(lambda: bool(second))
    assert second == [Log("Waiting for the segmentation to end, or to be stopped ...")]
    runner.cancel(ticket)
    qtbot.waitUntil(lambda: isinstance(second[-1], Finished), timeout=TIMEOUT_MS)
    assert isinstance(first[-1], Cancelled)
    assert len(all_events(qtbot, runner, DevicesJob)) == 1


def test_a_segmentation_does_not_wait_for_a_training(qtbot, runner):
    trained, predicted = [], []
    small = Recipe(NetworkConfig(depth=2, base_filters=2), train=TrainConfig(patch_size=64))
    ticket = runner.submit(lambda: StepTimeJob(small), trained.append)
    qtbot.waitUntil(lambda: bool(runner.beside))
    runner.submit(DevicesJob, predicted.append)
    qtbot.waitUntil(lambda: bool(predicted), timeout=TIMEOUT_MS)
    assert isinstance(predicted[0], Finished)
    assert not trained
    runner.cancel(ticket, grace_s=0)
    qtbot.waitUntil(lambda: bool(trained), timeout=TIMEOUT_MS)
    assert not runner.beside


def test_closing_ends_the_workers_and_removes_the_files(qapp):
    runner = WorkerJobs(QtExecutor())
    runner.scratch.allocate("x", (4,), "u1")
    for worker in runner._workers.values():
        worker.start()
    pids, folder = (runner.worker_pid, runner.training_pid), runner.scratch.folder
    runner.close()
    assert not any(map(psutil.pid_exists, pids))
    assert not folder.exists()
