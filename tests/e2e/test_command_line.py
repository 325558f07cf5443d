"""The command line as a person starts it: processes of their own, real files, the real network."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys

import numpy as np
import pytest
import tifffile

from napari_emseg.cli.commands import cli
from napari_emseg.cli.options_and_progress import exit_status
from napari_emseg.io.samples import phantom_path
from napari_emseg.model.train.run_folder import RunFolder

PROGRAM = [sys.executable, "-m", "napari_emseg"]
TINY = ["--depth", "1", "--base-filters", "4", "--patch-size", "64", "--batch-size", "2"]


def run(*args: object, status: int = 0, **environment: str) -> subprocess.CompletedProcess[str]:
    done = subprocess.run(
        [*PROGRAM, *map(str, args)],
        capture_output=True,
        text=True,
        timeout=240,
        env={**os.environ, **environment},
    )
    assert done.returncode == status, done.stderr
    return done


def test_predict_and_evaluate_the_phantom(tmp_path):
    out = tmp_path / "probability.tif"
    run("predict", phantom_path(), "--out", out, "--slices", "0:2")
    with tifffile.TiffFile(out) as file:
        assert file.series[0].shape == (2, 512, 512)
        assert file.series[0].dtype == np.float32
    scored = run("evaluate", out, phantom_path("labels"), "--slices", "0:2", "--json")
    assert json.loads(scored.stdout)["stack"]["v_rand"] > 0.8


@pytest.mark.slow
def test_error_after_keras_is_loaded_is_still_one_line(tmp_path):
    failed = run(
        "predict", phantom_path(), "--out", tmp_path / "x.tif", "--device", "gpu:9", status=1
    )
    lines = [line for line in failed.stderr.splitlines() if not line.startswith("Loading")]
    assert len(lines) == 1
    assert "gpu:9" in lines[0]
    assert not (tmp_path / "x.tif").exists()


@pytest.mark.slow
def test_train_interrupt_predict_with_the_model_so_far_and_go_on(tmp_path, wait_until):
    folder = tmp_path / "run"
    arguments = [
        "train", str(phantom_path()), str(phantom_path("labels")), "--out", str(folder),
        "--slices", "0:2", *TINY,
    ]  # fmt: skip
    with subprocess.Popen(
        [*PROGRAM, *arguments, "--epochs", "500"], stderr=subprocess.PIPE, text=True
    ) as process:
        wait_until(lambda: (folder / "history.csv").exists(), process)
        process.send_signal(signal.SIGINT)
        _, error = process.communicate(timeout=240)
    assert process.returncode == 130, error
    assert "Traceback" not in error
    assert {"config.json", "history.csv", "last.keras", "best.keras", "package"} <= {
        path.name for path in folder.iterdir()
    }
    mask = tmp_path / "mask"
    run("predict", phantom_path(), "--out", f"{mask}/", "--model", folder, "--what", "mask",
        "--slices", "7")  # fmt: skip
    (written,) = mask.glob("*.png")
    assert written.stat().st_size > 0
    assert "--resume" in run(*arguments, status=1).stderr
    epochs = len((folder / "history.csv").read_text().splitlines()) - 1
    trained = run(*arguments, "--epochs", epochs + 1, "--resume")
    assert "V_rand" in trained.stdout
    assert len((folder / "history.csv").read_text().splitlines()) - 1 == epochs + 1


def contents(folder):
    return {path: path.read_bytes() for path in folder.rglob("*") if path.is_file()}


@pytest.mark.slow
def test_a_living_training_keeps_its_folder_until_it_is_killed(tmp_path, wait_until, capsys):
    folder = tmp_path / "run"
    arguments = [
        "train", str(phantom_path()), str(phantom_path("labels")), "--out", str(folder),
        "--slices", "0:2", *TINY,
    ]  # fmt: skip
    process = subprocess.Popen([*PROGRAM, *arguments, "--epochs", "500"], stderr=subprocess.DEVNULL)
    try:
        wait_until(lambda: (folder / "history.csv").exists(), process)
        process.send_signal(signal.SIGSTOP)
        before = contents(folder)
        for second in (arguments, [*arguments, "--resume"]):
            # refused before Keras is loaded, so that it can be done here
            assert exit_status(cli, second) == 1
            said = capsys.readouterr().err
            assert f"train is writing this run folder already (process {process.pid} on " in said
            assert len(said.splitlines()) == 1
        assert contents(folder) == before
    finally:
        process.kill()  # also one that is stopped, for which anybody would wait for ever
        process.wait()
    assert "--resume" in run(*arguments, status=1).stderr
    done = len(RunFolder(folder).read_history())
    run(*arguments, "--epochs", done + 1, "--resume")
    assert len(RunFolder(folder).read_history()) == done + 1
    assert not list(folder.glob(".*"))


@pytest.mark.slow
def test_of_two_trainings_at_once_one_wins(tmp_path):
    folder = tmp_path / "run"
    how = [
        *PROGRAM, "train", str(phantom_path()), str(phantom_path("labels")), "--out", str(folder),
        "--slices", "0:2", *TINY, "--epochs", "3", "--seed",
    ]  # fmt: skip
    both = [
        subprocess.Popen([*how, seed], stderr=subprocess.PIPE, text=True) for seed in ("1", "2")
    ]
    errors = [process.communicate(timeout=240)[1] for process in both]
    statuses = [process.returncode for process in both]
    assert sorted(statuses) == [0, 1], errors
    won = statuses.index(0)
    assert "already" in errors[1 - won]
    assert RunFolder(folder).read_recipe().train.seed == won + 1
    assert len(RunFolder(folder).read_history()) == 3


@pytest.mark.slow
def test_doctor_says_what_is_used():
    report = run("doctor").stdout
    assert "devices" in report
    assert "default" in report
    assert "by OpenVINO to predict" in report or "gpu:0 by Keras to predict" in report


@pytest.mark.slow
def test_demo_without_a_display_writes_its_results(tmp_path):
    """Started on a machine without a screen, the demo makes its own."""
    out = tmp_path / "demo"
    run("demo", "--out", out, DISPLAY="", WAYLAND_DISPLAY="")
    assert {path.name for path in out.iterdir()} == {"screenshot.png", "mask.tif", "scores.json"}
    assert json.loads((out / "scores.json").read_text())["stack"]["v_rand"] > 0.8
    mask = tifffile.imread(out / "mask.tif")
    assert mask.shape == (8, 512, 512)
    assert set(np.unique(mask)) == {0, 255}
    import imageio.v3 as iio

    picture = iio.imread(out / "screenshot.png")
    assert picture.shape[0] > 600
    blue = picture[..., 2].astype(int) - picture[..., 0] > 30
    assert blue.mean() > 0.1, "the mask, which is blue, is not in the picture"


@pytest.mark.isbi
@pytest.mark.slow
def test_model_that_ships_is_good_on_slices_it_has_not_seen(isbi_dir, tmp_path):
    out = tmp_path / "probability.tif"
    run("predict", isbi_dir / "train-volume.tif", "--out", out, "--slices", "24:27")
    scored = run("evaluate", out, isbi_dir / "train-labels.tif", "--slices", "24:27", "--json")
    assert json.loads(scored.stdout)["stack"]["v_rand"] >= 0.98
