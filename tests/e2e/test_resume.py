"""Predictions of real processes that are stopped or killed, and go on."""

from __future__ import annotations

import json
import signal
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest

from napari_emseg.cli.commands import cli
from napari_emseg.cli.options_and_progress import exit_status
from napari_emseg.core.config.prediction import MaskConfig
from napari_emseg.core.segment.postprocess import to_cells, to_mask
from napari_emseg.core.segment.segmenter import DTYPES
from napari_emseg.io.disk.unfinished import RECORD
from napari_emseg.io.read import read_stack
from napari_emseg.io.samples import phantom_path
from napari_emseg.model.packages.library import DEFAULT, find_model

PROGRAM = [sys.executable, "-m", "napari_emseg", "predict"]
SLICES = 40
ALL_KINDS = """
import sys
from napari_emseg.cli.commands import cli
from napari_emseg.cli.options_and_progress import exit_status
for what in sys.argv[2:]:
    how = ["--what", what, "--link", "slices"]
    status = exit_status(cli, ["predict", sys.argv[1], "--out", f"{what}.npy", *how])
    assert status == 0
"""


@pytest.fixture(scope="module")
def source(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A stack of small slices, cut here and there from the phantom."""
    slices = read_stack(phantom_path()).data
    path = tmp_path_factory.mktemp("source") / "stack.npy"
    starts = [(z % 8, 4 * z, 200 - 4 * z) for z in range(SLICES)]
    np.save(path, np.stack([slices[z, y : y + 192, x : x + 256] for z, y, x in starts]))
    return path


@pytest.fixture(scope="module")
def whole(source: Path, tmp_path_factory: pytest.TempPathFactory) -> dict[str, np.ndarray]:
    """What runs that nobody stopped make of it."""
    folder = tmp_path_factory.mktemp("whole")
    code = [sys.executable, "-c", ALL_KINDS, str(source), *DTYPES]
    subprocess.run(code, cwd=folder, check=True, timeout=240, capture_output=True)
    return {what: np.load(folder / f"{what}.npy") for what in DTYPES}


def predict(*args: object) -> str:
    command = [*PROGRAM, *map(str, args)]
    done = subprocess.run(command, capture_output=True, text=True, timeout=240)
    assert done.returncode == 0, done.stderr
    return done.stdout


@pytest.fixture
def stop_midway(wait_until):
    def stop(*args: object, by: signal.Signals) -> tuple[int, str]:
        """Start a prediction, and send a signal when a few slices are finished."""
        out = Path(str(args[args.index("--out") + 1]))
        before = slices_done(out)
        with subprocess.Popen(
            [*PROGRAM, *map(str, args)], stderr=subprocess.PIPE, text=True
        ) as process:
            wait_until(lambda: slices_done(out) >= before + 3, process)
            process.send_signal(by)
            _, error = process.communicate(timeout=60)
        assert before < slices_done(out) < SLICES
        return process.returncode, error

    return stop


def slices_done(out: Path) -> int:
    beside = out.parent / f".{out.name}.unfinished"  # where cells of a volume are to come
    records = [
        *out.parent.glob(f".{out.stem}*{RECORD}"), *out.glob(RECORD), *beside.glob(f".*{RECORD}"),
    ]  # fmt: skip
    return json.loads(records[0].read_text())["done"] if records else 0


def assert_same(out: Path, expected: np.ndarray) -> None:
    found = read_stack(out, raw_values=True).data
    assert found.dtype == expected.dtype
    np.testing.assert_array_equal(np.asarray(found), expected)


@pytest.mark.slow
def test_every_kind_follows_from_the_probability(whole):
    assert {what: found.dtype for what, found in whole.items()} == DTYPES
    probability = whole["probability"]
    rules = MaskConfig(threshold=find_model(DEFAULT).info.threshold)
    mask = to_mask(probability, rules)
    assert 0.2 < mask.mean() < 0.95
    np.testing.assert_array_equal(whole["mask"], mask * 255)
    np.testing.assert_array_equal(whole["classes"], mask + 1)
    np.testing.assert_array_equal(whole["cells"], to_cells(probability, rules))


@pytest.mark.slow
def test_killed_zarr_of_cells_goes_on(source, whole, stop_midway, tmp_path, capsys):
    out = tmp_path / "out.zarr"
    how = (source, "--out", out, "--what", "cells", "--link", "slices")
    status, _ = stop_midway(*how, by=signal.SIGKILL)
    assert status == -signal.SIGKILL
    done = slices_done(out)
    half = np.asarray(read_stack(out).data)
    np.testing.assert_array_equal(half[:done], whole["cells"][:done])
    for more, message in (((), "--resume"), (("--resume", "--tta"), "begun with tta False")):
        # refused before a network is loaded, so that it can be done here
        assert exit_status(cli, [str(arg) for arg in ("predict", *how, *more)]) == 1
        assert message in capsys.readouterr().err
    assert f"{SLICES - done} slices" in predict(*how, "--resume")
    assert_same(out, whole["cells"])


@pytest.mark.slow
def test_interrupted_tiff_of_probabilities_goes_on(source, whole, stop_midway, tmp_path):
    out = tmp_path / "out.tif"
    status, error = stop_midway(source, "--out", out, by=signal.SIGINT)
    assert status == 130, error
    assert f"of {SLICES} slices" in error
    assert "Traceback" not in error
    assert not out.exists()
    predict(source, "--out", out, "--resume")
    assert_same(out, whole["probability"])
    assert [path.name for path in tmp_path.iterdir()] == ["out.tif"]


@pytest.mark.slow
@pytest.mark.parametrize("name", ["out.tif", "out.npy", "out/"])
@pytest.mark.parametrize("what", DTYPES)
def test_killed_twice(source, whole, stop_midway, tmp_path, name, what):
    how = (source, "--out", f"{tmp_path}/{name}", "--what", what, "--resume", "--link", "slices")
    for _ in range(2):
        stop_midway(*how, by=signal.SIGKILL)
    predict(*how)
    assert_same(tmp_path / name, whole[what])


@pytest.mark.slow
@pytest.mark.parametrize("name", ["out.tif", "out.zarr", "out/"])
def test_killed_before_cells_are_followed_through_the_volume(source, stop_midway, tmp_path, name):
    predict(source, "--out", tmp_path / "whole.npy", "--what", "cells")
    how = (source, "--out", f"{tmp_path}/{name}", "--what", "cells", "--resume")
    for _ in range(2):
        stop_midway(*how, by=signal.SIGKILL)
        assert not (tmp_path / name).exists()
    predict(*how)
    assert_same(tmp_path / name, np.load(tmp_path / "whole.npy"))
    assert {path.name for path in tmp_path.iterdir()} == {"whole.npy", name.strip("/")}


@pytest.mark.slow
@pytest.mark.parametrize("name", ["out.tif", "out.zarr", "out/"])
def test_a_living_run_keeps_its_place_until_it_is_killed(
    source, whole, wait_until, tmp_path, capsys, name
):
    """A second one is told who writes there, whatever it is allowed; a dead one is no hindrance."""
    out = tmp_path / name
    how = (str(source), "--out", f"{tmp_path}/{name}", "--what", "mask")
    process = subprocess.Popen([*PROGRAM, *how], stderr=subprocess.DEVNULL)
    try:
        wait_until(lambda: slices_done(out) >= 3, process)
        process.send_signal(signal.SIGSTOP)
        done = slices_done(out)
        for second in (
            ("predict", *how), ("predict", *how, "--resume"), ("predict", *how, "--overwrite"),
            ("predict", *how, "--resume", "--overwrite"), ("convert", how[0], how[2]),
            ("convert", how[0], how[2], "--overwrite"),
        ):  # fmt: skip
            assert exit_status(cli, second) == 1
            said = capsys.readouterr().err
            assert f"predict is writing this output already (process {process.pid} on " in said
            assert len(said.splitlines()) == 1
        assert slices_done(out) == done
    finally:
        process.kill()  # also one that is stopped, for which anybody would wait for ever
        process.wait()
    assert exit_status(cli, ("predict", *how)) == 1
    assert "go on from there, or begin anew (--resume or --overwrite)" in capsys.readouterr().err
    predict(*how, "--resume")
    assert_same(out, whole["mask"])
    assert [path.name for path in tmp_path.iterdir()] == [out.name]
    assert not list(out.glob(".napari-emseg*"))


@pytest.mark.slow
@pytest.mark.parametrize("name", ["out.tif", "out.zarr", "out/"])
def test_of_two_runs_at_once_one_wins(source, whole, tmp_path, name):
    how = [*PROGRAM, str(source), "--out", f"{tmp_path}/{name}", "--resume", "--what"]
    both = [
        subprocess.Popen([*how, what], stderr=subprocess.PIPE, text=True)
        for what in ("mask", "classes")
    ]
    errors = [process.communicate(timeout=240)[1] for process in both]
    statuses = [process.returncode for process in both]
    assert sorted(statuses) == [0, 1], errors
    won = statuses.index(0)
    assert "already" in errors[1 - won]  # is written, or is there if the winner was done by then
    assert_same(tmp_path / name, whole[("mask", "classes")[won]])
