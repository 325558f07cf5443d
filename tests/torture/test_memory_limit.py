"""Memory that runs out in the worker, by limits of the system: less at a time, or a clear error."""

from __future__ import annotations

import os
import re
import resource
import sys
import threading
from collections.abc import Callable, Iterator
from dataclasses import replace
from pathlib import Path

import numpy as np
import psutil
import pytest

from napari_emseg.core.config.network import NetworkConfig
from napari_emseg.core.config.prediction import PredictConfig
from napari_emseg.core.config.recipe import Recipe
from napari_emseg.core.config.training import TrainConfig
from napari_emseg.engine.jobs import DevicesJob, LabelledFiles, PredictJob, TrainJob, WarmUpJob
from napari_emseg.io.scratch import Scratch
from napari_emseg.model.packages.library import find_model
from napari_emseg.model.train.run_folder import RunFolder
from napari_emseg.types import Event, Failed, Finished, Log, SliceDone, TrainProgress
from torture.worker_under_fire import WorkerUnderFire

pytestmark = [
    pytest.mark.usefixtures("nothing_left"),
    pytest.mark.skipif(sys.platform != "linux", reason="limits of a running process are of Linux"),
]

MIB, ENDLESS = 2**20, resource.RLIM_INFINITY


def long(*values: object) -> object:
    return pytest.param(*values, marks=pytest.mark.torture)


@pytest.fixture
def fire() -> Iterator[WorkerUnderFire]:
    with WorkerUnderFire(seed=0) as fire:
        yield fire


class Starving:
    """Takes memory from a worker some time after its job has begun.

    Parameters
    ----------
    fire : WorkerUnderFire
        Whose worker.
    begun : callable
        True for the event from which the time is counted.
    """

    def __init__(self, fire: WorkerUnderFire, begun: Callable[[Event], bool]) -> None:
        self._fire, self._begun = fire, begun
        self._rng = np.random.default_rng(0)

    def do(self, job: object, seconds: float, most_mib: float, *, may_end: bool = False) -> Event:
        """Have a job done that may take little more than it has, from some moment on."""
        limits = iter([self._rng.uniform(0, most_mib)])

        def hear(event: Event) -> None:
            if self._begun(event) and (room := next(limits, None)) is not None:
                threading.Timer(self._rng.uniform(0, seconds), self._limit, [room]).start()

        event = self._fire.do(job, hear)
        require_clear(event, may_end=may_end)
        if self._fire.worker.pid is not None:
            resource.prlimit(self._fire.worker.pid, resource.RLIMIT_AS, (ENDLESS, ENDLESS))
        return event

    def _limit(self, room_mib: float) -> None:
        pid = self._fire.worker.pid
        if pid is not None:
            may_have = psutil.Process(pid).memory_info().vms + int(room_mib * MIB)
            resource.prlimit(pid, resource.RLIMIT_AS, (may_have, ENDLESS))


def require_clear(event: Event, *, may_end: bool = False) -> None:
    """It is done, or what is said is that memory is short; the worker lives.

    TensorFlow's own code ends the process in places where it gets no memory (``may_end``).
    """
    if isinstance(event, Failed) and event.crashed and may_end:
        assert re.search("was ended by (SIGABRT|SIGSEGV)", event.message), event
        assert "It starts again with the next job" in event.message
    elif isinstance(event, Failed):
        assert "memory" in event.message, event
        assert event.details is None, event.details
        assert not event.crashed, event.message
    else:
        assert isinstance(event, Finished), event


def is_loading(event: Event) -> bool:
    return isinstance(event, Log) and event.message.startswith("Loading model")


@pytest.mark.parametrize("times", [2, long(20)])
def test_predictions(fire, tmp_path, times):
    starving, failures = Starving(fire, is_loading), 0
    with Scratch(tmp_path) as scratch:
        noise = np.random.default_rng(0).integers(0, 255, (2, 768, 768), np.uint8)
        out = scratch.allocate("out", noise.shape, np.float32)
        job = PredictJob(scratch.put(noise, "noise"), Path(out.filename))
        assert isinstance(fire.do(job), Finished)
        whole, worker = out.copy(), fire.worker.pid
        for k in range(times):
            out[:] = -1
            # of another size each time: nothing is compiled for it yet
            tiles = PredictConfig(tile_size=768 - 32 * (k % 16))
            failures += isinstance(starving.do(replace(job, config=tiles), 1.0, 40), Failed)
        assert fire.worker.pid == worker
        assert isinstance(fire.do(job), Finished)
        np.testing.assert_array_equal(out, whole)
    assert failures or times < 10


@pytest.mark.parametrize("times", [long(10)])
def test_trainings(fire, tissue, tmp_path, times):
    """Whatever is said, what was trained so far is kept, and goes on."""
    recipe = Recipe(
        NetworkConfig(depth=3, base_filters=8),
        train=TrainConfig(epochs=12, patch_size=96, batch_size=4),
    )
    files = LabelledFiles(tissue.image, tissue.labels)
    job = TrainJob((files,), tmp_path / "run", "mine", recipe=recipe, library=tmp_path / "library")
    starving = Starving(fire, lambda event: isinstance(event, TrainProgress))
    epochs = 0
    for k in range(times):
        event = starving.do(replace(job, resume=epochs > 0), 3.0, 20, may_end=True)
        history = RunFolder(job.folder).read_history()
        assert [row["epoch"] for row in history] == list(range(1, len(history) + 1))
        assert len(history) >= epochs
        epochs = len(history)
        if isinstance(event, Finished):
            job, epochs = replace(job, folder=tmp_path / f"run {k}"), 0
    assert isinstance(fire.do(replace(job, resume=epochs > 0)), Finished)
    assert find_model(str(job.folder)).info.network == recipe.network


# -- control groups: what containers and clusters allow ---------------------------------------


@pytest.fixture
def group() -> Iterator[Path]:
    """A control group of this process; what is in it at the end is ended."""
    kinds = [line.split(":", 2) for line in Path("/proc/self/cgroup").read_text().splitlines()]
    mine = next((path for _, kind, path in kinds if kind == "memory"), None)
    if mine is None or not os.access("/sys/fs/cgroup/memory", os.W_OK):
        pytest.skip("no control group of the first version can be made here")
    group = Path("/sys/fs/cgroup/memory", mine.lstrip("/"), f"emseg-{os.getpid()}")
    group.mkdir()
    yield group
    group.rmdir()


def put_into(group: Path, pid: int, limit_mib: int) -> None:
    (group / "memory.limit_in_bytes").write_text(str(limit_mib * MIB))
    (group / "cgroup.procs").write_text(str(pid))


@pytest.fixture
def large(tmp_path) -> Iterator[PredictJob]:
    """A slice that would go through as one tile."""
    with Scratch(tmp_path) as scratch:
        noise = np.random.default_rng(0).integers(0, 255, (1, 3072, 3072), np.uint8)
        out = scratch.allocate("out", noise.shape, np.float32)
        config = PredictConfig(tile_size=3072, runtime="openvino", exact=True)
        yield PredictJob(scratch.put(noise, "noise"), Path(out.filename), config=config)


@pytest.mark.torture
def test_tiles_are_as_small_as_a_container_wants_them(group, large):
    with WorkerUnderFire(seed=0) as fire:
        cost = fire.do(WarmUpJob(shape=(3072, 3072), config=large.config)).result
        allowed = cost.bytes_at_once // 2
        assert cost.tiles == 1
    with WorkerUnderFire(seed=0) as fire:
        fire.do(DevicesJob())
        put_into(group, fire.worker.pid, 300 + allowed // MIB)
        event = fire.do(large)
        assert isinstance(event, Finished), event


@pytest.mark.slow
def test_the_system_kills_what_takes_too_much_and_that_is_said(group, large):
    with WorkerUnderFire(seed=0) as fire:
        fire.do(WarmUpJob())

        def starve(event: Event) -> None:
            if is_loading(event):  # after it has asked how much there is
                threading.Timer(0.3, put_into, [group, fire.worker.pid, 20]).start()

        event = fire.do(large, starve)
        assert isinstance(event, Failed), event
        assert event.crashed
        assert "SIGKILL, often because the machine ran out of memory" in event.message
        assert isinstance(fire.do(DevicesJob()), Finished)
        done: list[Event] = []
        assert isinstance(fire.do(large, done.append), Finished)
        assert any(isinstance(each, SliceDone) for each in done)
