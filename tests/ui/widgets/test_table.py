"""One table for figures, errors and trainings."""

from __future__ import annotations

import math

import pytest
from qtpy.QtCore import Qt
from qtpy.QtGui import QIcon

from napari_emseg.ui.widgets.table import Cell, Column, Table, figure, number

COLUMNS = (Column("slice", "Slice, from 0."), Column("V_rand", "A score."))
FIGURES = {9: 0.5, 10: 0.25, 11: math.nan, 12: 1.0}


def rows(figures):
    return {z: [number(z), figure(value)] for z, value in figures.items()}


def seen(table, column=0):
    return [table.text_at(row, column) for row in range(table.model().rowCount())]


@pytest.fixture
def table(qtbot):
    table = Table("Rows", COLUMNS, sort_by=0)
    qtbot.addWidget(table)
    table.show()
    table.show_rows(rows(FIGURES))
    return table


@pytest.fixture
def picked(table):
    keys = []
    table.picked.connect(keys.append)
    return keys


def click(table, row, qtbot):
    at = table.visualRect(table.model().index(row, 0)).center()
    qtbot.mouseClick(table.viewport(), Qt.MouseButton.LeftButton, pos=at)


def test_figures_sort_by_value_and_not_by_letters(table):
    assert seen(table) == ["9", "10", "11", "12"]
    table.sortByColumn(0, Qt.SortOrder.DescendingOrder)
    assert seen(table) == ["12", "11", "10", "9"]
    table.sortByColumn(1, Qt.SortOrder.AscendingOrder)
    assert seen(table, 1) == ["0.2500", "0.5000", "1.0000", "-"], "what has no figure comes last"


def test_without_a_column_to_sort_by_the_order_is_kept(qtbot):
    table = Table("Rows", COLUMNS)
    qtbot.addWidget(table)
    table.show_rows(rows({3: 0.1, 1: 0.2, 2: 0.3}))
    assert seen(table) == ["3", "1", "2"]
    table.sortByColumn(0, Qt.SortOrder.AscendingOrder)
    table.show_rows(rows({5: 0.1, 4: 0.2}))
    assert seen(table) == ["4", "5"]


def test_a_click_and_the_arrow_keys_pick_a_row(table, picked, qtbot):
    click(table, 1, qtbot)
    assert set(picked) == {10}
    picked.clear()
    qtbot.keyClick(table, Qt.Key.Key_Down)
    assert picked == [11]
    picked.clear()
    click(table, 2, qtbot)
    assert picked == [11], "a click on the row that is marked leads there again"


def test_other_rows_leave_the_choice_as_it_is_and_tell_nothing(table, picked):
    table.choose(10)
    assert table.chosen == 10
    table.show_rows(rows(FIGURES | {8: 0.75}))
    assert table.chosen == 10
    table.show_rows(rows(FIGURES | {8: 0.8}))
    assert seen(table, 1)[0] == "0.8000"
    assert table.chosen == 10
    table.sortByColumn(1, Qt.SortOrder.DescendingOrder)
    assert table.chosen == 10
    table.show_rows(rows({9: 0.5}))
    assert table.chosen is None
    table.choose(77)
    assert table.chosen is None
    assert picked == []


def test_titles_colours_and_sides(qtbot):
    table = Table("Rows", COLUMNS)
    qtbot.addWidget(table)
    table.show_rows({"a": [Cell("merger", "merger", "#cc79a7", "what it is"), number(4)]})
    model = table.model()
    across = Qt.Orientation.Horizontal
    assert [model.headerData(k, across) for k in (0, 1)] == ["slice", "V_rand"]
    assert model.headerData(1, across, Qt.ItemDataRole.ToolTipRole) == "A score."
    word, count = model.index(0, 0), model.index(0, 1)
    assert isinstance(word.data(Qt.ItemDataRole.DecorationRole), QIcon)
    assert word.data(Qt.ItemDataRole.ToolTipRole) == "what it is"
    assert count.data(Qt.ItemDataRole.DecorationRole) is None
    sides = [
        Qt.AlignmentFlag(each.data(Qt.ItemDataRole.TextAlignmentRole)) for each in (word, count)
    ]
    assert sides[0] & Qt.AlignmentFlag.AlignLeft
    assert sides[1] & Qt.AlignmentFlag.AlignRight
    assert word.data(Qt.ItemDataRole.CheckStateRole) is None


def test_boxes_are_ticked_by_a_person_and_by_us(qtbot):
    table, told = Table("Rows", COLUMNS, is_ticked=True), []
    qtbot.addWidget(table)
    table.rows.ticked.connect(lambda key, is_on: told.append((key, is_on)))
    table.show_rows(rows(FIGURES))
    table.rows.tick([10])
    assert told == []
    table.sortByColumn(0, Qt.SortOrder.DescendingOrder)
    states = [
        Qt.CheckState(table.model().index(row, 0).data(Qt.ItemDataRole.CheckStateRole))
        for row in range(4)
    ]
    on, off = Qt.CheckState.Checked, Qt.CheckState.Unchecked
    assert states == [off, off, on, off]
    table.model().setData(table.model().index(2, 0), off, Qt.ItemDataRole.CheckStateRole)
    assert told == [(10, False)]
    table.show()
    box = table.visualRect(table.model().index(0, 0))
    at = box.center()
    at.setX(box.left() + 8)
    qtbot.mouseClick(table.viewport(), Qt.MouseButton.LeftButton, pos=at)
    assert told[1:] == [(12, True)]
    assert not table.model().flags(table.model().index(0, 1)) & Qt.ItemFlag.ItemIsUserCheckable


def test_steps_go_through_the_rows_as_they_are_seen(table):
    table.sortByColumn(0, Qt.SortOrder.DescendingOrder)
    picked = []
    table.picked.connect(picked.append)
    for by in (1, 1, 1, 5, 1, -1):
        table.step(by)
    assert picked == [12, 11, 10, 9, 9, 10]
    table.show_rows({})
    table.step(1)
    assert len(picked) == 6


def test_a_long_name_leaves_room_for_the_figures(qtbot):
    table = Table("Rows", [Column("training", ""), Column("V_rand", "")], widest=22)
    qtbot.addWidget(table)
    table.show_rows({"a": [Cell("a name " * 12, "a"), Cell("0.9", 0.9)]})
    table.show()
    assert table.columnWidth(0) <= 22 * table.fontMetrics().averageCharWidth()


def test_the_row_that_is_pointed_at_is_told(table, qtbot):
    told = []
    table.pointed.connect(told.append)
    for row in (0, 2):
        at = table.visualRect(table.model().index(row, 0)).center()
        qtbot.mouseMove(table.viewport(), at)
        qtbot.waitUntil(lambda row=row: told[-1:] == [[9, 10, 11, 12][row]])
    qtbot.mouseMove(table.viewport(), table.rect().bottomRight() * 2)
    table.leaveEvent(None)
    assert told[-1] is None


def test_a_row_that_is_marked_comes_in_sight_and_is_not_chosen(table):
    table.show_rows(rows(dict.fromkeys(range(300), 0.5)))
    table.mark(250)
    row = table.rows.row_of(250)
    assert table.viewport().rect().intersects(table.visualRect(table.rows.index(row, 0)))
    assert table.chosen is None
    table.mark(None)


def test_what_is_chosen_stays_so_when_it_is_sorted_anew(table):
    table.choose(12)
    table.sortByColumn(0, Qt.SortOrder.DescendingOrder)
    assert table.chosen == 12
    assert table.currentIndex().row() == 0
