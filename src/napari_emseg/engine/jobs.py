"""What can be asked for: frozen descriptions of work, small enough to cross a pipe.

Pixels do not travel in a job: it names files, which may be memory-mapped scratch files that
window and worker share.
"""

from __future__ import annotations

from typing import TypeAlias

from napari_emseg.engine.cells.jobs import CellsJob, CellsResult, CorrectJob
from napari_emseg.engine.hardware.jobs import DevicesJob, DoctorJob
from napari_emseg.engine.segment.jobs import (
    BlocksJob,
    PredictJob,
    PredictResult,
    SegmentJob,
    WarmUpJob,
)
from napari_emseg.engine.train.jobs import LabelledFiles, StepTimeJob, TrainJob

__all__ = [
    "BlocksJob",
    "CellsJob",
    "CellsResult",
    "CorrectJob",
    "DevicesJob",
    "DoctorJob",
    "Job",
    "LabelledFiles",
    "PredictJob",
    "PredictResult",
    "SegmentJob",
    "StepTimeJob",
    "TrainJob",
    "WarmUpJob",
]

Job: TypeAlias = (
    WarmUpJob
    | PredictJob
    | SegmentJob
    | BlocksJob
    | CellsJob
    | TrainJob
    | StepTimeJob
    | DevicesJob
    | DoctorJob
)
