"""Buttons, and where what they save should go."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from qtpy.QtWidgets import QFileDialog, QPushButton, QWidget


def button(text: str, tooltip: str, clicked: Any) -> QPushButton:
    """A button that says what it does."""
    made = QPushButton(text)
    made.setToolTip(tooltip)
    made.clicked.connect(clicked)
    return made


def ask_for_path(parent: QWidget, title: str, name: str, kind: str) -> Path | None:
    """Where a file should go; None where a person thinks better of it."""
    chosen, _ = QFileDialog.getSaveFileName(parent, title, name, kind)
    return Path(chosen) if chosen else None
