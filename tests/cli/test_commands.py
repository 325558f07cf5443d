"""The command line without the network: usage, exit status, convert and evaluate."""

from __future__ import annotations

import json

import numpy as np
import pytest
import tifffile

from napari_emseg.cli.commands import _reached, cli
from napari_emseg.cli.options_and_progress import exit_status
from napari_emseg.core.config.augmentation import AugmentConfig
from napari_emseg.core.config.network import NetworkConfig
from napari_emseg.core.config.prediction import MaskConfig, PredictConfig
from napari_emseg.core.config.training import TrainConfig
from napari_emseg.io.read import read_stack
from napari_emseg.model.packages.library import SHIPPED


@pytest.fixture
def truth(tmp_path):
    """A truth of 4 slices, each with 16 cells, as the challenge stores it."""
    data = np.full((4, 64, 64), 255, np.uint8)
    data[:, ::16], data[:, :, ::16] = 0, 0
    path = tmp_path / "train-labels.tif"
    tifffile.imwrite(path, data, photometric="minisblack")
    return path


def run(*args: object) -> int:
    return exit_status(cli, [str(arg) for arg in args])


@pytest.mark.parametrize(
    "command", ["demo", "train", "predict", "evaluate", "models", "convert", "doctor"]
)
def test_fixed_commands_have_help(command, capsys):
    assert run(command, "--help") == 0
    assert f"napari-emseg {command}" in capsys.readouterr().out


@pytest.mark.parametrize(
    ("command", "config"),
    [
        ("train", TrainConfig),
        ("train", NetworkConfig),
        ("train", AugmentConfig),
        ("predict", PredictConfig),
        ("predict", MaskConfig),
    ],
)
def test_every_setting_is_an_option(command, config):
    options = {name for param in cli.commands[command].params for name in param.opts}
    for declared in config.settings():
        assert f"--{declared.name.replace('_', '-')}" in options


@pytest.mark.parametrize(
    "args",
    [
        [],
        ["predict"],
        ["convert", "a"],
        ["nonsense"],
        ["train", "-x"],
        ["train", "a", "b", "c", "--out", "d"],
    ],
)
def test_wrong_usage_is_2(args, capsys):
    assert run(*args) == 2


def test_clear_error_is_1_and_one_line(tmp_path, capsys):
    assert run("convert", tmp_path / "none.tif", tmp_path / "out.npy") == 1
    error = capsys.readouterr().err.strip()
    assert error.startswith("napari-emseg: ")
    assert "none.tif" in error
    assert "\n" not in error


def test_convert_there_and_back(truth, tmp_path):
    folder, back = tmp_path / "slices", tmp_path / "back.tif"
    assert run("convert", truth, f"{folder}/") == 0
    assert len(list(folder.glob("*.png"))) == 4
    assert run("convert", folder, back) == 0
    np.testing.assert_array_equal(tifffile.imread(back), tifffile.imread(truth))


def test_voxel_size_can_be_given(truth, tmp_path):
    out = tmp_path / "out.tif"
    assert run("convert", truth, out, "--voxel-size-nm", 40, 5, 6) == 0
    assert read_stack(out).voxel_size_nm == pytest.approx((40, 5, 6))


def test_existing_output_is_kept_unless_told(truth, tmp_path, capsys):
    out = tmp_path / "out.npy"
    np.save(out, np.zeros(3))
    assert run("convert", truth, out) == 1
    assert "--overwrite" in capsys.readouterr().err
    assert np.load(out).shape == (3,)
    assert run("convert", truth, out, "--overwrite") == 0
    assert np.load(out).shape == (4, 64, 64)


def test_evaluate_json_has_the_fixed_form(truth, capsys):
    assert run("evaluate", truth, truth, "--json") == 0
    scores = json.loads(capsys.readouterr().out)
    assert set(scores) >= {"slices", "stack"}
    assert set(scores["stack"]) >= {"v_rand", "v_info", "pixel_accuracy", "iou", "threshold"}
    assert len(scores["slices"]) == 4
    assert scores["stack"]["v_rand"] == pytest.approx(1)


def test_evaluate_slices_of_both_or_of_the_truth(truth, tmp_path, capsys):
    part = tmp_path / "part.npy"
    np.save(part, tifffile.imread(truth)[1:3])
    for prediction in (truth, part):
        assert run("evaluate", prediction, truth, "--slices", "1:3") == 0
        rows = capsys.readouterr().out.splitlines()
        assert [row.split()[0] for row in rows[1:-1]] == ["1", "2", "stack"]


def test_slices_outside_the_truth_are_an_error(truth, capsys):
    assert run("evaluate", truth, truth, "--slices", "2:9") == 1
    assert "0 to 3" in capsys.readouterr().err


@pytest.mark.isbi
def test_evaluate_gives_the_challenges_own_figures(isbi_dir, tmp_path, capsys):
    arrays = np.load(isbi_dir.parent / "metric_reference.npz")
    figures = json.loads((isbi_dir.parent / "metric_reference.json").read_text())
    np.save(tmp_path / "truth.npy", arrays["truth"])
    for name in ("soft", "gaps"):
        np.save(tmp_path / f"{name}.npy", arrays[name])
        assert run("evaluate", tmp_path / f"{name}.npy", tmp_path / "truth.npy", "--json") == 0
        stack = json.loads(capsys.readouterr().out)["stack"]
        assert stack["v_rand"] == pytest.approx(figures[name]["v_rand_thinned"], abs=1e-4)
        assert stack["v_info"] == pytest.approx(figures[name]["v_info_thinned"], abs=1e-4)


@pytest.mark.parametrize("text", ["", "a", "3:", "5:3", "1.5"])
def test_slices_that_are_none_are_wrong_usage(text, truth, capsys):
    assert run("evaluate", truth, truth, "--slices", text) == 2
    assert "3:7" in capsys.readouterr().err


def test_models_are_exported_imported_shown_and_removed(tmp_path, monkeypatch, capsys):
    monkeypatch.setenv("EMSEG_MODELS_DIR", str(tmp_path / "models"))
    assert run("models", "export", "default", tmp_path / "given.zip") == 0
    assert run("models", "import", tmp_path / "given.zip", "--name", "mine") == 0
    said = capsys.readouterr()
    assert said.out.endswith(f"{tmp_path / 'models' / 'mine'}\n")
    for part in ("made by: napari-emseg", "terms of the model: BSD", "halves 4 times", "MiB"):
        assert part in said.err
    assert run("models", "list") == 0
    listed = [line.split()[0] for line in capsys.readouterr().out.splitlines()]
    assert listed == [*SHIPPED, "mine"]
    assert run("models", "show", "mine") == 0
    shown = capsys.readouterr().out
    assert "base_filters: 16" in shown
    assert "threshold: 0." in shown
    assert run("models", "remove", "mine", "--yes") == 0
    assert run("models", "show", "mine") == 1
    assert "there is no model 'mine'" in capsys.readouterr().err


def test_a_training_on_scribbles_tells_the_loss_in_place_of_a_score_that_it_has_not():
    assert _reached({"val_v_rand": 0.97123, "val_loss": 0.1}) == "V_rand 0.9712"
    assert _reached({"val_v_rand": float("nan"), "val_loss": 0.01057}) == "loss 0.0106"
