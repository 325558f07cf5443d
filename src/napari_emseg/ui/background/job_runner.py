"""The jobs of all docks of this napari, done by one worker process."""

from __future__ import annotations

import atexit

from qtpy.QtCore import QCoreApplication

from napari_emseg.session.jobs import WorkerJobs
from napari_emseg.ui.background.executor import QtExecutor

_runner: WorkerJobs | None = None


def job_runner() -> WorkerJobs:
    """The jobs that all docks of this napari share; they end with the application."""
    global _runner
    if _runner is None:
        _runner = WorkerJobs(QtExecutor())
        application = QCoreApplication.instance()
        if application is not None:
            application.aboutToQuit.connect(close_job_runner)
    return _runner


def close_job_runner() -> None:
    """End the shared worker; the next call of `job_runner` makes a new one."""
    global _runner
    runner, _runner = _runner, None
    if runner is not None:
        runner.close()


atexit.register(close_job_runner)  # of a script that has run no event loop to its end
