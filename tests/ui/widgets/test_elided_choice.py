from __future__ import annotations

from qtpy.QtCore import QEvent, QPoint
from qtpy.QtGui import QHelpEvent
from qtpy.QtWidgets import QApplication, QComboBox, QToolTip

from napari_emseg.ui.widgets.elided_choice import ElidedChoice

LONG = "begin " + "x" * 80 + " end"


def test_a_long_name_is_cut_in_its_middle_and_told_whole(qtbot, monkeypatch):
    field = QComboBox()
    qtbot.addWidget(field)
    hint = ElidedChoice(field), field.sizeHint().width()
    field.addItems(["short", LONG])
    assert field.sizeHint().width() == hint[1]
    field.setToolTip("What it is for.")
    field.resize(160, 30)
    field.show()
    assert hint[0].text == "short"
    field.setCurrentText(LONG)
    assert hint[0].text.startswith("begin")
    assert hint[0].text.endswith("end")
    assert len(hint[0].text) < len(LONG)
    field.grab()
    said = []
    monkeypatch.setattr(QToolTip, "showText", lambda _, text, *__: said.append(text))
    for _ in range(2):
        at = QPoint(5, 5)
        QApplication.sendEvent(field, QHelpEvent(QEvent.Type.ToolTip, at, at))
        field.setCurrentText("short")
    assert said == [f"{LONG}\nWhat it is for.", "What it is for."]
