"""The docks of ours in a window, by name."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from qtpy.QtCore import QTimer
from qtpy.QtWidgets import QDockWidget

from napari_emseg.ui.docking.close_guard import parent_of

PLUGIN = "napari-emseg"
DOCKS = ("Segment", "Train", "Correct", "Compare", "Measure", "Help")
"""As `napari.yaml` calls them."""


def open_docks(viewer: Any) -> Iterator[tuple[str, Any]]:
    """Names and widgets of those that are open in the window of a viewer."""
    for title, widget in viewer.window.dock_widgets.items():
        name = next((each for each in DOCKS if title.startswith(f"{each} (")), None)
        if name is not None:
            yield name, widget


def open_dock(viewer: Any, name: str) -> Any:
    """Bring a dock to the front, and give its widget; it is made where it is not open."""
    widget = dict(open_docks(viewer)).get(name)
    if widget is None:
        _, widget = viewer.window.add_plugin_dock_widget(PLUGIN, name, tabify=True)
    dock: QDockWidget | None = parent_of(widget, QDockWidget)
    if dock is not None:
        dock.show()
        dock.raise_()
        QTimer.singleShot(0, dock.raise_)  # a tab that is new yet comes to the front later only
    return widget
