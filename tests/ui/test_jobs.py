"""The runner: jobs made in a thread, events on the window's thread."""

from __future__ import annotations

import threading

import psutil
import pytest
from qtpy.QtCore import QThread

from napari_emseg.engine.jobs import DevicesJob
from napari_emseg.errors import WriteError
from napari_emseg.types import Cancelled, Failed, Finished
from napari_emseg.ui.jobs import JobRunner, job_runner

TIMEOUT_MS = 90_000


@pytest.fixture
def runner(qapp):
    runner = JobRunner()
    yield runner
    runner.close()


def last_event(qtbot, runner, make_job, *, cancel: bool = False):
    events = []
    ticket = runner.submit(make_job, events.append)
    if cancel:
        runner.cancel(ticket)
    qtbot.waitUntil(
        lambda: any(isinstance(event, Finished | Failed | Cancelled) for event in events),
        timeout=TIMEOUT_MS,
    )
    return events[-1]


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

    assert last_event(qtbot, runner, make_job) == Failed("disk: full")
    assert runner.worker_pid is None


def test_bug_while_making_the_job_keeps_its_traceback(qtbot, runner):
    event = last_event(qtbot, runner, lambda: 1 / 0)
    assert "ZeroDivisionError" in event.message
    assert "Traceback" in event.details


def test_cancel_before_the_job_is_made(qtbot, runner):
    assert isinstance(last_event(qtbot, runner, DevicesJob, cancel=True), Cancelled)
    assert runner.worker_pid is None


def test_closing_ends_the_worker_and_removes_the_files(qapp):
    runner = JobRunner()
    runner.scratch.allocate("x", (4,), "u1")
    runner._worker.start()
    pid, folder = runner.worker_pid, runner.scratch.folder
    runner.close()
    assert not psutil.pid_exists(pid)
    assert not folder.exists()
