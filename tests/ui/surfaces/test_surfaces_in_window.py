"""Cells as surfaces in a real window, by the menu."""

from __future__ import annotations

import numpy as np
import pytest
from napari.layers import Surface
from qtpy.QtCore import QTimer
from qtpy.QtWidgets import QApplication, QDialogButtonBox, QFileDialog

from napari_emseg.ui.surfaces.commands import save_surfaces, show_selected_cell
from napari_emseg.ui.surfaces.dialog import SaveSurfacesDialog
from napari_emseg.ui.surfaces.viewer_surfaces import surfaces_of

PLACE = {"scale": (50, 4, 4), "units": ("nm",) * 3, "translate": (100, 20, 30)}
WAIT_MS = 30_000


@pytest.fixture
def labels(viewer):
    cells = np.zeros((8, 60, 60), np.uint32)
    cells[2:6, 10:50, 10:30], cells[:, 10:50, 32:52] = 7, 9
    viewer.add_image(np.zeros(cells.shape, np.uint8), name="em", **PLACE)
    return viewer.add_labels(cells, name="cells", **PLACE)


def menu_entry(viewer, text):
    """An entry of *Layers > Visualize*, as napari shows it."""
    (layers,) = [
        a.menu() for a in viewer.window._qt_window.menuBar().actions() if "Layers" in a.text()
    ]
    layers.aboutToShow.emit()
    (visualize,) = [a.menu() for a in layers.actions() if a.text() == "Visualize"]
    visualize.aboutToShow.emit()
    (found,) = [a for a in visualize.actions() if a.text().startswith(text)]
    return found


def shown(viewer):
    return {layer.name: layer.visible for layer in viewer.layers}


def show(viewer, labels, cell, qtbot):
    labels.selected_label = cell
    show_selected_cell(viewer)
    name = f"cells: cell {cell}"
    qtbot.waitUntil(lambda: name in viewer.layers, timeout=WAIT_MS)
    return viewer.layers[name]


def test_the_menu_shows_the_chosen_cell(viewer, labels, qtbot):
    labels.selected_label = 7
    menu_entry(viewer, "Show selected cell as a surface").trigger()
    qtbot.waitUntil(lambda: "cells: cell 7" in viewer.layers, timeout=WAIT_MS)
    surface = viewer.layers["cells: cell 7"]
    assert isinstance(surface, Surface)
    assert viewer.dims.ndisplay == 3
    assert viewer.layers.selection.active is labels
    np.testing.assert_allclose(surface.colormap.map(np.ones(1))[0], labels.get_color(7), atol=1e-6)
    first, last = surface.extent.world
    np.testing.assert_allclose(first, [100 + 1.5 * 50, 20 + 38, 30 + 38], atol=14)
    np.testing.assert_allclose(last, [100 + 5.5 * 50, 20 + 198, 30 + 118], atol=14)
    assert [str(unit) for unit in surface.units] == ["nanometer"] * 3


def test_slices_and_surfaces_are_seen_in_their_own_view(viewer, labels, qtbot):
    camera = viewer.scene.camera
    before = camera.center, camera.zoom
    show(viewer, labels, 7, qtbot)
    show(viewer, labels, 9, qtbot)
    cells = {"cells: cell 7": True, "cells: cell 9": True}
    assert shown(viewer) == {"em": False, "cells": False, **cells}
    viewer.dims.ndisplay = 2
    assert shown(viewer) == {"em": True, "cells": True, **dict.fromkeys(cells, False)}
    np.testing.assert_allclose(camera.center[1:], before[0][1:])
    assert camera.zoom == pytest.approx(before[1])
    viewer.layers["em"].visible = False
    viewer.dims.ndisplay = 3
    viewer.layers["cells: cell 9"].visible = False
    viewer.dims.ndisplay = 2
    assert [shown(viewer)[name] for name in ("em", "cells")] == [False, True]
    viewer.dims.ndisplay = 3
    assert shown(viewer)["cells: cell 9"] is False


def test_the_slider_steps_by_slices_as_before(viewer, labels, qtbot):
    before = viewer.dims.range
    show(viewer, labels, 9, qtbot)  # it goes on beyond the first and the last slice
    assert viewer.dims.range == before


def test_a_cell_that_is_shown_again_is_made_anew(viewer, labels, qtbot):
    first = show(viewer, labels, 7, qtbot)
    labels.data[2:6, 10:50, 20:30] = 0
    show_selected_cell(viewer)
    qtbot.waitUntil(
        lambda: "cells: cell 7" in viewer.layers and viewer.layers["cells: cell 7"] is not first,
        timeout=WAIT_MS,
    )
    assert len(viewer.layers) == 3


def test_what_cannot_be_shown_is_said(viewer, labels, qtbot, monkeypatch):
    said = []
    monkeypatch.setattr("napari_emseg.ui.surfaces.viewer_surfaces.show_warning", said.append)
    monkeypatch.setattr("napari_emseg.ui.surfaces.commands.show_warning", said.append)
    viewer.layers.remove(labels)
    flat = viewer.add_labels(np.ones((5, 5), int), name="flat")
    show_selected_cell(viewer)
    assert "received 2 axes" in said[-1]
    viewer.layers.remove(flat)
    show_selected_cell(viewer)
    assert "Select one layer of cells" in said[-1]


def test_save_asks_what_and_where(viewer, labels, qtbot, tmp_path, monkeypatch):
    labels.selected_label = 7
    out = tmp_path / "surfaces"
    monkeypatch.setattr(QFileDialog, "getSaveFileName", lambda *_: (str(out), ""))

    def answer():
        dialog = QApplication.activeModalWidget()
        assert isinstance(dialog, SaveSurfacesDialog)
        assert dialog.ids.value == "7"
        dialog.ids.value = "7, 9"
        dialog.form.value = "stl"
        dialog.findChild(QDialogButtonBox).button(QDialogButtonBox.StandardButton.Save).click()

    QTimer.singleShot(500, answer)
    save_surfaces(viewer)
    with qtbot.waitSignal(surfaces_of(viewer).session.written, timeout=WAIT_MS):
        pass
    assert {each.name for each in out.iterdir()} == {"cell_7.stl", "cell_9.stl"}
