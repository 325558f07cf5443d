"""The page *Volume* of the dock *Compare* in a real window."""

from __future__ import annotations

import json

import numpy as np
import pytest
from qtpy.QtCore import Qt
from qtpy.QtWidgets import QFileDialog

from napari_emseg.core.scores.volume.errors import LARGER, SMALLER
from napari_emseg.session.compare.volume_scoring import VolumePhase
from napari_emseg.ui.viewer.layers import current_slice

EDGE, SLICES = 24, 6
PLACE = {"scale": (30, 6, 6), "units": "nm"}
WAIT_MS = 30_000


@pytest.fixture
def truth():
    """Four by four cells through six slices."""
    cells = np.kron(np.arange(1, 17).reshape(4, 4), np.ones((EDGE, EDGE), int))
    cells[::EDGE] = cells[:, ::EDGE] = 0
    return np.stack([cells] * SLICES).astype(np.uint16)


@pytest.fixture
def cells(truth):
    """Cells 1 and 2 in one, and cell 16 in two from slice 4 on."""
    cells = truth.copy()
    cells[cells == 2] = 1
    cells[4:][cells[4:] == 16] = 99
    return cells


@pytest.fixture
def compare(viewer, truth, cells, qtbot):
    viewer.add_image(np.zeros(truth.shape, np.uint8), name="em", **PLACE)
    labels = viewer.add_labels(truth, name="truth", **PLACE)
    prediction = viewer.add_labels(cells, name="cells", **PLACE)
    _, widget = viewer.window.add_plugin_dock_widget("napari-emseg", "Compare")
    widget.fields.truth.value, widget.fields.prediction.value = labels, prediction
    widget.tabs.setCurrentWidget(widget.tabs.widget(3))
    qtbot.waitUntil(lambda: widget.volume.run.start.enabled, timeout=WAIT_MS)
    return widget


@pytest.fixture
def scored(compare, qtbot):
    qtbot.mouseClick(compare.volume.run.start.native, Qt.MouseButton.LeftButton)
    qtbot.waitUntil(lambda: compare.session.volume.scores is not None, timeout=WAIT_MS)
    return compare


def click(table, row, qtbot):
    at = table.visualRect(table.model().index(row, 1)).center()
    qtbot.mouseClick(table.viewport(), Qt.MouseButton.LeftButton, pos=at)


def wait_for_marks(compare, qtbot, error):
    """Until all slices of an error are marked."""
    data = compare.volume_marks

    def is_marked():
        return data.layer is not None and int((data.layer.data == SMALLER).sum()) == error.voxels

    qtbot.waitUntil(is_marked, timeout=WAIT_MS)


def test_figures_stand_with_their_meaning_and_lists_with_sizes(scored):
    page, scores = scored.volume, scored.session.volume.scores
    assert page.results.isVisible()
    assert page.figures["are"].text() == f"{scores.volume.are:.4f}"
    assert "Adapted Rand error" in page.figures["are"].toolTip()
    assert all(shown.toolTip() for shown in page.figures.values())
    assert [page.tabs.tabText(k) for k in range(3)] == ["1 merger", "1 split", "By size"]
    table = page.lists["merger"]
    assert table.text_at(0, 0) == f"{scores.mergers.worst[0].voxels:,}"
    assert sorted(table.text_at(0, 2).split(", ")) == ["1", "2"]
    assert page.sizes.text_at(0, 0) in ("100 to 999", "1,000 to 9,999")


def test_a_click_goes_there_and_marks_the_cells(viewer, scored, qtbot):
    page = scored.volume
    page.tabs.setCurrentIndex(1)
    (split,) = scored.session.volume.scores.splits.worst
    click(page.lists["split"], 0, qtbot)
    wait_for_marks(scored, qtbot, split)
    prediction = viewer.layers["cells"]
    assert current_slice(viewer, prediction) == split.place[0] == 4
    middle = prediction.world_to_data((0, *viewer.scene.camera.center[-2:]))[1:]
    assert np.allclose(middle, split.place[1:], atol=1)
    marks = viewer.layers["error in the volume"]
    assert set(np.unique(marks.data)) == {0, LARGER, SMALLER}
    assert np.array_equal(marks.data == SMALLER, prediction.data == 99)
    assert np.allclose(marks.scale, prediction.scale)
    assert not marks.editable
    assert "larger one is nearest in slice 3" in page.chosen.value
    assert viewer.layers.selection.active is not marks
    assert marks not in scored.fields.truth.choices


def test_in_three_dimensions_the_camera_goes_there_and_the_cells_stand_alone(viewer, scored, qtbot):
    (merger,) = scored.session.volume.scores.mergers.worst
    viewer.layers["truth"].visible = False
    viewer.dims.ndisplay = 3
    click(scored.volume.lists["merger"], 0, qtbot)
    wait_for_marks(scored, qtbot, merger)
    qtbot.waitUntil(lambda: not viewer.layers["em"].visible)
    assert np.allclose(viewer.scene.camera.center, np.multiply(merger.place, (30, 6, 6)))
    assert [layer.name for layer in viewer.layers if layer.visible] == ["error in the volume"]
    scored.volume.alone.value = False
    assert viewer.layers["em"].visible
    scored.volume.alone.value = True
    assert not viewer.layers["cells"].visible
    viewer.dims.ndisplay = 2
    assert viewer.layers["em"].visible
    assert viewer.layers["cells"].visible
    assert not viewer.layers["truth"].visible


def test_the_keys_go_through_the_list_in_front(scored, qtbot):
    scored.activateWindow()
    picked = []
    scored.volume.picked.connect(picked.append)
    scored._step(1)
    scored.volume.tabs.setCurrentIndex(1)
    scored._step(1)
    assert [error.kind for error in picked] == ["merger", "split"]


def test_what_is_painted_is_said_and_other_layers_take_all_away(viewer, scored, qtbot):
    (merger,) = scored.session.volume.scores.mergers.worst
    click(scored.volume.lists["merger"], 0, qtbot)
    wait_for_marks(scored, qtbot, merger)
    viewer.layers["cells"].paint((2, 60, 60), 5)
    qtbot.waitUntil(
        lambda: "painted since, in slice 2" in scored.volume.run.message.value, timeout=WAIT_MS
    )
    assert scored.volume.results.isVisible()
    scored.fields.meaning.value = "mask"
    assert "Truth means: instances" in scored.volume.run.message.value
    assert not scored.volume.results.isVisible()
    assert not scored.volume.run.start.enabled
    assert "error in the volume" not in viewer.layers


def test_a_single_slice_is_no_volume_and_that_is_said(viewer, compare, truth, cells, qtbot):
    flat = [viewer.add_labels(each[0], name=name) for name, each in (("t", truth), ("p", cells))]
    compare.fields.truth.value, compare.fields.prediction.value = flat
    assert "cells through two slices or more" in compare.volume.run.message.value
    assert not compare.volume.run.start.enabled


def test_it_can_be_stopped(compare, qtbot):
    page, volume = compare.volume, compare.session.volume
    volume.events.progress.connect(lambda now, _: now[0] and page.run.stop.native.click())
    qtbot.mouseClick(page.run.start.native, Qt.MouseButton.LeftButton)
    assert not page.run.start.enabled
    qtbot.waitUntil(lambda: volume.phase is VolumePhase.READY, timeout=WAIT_MS)
    assert volume.scores is None
    assert page.run.start.enabled
    assert not page.run.stop.enabled


def test_it_is_saved_from_its_page(scored, qtbot, monkeypatch, tmp_path):
    path = tmp_path / "scores.json"
    monkeypatch.setattr(QFileDialog, "getSaveFileName", lambda *_: (str(path), ""))
    qtbot.waitUntil(lambda: scored._volume_export.isEnabled(), timeout=WAIT_MS)
    scored._volume_export.layout().itemAt(1).widget().click()
    qtbot.waitUntil(path.exists, timeout=WAIT_MS)
    volume = json.loads(path.read_text())["volume"]
    assert volume["are"] == pytest.approx(scored.session.volume.scores.volume.are)
    assert volume["mergers"]["worst"][0]["meeting"]


def test_border_nm_is_asked_for_with_cremi_alone(compare):
    page = compare.volume
    assert not page.fields["border_nm"].visible
    page.fields["foreground"].value = "cremi"
    assert page.fields["border_nm"].visible
    assert compare.session.volume.config.foreground == "cremi"
