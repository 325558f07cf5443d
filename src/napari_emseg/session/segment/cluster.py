"""Sending a stack to a cluster: how far it is, and its result as it grows."""

from __future__ import annotations

from dataclasses import InitVar, dataclass
from enum import StrEnum
from functools import partial
from typing import TYPE_CHECKING, ClassVar

from psygnal import Signal, SignalGroupDescriptor

from napari_emseg.engine.jobs import BlocksJob
from napari_emseg.errors import EmsegError, SettingError
from napari_emseg.io.napari_reader import LayerData, layer_data
from napari_emseg.io.read import read_stack
from napari_emseg.io.volumes.ome_volume import SHARD
from napari_emseg.io.volumes.output import volume_place
from napari_emseg.session.executor import Executor, Task
from napari_emseg.session.jobs import Jobs
from napari_emseg.session.words import duration, left
from napari_emseg.types import Cancelled, Event, Failed, Finished, Log, Progress

if TYPE_CHECKING:
    from napari_emseg.engine.jobs import PredictResult, SegmentJob

_DASHBOARD = "Dask's dashboard: "
_GROWS_EVERY_S = 2.0


class Phase(StrEnum):
    """What a person who has sent a stack waits for."""

    IDLE = "idle"
    RUNNING = "running"
    STOPPING = "stopping"


@dataclass(eq=False)
class ClusterSession:
    """Sends a stack to a cluster, or to several processes of this machine.

    Parameters
    ----------
    jobs : Jobs
        Whose worker process waits for the cluster.
    executor : Executor
        Looks for the result.

    Attributes
    ----------
    phase : Phase
        What goes on.
    message : str
        A sentence for the person who waits, or of what came out.
    done : float or None
        Part of the present stage that is done, 0..1; None where nobody knows.
    log : tuple of str
        What was said of the run, in order.
    dashboard : str
        Address of Dask's dashboard, while the run goes on; empty where there is none.
    opened : psygnal.Signal
        Emitted with the `LayerData` of the result, once it can be looked at: while blocks are still
        missing, where slices are no larger than 4096 px, else at the end.
    grown : psygnal.Signal
        Emitted when there is more of it, every two seconds at most.
    failed : psygnal.Signal
        Emitted with a `Failed`, for the person to see.
    """

    events: ClassVar[SignalGroupDescriptor] = SignalGroupDescriptor()
    opened: ClassVar[Signal] = Signal(object)
    grown: ClassVar[Signal] = Signal()
    failed: ClassVar[Signal] = Signal(object)

    jobs: InitVar[Jobs]
    executor: InitVar[Executor]
    phase: Phase = Phase.IDLE
    message: str = ""
    done: float | None = None
    log: tuple[str, ...] = ()
    dashboard: str = ""

    def __post_init__(self, jobs: Jobs, executor: Executor) -> None:
        self._jobs, self._lane = jobs, executor.lane("cluster")
        self._soon = executor.timer(self._look, _GROWS_EVERY_S)
        self._ticket: int | None = None
        self._looking: Task | None = None
        self._out = ""
        self._is_opened = False

    def send(self, job: BlocksJob) -> None:
        """Have a stack segmented; a run that was stopped goes on, unless it is overwritten.

        What is wrong with the job is said by ``failed``.
        """
        try:
            _require(job)
        except EmsegError as error:
            self._refuse(str(error))
            return
        self._out, self._is_opened = job.segment.out, False
        self.log, self.dashboard, self.done = (), "", None
        self.message, self.phase = "Asking the workers ...", Phase.RUNNING
        # events may come before the ticket does
        self._ticket = self._jobs.submit(lambda: job, self._on_event)

    def stop(self) -> None:
        """End after the blocks that are being done; what is done is kept."""
        if self.phase is Phase.RUNNING and self._ticket is not None:
            self.phase, self.message = Phase.STOPPING, "Stopping ..."
            self._jobs.cancel(self._ticket)

    def close(self) -> None:
        """Stop, and tell nobody any more; what is done is kept."""
        self._soon.stop()
        self._lane.stop()
        if self._ticket is not None:
            self._jobs.abandon(self._ticket)

    def _refuse(self, message: str) -> None:
        self.message, self.done, self.phase = message, None, Phase.IDLE
        self.failed.emit(Failed(message))

    # -- what comes back -------------------------------------------------------------------

    def _on_event(self, event: Event) -> None:
        match event:
            case Log(text) if text.startswith(_DASHBOARD):
                self.dashboard = text.removeprefix(_DASHBOARD)
            case Log(text):
                self.log = (*self.log, text)
            case Progress(done, total, unit, seconds_left):
                self._advance(done, total, unit, seconds_left)
            case Finished(result):
                self._end(_summary(result, self._out))
            case Cancelled(message):
                self._end(f"{message} Send it again to go on.")
            case Failed(message):
                self._end(message)
                self.failed.emit(event)

    def _advance(self, done: float, total: float, unit: str, seconds_left: float | None) -> None:
        self.done = done / total if total else None
        if self.phase is Phase.RUNNING:
            self.message = f"{done:,.0f} of {total:,.0f} {unit}{left(seconds_left)}."
        if not self._soon.is_active:
            self._soon.start()

    def _end(self, message: str) -> None:
        self._soon.stop()
        self._ticket, self.dashboard = None, ""
        self.done, self.message, self.phase = None, message, Phase.IDLE
        self._look(ended=True)

    def _look(self, *, ended: bool = False) -> None:
        """Open the result once it is there, or tell that it has grown."""
        if self._is_opened:
            self.grown.emit()
        elif ended or self._looking is None or not self._looking.is_running:
            open_ = partial(_opened, self._out, ended=ended)
            self._looking = self._lane.latest(open_, self._take, lambda _: None)

    def _take(self, found: LayerData | None) -> None:
        if found is not None:
            self._is_opened = True
            self.opened.emit(found)


def _require(job: BlocksJob) -> None:
    segment: SegmentJob = job.segment
    if not job.shared.is_cluster:
        raise SettingError(
            "scheduler: expected the address of a cluster, such as tcp://HOST:8786, its file, or a "
            "number of workers on this machine; received none"
        )
    if not str(segment.source).strip(" ."):
        raise SettingError(
            "stack: expected a path or an address that all workers reach, received none; save the "
            "image there first"
        )
    volume_place(segment.out)


def _opened(out: str, *, ended: bool) -> LayerData | None:
    """A result that may be unfinished; None where there is none yet, or it is too large so far."""
    if volume_place(out).read("zarr.json") is None:
        return None
    stack = read_stack(out)
    if not ended and max(stack.shape[1:]) > SHARD:
        return None
    return layer_data(stack, grows=True)


def _summary(result: PredictResult, out: str) -> str:
    cells = "" if result.cells is None else f" {result.cells.words('')}."
    return f"Done in {duration(result.seconds)}: {out}.{cells}"
