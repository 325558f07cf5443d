"""Jobs are done here, in the worker process or in that of the command line."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from napari_emseg.engine.cells.run import cells
from napari_emseg.engine.hardware.run import doctor, list_devices
from napari_emseg.engine.jobs import (
    BlocksJob,
    CellsJob,
    DevicesJob,
    DoctorJob,
    PredictJob,
    SegmentJob,
    StepTimeJob,
    TrainJob,
    WarmUpJob,
)
from napari_emseg.engine.segment.cells_in_blocks import segment_by_others
from napari_emseg.engine.segment.run import predict, segment, warm_up
from napari_emseg.engine.train.run import time_steps, train
from napari_emseg.types import OnEvent, ShouldStop

_DO: dict[type[Any], Callable[..., Any]] = {
    WarmUpJob: warm_up,
    PredictJob: predict,
    SegmentJob: segment,
    BlocksJob: segment_by_others,
    CellsJob: cells,
    TrainJob: train,
    StepTimeJob: time_steps,
    DevicesJob: list_devices,
    DoctorJob: doctor,
}


def run(job: Any, emit: OnEvent, should_stop: ShouldStop) -> Any:
    """Do a job in this process.

    Parameters
    ----------
    job : Job
        What to do.
    emit : callable
        Receives the events up to, and without, the last one.
    should_stop : callable
        Looked at after every slice or step.

    Returns
    -------
    Any
        The result that belongs to the job.

    Raises
    ------
    CancelledError
        If stopped; what was finished is kept.
    EmsegError
        For everything that a person can mend.
    """
    if type(job) not in _DO:
        raise TypeError(f"{type(job).__name__} is not a job")
    return _DO[type(job)](job, emit, should_stop)
