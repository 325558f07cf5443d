from __future__ import annotations

import zipfile
from dataclasses import replace

import pytest
from qtpy.QtCore import Qt
from qtpy.QtWidgets import QFileDialog, QInputDialog

from napari_emseg.model.packages.library import (
    SHIPPED,
    export_model,
    import_package,
    list_models,
    shipped_folder,
)
from napari_emseg.ui.models import dialog as module


def names():
    return [package.folder.name for package in list_models()]


@pytest.fixture
def segment(viewer):
    import_package(shipped_folder("isbi2012"), "mine")
    return viewer.window.add_plugin_dock_widget("napari-emseg", "Segment")[1]


@pytest.fixture
def asked(monkeypatch):
    """What the dialog has asked, a question each; it is always agreed."""
    questions = []
    monkeypatch.setattr(module, "ask", lambda *args: questions.append(args[1:3]) or True)
    return questions


@pytest.fixture
def models(segment):
    segment.fields.models.native.click()
    segment.models.table.choose("mine")
    segment.models._show_choice()
    return segment.models


def offered(segment):
    return [package.folder.name for package in segment.fields.model.choices]


def test_figures_are_listed_and_what_came_with_the_program_stays(models):
    assert models.isVisible()
    row = [*SHIPPED, "mine"].index("mine")
    assert models.table.text_at(row, 1) == "0.9863"
    assert models.table.text_at(row, 2) == "slices 12, 20 of train-volume"
    assert models.remove.isEnabled()
    models.table.choose("default")
    models._show_choice()
    assert not models.remove.isEnabled()
    assert not models.rename.isEnabled()
    assert models.export.isEnabled()


def test_a_model_is_renamed_and_removed_in_all_lists(viewer, segment, models, monkeypatch):
    _, train = viewer.window.add_plugin_dock_widget("napari-emseg", "Train")
    monkeypatch.setattr(QInputDialog, "getText", lambda *_, **__: ("better", True))
    models.rename.click()
    assert names() == offered(segment) == [*SHIPPED, "better"]
    monkeypatch.setattr(module, "ask", lambda *_: False)
    models.remove.click()
    assert names() == [*SHIPPED, "better"]
    monkeypatch.setattr(module, "ask", lambda *_: True)
    models.remove.click()
    assert names() == offered(segment) == [*SHIPPED]
    assert len(train.model.start.choices) == 1 + len(SHIPPED)


def test_a_name_that_is_taken_is_said(models, monkeypatch):
    monkeypatch.setattr(QInputDialog, "getText", lambda *_, **__: ("default", True))
    models.rename.click()
    assert "not possible" in models.message.text()


def test_exported_and_imported_it_is_a_model_again(segment, models, asked, monkeypatch, tmp_path):
    file = str(tmp_path / "mine")
    monkeypatch.setattr(QFileDialog, "getSaveFileName", lambda *_, **__: (file, ""))
    models.export.click()
    monkeypatch.setattr(QFileDialog, "getOpenFileName", lambda *_, **__: (f"{file}.zip", ""))
    models.bring.click()
    assert names() == offered(segment) == [*SHIPPED, "mine", "mine 2"]
    ((question, said),) = asked
    assert question == "Import this model as 'mine 2'?"
    for part in ("made by: napari-emseg", "terms of the model: BSD", "U-Net", "MiB"):
        assert part in said


def test_a_model_that_is_refused_or_not_wanted_stays_out(models, asked, monkeypatch, tmp_path):
    export_model("mine", tmp_path / "theirs.zip")
    with zipfile.ZipFile(tmp_path / "theirs.zip", "a") as file:
        file.writestr("../out", "x")
    offer = str(tmp_path / "theirs.zip")
    monkeypatch.setattr(QFileDialog, "getOpenFileName", lambda *_, **__: (offer, ""))
    models.bring.click()
    assert "is refused: '../out'" in models.message.text()
    assert asked == []
    monkeypatch.setattr(module, "ask", lambda *_: False)
    export_model("mine", tmp_path / "theirs.zip", overwrite=True)
    models.bring.click()
    assert names() == [*SHIPPED, "mine"]


def test_names_of_strangers_are_shown_as_they_are(models, tmp_path):
    assert models.message.textFormat() == models.about.textFormat() == Qt.TextFormat.PlainText
    models._models["mine"] = replace(models._models["mine"], data="<img src='//there/x'>")
    cells = module._cells(models._models["mine"])
    assert all("<" not in cell.tooltip for cell in cells)


def test_the_chosen_model_says_what_it_is(models):
    assert "made by: napari-emseg developers" in models.about.text()


def test_a_folder_is_imported_by_the_description_in_it(
    segment, models, asked, monkeypatch, tmp_path
):
    export_model("mine", tmp_path / "theirs")
    (tmp_path / "empty").mkdir()
    (tmp_path / "empty" / "rdf.yaml").write_text("a: 1")
    offers = []

    def choose(name):
        path = str(tmp_path / name / "rdf.yaml")
        monkeypatch.setattr(
            QFileDialog, "getOpenFileName", lambda *args: (offers.append(args[-1]) or path, "")
        )
        models.bring.click()

    choose("empty")
    assert "format_version: received 'None'; expected one of 0.4, 0.5" in models.message.text()
    choose("theirs")
    assert models.message.text() == "Imported as 'theirs'."
    assert names() == offered(segment) == [*SHIPPED, "mine", "theirs"]
    assert set(offers) == {"Model (*.zip *.onnx rdf.yaml bioimageio.yaml model.yaml)"}
