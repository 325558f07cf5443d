"""The workspace of each viewer, found by the viewer."""

from __future__ import annotations

from typing import Any
from weakref import WeakKeyDictionary

from napari_emseg.session.workspace import Workspace

_workspaces: WeakKeyDictionary[Any, Workspace] = WeakKeyDictionary()


def workspace_of(viewer: Any) -> Workspace:
    """What the docks of a viewer share; made when it is first asked for.

    Parameters
    ----------
    viewer : ViewerModel
        Or the proxy of it that a plugin is given, which hides the window.
    """
    viewer = getattr(viewer, "__wrapped__", viewer)
    return _workspaces.setdefault(viewer, Workspace())
