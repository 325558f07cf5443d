"""The worker process, killed at random moments: nothing is lost, and nothing is left."""

from __future__ import annotations

import itertools
import os
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from napari_emseg.core.config.network import NetworkConfig
from napari_emseg.core.config.recipe import Recipe
from napari_emseg.core.config.training import TrainConfig
from napari_emseg.engine.jobs import DevicesJob, LabelledFiles, SegmentJob, TrainJob
from napari_emseg.engine.train.interrupted_run import TrainRun
from napari_emseg.io.folders import cache_folder, library_folder
from napari_emseg.io.read import read_stack
from napari_emseg.io.samples import phantom_path
from napari_emseg.model.packages.library import find_model
from napari_emseg.model.train.run_folder import RunFolder
from napari_emseg.types import Event, Finished, Log, SliceDone, TrainProgress
from torture.worker_under_fire import Begun, WorkerUnderFire

pytestmark = pytest.mark.usefixtures("nothing_left")

NETWORK = NetworkConfig(depth=2, base_filters=2)


def long(*values: object) -> object:
    return pytest.param(*values, marks=pytest.mark.torture)


@pytest.fixture
def fire():
    with WorkerUnderFire(seed=0) as fire:
        yield fire


def a(kind: type) -> Begun:
    return lambda event: isinstance(event, kind)


def is_written(event: Event) -> bool:
    return isinstance(event, Log) and event.message.startswith("Writing the model")


def is_done(event: object) -> bool:
    """Whether a job was faster than its killer."""
    if isinstance(event, Finished):
        return True
    assert getattr(event, "crashed", False), event
    return False


def beside(path: Path) -> Path:
    """A place that nothing has been written to, for the next job where one was done."""
    names = (path.with_name(f"{number} {path.name}") for number in itertools.count(2))
    return next(name for name in names if not name.exists())


# -- predictions -------------------------------------------------------------------------------


@pytest.fixture(scope="module")
def source(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A stack of small slices, cut here and there from the phantom."""
    slices = read_stack(phantom_path()).data
    path = tmp_path_factory.mktemp("source") / "stack.npy"
    starts = [(z % 8, 4 * z, 200 - 4 * z) for z in range(24)]
    np.save(path, np.stack([slices[z, y : y + 192, x : x + 256] for z, y, x in starts]))
    return path


@pytest.mark.parametrize(
    ("name", "kills"), [("out.zarr", 1), long("out.zarr", 8), long("out.tif", 8)]
)
def test_predictions_end_as_if_nobody_had_been_killed(
    fire, source, tmp_path, temporary, name, kills
):
    job = SegmentJob(source, str(tmp_path / name), "mask", resume=True)
    whole = tmp_path / "whole.npy"
    assert is_done(fire.do(replace(job, out=str(whole))))
    while fire.kills < kills:
        if is_done(fire.kill_over(job, 1.0, begun=a(SliceDone) if fire.kills % 2 else a(Log))):
            job = replace(job, out=str(beside(Path(job.out))))
        assert is_done(fire.do(DevicesJob()))
    assert is_done(fire.do(job))
    found = read_stack(job.out, raw_values=True).data
    np.testing.assert_array_equal(np.asarray(found), np.load(whole))
    fire.worker.close()
    assert list(temporary.iterdir()) == []
    assert not [each for each in tmp_path.iterdir() if each.name.startswith(".")]


# -- trainings ---------------------------------------------------------------------------------


@pytest.fixture
def train_job(tissue, tmp_path, kills) -> TrainJob:
    epochs = 40 if kills > 1 else 6
    recipe = Recipe(NETWORK, train=TrainConfig(epochs=epochs, patch_size=64, batch_size=1))
    files = LabelledFiles(tissue.image, tissue.labels)
    return TrainJob((files,), tmp_path / "run", "mine", recipe=recipe, library=library_folder())


def kill_trainings(fire: WorkerUnderFire, job: TrainJob, kills: int) -> TrainJob:
    """Kill so often over a training that goes on each time; gives the last one, not done yet."""
    epochs = 0
    while fire.kills < kills:
        # early ones are still loading libraries
        begun = (None, a(Log), a(TrainProgress))[fire.kills % 3]
        if is_done(fire.kill_over(job, 6.0, begun=begun)):
            require_whole(job)
            job, epochs = replace(job, folder=beside(job.folder)), 0
            continue
        run = TrainRun(job.folder)
        done = run.history if run.holds_weights else []
        assert [row["epoch"] for row in done] == list(range(1, len(done) + 1))
        assert len(done) >= epochs
        epochs = len(done)
        job = replace(job, resume=epochs > 0)
    return job


def require_whole(job: TrainJob) -> None:
    """All epochs, each once; a model that can be found; and nothing half written."""
    history = RunFolder(job.folder).read_history()
    assert [row["epoch"] for row in history] == list(range(1, job.recipe.train.epochs + 1))
    assert find_model(str(job.folder)).info.network == job.recipe.network
    assert find_model("mine").info.network == job.recipe.network
    for folder in (job.folder, job.folder / "package", library_folder()):
        assert not [each.name for each in folder.iterdir() if each.name.startswith(".")]


def require_nothing_left(fire: WorkerUnderFire, temporary: Path) -> None:
    assert is_done(fire.do(DevicesJob()))
    fire.worker.close()
    assert list(temporary.iterdir()) == []
    scratch = [each.name for each in cache_folder().glob("scratch/*")]
    assert not [name for name in scratch if f"-{os.getpid()}-" not in name]  # ours may live on


@pytest.mark.parametrize("kills", [pytest.param(1, marks=pytest.mark.slow), long(17)])
def test_trainings_go_on_and_train_each_epoch_once(fire, train_job, temporary, kills):
    job = kill_trainings(fire, train_job, kills)
    assert is_done(fire.do(job))
    require_whole(job)
    require_nothing_left(fire, temporary)


@pytest.mark.parametrize("kills", [long(17)])
def test_retrainings_go_on_from_the_model_they_began_with(fire, train_job, temporary, kills):
    first = replace(train_job, folder=train_job.folder.with_name("first"), name="parent")
    short = replace(first.recipe, train=replace(first.recipe.train, epochs=1))
    assert is_done(fire.do(replace(first, recipe=short)))
    again = replace(
        train_job.recipe, train=replace(train_job.recipe.train, rehearse=0.25, former_share=0.3)
    )
    job = replace(train_job, recipe=again, start_from="parent", preview_near=0)
    job = kill_trainings(fire, job, kills)
    assert is_done(fire.do(job))
    require_whole(job)
    assert RunFolder(job.folder).read_config()["parent"] == "parent"
    require_nothing_left(fire, temporary)


@pytest.mark.parametrize("kills", [long(6)])
def test_killed_while_the_model_is_written_it_is_offered_and_written_again(
    fire, train_job, temporary, kills
):
    """Package and int8 form take as long as a short training, and much of the memory."""
    short = replace(train_job.recipe, train=replace(train_job.recipe.train, epochs=1))
    job = replace(train_job, recipe=short)
    while fire.kills < kills:
        if is_done(fire.kill_over(job, 8.0, begun=is_written)):
            job = replace(job, folder=beside(job.folder), resume=False)
            continue
        job = replace(job, resume=True)
    assert is_done(fire.do(job))
    assert find_model("mine").info.int8_cost is not None
    assert not [each.name for each in library_folder().iterdir() if each.name.startswith(".")]
    require_nothing_left(fire, temporary)
