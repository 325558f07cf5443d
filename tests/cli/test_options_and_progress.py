"""What a person sees of a training in the terminal."""

from __future__ import annotations

import io
import math

import click
import pytest

from napari_emseg.cli.options_and_progress import _Progress, exit_status
from napari_emseg.errors import CancelledError, DeviceError, SettingError, WriteError
from napari_emseg.types import EpochDone, Log, TrainProgress

COLUMNS = ("loss", "accuracy", "v_rand", "v_info")


def row(value: float) -> dict[str, float]:
    return dict.fromkeys([*COLUMNS, *(f"val_{name}" for name in COLUMNS)], value)


def test_epochs_are_a_table(capsys):
    with _Progress() as progress:
        progress.show(Log("Training on 4 slices."))
        progress.show(EpochDone(9, row(0.98765), 3725.0))
        progress.show(EpochDone(10, {**row(0.5), "loss": 12.5, "v_rand": math.nan}, 59.0))
        progress.show(EpochDone(12345, row(math.nan)))
    said, titles, parts, *rows = capsys.readouterr().err.rstrip("\n").split("\n")
    assert said == "Training on 4 slices."
    assert titles.split() == ["epoch", "loss", "accuracy", "V_rand", "V_info", "time", "left"]
    assert parts.count("train") == 4
    bars = [k for k, letter in enumerate(parts) if letter == "|"]
    for line in rows:
        assert [k for k, letter in enumerate(line) if letter == "|"] == bars
    assert rows[0].split()[:4] == ["9", "0.9877", "|", "0.9877"]
    assert rows[0].endswith("1:02:05")
    assert rows[1].split()[7] == "-"


def test_a_training_is_a_bar_in_per_cent(monkeypatch):
    shown = io.StringIO()
    monkeypatch.setattr(shown, "isatty", lambda: True)
    monkeypatch.setattr("sys.stderr", shown)
    with _Progress() as progress:
        progress.show(TrainProgress(0.25, 1.0, "training", epoch=1, epochs=4, step=2, steps=2))
        progress._bar.refresh()
    assert " 25 % training " in shown.getvalue()


@pytest.mark.parametrize(
    ("error", "status", "said"),
    [
        (WriteError("a: is there"), 1, "napari-emseg: a: is there"),
        (WriteError("a: is there", overwrite=True), 1, "napari-emseg: a: is there (--overwrite)"),
        (
            WriteError("a: was begun", resume=True, overwrite=True), 1,
            "napari-emseg: a: was begun (--resume or --overwrite)",
        ),
        (DeviceError("no GPU", runtime="keras"), 1, "napari-emseg: no GPU (--runtime keras)"),
        (
            SettingError("give it", voxel_size_nm=(40, 4, 4)), 1,
            "napari-emseg: give it (--voxel-size-nm 40 4 4)",
        ),
        (CancelledError("Stopped; kept.", resume=True), 130, "Stopped; kept. (--resume)"),
    ],
)  # fmt: skip
def test_an_error_is_told_with_the_options_that_mend_it(error, status, said, capsys):
    @click.command()
    def fail():
        raise error

    assert exit_status(fail, []) == status
    assert capsys.readouterr().err == f"{said}\n"
