"""Asking before work is lost by closing a dock or the window."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from qtpy.QtCore import QEvent, QObject, Qt
from qtpy.QtWidgets import QDockWidget, QMainWindow, QMessageBox, QWidget


class AskBeforeClosing(QObject):
    """Stands between a person and the end of a docked widget.

    Parameters
    ----------
    widget : QWidget
        What is docked.
    is_busy : callable
        Whether something would be lost now.
    ask : callable
        ``ask(what)`` with ``"dock"`` or ``"napari"``; true where it may be closed.
    """

    def __init__(
        self, widget: QWidget, is_busy: Callable[[], bool], ask: Callable[[str], bool]
    ) -> None:
        super().__init__(widget)
        self._is_busy, self._ask = is_busy, ask
        widget.installEventFilter(self)

    def eventFilter(  # noqa: N802  Qt's name
        self, watched: QObject | None, event: QEvent | None
    ) -> bool:
        """Find dock and window once the widget is shown in them; keep the window from closing."""
        if event is None:
            return False
        # not held: events come also when Python has taken this apart, before Qt does
        widget = self.parent()
        if watched is widget:
            if event.type() == QEvent.Type.Show and isinstance(widget, QWidget):
                self._guard(widget)
            return False
        if closes_by_person(watched, event) and self._must_stay("napari"):
            event.ignore()
            return True
        return False

    def _guard(self, widget: QWidget) -> None:
        dock = parent_of(widget, QDockWidget)
        window = parent_of(widget, QMainWindow)
        if window is not None:
            window.removeEventFilter(self)  # a second one would ask twice
            window.installEventFilter(self)
        if dock is not None:
            self._guard_cross(dock)

    def _guard_cross(self, dock: Any) -> None:
        """Guard napari's cross, which takes the widget out by no event that can be refused."""
        close = getattr(dock, "destroyOnClose", None)
        if close is None or hasattr(close, "asks"):
            return

        def ask_then_close() -> None:
            if not self._must_stay("dock"):
                close()

        ask_then_close.asks = True  # type: ignore[attr-defined]
        dock.destroyOnClose = ask_then_close

    def _must_stay(self, what: str) -> bool:
        return self._is_busy() and not self._ask(what)


def closes_by_person(window: QObject | None, event: QEvent) -> bool:
    """Whether an event closes a window that may stay.

    A program that closes napari has closed what is in it before, and cannot go back.
    """
    if event.type() != QEvent.Type.Close:
        return False
    middle = window.centralWidget() if isinstance(window, QMainWindow) else None
    parts = [] if middle is None else middle.children()
    return not any(isinstance(part, QWidget) and part.isHidden() for part in parts)


def ask(parent: QWidget, text: str, details: str, yes: str, no: str) -> bool:
    """Ask a question; ``yes`` is what the button says that does it, ``no`` the other one."""
    box = QMessageBox(parent)
    box.setIcon(QMessageBox.Icon.Question)
    box.setTextFormat(Qt.TextFormat.PlainText)  # names come from files of strangers, too
    box.setWindowTitle("EM segmentation")
    box.setText(text)
    box.setInformativeText(details)
    agree = box.addButton(yes, QMessageBox.ButtonRole.DestructiveRole)
    box.addButton(no, QMessageBox.ButtonRole.RejectRole)
    box.exec()
    return bool(box.clickedButton() is agree)


def parent_of(widget: QWidget, kind: type[QWidget]) -> Any:
    """The nearest widget of a kind around ``widget``; None where there is none."""
    parent = widget.parentWidget()
    while parent is not None and not isinstance(parent, kind):
        parent = parent.parentWidget()
    return parent
