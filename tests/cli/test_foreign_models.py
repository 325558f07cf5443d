"""Models of others on the command line."""

from __future__ import annotations

import sys

import numpy as np
import pytest
from click.testing import CliRunner

import foreign_packages as others
from napari_emseg.cli.commands import cli, models
from napari_emseg.cli.options_and_progress import exit_status
from napari_emseg.core.config.foreign import ForeignConfig
from napari_emseg.io.read import read_stack


@pytest.fixture(autouse=True)
def folders(tmp_path, monkeypatch):
    monkeypatch.setenv("EMSEG_MODELS_DIR", str(tmp_path / "library"))
    monkeypatch.setenv("EMSEG_CACHE_DIR", str(tmp_path / "cache"))


def run(*args: object) -> int:
    return exit_status(cli, [str(arg) for arg in args])


def test_all_that_is_said_of_a_model_is_an_option():
    options = {name for param in models.commands["import"].params for name in param.opts}
    assert {f"--{each.name.replace('_', '-')}" for each in ForeignConfig.settings()} <= options
    said = CliRunner().invoke(cli, ["models", "import", "--help"]).output
    assert "networks that others have made" in said


def test_a_package_predicts_by_its_path(tmp_path, capsys):
    folder = others.write_package(tmp_path / "theirs", others.small_network(), version="0.5")
    np.save(tmp_path / "in.npy", others.image().astype(np.uint8)[np.newaxis])
    out = tmp_path / "out.tif"
    assert run("predict", tmp_path / "in.npy", "--model", folder, "--out", out) == 0
    assert "with OpenVINO on cpu:0" in capsys.readouterr().out
    data = np.asarray(read_stack(out).data)
    assert data.shape == (1, others.EDGE, others.EDGE)
    assert 0 <= data.min() < data.max() <= 1
    assert run("models", "show", folder) == 0
    assert "zero_mean_unit_variance" in capsys.readouterr().out


def test_an_onnx_file_is_described_by_options(tmp_path, capsys):
    path = tmp_path / "net.onnx"
    path.write_bytes(others.small_network(channels=1, last=None).SerializeToString())
    assert run("models", "import", path) == 1
    assert "(--shows membrane)" in capsys.readouterr().err
    assert run("models", "import", path, "--shows", "membrane") == 1
    assert "expected a probability, 0 to 1" in capsys.readouterr().err
    given = ("--shows", "membrane", "--activation", "sigmoid", "--pixel-nm", 5)
    assert run("models", "import", path, *given, "--name", "mine") == 0
    assert "channel 1 of its output, sigmoid is that of membrane" in capsys.readouterr().err
    np.save(tmp_path / "in.npy", others.image().astype(np.uint8)[np.newaxis])
    out = tmp_path / "mask.tif"
    assert (
        run("predict", tmp_path / "in.npy", "--model", "mine", "--what", "mask", "--out", out) == 0
    )
    assert "taken for the model's 5 nm" in capsys.readouterr().err


def test_it_is_no_model_to_train_on(tmp_path, capsys):
    folder = others.write_package(tmp_path / "theirs", others.small_network())
    assert run("models", "import", folder, "--name", "theirs") == 0
    image = others.image().astype(np.uint8)[np.newaxis]
    np.save(tmp_path / "in.npy", image)
    np.save(tmp_path / "labels.npy", (image > 100).astype(np.uint8) * 255)
    code = run(
        "train", tmp_path / "in.npy", tmp_path / "labels.npy", "--out", tmp_path / "run",
        "--from", "theirs", "--epochs", 1,
    )  # fmt: skip
    assert code == 1
    assert "can predict and not be trained" in capsys.readouterr().err
    assert "tensorflow" not in sys.modules, "it is refused before Keras is loaded"
