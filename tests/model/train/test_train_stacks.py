"""Training by the API: arrays, several stacks, settings by name, stop, resume; and its example."""

from __future__ import annotations

import doctest
import re

import numpy as np
import pytest
from scipy import ndimage

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


@pytest.fixture(scope="module")
def others(pair):
    """The same tissue at 8 nm, as 16-bit numbers, with an id for each cell."""
    image, labels = (each[:3, ::2, ::2] for each in pair)
    ids = np.stack([ndimage.label(each)[0] for each in labels]).astype(np.int32)
    return em.Stack(image.astype(np.uint16) * 200, (50, 8, 8), "coarse"), ids


@pytest.fixture(scope="module")
def both(pair, others):
    fine = em.Stack(pair[0], (50, 4, 4), "fine")
    return [(fine, pair[1]), others]


def test_stacks_that_differ_in_everything_are_trained_on_together(both, tmp_path):
    events = []
    model = em.train(
        both, folder=tmp_path / "run", slices=[[0, 1, 3], None], val_slices=[[3], [0]],
        weights=[1, 2], on_event=events.append, **{**TINY, "epochs": 2},
    )  # fmt: skip
    first, second = model.info.training["sources"]
    assert (first["name"], first["train_slices"], first["validation_slices"]) == (
        "fine", [0, 1], [3],
    )  # fmt: skip
    assert (second["name"], second["weight"], second["voxel_size_nm"]) == ("coarse", 2, [50, 8, 8])
    assert model.info.voxel_size_nm == (50, 4, 4)
    rows = RunFolder(tmp_path / "run").read_history()
    mean = (rows[0]["val_v_rand fine"] + rows[0]["val_v_rand coarse"]) / 2
    assert rows[0]["val_v_rand"] == pytest.approx(mean)
    assert {"val_loss coarse", "val_v_info fine", "threshold coarse"} <= set(rows[0])
    assert model.info.scores["val_loss coarse"] > 0
    assert "| coarse | 3 x 32 x 32 | 50 x 8 x 8 | 2 | 2 | 1 |" in (
        model.folder / "README.md"
    ).read_text("utf-8")
    said = [event.message for event in events if isinstance(event, em.Log)]
    assert any(each.startswith("coarse: Labels are read as instances") for each in said)
    expected = "coarse: Pixels are 8 nm, the network learns at 4 nm: slices are resampled by 2."
    assert expected in said
    assert not (tmp_path / "run" / "slices").exists()


def test_a_training_on_several_goes_on_on_the_same(both, tmp_path):
    once = {"folder": tmp_path / "run", "val_slices": [[3], [0]]}
    em.train(both, **once, **TINY)
    with pytest.raises(em.LabelsError, match=r"train slices .* of coarse"):
        em.train(both, folder=once["folder"], val_slices=[[3], [1]], resume=True, epochs=2)
    with pytest.raises(em.LabelsError, match="is trained on 2 stacks, received 1"):
        em.train(*both[0], folder=once["folder"], val_slices=[3], resume=True, epochs=2)
    resumed = em.train(both, **once, resume=True, epochs=2)
    assert len(RunFolder(tmp_path / "run").read_history()) == 2
    assert resumed.info.voxel_size_nm == (50, 4, 4)


@pytest.mark.slow
def test_a_model_is_gone_on_from_at_its_own_pixel_size(both, tmp_path):
    first = em.train(*both[0], folder=tmp_path / "first", **TINY)
    events = []
    second = em.train(
        *both[1], folder=tmp_path / "second", start_from=first, on_event=events.append, **TINY
    )
    assert second.info.voxel_size_nm == (50, 4, 4)
    assert any("slices are resampled by 2." in str(event) for event in events)
    assert em.segment(both[1][0], model=second, output="mask").shape == both[1][0].shape


def test_the_command_line_trains_on_the_same(both, tmp_path, capsys):
    paths = []
    for name, (image, labels) in zip("ab", both, strict=True):
        (tmp_path / name).mkdir()
        em.write_stack(tmp_path / name / "image.tif", image)
        em.write_stack(tmp_path / name / "labels.tif", em.Stack(labels, kind="labels"))
        paths += [tmp_path / name / "image.tif", tmp_path / name / "labels.tif"]
    typed = [f"--{name.replace('_', '-')}={value}" for name, value in TINY.items()]
    command = ["train", *map(str, paths), "--out", str(tmp_path / "cli"), *typed]
    chosen = ["--slices", "all", "--slices", "0,2", "--val-slices", "3", "--val-slices", "2"]
    assert exit_status(cli, [*command, *chosen, "--weight", "1", "--weight", "3"]) == 0
    told = capsys.readouterr()
    assert "worst" in told.out
    first, second = em.load_model(tmp_path / "cli").info.training["sources"]
    assert (first["name"], second["name"]) == ("a/image", "b/image")
    assert (first["train_slices"], second["train_slices"]) == ([0, 1, 2], [0])
    assert second["weight"] == 3
    assert exit_status(cli, [*command, "--slices", "0,1"]) == 1
    assert "slices: expected one for each of the 2 stacks" in capsys.readouterr().err
    assert exit_status(cli, [*command, "--weight", "0", "--weight", "1"]) == 2


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


def test_slices_of_several_pairs_are_told_for_each(pair, tmp_path):
    with pytest.raises(em.SettingError, match="a list with one entry for each of the 2 pairs"):
        em.train([pair, pair], folder=tmp_path / "run", slices=[0, 1], **TINY)
    with pytest.raises(em.LabelsError, match=r"stack \(2\): slices: expected 0 to 3"):
        em.train([pair, pair], folder=tmp_path / "run", slices=[None, [9]], **TINY)


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
