"""Something to be done later, once."""

from __future__ import annotations

from collections.abc import Callable

from qtpy.QtCore import QObject, QTimer


def later(parent: QObject, call: Callable[[], object]) -> QTimer:
    """A timer that calls once after each start, and ends with ``parent``.

    Parameters
    ----------
    parent : QObject
        What it belongs to.
    call : callable
        A method: Qt forgets it with its object, where it would call a lost lambda and crash.

    Returns
    -------
    QTimer
        Not started.
    """
    timer = QTimer(parent)
    timer.setSingleShot(True)
    timer.timeout.connect(call)
    return timer
