"""The dock *Help* and the welcome, in a real window."""

from __future__ import annotations

import numpy as np
import pytest
from napari.layers import Image, Labels
from qtpy.QtCore import QUrl
from qtpy.QtWidgets import QFileDialog
from tifffile import imwrite

from napari_emseg.session.help.keys import ALL_KEYS, NEXT_ERROR
from napari_emseg.ui.docking.our_docks import DOCKS, open_dock, open_docks
from napari_emseg.ui.viewer import shortcuts


@pytest.fixture
def help_dock(viewer):
    return open_dock(viewer, "Help")


def test_a_dock_that_is_open_is_brought_to_the_front(viewer, dock, help_dock, qtbot):
    qtbot.waitUntil(lambda: dock.visibleRegion().isEmpty())
    assert open_dock(viewer, "Segment") is dock
    qtbot.waitUntil(lambda: not dock.visibleRegion().isEmpty())
    assert {name for name, _ in open_docks(viewer)} == {"Segment", "Help"}


def test_first_steps_lead_to_docks_that_there_are(viewer, help_dock):
    html = help_dock.pages["First steps"].text.toHtml()
    named = {each.partition('"')[0] for each in html.split("dock:")[1:]}
    assert named == set(DOCKS) - {"Help"}
    help_dock.pages["First steps"]._follow(QUrl("dock:Compare"))
    assert "Compare" in dict(open_docks(viewer))


def test_all_keys_are_listed_as_a_person_has_chosen_them(help_dock, monkeypatch):
    page = help_dock.pages["Keys"]
    help_dock.show_page("Keys")
    said = page.toPlainText().replace("\u2011", "-")
    for key in ALL_KEYS:
        assert key.about in said
        assert key.key in said
    monkeypatch.setattr(shortcuts, "_chosen", lambda key: ["F9"] if key is NEXT_ERROR else [])
    help_dock.show_page("Doctor")
    help_dock.show_page("Keys")
    assert "F9" in page.toPlainText()


@pytest.mark.parametrize(
    "name", [name for name in DOCKS if name in ("Segment", "Train", "Correct")]
)
def test_buttons_of_the_docks_lead_there(viewer, name):
    widget = open_dock(viewer, name)
    buttons = {"Segment": lambda: widget.fields.doctor, "Correct": lambda: widget.keys,
               "Train": lambda: widget.model._doctor}  # fmt: skip
    buttons[name]().native.click()
    shown = dict(open_docks(viewer))["Help"]
    assert shown.isVisible()
    assert shown.tabs.tabText(shown.tabs.currentIndex()) == buttons[name]().text.rstrip(" .")


def test_welcome_stands_there_while_there_is_no_image(viewer, dock):
    assert dock.welcome.isVisible()
    dock.welcome.open_row.sample.click()
    assert [type(each) for each in viewer.layers] == [Image, Labels]
    assert not dock.welcome.isVisible()
    assert dock.fields.image.value.name == "phantom"
    viewer.layers.clear()
    assert dock.welcome.isVisible()
    dock.welcome.first_steps.native.click()
    assert dict(open_docks(viewer))["Help"].tabs.currentIndex() == 0


def test_welcome_opens_files_and_folders_and_says_what_it_cannot(
    viewer, dock, tmp_path, monkeypatch, qtbot
):
    row, shown = dock.welcome.open_row, []
    monkeypatch.setattr("napari_emseg.ui.stacks.open_row.show_error", shown.append)
    (tmp_path / "slices").mkdir()
    paths = [str(tmp_path / "slices" / f"{z:02d}.tif") for z in range(3)]
    for z, path in enumerate(paths):
        imwrite(path, np.full((40, 50), z, np.uint8))
    monkeypatch.setattr(QFileDialog, "getOpenFileNames", lambda *_: (paths, ""))
    row.file.click()
    monkeypatch.setattr(QFileDialog, "getExistingDirectory", lambda *_: str(tmp_path / "slices"))
    row.folder.click()
    for layer in viewer.layers:
        np.testing.assert_array_equal(layer.data[:, 0, 0], [0, 1, 2])
    assert len(viewer.layers) == 2
    broken = tmp_path / "broken.tif"
    broken.write_bytes(b"none")
    monkeypatch.setattr(QFileDialog, "getOpenFileNames", lambda *_: ([str(broken)], ""))
    row.file.click()
    monkeypatch.setattr(QFileDialog, "getOpenFileNames", lambda *_: ([], ""))
    row.file.click()
    assert len(viewer.layers) == 2
    assert "broken.tif" in shown[0]
    assert len(shown) == 1
