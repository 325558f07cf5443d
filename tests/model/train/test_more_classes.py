"""Networks of three classes through the command line: train, predict, resume, start from."""

from __future__ import annotations

from dataclasses import replace
from typing import NamedTuple

import numpy as np
import pytest

from napari_emseg.cli.commands import cli
from napari_emseg.cli.options_and_progress import exit_status
from napari_emseg.model.packages.package import read_package
from napari_emseg.model.runtimes.keras_runtime import load_network
from napari_emseg.model.train.run_folder import RunFolder

TINY = ["--depth", 1, "--base-filters", 4, "--patch-size", 64, "--batch-size", 2, "--device", "cpu",
        "--learning-rate", 0.02, "--val-slices", 4]  # fmt: skip


class Run(NamedTuple):
    """A finished training, and what it was trained on."""

    folder: object
    images: object
    scribbles: np.ndarray
    train: list


def run(*args):
    return exit_status(cli, [str(arg) for arg in args])


@pytest.fixture(scope="module")
def trained(labels, tmp_path_factory):
    """Cells with a bright square in each, painted up to the last column."""
    folder = tmp_path_factory.mktemp("classes")
    scribbles = np.where(labels > 0, 2, 1).astype(np.uint8)
    line = np.arange(96 + 5) % 17
    for z, each in enumerate(scribbles):
        inner = (line[z:][:96] >= 4) & (line[z:][:96] < 10)
        each[np.logical_and.outer(inner, inner)] = 3
    grey = np.array([0, 70, 130, 200])[scribbles]
    noisy = grey + np.random.default_rng(0).normal(0, 12, scribbles.shape)
    scribbles[..., -1] = 0
    np.save(folder / "images.npy", noisy.astype(np.uint8))
    np.save(folder / "labels.npy", scribbles)
    train = ["train", folder / "images.npy", folder / "labels.npy", *TINY]
    assert run(*train, "--classes", 3, "--epochs", 8, "--out", folder / "run") == 0
    return Run(folder / "run", folder / "images.npy", scribbles, train)


def predicted(trained, out, *args):
    assert run("predict", trained.images, "--model", trained.folder, "--out", out, *args) == 0
    return np.load(out)


def test_the_class_map_is_right_for_most_pixels(trained, tmp_path):
    found = predicted(trained, tmp_path / "c.npy", "--what", "classes", "--slices", "4,0")
    assert (found.dtype, found.shape) == (np.uint8, (2, 96, 96))
    for number in (1, 2, 3):
        of_class = trained.scribbles[[4, 0]] == number
        assert (found == number)[of_class].mean() > 0.8, number


def test_class_map_and_mask_agree_and_the_scores_are_those_of_the_cells(trained, tmp_path):
    history = RunFolder(trained.folder).read_history()
    assert history[-1]["val_v_rand"] > 0.9
    classes, mask = (
        predicted(trained, tmp_path / f"{what}.npy", "--what", what, "--tta", "--threshold", 0.6)
        for what in ("classes", "mask")
    )
    np.testing.assert_array_equal(classes > 1, mask > 0)


@pytest.mark.slow
def test_two_classes_have_a_class_map_too(trained, package_at, tmp_path):
    other = trained._replace(folder=package_at(tmp_path / "p", threshold=0.4))
    classes, mask = (
        predicted(other, tmp_path / f"{what}.npy", "--what", what, "--slices", "1")
        for what in ("classes", "mask")
    )
    np.testing.assert_array_equal(classes, np.where(mask, 2, 1))


@pytest.mark.slow
def test_it_is_resumed_with_its_settings(trained):
    """All but those that are given."""
    begun = RunFolder(trained.folder).read_recipe()
    short = [*trained.train[:3], "--val-slices", 4, "--epochs", 9, "--device", "cpu"]
    assert run(*short, "--out", trained.folder, "--resume") == 0
    assert len(RunFolder(trained.folder).read_history()) == 9
    expected = replace(begun, train=replace(begun.train, epochs=9))
    assert RunFolder(trained.folder).read_recipe() == expected


def test_it_is_not_resumed_with_other_settings(trained, capsys):
    assert run(*trained.train, "--out", trained.folder, "--resume", "--loss", "dice") == 1
    assert "loss: the run in" in capsys.readouterr().err


def test_validating_on_slices_that_are_not_to_be_used(trained, tmp_path, capsys):
    assert run(*trained.train, "--out", tmp_path / "new", "--slices", "0:4", "--classes", 3) == 1
    error = capsys.readouterr().err
    assert "4 carry no labels, or are not among the slices to use, which are 0, 1, 2, 3" in error


def test_another_number_of_classes_is_refused(trained, tmp_path, capsys):
    for how in (["--out", trained.folder, "--resume", "--classes", 2],
                ["--out", tmp_path / "new", "--from", trained.folder]):  # fmt: skip
        assert run(*trained.train, *how) == 1
        assert "has 3, received 2; set classes to 3" in capsys.readouterr().err
    assert not (tmp_path / "new").exists()


def test_a_model_of_two_classes_learns_to_tell_more(trained, package_at, tmp_path, capsys):
    """All of it goes on, but for the last layer."""
    parent = package_at(tmp_path / "parent")
    begun = [
        *trained.train,
        "--from",
        parent,
        "--classes",
        3,
        "--epochs",
        1,
        "--learning-rate",
        1e-9,
    ]
    assert run(*begun, "--out", tmp_path / "new") == 0
    assert "The last layer begins anew, since it has to tell 3 classes." in capsys.readouterr().err
    ours, theirs = (
        load_network(read_package(each)).get_weights()
        for each in (tmp_path / "new/package", parent)
    )
    kernels = [(a, b) for a, b in zip(ours[:-2], theirs[:-2], strict=True) if a.ndim == 4]
    assert kernels
    for a, b in kernels:
        np.testing.assert_allclose(a, b, atol=1e-6)
    assert ours[-1].shape == (3,)
    assert theirs[-1].shape == (1,)


def test_labels_of_too_many_classes_are_refused(trained, tmp_path, capsys):
    wrong = [*trained.train, "--labels-mean", "scribbles", "--out", tmp_path / "new"]
    assert run(*wrong) == 1
    assert "from 0 to 3 in slice 0; choose the meaning mask or" in capsys.readouterr().err
