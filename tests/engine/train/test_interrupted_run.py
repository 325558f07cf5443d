"""Trainings on disk: what is kept, offered again and deleted."""

from __future__ import annotations

import json
import shutil
import subprocess
import sys
import zipfile
from dataclasses import replace

import dask.array as da
import numpy as np
import pytest

from napari_emseg.core.config.network import NetworkConfig
from napari_emseg.core.config.recipe import Recipe
from napari_emseg.core.train.regions import Regions
from napari_emseg.core.train.slice_split import SliceSplit
from napari_emseg.engine.train.interrupted_run import TrainRun, interrupted_runs
from napari_emseg.engine.train.request import TrainingData, TrainingStack, TrainRequest
from napari_emseg.engine.train.run import _in_library
from napari_emseg.errors import EmsegError, LabelsError, ShapeError, WriteError
from napari_emseg.io.folders import runs_folder
from napari_emseg.model.packages.library import SHIPPED, list_models, shipped_folder
from napari_emseg.model.train.run_folder import RunFolder
from napari_emseg.types import Cancelled, Failed, Finished, Stack

SHAPE = (5, 64, 64)
DONE, REFUSED, STOPPED = Finished(None), Failed("loss: is nan"), Cancelled("Stopped.")
CRASHED = Failed("The worker process was ended by SIGKILL.", crashed=True)


@pytest.fixture
def request_():
    rng = np.random.default_rng(0)
    images = Stack(rng.integers(0, 255, SHAPE, np.uint8), (50.0, 4.0, 4.0), "em")
    labels = Stack(rng.integers(1, 3, SHAPE, np.uint8), name="painted", kind="labels")
    square = np.array([(0, 0), (0, 40), (40, 40), (40, 0)], float)
    return TrainRequest(
        "mine", TrainingData(images, labels, Regions([(None, square)])), "scribbles",
        SliceSplit(tuple(range(5)), (0, 3), (1,)), Recipe(NetworkConfig(depth=2)),
    )  # fmt: skip


def dead_process() -> list:
    done = subprocess.Popen([sys.executable, "-c", ""])
    done.wait()
    return [done.pid, 0.0]


def orphan(run: TrainRun) -> None:
    """As if the process that trains it had been killed."""
    record = run.folder / "job.json"
    values = json.loads(record.read_text())
    record.write_text(json.dumps({**values, "process": dead_process()}))


def test_the_job_has_copies_of_what_is_used(request_):
    run, job = request_.prepare()
    (files,) = job.stacks
    assert run.folder.parent == runs_folder()
    images, labels, reviewed = (
        np.load(path) for path in (files.images, files.labels, files.reviewed)
    )  # fmt: skip
    used = [0, 1, 3]
    np.testing.assert_array_equal(images[used], request_.data.images.data[used])
    np.testing.assert_array_equal(labels[used], request_.data.labels.data[used])
    assert not images[[2, 4]].any()
    assert reviewed[0, 20, 20]
    assert not reviewed[0, 50, 50]
    assert (files.slices, files.validation) == ((0, 1, 3), (1,))
    assert files.voxel_size_nm == (50.0, 4.0, 4.0)


def test_neighbours_that_the_network_sees_are_copied(request_):
    recipe = Recipe(NetworkConfig(depth=2, input_slices=3))
    _, job = replace(request_, recipe=recipe).prepare()
    assert np.load(job.stacks[0].images)[[0, 1, 2, 3, 4]].any(axis=(1, 2)).all()


def test_lazy_images_are_read_once_and_slice_by_slice(request_):
    read = []

    def note(block):
        read.append(block.shape)
        return block

    lazy = da.from_array(request_.data.images.data, chunks=(1, 64, 64))
    lazy = lazy.map_blocks(note, dtype=np.uint8, meta=np.zeros((0, 0, 0), np.uint8))
    images = request_.data.images.with_data(lazy)
    replace(request_, data=replace(request_.data, images=images)).prepare()
    assert read == [(1, 64, 64)] * 3


def test_files_are_not_copied(request_, tmp_path):
    paths = tmp_path / "i.npy", tmp_path / "l.npy"
    data = replace(request_.data, files=paths, regions=None)
    run, job = replace(request_, data=data).prepare()
    (files,) = job.stacks
    assert (files.images, files.labels, files.reviewed) == (*paths, None)
    assert not list((run.folder / "data").iterdir())


def test_several_stacks_are_copied_beside_one_another_and_resumed(request_):
    rng = np.random.default_rng(1)
    images = Stack(rng.integers(0, 255, (3, 40, 48), np.uint16), (30.0, 8.0, 8.0), "other")
    labels = Stack(rng.integers(0, 2, (3, 40, 48), np.uint8), kind="labels")
    split = SliceSplit.spread(range(3), 0.3)
    other = TrainingStack(TrainingData(images, labels), "mask", split, 2.5)
    run, job = replace(request_, others=(other,)).prepare()
    first, second = job.stacks
    assert len({first.images, first.labels, first.reviewed, second.images, second.labels}) == 5
    np.testing.assert_array_equal(np.load(second.images), images.data)
    np.testing.assert_array_equal(np.load(second.labels), labels.data)
    assert (second.called, second.meaning, second.reviewed) == ("other", "mask", None)
    assert (second.validation, second.weight) == (split.validation, 2.5)
    assert second.voxel_size_nm == (30, 8, 8)
    run.release()
    assert run.resumed_job() == replace(job, resume=True)


def test_a_run_of_a_living_process_is_not_offered(request_):
    run, job = request_.prepare()
    assert interrupted_runs() == []
    orphan(run)
    assert interrupted_runs() == [run]
    assert run.resumed_job() == replace(job, resume=True)
    run.keep(job)
    assert interrupted_runs() == []
    run.release()
    assert interrupted_runs() == [run]


def test_one_window_takes_it_up(request_):
    """Two may have offered it."""
    run, job = request_.prepare()
    run.release()
    assert run.take_up() == replace(job, resume=True)
    with pytest.raises(WriteError, match="goes on already"):
        run.take_up()
    assert run.is_owned
    run.release()
    run.discard()
    with pytest.raises(EmsegError):
        run.take_up()
    assert not run.folder.exists()


def test_a_worker_that_outlived_its_window_still_trains_it(request_):
    run, _ = request_.prepare()
    orphan(run)
    with RunFolder(run.folder).lock():
        assert interrupted_runs() == []
        with pytest.raises(WriteError, match="goes on already"):
            run.take_up()
    assert interrupted_runs() == [run]


def test_what_was_killed_while_it_copied_is_deleted():
    run = TrainRun.begin("mine")
    orphan(run)
    assert interrupted_runs() == []
    assert not run.folder.exists()


@pytest.mark.parametrize(
    ("reached", "event", "exists", "offered"),
    [
        ("package", DONE, True, False),
        ("package", REFUSED, True, False),  # the loss was not finite: the best before is a model
        ("package", CRASHED, True, True),  # it is in no library yet
        ("package", STOPPED, True, True),  # by force, for it would have been done otherwise
        ("last.keras", REFUSED, True, True),
        ("last.keras", STOPPED, True, True),
        (None, CRASHED, True, True),
        (None, REFUSED, False, False),
        (None, STOPPED, False, False),
    ],
)
def test_how_a_run_ends(request_, reached, event, exists, offered):
    run, _ = request_.prepare()
    if reached:
        (run.folder / reached).mkdir()
    run.end(event)
    assert run.folder.exists() == exists
    assert (interrupted_runs() == [run]) == offered
    assert (run.folder / "data").exists() == (offered and exists)


def test_a_record_that_cannot_be_read_is_said(request_):
    run, _ = request_.prepare()
    (run.folder / "job.json").write_text('{"process": null, "job": {"images": 1}}')
    with pytest.raises(EmsegError, match="discard"):
        run.resumed_job()


UNREADABLE = ["", '{"process": nu', "[]", "{}", '{"process": 7, "job": 7}', "\x00" * 200]
"""What a crash of the machine, a full disk or a damaged one leaves of a note."""


def damage(run: TrainRun, text: str, *, copy: str | None = None) -> None:
    """As a training that has come two epochs far, and whose note cannot be read."""
    files, rows = RunFolder(run.folder), [{"epoch": k, "seconds": 1.0} for k in (1.0, 2.0)]
    files.keep_last(lambda to: zipfile.ZipFile(to, "w").close(), rows)
    files.best.write_bytes(b"weights")
    (run.folder / "job.json").write_text(text)
    if copy is not None:
        (run.folder / "job-copy.json").write_text(copy)


def contents(run: TrainRun) -> dict:
    return {path: path.read_bytes() for path in run.folder.rglob("*") if path.is_file()}


@pytest.mark.parametrize("text", UNREADABLE)
def test_a_trained_network_outlives_notes_that_cannot_be_read(request_, text):
    run, _ = request_.prepare()
    damage(run, text, copy=text)
    before = contents(run)
    assert interrupted_runs() == [run]
    run.release()
    run.end(CRASHED)
    run.end(REFUSED)
    assert interrupted_runs() == [run]
    with pytest.raises(
        EmsegError, match=r"job\.json cannot be used .*deleted until you discard it"
    ):
        run.resumed_job()
    assert contents(run) == before


@pytest.mark.parametrize("text", UNREADABLE)
def test_a_training_whose_note_cannot_be_read_goes_on_by_the_copy(request_, text):
    run, job = request_.prepare()
    damage(run, text)
    assert interrupted_runs() == []  # this process has it
    run.end(CRASHED)
    assert interrupted_runs() == [run]
    assert run.resumed_job() == replace(job, resume=True)
    assert len(run.history) == 2


def test_a_note_without_a_job_deletes_no_weights(request_):
    """As an older version wrote it over one that it could not read."""
    run, _ = request_.prepare()
    damage(run, '{"process": null, "job": null}')
    before = contents(run)
    assert interrupted_runs() == [run]
    assert contents(run) == before


def test_a_run_of_which_nothing_can_be_read_is_not_taken_for_half_copied():
    run = TrainRun.begin("mine")
    (run.folder / "job.json").write_text("")
    assert interrupted_runs() == [run]
    run.discard()
    assert interrupted_runs() == []


def test_what_can_go_on_is_offered_before_what_cannot(request_):
    good, _ = request_.prepare()
    good.release()
    bad, _ = request_.prepare()
    damage(bad, "", copy="")
    assert interrupted_runs() == [good, bad]


def test_a_training_that_another_window_has_just_finished_is_not_deleted(request_, monkeypatch):
    run, _ = request_.prepare()
    run.release()
    (run.folder / "package").mkdir()
    is_owned = TrainRun.is_owned

    def finish_meanwhile(self):
        self.settle()
        return is_owned.fget(self)

    monkeypatch.setattr(TrainRun, "is_owned", property(finish_meanwhile))
    assert interrupted_runs() == []
    assert (run.folder / "package").exists()


def test_read_only_folder_is_said_and_nothing_is_left(request_, tmp_path, monkeypatch):
    (tmp_path / "file").write_text("")
    monkeypatch.setenv("EMSEG_RUNS_DIR", str(tmp_path / "file"))
    with pytest.raises(WriteError, match="choose another path"):
        request_.prepare()


def test_an_error_while_copying_leaves_nothing(request_, monkeypatch):
    def full(*_):
        raise WriteError("the disk is full")

    monkeypatch.setattr(TrainRun, "copy", full)
    with pytest.raises(WriteError):
        request_.prepare()
    assert list(runs_folder().iterdir()) == []


def test_labels_of_another_shape_are_refused(request_):
    with pytest.raises(ShapeError, match=r"'painted'.*'em'"):
        TrainingData(request_.data.images, request_.data.labels.take([0, 1]))


def test_labels_without_labels_are_refused(request_):
    with pytest.raises(LabelsError, match="no slice"):
        replace(request_, split=SliceSplit())


def test_a_model_that_an_error_has_left_goes_into_the_library(request_):
    run, job = request_.prepare()

    def fail_after_the_model():
        with _in_library(job):
            shutil.copytree(shipped_folder(), run.folder / "package")
            raise EmsegError("the loss is nan")

    for names in ([*SHIPPED, "mine"], [*SHIPPED, "mine", "mine 2"]):
        with pytest.raises(EmsegError, match="nan"):
            fail_after_the_model()
        assert [package.folder.name for package in list_models()] == names
        shutil.rmtree(run.folder / "package")


def test_without_a_model_nothing_goes_into_the_library(request_):
    _, job = request_.prepare()
    with _in_library(job) as added:
        pass
    assert not added
    assert len(list_models()) == len(SHIPPED)
