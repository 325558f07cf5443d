"""A run folder of a stranger goes on, or is refused in words before Keras sees its files."""

from __future__ import annotations

import json
import shutil
import zipfile
from dataclasses import replace

import keras
import pytest

import hostile_packages as hostile
from napari_emseg.core.config.training import TrainConfig
from napari_emseg.errors import ModelError
from napari_emseg.model.network.precision import in_precision
from napari_emseg.model.train.learner import compile_for_training, load_run_network
from napari_emseg.model.train.preconditions import require_history
from napari_emseg.model.train.run_folder import HISTORY_INSIDE, RunFolder
from napari_emseg.model.train.train import train


@pytest.fixture
def run(trained, tmp_path):
    """A run that a person was given, in a folder in which code of its maker would run."""
    shutil.copytree(trained.folder, tmp_path / "run")
    shutil.rmtree(tmp_path / "run" / "package")
    return RunFolder(tmp_path / "run")


@pytest.fixture
def go_on(run, source_of, stack, target, recipe):
    def go_on(epochs=4):
        longer = replace(recipe, train=replace(recipe.train, epochs=epochs))
        source = source_of(stack, target)
        return train([source], longer, folder=run.path, name="tiny cells", resume=True)

    return go_on


@pytest.fixture
def spoil(trained, tmp_path):
    """Does to a file of a run what is done to the weights of a package."""

    def spoil(path, name):
        folder = tmp_path / "as a package"
        shutil.copytree(trained.result.package, folder)
        shutil.copy(path, folder / "weights.keras")
        hostile.KERAS_REFUSED[name](folder)
        shutil.copy(folder / "weights.keras", path)

    return spoil


def put_history(run, content):
    with zipfile.ZipFile(run.last) as file:
        parts = {name: file.read(name) for name in file.namelist()}
    parts[HISTORY_INSIDE] = content
    with zipfile.ZipFile(run.last, "w", zipfile.ZIP_DEFLATED) as file:
        for name, each in parts.items():
            how = None if name == HISTORY_INSIDE else zipfile.ZIP_STORED
            file.writestr(name, each, how)


def test_a_run_as_it_is_goes_on(run, go_on):
    assert go_on().best["epoch"] <= 4
    assert len(run.read_history()) == 4


@pytest.mark.parametrize(
    ("module", "registered"),
    [("keras.optimizers", None), ("keras.src.backend.torch.optimizers.torch_adam", "Adam")],
)
def test_a_run_begun_on_another_backend_goes_on(run, module, registered):
    """On PyTorch Keras saves Adam under that module; here is what the two files then say."""
    with zipfile.ZipFile(run.last) as file:
        parts = {name: file.read(name) for name in file.namelist()}
    config = json.loads(parts["config.json"])
    config["compile_config"]["optimizer"] |= {"module": module, "registered_name": registered}
    parts["config.json"] = json.dumps(config).encode()
    with zipfile.ZipFile(run.last, "w") as file:
        for name, each in parts.items():
            file.writestr(name, each)
    found, here = load_run_network(run.last).optimizer, keras.optimizers.Adam()
    assert type(found) is type(here)
    assert int(found.iterations) > 0


@pytest.mark.parametrize("name", hostile.KERAS_REFUSED)
def test_keras_is_not_given_it(run, spoil, tmp_path, monkeypatch, name):
    monkeypatch.chdir(tmp_path)
    spoil(run.last, name)
    with pytest.raises(ModelError, match=r"last\.keras cannot be loaded .*; start a new run"):
        load_run_network(run.last)
    assert not list(tmp_path.rglob(f"*{hostile.CANARY}*"))


@pytest.mark.parametrize("file", ["last.keras", "best.keras"])
def test_a_run_with_code_in_it_does_not_go_on(run, spoil, go_on, file):
    rows = [
        row | {"val_v_rand": 1 / row["epoch"], "learning_rate": 1} for row in run.read_history()
    ]
    put_history(run, json.dumps(rows).encode())  # by which the first epoch is the best
    spoil(run.path / file, "Lambda")
    with pytest.raises(ModelError, match=rf"{file} cannot be loaded .*no part of our networks"):
        go_on(epochs=3)
    assert not run.package.exists()


@pytest.mark.parametrize(
    "content",
    [
        b" " * 2**27, b"[" * 10**6, b"{", b"[]", b"{}", b"3", b"[3]", b'[{"epoch": "1"}]',
        b'[{"epoch": 1}]', b'[{"epoch": 1, "val_loss": {}}]', b"\xff",
    ],
)  # fmt: skip
def test_a_history_that_is_none(run, content):
    put_history(run, content)
    with pytest.raises(ModelError, match=r"resume: .*last\.keras.*; start a new run in another"):
        require_history(run, run.read_history())


def test_a_history_of_which_nothing_was_measured(run, go_on):
    rows = [row | {"val_loss": float("nan")} for row in run.read_history()]
    put_history(run, json.dumps(rows).encode())
    with pytest.raises(ModelError, match=r"no epoch in .* was validated"):
        go_on()


def compiled(model, network, config):
    model = compile_for_training(model, network, config)
    model.optimizer.build(model.trainable_variables)
    return model


def test_another_network_than_the_recipe_says(run, go_on, network_of, tiny, recipe):
    other = replace(tiny, depth=2)
    rows = run.read_history()
    run.keep_last(compiled(network_of(other), other, recipe.train).save, rows)
    with pytest.raises(ModelError, match="do not fit the network"):
        go_on()


@pytest.mark.parametrize(
    ("precision", "loss", "normalisation"),
    [
        ("float32", "cldice", "batch"), ("mixed_float16", "dice", "batch"),
        ("mixed_bfloat16", "cross-entropy", "batch"), ("float32", "cross-entropy", "layer"),
        ("mixed_bfloat16", "dice", "none"),
    ],
)  # fmt: skip
def test_all_that_a_training_writes_is_taken(
    tmp_path, network_of, tiny, precision, loss, normalisation
):
    network = replace(tiny, dropout=0.2, classes=3, normalisation=normalisation)
    model = in_precision(network_of(network), precision, training=True)
    model = compiled(model, network, TrainConfig(loss=loss, ema=0.9))
    RunFolder(tmp_path).keep_last(model.save, [{"epoch": 1}])
    found = load_run_network(tmp_path / "last.keras")
    assert len(found.optimizer.variables) == len(model.optimizer.variables)
    assert not load_run_network(tmp_path / "last.keras", compiled=False).compiled
