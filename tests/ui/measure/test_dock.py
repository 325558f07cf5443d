"""The dock *Measure* in a real window: every click."""

from __future__ import annotations

import csv

import numpy as np
import pytest
from napari.utils.colormaps import DirectLabelColormap
from napari.utils.notifications import notification_manager
from qtpy.QtCore import QPoint, Qt
from qtpy.QtWidgets import QFileDialog

from napari_emseg.session.measure.session import Phase
from napari_emseg.ui.viewer.layers import current_slice

PLACE = {"scale": (50, 4, 4), "units": "nm"}
WAIT_MS = 30_000


@pytest.fixture(autouse=True)
def _notifications_raise_nothing(viewer, monkeypatch):
    monkeypatch.setattr(notification_manager, "notification_ready", lambda _: None)
    notification_manager.records.clear()


@pytest.fixture
def cells():
    """Two cells beside a membrane through six slices, and a third in two of them."""
    cells = np.zeros((6, 48, 80), np.uint8)
    cells[:, 2:28, 2:38], cells[:, 2:28, 40:78], cells[2:4, 32:44, 4:70] = 3, 200, 7
    return cells


@pytest.fixture
def dock(viewer):
    return viewer.window.add_plugin_dock_widget("napari-emseg", "Measure")[1]


@pytest.fixture
def layer(viewer, dock, cells):
    return viewer.add_labels(cells, name="cells", **PLACE)


def measure(dock, qtbot):
    before = dock.session.measures
    qtbot.mouseClick(dock.run.start.native, Qt.MouseButton.LeftButton)
    qtbot.waitUntil(
        lambda: dock.session.measures is not before and dock.session.phase is Phase.READY,
        timeout=WAIT_MS,
    )


@pytest.fixture
def measured(dock, layer, qtbot):
    measure(dock, qtbot)
    return dock


@pytest.fixture
def table(measured, qtbot):
    qtbot.waitUntil(measured.page.table.isVisible)
    return measured.page.table


def click(table, row, qtbot):
    at = table.visualRect(table.model().index(row, 0)).center()
    qtbot.mouseClick(table.viewport(), Qt.MouseButton.LeftButton, pos=at)


def seen(table, column=0):
    return [table.text_at(row, column) for row in range(table.model().rowCount())]


def said():
    return [record.message for record in notification_manager.records]


def type_filter(dock, text, qtbot):
    field = dock.page.filter.native
    field.selectAll()
    qtbot.keyClicks(field, text)
    qtbot.waitUntil(lambda: dock.session.shown.filter == text)


def test_cells_that_come_are_chosen_and_measured_with_one_click(dock, layer, qtbot):
    assert dock.fields.cells.value is layer
    assert "50 x 4 x 4 nm" in dock.run.message.value
    measure(dock, qtbot)
    assert dock.tabs.currentIndex() == 1
    assert seen(dock.page.table) == ["3", "7", "200"]
    assert dock.page.note.value == "3 rows."
    assert dock.run.message.value == "3 cells in 6 slices."


def test_without_cells_it_is_said_what_to_do(dock, qtbot):
    qtbot.mouseClick(dock.run.start.native, Qt.MouseButton.LeftButton)
    assert any("choose them" in each for each in said())


def test_a_table_is_chosen_sorted_and_sifted(measured, table, qtbot):
    header = table.horizontalHeader()
    name = list(measured.session.shown.table.columns).index("volume_um3")
    at = header.sectionViewportPosition(name) + 5
    for order in (["7", "3", "200"], ["200", "3", "7"]):
        qtbot.mouseClick(header.viewport(), Qt.MouseButton.LeftButton, pos=QPoint(at, 5))
        assert seen(table) == order
    type_filter(measured, "volume > 0.0001 and slices >= 3", qtbot)
    assert seen(table) == ["200", "3"]
    assert measured.page.note.value == "2 of 3 rows."
    type_filter(measured, "volum > 1", qtbot)
    assert measured.page.note.value == "0 of 3 rows."
    measured.page.name.value = "contacts"
    assert "no column 'volum'" in measured.page.note.value
    type_filter(measured, "7", qtbot)
    assert [each for each in zip(seen(table), seen(table, 1), strict=True) if "7" not in each] == []


def test_a_click_on_a_row_goes_to_the_cell_and_chooses_it(viewer, measured, layer, table, qtbot):
    viewer.dims.set_current_step(0, 5)
    click(table, 1, qtbot)
    assert current_slice(viewer, layer) == 2
    assert layer.selected_label == 7
    np.testing.assert_allclose(viewer.scene.camera.center[-2:], (37.5 * 4, 36.5 * 4))
    assert measured.pointer.is_boxed
    qtbot.keyClick(table, Qt.Key.Key_Down)
    assert layer.selected_label == 200
    measured.page.name.value = "slices"
    click(table, 4, qtbot)
    assert current_slice(viewer, layer) == 4
    assert not measured.pointer.is_boxed


def test_the_label_that_is_picked_in_the_viewer_is_chosen_in_the_table(measured, layer, table):
    layer.selected_label = 200
    assert table.chosen == 2
    assert [line.get_xdata()[0] for line in measured.page.plot.axes.lines]
    layer.selected_label = 99
    assert table.chosen == 2


def move_to(viewer, layer, *pixel):
    """As a mouse that moves over the canvas."""
    viewer.mouse_over_canvas = True
    viewer.cursor.position = layer.data_to_world(pixel)
    for callback in viewer.mouse_move_callbacks:
        callback(viewer, None)


def test_the_cell_that_is_pointed_at_marks_its_row(viewer, measured, layer, table):
    viewer.dims.set_current_step(0, 2)

    def tinted():
        role = Qt.ItemDataRole.BackgroundRole
        return [k for k in range(3) if table.rows.index(k, 0).data(role) is not None]

    move_to(viewer, layer, 2, 10, 10)
    assert tinted() == [0]
    move_to(viewer, layer, 2, 36, 10)
    assert tinted() == [1]
    move_to(viewer, layer, 2, 30, 10)
    assert tinted() == []
    move_to(viewer, layer, 2, 10, 10)
    viewer.mouse_over_canvas = False
    assert tinted() == []


def test_another_slice_under_a_mouse_that_rests_marks_nothing(viewer, measured, layer, table):
    """It scrolled the table away from the row that was reached."""
    move_to(viewer, layer, 0, 40, 10)
    marked = []
    measured.pointer.pointed.connect(marked.append)
    viewer.dims.set_current_step(0, 3)
    assert not marked


def test_the_row_that_is_pointed_at_marks_its_cell(viewer, measured, layer, table):
    viewer.dims.set_current_step(0, 5)
    table.pointed.emit(0)
    assert measured.pointer.is_boxed
    table.pointed.emit(1)
    assert not measured.pointer.is_boxed
    assert "Not in this slice, but in 2" in str(viewer.status)
    viewer.dims.set_current_step(0, 3)
    table.pointed.emit(1)
    assert measured.pointer.is_boxed
    table.pointed.emit(None)
    assert not measured.pointer.is_boxed


def test_cells_are_coloured_by_a_column_and_get_their_own_colours_back(measured, layer, qtbot):
    own, color = layer.colormap, measured.page.color

    def colors():
        return [tuple(np.round(layer.colormap.map(value), 2)) for value in (3, 7, 200)]

    qtbot.mouseClick(color.native, Qt.MouseButton.LeftButton)
    qtbot.waitUntil(lambda: isinstance(layer.colormap, DirectLabelColormap), timeout=WAIT_MS)
    by_volume = colors()
    assert len(set(by_volume)) == 3
    assert measured.page.range.value.startswith("Colours: ")
    measured.page.column.value = "slices"
    qtbot.waitUntil(lambda: colors() != by_volume, timeout=WAIT_MS)
    assert colors()[0] == colors()[2] != colors()[1]
    qtbot.mouseClick(color.native, Qt.MouseButton.LeftButton)
    assert layer.colormap is own


def test_profiles_have_the_colours_of_the_slice_that_is_seen(viewer, measured, layer, qtbot):
    viewer.dims.set_current_step(0, 0)
    measured.page.name.value = "profiles"
    measured.page.color.value = True
    qtbot.waitUntil(lambda: 3 in getattr(layer.colormap, "color_dict", ()), timeout=WAIT_MS)
    assert 7 not in layer.colormap.color_dict
    viewer.dims.set_current_step(0, 2)
    qtbot.waitUntil(lambda: 7 in layer.colormap.color_dict, timeout=WAIT_MS)


def test_why_rows_cannot_be_coloured_is_said(measured, qtbot):
    measured.page.name.value = "slices"
    measured.page.color.value = True
    assert any("choose the table cells or profiles" in each for each in said())
    assert not measured.page.color.value


def test_the_table_stands_in_the_features_of_the_layer(measured, layer, qtbot):
    qtbot.waitUntil(lambda: len(layer.features) == 3, timeout=WAIT_MS)
    assert layer.features["index"].tolist() == [3, 7, 200]
    volumes = measured.session.measures.cells["volume_um3"]
    assert layer.features["volume_um3"].tolist() == volumes.tolist()
    assert "volume_um3" in layer.get_status((0, 40, 40), world=True)["value"]


def test_figures_of_cells_that_were_painted_on_are_marked(measured, layer, table, qtbot):
    layer.paint((2, 34, 10), 3)
    qtbot.waitUntil(lambda: measured.page.warning.visible, timeout=WAIT_MS)
    assert "2 cells edited since in slice 2" in measured.page.warning.value
    role = Qt.ItemDataRole.DecorationRole
    assert [table.rows.index(k, 0).data(role) is None for k in range(3)] == [False, False, True]
    layer.undo()
    qtbot.waitUntil(lambda: not measured.page.warning.visible, timeout=WAIT_MS)


def test_neither_colours_nor_slices_nor_a_click_make_figures_old(
    viewer, measured, layer, table, qtbot
):
    measured.page.color.value = True
    qtbot.waitUntil(lambda: isinstance(layer.colormap, DirectLabelColormap), timeout=WAIT_MS)
    click(table, 1, qtbot)
    viewer.dims.set_current_step(0, 4)
    qtbot.wait(800)
    assert not measured.page.warning.visible


def test_a_layer_with_other_pixels_is_to_be_measured_again(measured, layer, cells, qtbot):
    layer.data = cells[::-1].copy()
    assert "measure again" in measured.page.warning.value
    measure(measured, qtbot)
    assert not measured.page.warning.visible


def test_rows_are_saved_with_units(measured, table, tmp_path, monkeypatch, qtbot):
    path = str(tmp_path / "found")
    monkeypatch.setattr(QFileDialog, "getSaveFileName", lambda *_: (path, ""))
    type_filter(measured, "slices > 2", qtbot)
    qtbot.mouseClick(measured.page.save, Qt.MouseButton.LeftButton)
    qtbot.waitUntil((tmp_path / "found.csv").exists, timeout=WAIT_MS)
    with (tmp_path / "found.csv").open() as file:
        rows = list(csv.DictReader(file))
    assert [row["id"] for row in rows] == ["3", "200"]
    assert "membrane_thickness_nm" in rows[0]
    qtbot.waitUntil(lambda: any("2 of 3 rows" in each for each in said()))


def test_a_voxel_size_that_is_not_known_is_said_and_can_be_given(viewer, dock, cells, qtbot):
    assert not dock.fields.voxel_size.visible
    viewer.add_labels(cells, name="cells")
    field = dock.fields.voxel_size
    assert field.visible
    assert "all will be in px" in dock.run.message.value
    field.value = "50 4"
    assert "such as 50 4 4, received '50 4'" in dock.fields.said.value
    field.value = "50 x 4 x 4 nm"
    assert dock.fields.said.value == ""
    assert "50 x 4 x 4 nm" in dock.run.message.value
    measure(dock, qtbot)
    assert "volume_um3" in dock.session.measures.cells.columns


def test_other_cells_begin_with_an_empty_table_and_own_colours(
    viewer, measured, layer, cells, qtbot
):
    own = layer.colormap
    measured.page.color.value = True
    qtbot.waitUntil(lambda: layer.colormap is not own, timeout=WAIT_MS)
    measured.fields.cells.value = viewer.add_labels(cells, name="others", **PLACE)
    assert layer.colormap is own
    assert not measured.page.color.value
    assert seen(measured.page.table) == []
    assert "Nothing is measured yet" in measured.page.note.value


def test_cells_that_are_removed_are_no_more_shown(viewer, measured, layer):
    viewer.layers.remove(layer)
    assert measured.fields.cells.value is None
    assert seen(measured.page.table) == []


def test_a_closed_dock_gives_colours_back_and_is_silent(viewer, measured, layer, qtbot):
    own = layer.colormap
    measured.page.color.value = True
    qtbot.waitUntil(lambda: layer.colormap is not own, timeout=WAIT_MS)
    viewer.window.remove_dock_widget("all")
    assert layer.colormap is own
    viewer.dims.set_current_step(0, 2)
    move_to(viewer, layer, 2, 10, 10)
    layer.selected_label = 7
    layer.paint((2, 10, 10), 7)


def test_what_a_person_reads_and_reaches_has_names_and_tips(measured):
    page, fields = measured.page, measured.fields
    for field in (page.name, page.filter, page.column, page.color, *fields.form):
        if field.name:
            assert field.tooltip, field.name
    for widget in (page.name.native, page.filter.native, page.column.native, page.table, page.plot):
        assert widget.accessibleName()
    for widget in (page.filter.native, page.table, page.save, measured.run.start.native):
        assert widget.focusPolicy() & Qt.FocusPolicy.TabFocus
