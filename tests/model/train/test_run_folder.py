"""A run's files are whole at any time, and never overwritten by another run."""

from __future__ import annotations

import math
import zipfile

import pytest

from napari_emseg.errors import ModelError, WriteError
from napari_emseg.io.disk.atomic import write_atomically
from napari_emseg.model.train.run_folder import RunFolder

ROWS = [{"epoch": 1, "loss": 0.5}, {"epoch": 2, "loss": 1 / 3}]


def save(to):
    """As a model is saved."""
    with zipfile.ZipFile(to, "w") as file:
        file.writestr("model", "x")


@pytest.fixture
def folder(tmp_path):
    return RunFolder(tmp_path / "deep" / "run")


def test_config_and_history_come_back(folder):
    folder.start({"stack": "cells", "train_slices": [0, 1]})
    assert folder.read_config() == {"stack": "cells", "train_slices": [0, 1]}
    assert folder.read_history() == []
    folder.keep_last(save, ROWS)
    assert folder.read_history() == ROWS
    folder.write_history(ROWS)
    assert folder.history.read_text().splitlines()[0] == "epoch,loss"


def test_what_was_not_measured_comes_back(folder):
    folder.start({})
    folder.keep_last(save, [{"epoch": 1, "val_loss": math.nan}])
    assert math.isnan(folder.read_history()[0]["val_loss"])


@pytest.mark.parametrize("trace", ["history", "last"])
def test_a_folder_that_holds_a_run_is_refused(folder, trace):
    folder.start({})
    getattr(folder, trace).write_text("x")
    with pytest.raises(WriteError, match="already holds a training run; go on with it"):
        folder.start({})


def test_a_run_that_never_got_to_an_epoch_may_be_started_again(folder):
    folder.start({"seed": 1})
    folder.start({"seed": 2})
    assert folder.read_config() == {"seed": 2}


def test_a_folder_that_cannot_be_made(tmp_path):
    (tmp_path / "file").write_text("x")
    with pytest.raises(WriteError, match="cannot make the folder"):
        RunFolder(tmp_path / "file" / "run").start({})


@pytest.mark.parametrize("content", [None, "{"])
def test_a_config_that_is_missing_or_damaged(folder, content):
    folder.path.mkdir(parents=True)
    if content is not None:
        folder.config.write_text(content)
    with pytest.raises(ModelError, match="holds no training run to resume"):
        folder.read_config()


@pytest.mark.parametrize("content", ["no zip", None])
def test_a_damaged_history(folder, content):
    folder.start({})
    if content is None:  # a model without a history inside
        save(folder.last)
    else:
        folder.last.write_text(content)
    with pytest.raises(ModelError, match=r"resume: .*last\.keras cannot be loaded"):
        folder.read_history()


def test_a_failure_leaves_the_old_file_whole_and_nothing_else(tmp_path):
    path = tmp_path / "history.csv"
    path.write_text("old")

    def full_disk(to):
        to.write_text("ne")
        raise OSError(28, "No space left on device")

    with pytest.raises(WriteError, match=r"No space left on device.*free some space"):
        write_atomically(path, full_disk)
    assert path.read_text() == "old"
    assert list(tmp_path.iterdir()) == [path]


def test_the_temporary_file_has_the_same_ending(tmp_path):
    names = []  # keras looks at it
    write_atomically(tmp_path / "best.keras", lambda to: (names.append(to.name), to.touch()))
    assert names[0].startswith(".best-")
    assert names[0].endswith(".keras")
