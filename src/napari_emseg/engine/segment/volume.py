"""A stack through a model, and its slices through the volume: cells that are followed."""

from __future__ import annotations

import json
import shutil
import time
from collections.abc import Callable, Sequence
from contextlib import suppress
from dataclasses import replace
from itertools import pairwise
from typing import TYPE_CHECKING, Any

import numpy as np

from napari_emseg.core.config.cells import CellsConfig
from napari_emseg.engine.segment.jobs import PredictResult, SegmentJob
from napari_emseg.errors import WriteError
from napari_emseg.io.disk.atomic import write_atomically
from napari_emseg.io.layout.location import Location
from napari_emseg.types import ArrayLike, Log, OnEvent, ShouldStop, Stack, VoxelSize

if TYPE_CHECKING:
    from napari_emseg.core.config.prediction import MaskConfig
    from napari_emseg.engine.cells.volume import SolvedVolume
    from napari_emseg.model.packages.package import ModelPackage

_PROBABILITY, _RUN = "probability.npy", "run.json"


def is_followed(slices: Sequence[int] | None, total: int, config: CellsConfig) -> bool:
    """Whether cells are followed through a volume: several slices, one after the other."""
    chosen = range(total) if slices is None else slices
    in_order = all(after == before + 1 for before, after in pairwise(chosen))
    return config.link == "volume" and len(chosen) > 1 and in_order


def solve_prediction(
    probability: ArrayLike,
    fragments: ArrayLike,
    package: ModelPackage,
    rules: MaskConfig,
    config: CellsConfig,
    voxel_size_nm: VoxelSize | None,
    on_event: OnEvent = lambda _: None,
    should_stop: ShouldStop = lambda: False,
    on_slice: Callable[[int, int], object] | None = None,
) -> SolvedVolume:
    """The cells of what a model has predicted, by its own edge weights."""
    from napari_emseg.engine.cells.volume import solve_volume
    from napari_emseg.model.packages.edges import read_edges

    on_event(Log("Following the cells through the volume ..."))
    return solve_volume(
        probability, fragments, read_edges(package), rules=rules, config=config,
        voxel_size_nm=voxel_size_nm, on_event=on_event, should_stop=should_stop, on_slice=on_slice,
    )  # fmt: skip


def segment_volume(
    job: SegmentJob,
    stack: Stack,
    package: ModelPackage,
    run: dict[str, Any],
    predict: Callable[[SegmentJob], PredictResult],
    emit: OnEvent,
    should_stop: ShouldStop,
) -> PredictResult:
    """Do a job for cells: a probability beside the output first, then its cells.

    Parameters
    ----------
    job : SegmentJob
        With ``what`` cells.
    stack : Stack
        What it names.
    package : ModelPackage
        Its model.
    run : dict
        What the probability depends on.
    predict : callable
        Does a job for a probability.
    emit, should_stop : callable
        See `engine.run`.
    """
    from napari_emseg.io.resumable_writer import planned_stack
    from napari_emseg.io.scratch import Scratch, attach
    from napari_emseg.io.write import check_target, write_stack

    count = len(stack) if job.slices is None else len(job.slices)
    planned = planned_stack(
        stack, count, np.uint32, kind="labels", predicted=tuple(range(count)),
        name=f"{stack.name} cells",
    )  # fmt: skip
    where: dict[str, Any] = {"overwrite": job.overwrite, "sources": [job.source]}
    check_target(job.out, planned, slice_ending=".tif", **where)
    beside = _Beside(job.out, run)

    start = time.monotonic()
    device, done = "no device", 0
    if not beside.is_there(resume=job.resume, overwrite=job.overwrite):
        beside.begin(overwrite=job.overwrite and not job.resume)
        predicted = predict(replace(job, what="probability", out=str(beside.probability)))
        device, done = predicted.device, predicted.slices
    with Scratch() as scratch:
        fragments = scratch.allocate("fragments", planned.shape, np.int32)
        solved = solve_prediction(
            attach(beside.probability), fragments, package, job.rules, job.cells,
            stack.voxel_size_nm, emit, should_stop,
        )  # fmt: skip
        write_stack(
            job.out, planned.with_data(solved.cells), slice_ending=".tif",
            should_stop=should_stop, **where,
        )  # fmt: skip
    beside.remove()
    seconds = time.monotonic() - start
    return PredictResult(done, seconds, device, package.info.threshold, solved.count)


class _Beside:
    """The probability that lies beside an output until its cells are made."""

    def __init__(self, out: str, run: dict[str, Any]) -> None:
        place = Location.of(out).path
        self._folder = place.parent / f".{place.name}.unfinished"
        self.probability = self._folder / _PROBABILITY
        self._out, self._run = out, json.loads(json.dumps(run))

    def is_there(self, *, resume: bool, overwrite: bool) -> bool:
        """Whether a run that was stopped has left all of it, to go on with."""
        if not self.probability.exists():
            return False
        if resume:
            return bool(self._noted() == self._run)
        if overwrite:
            return False
        raise WriteError(
            f"{self._out}: all slices are predicted by a run that was stopped before its cells "
            "were made; go on from there, or begin anew",
            resume=True,
            overwrite=True,
        )

    def begin(self, *, overwrite: bool) -> None:
        """Make room for it."""
        if overwrite:
            self.remove()
        self._folder.mkdir(parents=True, exist_ok=True)
        if self.probability.exists():  # of another run
            self.probability.unlink()
        write_atomically(self._folder / _RUN, lambda to: to.write_text(json.dumps(self._run)))

    def remove(self) -> None:
        """Remove it."""
        shutil.rmtree(self._folder, ignore_errors=True)

    def _noted(self) -> Any:
        with suppress(OSError, ValueError):
            return json.loads((self._folder / _RUN).read_text())
        return None
