"""The doctor's report in a small window beside napari's."""

from __future__ import annotations

from collections.abc import Callable

from qtpy.QtCore import Qt
from qtpy.QtGui import QFontDatabase, QGuiApplication
from qtpy.QtWidgets import (
    QDialog,
    QHBoxLayout,
    QPlainTextEdit,
    QPushButton,
    QVBoxLayout,
    QWidget,
)

from napari_emseg.engine.jobs import DoctorJob, Job
from napari_emseg.types import Cancelled, Event, Failed, Finished

_SIZE = (1020, 320)
_LOOKING = (
    "Looking at this machine ... this takes some seconds, or until the running job has ended."
)

Submit = Callable[[Callable[[], Job], Callable[[Event], None]], object]


class DoctorDialog(QDialog):
    """Says what hardware is used, and why not more; the text can be selected and copied.

    Parameters
    ----------
    parent : QWidget
        The dialog ends with it, and looks like it.
    submit : callable
        Gives a job to the worker process, as `ui.background.job_runner` does.
    """

    def __init__(self, parent: QWidget, submit: Submit) -> None:
        super().__init__(parent)
        self._submit, self._looking = submit, False
        self.setWindowTitle("Doctor: what is used of this machine, and why not more")
        self.text = QPlainTextEdit()
        self.text.setReadOnly(True)
        flag = Qt.TextInteractionFlag
        self.text.setTextInteractionFlags(
            flag.TextSelectableByMouse | flag.TextSelectableByKeyboard
        )
        font = QFontDatabase.systemFont(QFontDatabase.SystemFont.FixedFont)
        # napari's style sheet sets a font for all widgets, which only another one can overrule
        self.text.setStyleSheet(f"font-family: '{font.family()}', monospace;")
        self.copy = QPushButton("Copy")
        self.copy.setToolTip("Copy the report, to send it to somebody.")
        self.copy.clicked.connect(self._copy)
        close = QPushButton("Close")
        close.clicked.connect(self.close)
        buttons = QHBoxLayout()
        buttons.addStretch()
        buttons.addWidget(self.copy)
        buttons.addWidget(close)
        layout = QVBoxLayout(self)
        layout.addWidget(self.text)
        layout.addLayout(buttons)
        self.resize(*_SIZE)

    def look(self) -> None:
        """Show the dialog and have the worker look at the machine, unless it is at it."""
        self.show()
        self.raise_()
        self.activateWindow()
        if not self._looking:
            self._looking = True
            self._say(_LOOKING)
            self._submit(DoctorJob, self._on_event)

    def _on_event(self, event: Event) -> None:
        match event:
            case Finished(report):
                self._say(report)
            case Failed(message, details):
                self._say(f"{message}\n\n{details or ''}".rstrip())
            case Cancelled(message):
                self._say(message)
        self._looking = self._looking and not isinstance(event, Finished | Failed | Cancelled)

    def _say(self, text: str) -> None:
        self.text.setPlainText(text)
        self.copy.setText("Copy")
        self.copy.setEnabled(text != _LOOKING)

    def _copy(self) -> None:
        clipboard = QGuiApplication.clipboard()
        assert clipboard is not None, "there is one while the window lives"
        clipboard.setText(self.text.toPlainText())
        self.copy.setText("Copied")
