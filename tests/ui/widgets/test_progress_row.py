"""Buttons, bar and sentence of a job that runs."""

from __future__ import annotations

import gc

import pytest
from magicgui.widgets import PushButton
from qtpy.QtCore import QEvent, QObject
from qtpy.QtWidgets import QApplication

from napari_emseg.ui.segment.buttons import SegmentButtons
from napari_emseg.ui.widgets.progress_row import RunRow


@pytest.fixture(params=["one button", "several"])
def row(request, qtbot):
    start = PushButton(text="Start") if request.param == "one button" else SegmentButtons()
    row = RunRow(start, "Stop.", "Work")
    qtbot.addWidget(row.native)
    row.show()
    return row


def test_either_start_or_stop_can_be_clicked(row):
    starts = [row.start] if isinstance(row.start, PushButton) else [row.start.whole]
    assert not row.stop.enabled
    row.show_running("Reading ...")
    assert row.stop.enabled
    assert not any(start.enabled for start in starts)
    row.show_idle("Done.")
    assert not row.stop.enabled
    assert all(start.enabled for start in starts)
    assert row.message.value == "Done."


class Paints(QObject):
    """Counts how often a widget is drawn."""

    def __init__(self, widget):
        super().__init__(widget)
        self.count = 0
        widget.installEventFilter(self)

    def eventFilter(self, watched, event):  # noqa: N802  as Qt calls it
        self.count += event.type() == QEvent.Type.Paint
        return False


def test_of_what_is_quick_only_the_end_is_drawn(row, qtbot):
    qtbot.waitExposed(row.native)
    qtbot.wait(50)
    paints = Paints(row.message.native)
    row.show_running("Reading ...")
    row.show_running("Half of it", 0.5)
    qtbot.wait(100)
    assert not paints.count
    row.show_idle("Done.")
    qtbot.wait(300)
    assert not row.bar.visible
    assert paints.count


def test_of_what_takes_longer_all_is_drawn(row, qtbot):
    qtbot.waitExposed(row.native)
    qtbot.wait(50)
    paints = Paints(row.message.native)
    row.show_running("Reading ...")
    qtbot.waitUntil(lambda: row.bar.visible and paints.count)
    assert row.message.value == "Reading ..."


def test_news_that_come_fast_do_not_put_the_bar_off(row, qtbot):
    def news():
        row.show_running("More", 0.25)
        return row.bar.visible

    qtbot.waitUntil(news, timeout=2000)
    assert row.bar.value == row.bar.max / 4
    row.show_running("Nobody knows how long")
    assert row.bar.max == 0  # to and fro
    row.show_idle("")
    assert not row.bar.visible


def test_while_it_stops_nobody_can_ask_again(row, qtbot):
    row.show_running("Reading ...")
    qtbot.waitUntil(lambda: row.bar.visible)
    row.show_stopping()
    assert row.message.value == "Stopping ..."
    assert not row.stop.enabled
    row.show_running("Stack 2 of 2: Reading ...")
    assert row.stop.enabled


@pytest.mark.parametrize("kind", [PushButton, SegmentButtons])
def test_a_row_that_is_gone_is_not_called(kind, qtbot):
    row = RunRow(kind(), "Stop.", "Work")
    row.show()
    row.show_running("Reading ...")
    row.native.close()
    row.native.deleteLater()
    del row
    gc.collect()  # what refers to itself is taken apart, whoever still calls it
    QApplication.processEvents()
    gc.collect()
    qtbot.wait(300)
