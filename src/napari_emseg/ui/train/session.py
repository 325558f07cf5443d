"""A training from the click to its model: the job, its run folder, its state."""

from __future__ import annotations

from collections.abc import Callable

from napari_emseg.engine.jobs import TrainJob
from napari_emseg.engine.train.interrupted_run import TrainRun
from napari_emseg.engine.train.request import TrainRequest
from napari_emseg.model.train.history import Row
from napari_emseg.session.jobs import Jobs
from napari_emseg.types import Cancelled, Event, Failed, Finished
from napari_emseg.ui.train.state import Phase, TrainState

_PATIENCE_S = 600.0
"""How long a stopped training may take to write its model before its process is ended."""


class TrainSession:
    """Has the worker train, and keeps state and run folder in step with it.

    It lives on without its dock, until the worker has written the model.

    Parameters
    ----------
    runner : Jobs
        Gives the jobs to the worker.
    state : TrainState
        Told of every event.
    ended : callable
        Called with the last event of each training.
    """

    def __init__(self, runner: Jobs, state: TrainState, ended: Callable[[Event], None]) -> None:
        self._runner, self._state, self._ended = runner, state, ended
        self._ticket: int | None = None
        self._run: TrainRun | None = None
        self._history: list[Row] = []

    @property
    def is_running(self) -> bool:
        """Whether the worker has not said its last word."""
        return self._ticket is not None

    def start(self, request: TrainRequest) -> None:
        """Train on a copy of the data, so that layers may be painted or removed meanwhile."""

        def make_job() -> TrainJob:
            self._run, job = request.prepare()
            return job

        self._state.prepare("Copying the slices ...")
        self._submit(make_job)

    def resume(self, run: TrainRun) -> None:
        """Go on with an interrupted training."""

        def make_job() -> TrainJob:
            self._run, job = run, run.resumed_job()
            self._history = run.history
            run.keep(job)
            return job

        self._state.prepare("Looking at what is there already ...")
        self._submit(make_job)

    def stop(self) -> None:
        """Stop and keep the best so far; asked twice, end the worker, after which it can resume."""
        if self._ticket is None:
            return
        at_once = self._state.phase is Phase.STOPPING
        self._state.stop()
        self._runner.cancel(self._ticket, grace_s=0.0 if at_once else _PATIENCE_S)

    def _submit(self, make_job: Callable[[], TrainJob]) -> None:
        self._run, self._history = None, []
        self._ticket = self._runner.submit(make_job, self._on_event)

    def _on_event(self, event: Event) -> None:
        if self._state.phase is Phase.PREPARING:
            self._state.begin(self._history)
        if isinstance(event, Finished | Failed | Cancelled):
            self._ticket = None
            self._put_away(event)
        self._state.accept(event)
        if isinstance(event, Finished | Failed | Cancelled):
            self._ended(event)

    def _put_away(self, event: Event) -> None:
        if self._run is not None:
            self._run.end(crashed=isinstance(event, Failed) and event.crashed)
