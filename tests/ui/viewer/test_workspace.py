from __future__ import annotations

import gc

from napari.components import ViewerModel

from napari_emseg.ui.viewer import workspace
from napari_emseg.ui.viewer.workspace import workspace_of


class _Proxy:
    def __init__(self, viewer):
        self.__wrapped__ = viewer


def test_a_viewer_keeps_its_workspace_and_takes_it_along():
    viewer, other = ViewerModel(), ViewerModel()
    assert workspace_of(viewer) is workspace_of(_Proxy(viewer))
    assert workspace_of(viewer) is not workspace_of(other)
    key = id(viewer)
    assert key in workspace._workspaces
    del viewer
    gc.collect()
    assert key not in workspace._workspaces
