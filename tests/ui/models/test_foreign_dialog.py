from __future__ import annotations

import pytest
from qtpy.QtWidgets import QFileDialog

import foreign_packages as others
from napari_emseg.model.packages.library import SHIPPED, find_model, list_models


@pytest.fixture
def segment(viewer):
    return viewer.window.add_plugin_dock_widget("napari-emseg", "Segment")[1]


@pytest.fixture
def asked(segment, monkeypatch):
    """Offers a file to import; gives what a person is asked of it."""

    def ask(path):
        segment.fields.models.native.click()
        monkeypatch.setattr(QFileDialog, "getOpenFileName", lambda *_, **__: (str(path), ""))
        segment.models.bring.click()
        return segment.models.of_others

    return ask


def test_a_package_of_others_is_looked_at_tried_and_offered(segment, asked, tmp_path, qtbot):
    folder = others.write_package(tmp_path / "theirs", others.small_network(), nm=4.0)
    dialog = asked(folder / "rdf.yaml")
    for said in ("Membranes of others", "Ada Lovelace", "MIT", "zero_mean_unit_variance"):
        assert said in dialog.about.text()
    assert list(dialog.fields) == ["shows", "channel", "activation", "pixel_nm", "threshold"]
    assert [field.value for field in dialog.fields.values()] == ["membrane", 2, "none", 4, 0.5]
    assert dialog.described == {}
    dialog.fields["channel"].value = 1
    dialog.bring.click()
    qtbot.waitUntil(lambda: not dialog.isVisible(), timeout=60_000)
    assert segment.models.message.text() == "Imported as 'theirs'."
    assert find_model("theirs").info.network.channel == 0
    offered = [package.folder.name for package in segment.fields.model.choices]
    assert offered == [*SHIPPED, "theirs"]


def test_of_an_onnx_file_all_is_asked_and_what_is_wrong_can_be_mended(asked, tmp_path, qtbot):
    path = tmp_path / "net.onnx"
    path.write_bytes(others.small_network(last=None).SerializeToString())
    dialog = asked(path)
    assert not dialog.bring.isEnabled()
    dialog.fields["shows"].value = "membrane"
    assert dialog.bring.isEnabled()
    assert not dialog.fields["gain"].visible
    dialog.fields["normalisation"].value = "scale_linear"
    assert dialog.fields["gain"].visible
    dialog.bring.click()
    qtbot.waitUntil(lambda: "expected a probability" in dialog.message.text(), timeout=60_000)
    assert dialog.bring.isEnabled()
    assert [each.folder.name for each in list_models()] == [*SHIPPED]
    dialog.fields["activation"].value = "sigmoid"
    dialog.bring.click()
    qtbot.waitUntil(lambda: not dialog.isVisible(), timeout=60_000)
    assert find_model("net").info.network.shows == "membrane"


def test_models_of_others_are_not_offered_to_train_on(viewer, segment, asked, tmp_path, qtbot):
    _, train = viewer.window.add_plugin_dock_widget("napari-emseg", "Train")
    folder = others.write_package(tmp_path / "theirs", others.small_network())
    dialog = asked(folder / "rdf.yaml")
    dialog.bring.click()
    qtbot.waitUntil(lambda: not dialog.isVisible(), timeout=60_000)
    assert len(train.model.start.choices) == 1 + len(SHIPPED)
