"""The private parts of napari that lead to its window; notices when napari moves them."""

from __future__ import annotations

import numpy as np
from napari.layers import Labels
from qtpy.QtWidgets import QApplication, QMainWindow

from napari_emseg.ui.viewer.window import main_window, unwrapped
from napari_emseg.ui.viewer.workspace import workspace_of


def test_behind_the_proxy_of_a_plugin(viewer):
    """A dock gets a proxy, and so are the layers that its methods give."""
    _, dock = viewer.window.add_plugin_dock_widget("napari-emseg", "Correct")
    proxy = dock.review._viewer
    assert proxy is not viewer
    assert unwrapped(proxy) is viewer
    assert unwrapped(viewer) is viewer
    assert main_window(proxy) is main_window(viewer)
    assert workspace_of(proxy) is workspace_of(viewer)
    layer = proxy.add_labels(np.zeros((2, 8, 8), np.uint8))
    assert layer is not viewer.layers[-1]
    assert unwrapped(layer) is viewer.layers[-1]
    assert type(unwrapped(layer)) is Labels


def test_the_window_is_the_one_on_the_screen(viewer):
    window = main_window(viewer)
    assert isinstance(window, QMainWindow)
    assert window in QApplication.topLevelWidgets()
