"""The models that a person has, by name and by path."""

from __future__ import annotations

import logging
import shutil
import zipfile

import pytest

from napari_emseg.errors import ModelError, WriteError
from napari_emseg.model.packages import library
from napari_emseg.model.packages.library import (
    DEFAULT,
    SHIPPED,
    export_model,
    find_model,
    free_name,
    import_package,
    list_models,
    model_or_default,
    name_of,
    name_of_source,
    remove_model,
    shipped_folder,
)


@pytest.fixture
def folder(tmp_path, monkeypatch):
    monkeypatch.setenv("EMSEG_MODELS_DIR", str(tmp_path / "models"))
    return tmp_path / "models"


def names():
    return [package.folder.name for package in list_models()]


@pytest.mark.parametrize("name", SHIPPED)
def test_the_shipped_models_are_always_there(folder, name):
    assert names() == [*SHIPPED]
    package = find_model(name)
    assert name_of(package) == package.info.name == name
    assert package.weights.is_file()
    assert 0 <= package.info.threshold <= 1
    assert package.info.terms.data_terms


def test_what_ships_is_not_hidden_by_an_older_model_of_its_name(folder, package_at):
    package_at(folder / "isbi2012")
    assert names() == [*SHIPPED]
    assert find_model("isbi2012").folder == shipped_folder("isbi2012")


def test_what_ships_takes_little_room():
    files = [each for each in shipped_folder().parent.rglob("*") if each.is_file()]
    assert sum(each.stat().st_size for each in files) <= 45 * 2**20


def test_models_are_listed_by_name_after_the_shipped_one(folder, package_at):
    package_at(folder / "zebra")
    package_at(folder / "ant")
    (folder / "notes.txt").write_text("x")
    (folder / "empty").mkdir()
    assert names() == [*SHIPPED, "ant", "zebra"]


def test_damaged_models_are_left_out_with_a_warning(folder, package_at, caplog):
    package_at(folder / "good")
    (package_at(folder / "headless") / "weights.keras").unlink()
    (package_at(folder / "mute") / "rdf.yaml").write_text("a: [")
    with caplog.at_level(logging.WARNING, library.__name__):
        assert names() == [*SHIPPED, "good"]
    assert "headless" in caplog.text
    assert "mute" in caplog.text


def test_what_an_interrupted_write_left_is_no_model(folder, package_at):
    shutil.copytree(package_at(folder / "mine"), folder / ".mine-old")
    shutil.copytree(folder / "mine", folder / ".mine-new")
    assert names() == [*SHIPPED, "mine"]


def test_by_name_by_path_and_by_run_folder(folder, package_at, tmp_path):
    package_at(folder / "mine", "by name")
    package_at(tmp_path / "elsewhere", "by path")
    package_at(tmp_path / "run" / "package", "by run")
    assert find_model("mine").info.name == "by name"
    assert find_model(str(tmp_path / "elsewhere")).info.name == "by path"
    assert find_model(str(tmp_path / "run")).info.name == "by run"


def test_a_model_that_is_not_there(folder, package_at):
    package_at(folder / "mine")
    with pytest.raises(
        ModelError,
        match="known are default, isbi2012, mitochondria, mine, or",
    ):
        find_model("yours")


def test_a_damaged_model_is_named(folder, package_at):
    (package_at(folder / "mine") / "weights.keras").unlink()
    with pytest.raises(ModelError, match="mine is damaged"):
        find_model("mine")


# -- bringing in, giving away, removing -----------------------------------------------------------


def contents(folder):
    return {file.name: file.read_bytes() for file in folder.iterdir()}


@pytest.mark.parametrize("form", ["folder", "rdf.yaml", "zip", "run"])
def test_exported_and_imported_it_is_the_same(folder, package_at, tmp_path, form):
    original = package_at(folder / "mine")
    out = tmp_path / {"zip": "out.zip", "run": "run/package"}.get(form, "out")
    out.parent.mkdir(exist_ok=True)
    export_model("mine", out)
    source = {"rdf.yaml": out / "rdf.yaml", "run": out.parent}.get(form, out)
    imported = import_package(source, "again")
    assert imported.folder == folder / "again"
    assert contents(imported.folder) == contents(original)
    assert names() == [*SHIPPED, "again", "mine"]


def test_a_name_that_is_taken_or_not_possible(folder, package_at, tmp_path):
    source = package_at(tmp_path / "source")
    own = import_package(source)
    assert own.folder.name == own.info.name
    with pytest.raises(ModelError, match="already; give another name, or allow to replace it"):
        import_package(source)
    import_package(source, overwrite=True)
    for name in (DEFAULT, "../out", ".hidden", "a/b", ""):
        with pytest.raises(ModelError, match="is not possible"):
            import_package(source, name)
    assert names() == [*SHIPPED, own.info.name]


@pytest.mark.parametrize(
    ("source", "name"),
    [("a/b.zip", "b"), ("a/b", "b"), ("a/b/rdf.yaml", "b"), ("a/b.c/package/rdf.yaml", "b.c")],
)
def test_what_comes_is_called_as_its_file_or_folder(tmp_path, source, name):
    assert name_of_source(tmp_path / source) == name


def test_a_name_is_free_where_no_model_has_it(folder, package_at):
    package_at(folder / "mine")
    wanted = ("new", "mine", "mine 2", DEFAULT)
    assert [free_name(each) for each in wanted] == ["new", "mine 2", "mine 2", "default 2"]


def test_what_is_no_model_is_not_imported(folder, tmp_path):
    (tmp_path / "text.zip").write_text("no zip")
    with zipfile.ZipFile(tmp_path / "other.zip", "w") as file:
        file.writestr("../outside.txt", "x")
    (tmp_path / "empty").mkdir()
    for name in ("text.zip", "other.zip", "empty", "missing", "empty/rdf.yaml"):
        with pytest.raises(ModelError):
            import_package(tmp_path / name)
    assert not (tmp_path.parent / "outside.txt").exists()
    assert names() == [*SHIPPED]


def test_export_does_not_write_over_what_is_there(folder, package_at, tmp_path):
    package_at(folder / "mine")
    (tmp_path / "out.zip").write_text("precious")
    with pytest.raises(WriteError, match="exists already"):
        export_model("mine", tmp_path / "out.zip")
    assert (tmp_path / "out.zip").read_text() == "precious"
    export_model("mine", tmp_path / "out.zip", overwrite=True)
    assert zipfile.is_zipfile(tmp_path / "out.zip")


def test_remove(folder, package_at, tmp_path):
    package_at(folder / "mine")
    outside = package_at(tmp_path / "outside")
    remove_model("mine")
    assert names() == [*SHIPPED]
    for name in ("mine", DEFAULT, "../outside", str(outside), "."):
        with pytest.raises(ModelError, match="is not in your library"):
            remove_model(name)
    assert outside.exists()
    assert find_model(DEFAULT).weights.is_file()


def test_a_model_that_is_not_here_is_the_default():
    assert model_or_default("isbi2012").info.name == "isbi2012"
    for gone in ("gone", "/nowhere/package"):
        assert model_or_default(gone).folder == find_model("default").folder
