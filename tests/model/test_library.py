"""The models that a person has, by name and by path."""

from __future__ import annotations

import logging
import shutil

import pytest

from napari_emseg.errors import ModelError
from napari_emseg.model import library
from napari_emseg.model.library import DEFAULT, find_model, library_folder, list_models


@pytest.fixture
def folder(tmp_path, monkeypatch):
    monkeypatch.setenv("EMSEG_MODELS_DIR", str(tmp_path / "models"))
    return tmp_path / "models"


def names():
    return [package.folder.name for package in list_models()]


def test_the_variable_names_the_folder(folder, monkeypatch):
    assert library_folder() == folder
    assert not folder.exists()  # and nothing is made by asking
    monkeypatch.delenv("EMSEG_MODELS_DIR")
    assert library_folder().parts[-2:] == ("napari-emseg", "models")


def test_the_shipped_model_is_always_there(folder):
    assert names() == [DEFAULT]
    package = find_model(DEFAULT)
    assert package.weights.is_file()
    assert 0 <= package.info.threshold <= 1


def test_models_are_listed_by_name_after_the_shipped_one(folder, package_at):
    package_at(folder / "zebra")
    package_at(folder / "ant")
    (folder / "notes.txt").write_text("x")
    (folder / "empty").mkdir()
    assert names() == [DEFAULT, "ant", "zebra"]


def test_damaged_models_are_left_out_with_a_warning(folder, package_at, caplog):
    package_at(folder / "good")
    (package_at(folder / "headless") / "weights.keras").unlink()
    (package_at(folder / "mute") / "rdf.yaml").write_text("a: [")
    with caplog.at_level(logging.WARNING, library.__name__):
        assert names() == [DEFAULT, "good"]
    assert "headless" in caplog.text
    assert "mute" in caplog.text


def test_what_an_interrupted_write_left_is_no_model(folder, package_at):
    shutil.copytree(package_at(folder / "mine"), folder / ".mine-old")
    shutil.copytree(folder / "mine", folder / ".mine-new")
    assert names() == [DEFAULT, "mine"]


def test_by_name_by_path_and_by_run_folder(folder, package_at, tmp_path):
    package_at(folder / "mine", "by name")
    package_at(tmp_path / "elsewhere", "by path")
    package_at(tmp_path / "run" / "package", "by run")
    assert find_model("mine").info.name == "by name"
    assert find_model(str(tmp_path / "elsewhere")).info.name == "by path"
    assert find_model(str(tmp_path / "run")).info.name == "by run"


def test_a_model_that_is_not_there(folder, package_at):
    package_at(folder / "mine")
    with pytest.raises(ModelError, match="there is no model 'yours'; known are default, mine, or"):
        find_model("yours")


def test_a_damaged_model_is_named(folder, package_at):
    (package_at(folder / "mine") / "weights.keras").unlink()
    with pytest.raises(ModelError, match="mine is damaged"):
        find_model("mine")
