"""The way of the Tab key: as parts are laid out, whenever they were made."""

from __future__ import annotations

from collections.abc import Iterator
from itertools import pairwise

from qtpy.QtCore import Qt
from qtpy.QtWidgets import QLayout, QScrollArea, QTabWidget, QWidget


def tab_from_top(widget: QWidget) -> None:
    """Have Tab go through the parts of a widget from top to bottom, page after page.

    Qt goes in the order in which they came into the window: those that are made later, when they
    are asked for, would come last.
    """
    stops = [each for each in _laid_out(widget) if _is_stop(each)]
    for before, after in pairwise(stops):
        QWidget.setTabOrder(before, after)


def _is_stop(widget: QWidget) -> bool:
    return bool(widget.focusPolicy() & Qt.FocusPolicy.TabFocus)


def _laid_out(widget: QWidget | None) -> Iterator[QWidget]:
    """A widget and all within it, as they are seen."""
    if widget is None:
        return
    yield widget
    if isinstance(widget, QTabWidget):
        for page in (widget.tabBar(), *map(widget.widget, range(widget.count()))):
            yield from _laid_out(page)
    elif isinstance(widget, QScrollArea):
        yield from _laid_out(widget.widget())
    else:
        yield from _in_layout(widget.layout())


def _in_layout(layout: QLayout | None) -> Iterator[QWidget]:
    for k in range(0 if layout is None else layout.count()):
        item = None if layout is None else layout.itemAt(k)
        if item is not None:
            yield from _laid_out(item.widget())
            yield from _in_layout(item.layout())
