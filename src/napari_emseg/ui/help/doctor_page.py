"""The doctor's report."""

from __future__ import annotations

from collections.abc import Callable

from qtpy.QtCore import Qt
from qtpy.QtGui import QFontDatabase, QGuiApplication, QShowEvent
from qtpy.QtWidgets import QHBoxLayout, QPlainTextEdit, QVBoxLayout, QWidget

from napari_emseg.engine.jobs import DoctorJob, Job
from napari_emseg.types import Cancelled, Event, Failed, Finished
from napari_emseg.ui.widgets.buttons import button

_LOOKING = (
    "Looking at this machine ... this takes some seconds, or until the running job has ended."
)

Submit = Callable[[Callable[[], Job], Callable[[Event], None]], object]


class DoctorPage(QWidget):
    """Says what hardware is used, and why not more, once it is shown; the text can be copied.

    Parameters
    ----------
    submit : callable
        Gives a job to the worker process, as `ui.background.job_runner` does.
    """

    def __init__(self, submit: Submit) -> None:
        super().__init__()
        self._submit, self._is_looking = submit, False
        self.text = QPlainTextEdit()
        self.text.setAccessibleName("Report of the doctor")
        self.text.setReadOnly(True)
        self.text.setTabChangesFocus(True)
        flag = Qt.TextInteractionFlag
        self.text.setTextInteractionFlags(
            flag.TextSelectableByMouse | flag.TextSelectableByKeyboard
        )
        font = QFontDatabase.systemFont(QFontDatabase.SystemFont.FixedFont)
        # napari's style sheet sets a font for all widgets, which only another one can overrule
        self.text.setStyleSheet(f"font-family: '{font.family()}', monospace;")
        self.copy = button("Copy", "Copy the report, to send it to somebody.", self._copy)
        self.again = button("Look again", "Look at this machine again.", self.look)
        buttons = QHBoxLayout()
        buttons.addWidget(self.copy)
        buttons.addWidget(self.again)
        layout = QVBoxLayout(self)
        layout.addWidget(self.text)
        layout.addLayout(buttons)

    def showEvent(self, event: QShowEvent | None) -> None:  # noqa: N802  Qt's
        """Look when a person sees it first."""
        super().showEvent(event)
        if not self.text.toPlainText():
            self.look()

    def look(self) -> None:
        """Have the worker look at the machine, unless it is at it."""
        if not self._is_looking:
            self._is_looking = True
            self._say(_LOOKING)
            self._submit(DoctorJob, self._on_event)

    def _on_event(self, event: Event) -> None:
        self._is_looking = not isinstance(event, Finished | Failed | Cancelled)
        match event:
            case Finished(report):
                self._say(report)
            case Failed(message, details):
                self._say(f"{message}\n\n{details or ''}".rstrip())
            case Cancelled(message):
                self._say(message)

    def _say(self, text: str) -> None:
        self.text.setPlainText(text)
        self.copy.setText("Copy")
        for each in (self.copy, self.again):
            each.setEnabled(not self._is_looking)

    def _copy(self) -> None:
        clipboard = QGuiApplication.clipboard()
        assert clipboard is not None, "there is one while the window lives"
        clipboard.setText(self.text.toPlainText())
        self.copy.setText("Copied")
