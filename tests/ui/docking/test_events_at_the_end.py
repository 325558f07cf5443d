"""Events that come while a dock is taken apart: an exception there would end napari."""

from __future__ import annotations

import pytest
from qtpy.QtCore import QEvent
from qtpy.QtWidgets import QApplication, QComboBox, QWidget

from napari_emseg.ui.docking.close_guard import AskBeforeClosing
from napari_emseg.ui.docking.dock_tabs import TabWithOthers
from napari_emseg.ui.widgets.elided_choice import ElidedChoice

FILTERS = {
    "tabs": (QWidget, TabWithOthers),
    "asking": (QWidget, lambda widget: AskBeforeClosing(widget, bool, bool)),
    "choice": (QComboBox, ElidedChoice),
}


@pytest.mark.parametrize("name", FILTERS)
def test_an_event_is_let_pass_when_what_its_filter_held_is_gone(name, qtbot):
    """Python empties objects that hold one another before Qt deletes them."""
    kind, make = FILTERS[name]
    widget = kind()
    qtbot.addWidget(widget)
    vars(make(widget)).clear()
    with qtbot.capture_exceptions() as raised:
        QApplication.sendEvent(widget, QEvent(QEvent.Type.ParentChange))
    assert not raised
