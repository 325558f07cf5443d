"""Pages scroll where the screen is small, and use what room there is."""

from __future__ import annotations

import pytest
from qtpy.QtWidgets import QLabel, QListWidget

from napari_emseg.ui.widgets.scroll_page import Page


@pytest.mark.parametrize("grows", [False, True])
def test_the_first_widget_takes_the_room_that_is_left_where_it_may(qtbot, grows):
    table, below = QListWidget(), QLabel("below")
    page = Page(table, below, grows=grows)
    qtbot.addWidget(page)
    page.resize(300, 900)
    page.show()
    qtbot.waitExposed(page)
    assert (table.height() > 800) == grows
    assert below.y() > table.geometry().bottom()
