"""Histories of trainings, as they lie in run folders and model packages."""

from __future__ import annotations

import json

import pytest

from napari_emseg.errors import ReadError
from napari_emseg.model.train.history import write_history
from napari_emseg.model.train.records import list_records, read_record, titles


def rows(*val_losses):
    return [
        {"epoch": k, "learning_rate": 1e-3, "loss": 0.1, "val_loss": loss, "val_v_rand": 1 - loss}
        for k, loss in enumerate(val_losses, start=1)
    ]


def write_run(folder, *val_losses):
    folder.mkdir(parents=True)
    write_history(rows(*val_losses), folder / "history.csv")
    (folder / "config.json").write_text(json.dumps({"recipe": {"train": {"batch_size": 3}}}))


def test_a_run_folder_is_read(tmp_path):
    write_run(tmp_path / "a", 0.5, 0.25, float("nan"))
    record = read_record(tmp_path / "a")
    assert record.name == "a"
    assert [row["val_loss"] for row in record.history[:2]] == [0.5, 0.25]
    assert record.best["epoch"] == 2
    assert record.setting("batch_size") == 3
    assert record.setting("loss") is None


@pytest.mark.parametrize(
    ("losses", "epoch"), [((0.5, 0.4, 0.3), None), ((0.5, 0.3, 0.31), None), ((0.5, 0.3, 0.4), 2)]
)
def test_overfitting_shows_in_the_validation_loss(tmp_path, losses, epoch):
    write_run(tmp_path / "a", *losses)
    assert read_record(tmp_path / "a").overfit_from == epoch


def test_runs_are_listed_and_the_damaged_left_out(tmp_path):
    write_run(tmp_path / "a", 0.5)
    write_run(tmp_path / "b", 0.4)
    write_run(tmp_path / "same as a", 0.5)
    write_run(tmp_path / "c", 0.3, float("nan"))
    write_run(tmp_path / "same as c", 0.3, float("nan"))
    (tmp_path / "bad").mkdir()
    (tmp_path / "bad" / "history.csv").write_text("epoch,loss,val_loss\n1,x,2\n")
    records = list_records(tmp_path)
    assert sorted(record.history[0]["val_loss"] for record in records) == [0.3, 0.4, 0.5]
    assert list_records(tmp_path / "nowhere") == []


@pytest.mark.parametrize("text", ["", "epoch,loss,val_loss\n", "a,b\n1,2\n"])
def test_what_holds_no_history_is_told(tmp_path, text):
    (tmp_path / "history.csv").write_text(text)
    with pytest.raises(ReadError, match="holds no epochs"):
        read_record(tmp_path)


def test_equal_names_are_numbered(tmp_path):
    for k in (1, 2):
        write_run(tmp_path / str(k) / "run", k)
    records = [read_record(tmp_path / str(k) / "run") for k in (1, 2)]
    assert titles(records) == ["run (1)", "run (2)"]
