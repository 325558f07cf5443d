"""The workspace of each viewer, found by the viewer."""

from __future__ import annotations

from typing import Any
from weakref import finalize

from napari_emseg.session.workspace import Workspace
from napari_emseg.ui.viewer.window import unwrapped

_workspaces: dict[int, Workspace] = {}
"""By identity: comparing viewers, as a dictionary does with its keys, compares all they hold."""


def workspace_of(viewer: Any) -> Workspace:
    """What the docks of a viewer share; made when it is first asked for.

    Parameters
    ----------
    viewer : ViewerModel
        Or the proxy of it that a plugin is given, which hides the window.
    """
    viewer = unwrapped(viewer)
    if id(viewer) not in _workspaces:
        _workspaces[id(viewer)] = Workspace()
        finalize(viewer, _workspaces.pop, id(viewer), None)
    return _workspaces[id(viewer)]
