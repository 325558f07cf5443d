"""A long table makes only the cells that are seen."""

from __future__ import annotations

import numpy as np
import pytest
from qtpy.QtCore import Qt

from napari_emseg.ui.tables.model import Cell, Column, LongRows, TableModel, figure, number

COLUMNS = (Column("row", "Which."), Column("value", "How much."))
FALLING = Qt.SortOrder.DescendingOrder


class ManyRows(LongRows):
    """Rows 0, 1, ... and a value for each; counts which of them were made."""

    def __init__(self, values):
        self.values_, self.made = np.asarray(values, float), []

    def __len__(self):
        return len(self.values_)

    def __iter__(self):
        return iter(range(len(self.values_)))

    def __getitem__(self, row):
        self.made.append(row)
        return [number(row), figure(self.values_[row])]

    def values_of(self, column):
        return self.values_ if column else np.arange(len(self.values_))


def seen(model, column=0, count=None):
    rows = range(model.rowCount() if count is None else count)
    return [model.data(model.index(row, column)) for row in rows]


@pytest.fixture
def model(qapp):
    return TableModel(COLUMNS)


def test_only_the_cells_that_are_seen_are_made(model):
    rows = ManyRows(np.arange(20_000) % 7)
    model.fill(rows)
    model.sort(1, FALLING)
    assert not rows.made
    assert seen(model, count=3) == ["6", "13", "20"], "what is equal keeps its order"
    assert rows.made == [6, 13, 20]


def test_what_has_no_figure_comes_last_either_way(model):
    model.fill(ManyRows([2, np.nan, 1, 3]))
    model.sort(1)
    assert seen(model) == ["2", "0", "3", "1"]
    model.sort(1, FALLING)
    assert seen(model) == ["3", "0", "2", "1"]
    model.sort(-1)
    assert seen(model) == ["0", "1", "2", "3"]


@pytest.mark.parametrize("is_falling", [False, True])
def test_figures_and_words_of_a_short_table_sort_alike(model, is_falling):
    rows = {
        k: [Cell(str(value), value), Cell(word, word or None)]
        for k, (value, word) in enumerate([(2, "b"), (float("nan"), ""), (1, "c"), (None, "a")])
    }
    model.fill(rows)
    order = FALLING if is_falling else Qt.SortOrder.AscendingOrder
    model.sort(0, order)
    assert model.keys == ([0, 2, 1, 3] if is_falling else [2, 0, 1, 3])
    model.sort(1, order)
    assert model.keys == ([2, 0, 3, 1] if is_falling else [3, 0, 2, 1])


def test_the_order_holds_for_other_rows_and_ends_with_other_columns(model):
    model.sort(1, FALLING)
    model.fill(ManyRows([1, 3, 2]))
    assert model.keys == [1, 2, 0]
    assert model.row_of(2) == 1
    model.fill(ManyRows([1, 3, 2]), [*COLUMNS, Column("more", "")])
    assert model.keys == [0, 1, 2]
    assert model.sorted_by[0] == -1
    assert model.columnCount() == 3


def test_an_index_that_is_held_follows_its_row(model):
    from qtpy.QtCore import QPersistentModelIndex

    model.fill(ManyRows([1, 3, 2]))
    held = QPersistentModelIndex(model.index(1, 1))
    model.sort(1, FALLING)
    assert (held.row(), held.column()) == (0, 1)


def test_one_row_is_tinted_at_a_time(model):
    model.fill(ManyRows([1, 3, 2]))
    told = []
    model.dataChanged.connect(lambda first, last, *_: told.append((first.row(), last.column())))

    def tinted():
        role = Qt.ItemDataRole.BackgroundRole
        return [k for k in range(3) if model.data(model.index(k, 1), role) is not None]

    model.mark(1)
    assert tinted() == [1]
    model.mark(2)
    assert tinted() == [2]
    assert sorted(told) == [(1, 1), (1, 1), (2, 1)]
    model.mark(None)
    model.mark(77)
    assert tinted() == []


def test_other_rows_of_a_sorted_long_table_come_at_once(model):
    """They were listed anew for each row: four seconds for 20,000."""

    class Listed(ManyRows):
        times = 0

        def __iter__(self):
            self.times += 1
            return super().__iter__()

    model.sort(1, FALLING)
    rows = Listed(np.arange(200))
    model.fill(rows)
    assert model.keys[:2] == [199, 198]
    assert rows.times == 1
