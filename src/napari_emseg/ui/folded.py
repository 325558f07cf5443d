"""A part of a form that is folded away until it is asked for."""

from __future__ import annotations

from qtpy.QtWidgets import QWidget
from superqt import QCollapsible


def folded(title: str, content: QWidget, *, tooltip: str = "") -> QCollapsible:
    """Put ``content`` under a line that unfolds it.

    Parameters
    ----------
    title : str
        What stands in the line.
    content : QWidget
        What is hidden at first.
    tooltip : str
        What the line says of it.
    """
    section = QCollapsible(title, expandedIcon="▾", collapsedIcon="▸")
    section.setDuration(0)
    section.layout().setContentsMargins(0, 0, 0, 0)
    section.toggleButton().setToolTip(tooltip)
    section.addWidget(content)
    return section
