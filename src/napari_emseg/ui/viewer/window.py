"""What is behind the proxies that plugins get, and the window around the viewer."""

from __future__ import annotations

from typing import Any

from qtpy.QtWidgets import QMainWindow


def unwrapped(proxy: Any) -> Any:
    """The viewer, or the layer, itself.

    A plugin is given a proxy of the viewer, which hides its window and what else is private; what
    its methods return, such as a new layer, are proxies as well.
    """
    return getattr(proxy, "__wrapped__", proxy)


def main_window(viewer: Any) -> QMainWindow:
    """The window of a viewer, or of its proxy."""
    window = unwrapped(viewer).window._qt_window
    assert isinstance(window, QMainWindow)
    return window
