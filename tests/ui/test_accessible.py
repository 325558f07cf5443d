"""All docks without a mouse, and without eyes: names, tooltips, the way of the Tab key."""

from __future__ import annotations

from functools import partial
from itertools import groupby, pairwise

import numpy as np
import pytest
from qtpy.QtCore import QEvent, QPoint, Qt
from qtpy.QtGui import QKeyEvent, QMouseEvent
from qtpy.QtWidgets import (
    QAbstractButton,
    QAbstractItemView,
    QAbstractSlider,
    QAbstractSpinBox,
    QApplication,
    QComboBox,
    QLineEdit,
    QPlainTextEdit,
    QProgressBar,
    QScrollArea,
    QScrollBar,
    QTabBar,
    QTabWidget,
    QTextEdit,
    QWidget,
)
from superqt import QCollapsible

from napari_emseg.core.correct.edits import Edits
from napari_emseg.ui.correct.edit_strip import EditStrip
from napari_emseg.ui.docking.focus_ring import FocusRing
from napari_emseg.ui.docking.our_docks import DOCKS, open_dock
from napari_emseg.ui.models.dialog import ModelsDialog
from napari_emseg.ui.widgets.forms import is_named
from napari_emseg.ui.widgets.slice_boxes import SliceBoxes

CONTROLS = (
    QAbstractButton, QAbstractItemView, QAbstractSlider, QAbstractSpinBox, QComboBox, QLineEdit,
    QPlainTextEdit, QProgressBar, QTextEdit, SliceBoxes,
)  # fmt: skip

COLUMN_PX = 12
"""Controls whose middles lie nearer than this one above the other stand in one row."""


def is_of_qt(widget):
    """Parts of Qt's own widgets, which speak for them."""
    inner = (QComboBox, QAbstractSpinBox, QAbstractItemView, QTabBar)
    parent = widget.parentWidget()
    within = parent is not None and (isinstance(parent, inner) or "qt_" in parent.objectName())
    return within or isinstance(widget, QScrollBar) or "Private" in type(widget).__name__


@pytest.fixture
def layers(viewer):
    """A stack with labels of three cells."""
    rng = np.random.default_rng(0)
    scale = {"scale": (50, 4, 4), "units": "nm"}
    viewer.add_image(rng.integers(0, 255, (4, 64, 64), np.uint8), name="em", **scale)
    labels = np.repeat(np.arange(64) // 24 + 1, 64).reshape(64, 64)
    viewer.add_labels(np.stack([labels] * 4).astype(np.uint8), name="cells", **scale)


@pytest.fixture(params=[*DOCKS, "Models"])
def unfolded(viewer, layers, qtbot, request):
    """A dock with all of its pages made and all that is folded away shown."""
    if request.param == "Models":
        dock = ModelsDialog(open_dock(viewer, "Segment"))
        dock.look()
    else:
        dock = open_dock(viewer, request.param)
    viewer.window._qt_window.resize(1280, 900)
    qtbot.wait(300)  # parts that are made in turns of their own
    for tabs in dock.findChildren(QTabWidget):
        for k in range(tabs.count()):
            tabs.setCurrentIndex(k)
            QApplication.processEvents()
        tabs.setCurrentIndex(0)
    for folded in dock.findChildren(QCollapsible):
        folded.expand()
    QApplication.processEvents()
    return dock


def controls(dock):
    return [each for each in dock.findChildren(QWidget)
            if isinstance(each, CONTROLS) and not is_of_qt(each)
            and each.window() is dock.window()]  # fmt: skip


def about(widget):
    return f"{type(widget).__name__} {widget.objectName()} {widget.toolTip()[:60]}"


def test_each_control_has_a_name(unfolded):
    found = controls(unfolded)
    assert found
    unnamed = [about(each) for each in found if not is_named(each)]
    assert not unnamed, "\n".join(unnamed)
    for bar in unfolded.findChildren(QTabBar):
        assert all(bar.tabText(k) or bar.tabIcon(k) for k in range(bar.count())), bar.parent()


def test_each_control_says_what_it_does(unfolded):
    to_read = (QProgressBar, QTextEdit, QPlainTextEdit, QAbstractItemView)
    silent = [
        about(each) + f" {each.accessibleName()}"
        for each in controls(unfolded)
        if not isinstance(each, to_read) and not (each.toolTip() or isinstance(each, SliceBoxes))
        and not isinstance(each.parentWidget(), QCollapsible)
    ]  # fmt: skip
    assert not silent, "\n".join(silent)


def test_tab_comes_to_all_and_from_top_to_bottom(unfolded, qtbot):
    for tabs in [None, *unfolded.findChildren(QTabWidget)]:
        for k in range(1 if tabs is None else tabs.count()):
            if tabs is not None:
                tabs.setCurrentIndex(k)
                qtbot.wait(100)  # until it is laid out
            wanted = {each for each in controls(unfolded) if takes_keys(each)}
            seen = by_tab(unfolded)
            assert [about(each) for each in wanted - set(seen)] == []
            assert in_order(unfolded, [each for each in seen if each in wanted])


def takes_keys(widget):
    """Whether a person must come to it: it is shown, and can be changed or pressed."""
    if not widget.isVisibleTo(widget.window()) or not widget.isEnabled():
        return False
    parts = isinstance(widget, QProgressBar | QAbstractItemView)
    return not parts and widget.focusProxy() is None


def by_tab(dock):
    """What the Tab key comes to within a dock, in that order."""
    tab, seen, now = Qt.FocusPolicy.TabFocus, [], dock
    while (now := now.nextInFocusChain()) is not None and now is not dock:
        can_come = now.isEnabled() and now.isVisibleTo(dock.window())
        if dock.isAncestorOf(now) and can_come and now.focusPolicy().value & tab.value:
            seen.append(now)
    return seen


def in_order(dock, widgets):
    """Whether each lies below the one before, or right of it in one row; page after page."""
    runs = [(page, [*inside]) for page, inside in groupby(widgets, partial(page_of, dock))]
    pages = [page for page, _ in runs if page is not dock]
    assert len(pages) == len(set(pages)), "Tab leaves a page before its end"
    for page, inside in runs:
        places = [each.mapTo(page, each.rect().center()) for each in inside]
        for k, (a, b) in enumerate(pairwise(places)):
            below = b.y() > a.y() + COLUMN_PX
            right = abs(b.y() - a.y()) <= COLUMN_PX and b.x() >= a.x()
            assert below or right, (about(inside[k]), a, about(inside[k + 1]), b)
    return True


def page_of(dock, widget):
    parent = widget.parentWidget()
    while parent is not dock and not isinstance(parent, QScrollArea):
        parent = parent.parentWidget()
    return parent


def test_a_frame_lies_around_what_has_the_keyboard(viewer, dock, qtbot):
    ring = dock.findChild(FocusRing)
    current, part = dock.buttons.current.native, dock.buttons.visible_part.native
    viewer.window._qt_window.activateWindow()
    current.setFocus(Qt.FocusReason.TabFocusReason)
    qtbot.waitUntil(lambda: ring.framed is current)
    (frame,) = [
        each for each in current.parentWidget().children() if type(each).__name__ == "_Frame"
    ]
    assert frame.geometry() == current.geometry()
    assert frame.testAttribute(Qt.WidgetAttribute.WA_TransparentForMouseEvents)
    qtbot.keyClick(current, Qt.Key.Key_Tab)
    assert ring.framed is part
    viewer.window._qt_viewer.canvas.native.setFocus()
    assert ring.framed is None


@pytest.fixture
def strip(qtbot):
    strip = EditStrip()
    qtbot.addWidget(strip)
    strip.resize(5 * 16, 60)
    strip.show_edits(Edits(), 12)
    strip.show()
    return strip


def press(strip, *keys):
    for key in keys:
        none = Qt.KeyboardModifier.NoModifier
        strip.keyPressEvent(QKeyEvent(QEvent.Type.KeyPress, key, none))


def test_keys_go_through_the_boxes_of_slices(strip):
    told = []
    strip.wanted.connect(lambda z: told.append(("go", z)))
    strip.turned.connect(lambda z: told.append(("turn", z)))
    key = Qt.Key
    press(strip, key.Key_Right, key.Key_Down, key.Key_Return, key.Key_Left, key.Key_Space)
    press(strip, key.Key_End, key.Key_Right, key.Key_Enter, key.Key_Home, key.Key_Up, key.Key_Enter)
    assert told == [("go", 6), ("turn", 5), ("go", 11), ("go", 0)]
    assert strip.accessibleDescription().startswith("Slice 0: untouched")
    at = strip.box_of(8).center()
    for button in (Qt.MouseButton.LeftButton,):
        strip.mousePressEvent(
            QMouseEvent(QEvent.Type.MouseButtonPress, at.toPointF(), button, button,
                        Qt.KeyboardModifier.NoModifier)
        )  # fmt: skip
    press(strip, key.Key_Right, key.Key_Return)
    assert told[4:] == [("go", 8), ("go", 9)]


def test_boxes_of_no_slices_take_no_key(strip):
    strip.show_edits(Edits(), 0)
    told = []
    strip.wanted.connect(told.append)
    press(strip, Qt.Key.Key_Right, Qt.Key.Key_Return)
    assert not told
    assert strip.slice_at(QPoint(1, 1)) is None
