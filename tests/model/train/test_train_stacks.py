"""Training by the API: arrays, several stacks, settings by name, stop, resume; and its example."""

from __future__ import annotations

import doctest
import re
from concurrent.futures import ThreadPoolExecutor

import numpy as np
import pytest

import napari_emseg as em
from napari_emseg.cli.commands import cli
from napari_emseg.cli.options_and_progress import exit_status
from napari_emseg.model.train.run_folder import RunFolder

TINY = {"depth": 1, "base_filters": 4, "patch_size": 32, "batch_size": 2, "epochs": 1}


@pytest.fixture(scope="module")
def pair():
    """Four slices of square cells, with noise."""
    line = np.arange(68) % 17 < 14
    labels = np.stack([np.outer(line[z:][:64], line[z:][:64]) for z in range(4)])
    noise = np.random.default_rng(0).normal(0, 20, labels.shape)
    image = np.clip(80 + 90 * labels + noise, 0, 255).astype(np.uint8)
    return image, labels.astype(np.uint8)


def test_arrays_in_a_model_out(pair, tmp_path):
    image, labels = pair
    events = []
    model = em.train(
        image, labels, folder=tmp_path / "run", voxel_size_nm=(50, 4, 4), val_slices=[2],
        on_event=events.append, author="A. Person", **TINY,
    )  # fmt: skip
    assert isinstance(model, em.ModelPackage)
    assert model.info.name == "run"
    assert model.info.voxel_size_nm == (50, 4, 4)
    assert model.info.network.base_filters == 4
    assert model.info.terms.author == "A. Person"
    assert model.info.training["validation_slices"] == [2]
    assert em.Log("Labels are read as mask: 72 % cell, 28 % membrane in 4 of 4 slices.") in events
    assert any(isinstance(event, em.EpochDone) for event in events)
    made = em.segment(image, model=model, output="probability", runtime="keras")
    assert made.shape == image.shape
    kept = em.import_model(tmp_path / "run", "mine")
    assert em.load_model("mine") == kept


def test_several_stacks_are_trained_on_by_slice(pair, tmp_path):
    image, labels = pair
    pairs = [(image[:1], labels[:1]), (em.Stack(image[1:]), em.Stack(labels[1:], kind="labels"))]
    split = {"slices": [0, 1, 3], "val_slices": [3]}
    several = em.train(pairs, folder=tmp_path / "several", **split, **TINY)
    assert several.info.training["train_slices"] == [0, 1]
    assert several.info.training["validation_slices"] == [3]
    with ThreadPoolExecutor(1) as thread:  # where a notebook may train, too
        one = thread.submit(em.train, image, labels, folder=tmp_path / "one", **split, **TINY)
    one = one.result()
    assert several.info.scores == one.info.scores


def test_the_command_line_trains_on_the_same(pair, tmp_path):
    image, labels = pair
    paths = []
    for name, data in (("a", image[:2]), ("b", image[2:])):
        np.save(tmp_path / f"{name}.npy", data)
        np.save(tmp_path / f"{name}-labels.npy", labels[2 * (name == "b") :][:2])
        paths += [tmp_path / f"{name}.npy", tmp_path / f"{name}-labels.npy"]
    typed = [f"--{name.replace('_', '-')}={value}" for name, value in TINY.items()]
    command = ["train", *map(str, paths), "--out", str(tmp_path / "cli"), *typed]
    assert exit_status(cli, command) == 0
    api = em.train(image, labels, folder=tmp_path / "api", **TINY)
    assert em.load_model(tmp_path / "cli").info.scores == api.info.scores


def test_a_training_goes_on_with_its_own_settings(pair, tmp_path):
    em.train(*pair, folder=tmp_path / "run", **TINY)
    em.train(*pair, folder=tmp_path / "run", resume=True, epochs=2)
    run = RunFolder(tmp_path / "run")
    assert len(run.read_history()) == 2
    assert run.read_recipe().network == em.NetworkConfig(depth=1, base_filters=4)
    assert run.read_recipe().train.patch_size == 32


def test_a_training_goes_on_from_a_model(pair, tmp_path):
    first = em.train(*pair, folder=tmp_path / "first", **TINY)
    second = em.train(*pair, folder=tmp_path / "second", start_from=first, epochs=1, patch_size=32)
    assert second.info.network == first.info.network
    assert second.info.parent == "first"


def test_a_stop_keeps_the_best_model_so_far(pair, tmp_path):
    done = []
    model = em.train(
        *pair, folder=tmp_path / "run", should_stop=lambda: bool(done),
        on_event=lambda e: done.append(e) if isinstance(e, em.EpochDone) else None,
        **{**TINY, "epochs": 50},
    )  # fmt: skip
    assert len(done) == 1
    assert model.folder == tmp_path / "run" / "package"


@pytest.mark.parametrize(
    ("change", "error", "words"),
    [
        ({"minuets": 3}, em.SettingError, "did you mean 'minutes'"),
        ({"depth": 9}, em.SettingError, "1 to 6"),
        ({"patch_size": 30, "depth": 2}, em.SettingError, "multiple of 4"),
        ({"start_from": "nonsense"}, em.ModelError, "no model 'nonsense'"),
        ({"slices": [9]}, em.LabelsError, "0 to 3"),
        ({"labels_mean": "scribbles"}, em.LabelsError, "membrane"),
    ],
)
def test_errors_say_what_to_do(pair, tmp_path, change, error, words):
    with pytest.raises(error, match=words):
        em.train(*pair, folder=tmp_path / "run", **{**TINY, **change})
    assert not (tmp_path / "run").exists()


def test_stacks_that_mean_different_things_are_refused(pair, tmp_path):
    image, labels = pair
    ids = labels * np.arange(1, 5, dtype=np.uint8)[:, None, None]
    with pytest.raises(em.LabelsError, match="instances and mask"):
        em.train([(image, labels), (image, ids)], folder=tmp_path / "run", **TINY)


def test_an_image_without_labels_is_refused(pair, tmp_path):
    with pytest.raises(em.ShapeError, match="image and its labels"):
        em.train(em.Stack(pair[0]), folder=tmp_path / "run", **TINY)


@pytest.mark.slow
def test_the_readme_has_run(repo, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    blocks = re.findall("```python\n(.*?)```", (repo / "README.md").read_text("utf-8"), re.DOTALL)
    (code,) = blocks
    assert "minutes=30" in code
    names = {}
    exec(code.replace("minutes=30", "epochs=1, base_filters=4, depth=2"), names)
    assert names["mask"].shape == (8, 512, 512)
    assert em.read_stack("cells.tif").shape == (8, 512, 512)


@pytest.mark.slow
def test_the_example_runs(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    (examples,) = doctest.DocTestFinder().find(em.train, "train", globs={})
    result = doctest.DocTestRunner().run(examples)
    assert result.attempted == 4
    assert not result.failed
